"""The biases of blocks are those of the model, to rounding, and do not depend on how they are asked for."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
from conditioned import LAYOUT, conditioned_model, conditions_from, random_frames

from partita.audio.features.layout import HOLD, FrameLayout
from partita.errors import PartitaError
from partita.models.sizes import SIZES
from partita.models.wavenet import WaveNet
from partita.sampling.conditions import MOST_BLOCKS, ConditionTable, condition_table
from partita.sampling.frame_sources import GivenFrames

MODEL = conditioned_model(SIZES["tiny"])
SOURCE = GivenFrames(random_frames(3, 40), first=-15)


@pytest.mark.parametrize("hop", [16, 48, 160])
@pytest.mark.parametrize(("start", "stop"), [(-470, -3), (-16, 0), (0, 1), (5, 700), (15, 17)])
def test_the_biases_are_those_of_the_model(start: int, stop: int, hop: int) -> None:
    layout = dataclasses.replace(LAYOUT, hop_length=hop)
    model = conditioned_model(SIZES["tiny"], layout)
    assert model.conditioner is not None
    found = ConditionTable(model, SOURCE, clips=3).biases(start, stop)
    conditions = conditions_from(SOURCE, layout, start, stop, 3)
    wanted = model.conditioner.blocks(conditions, samples=stop - start).transpose(0, 1)
    assert len(found) == (stop - 1) // HOLD - start // HOLD + 1
    np.testing.assert_allclose(found, wanted[: len(found)], atol=2e-5)


def test_the_biases_do_not_depend_on_what_is_asked_for_together() -> None:
    whole = ConditionTable(MODEL, SOURCE, clips=3).biases(-400, 800)
    table = ConditionTable(MODEL, SOURCE, clips=3)
    parts = [table.biases(start, start + HOLD) for start in range(-400, 800, HOLD)]
    assert (np.concatenate(parts) == whole).all()
    for clip in range(3):
        alone = GivenFrames(random_frames(3, 40)[clip : clip + 1], first=-15)
        assert (ConditionTable(MODEL, alone, clips=1).biases(-400, 800) == whole[:, clip : clip + 1]).all()


def test_spans_cover_all_samples_in_few_blocks() -> None:
    table = ConditionTable(MODEL, SOURCE, clips=3)
    spans = [span._replace(biases=span.biases.copy()) for span in table.spans(-37, 5000)]
    assert (spans[0].start, spans[-1].stop) == (-37, 5000)
    for span, following in pairwise(spans):
        assert span.stop == following.start
        assert span.stop % HOLD == 0
    assert max(len(span.biases) for span in spans) == MOST_BLOCKS
    whole = ConditionTable(MODEL, SOURCE, clips=3).biases(-37, 5000)
    assert (np.concatenate([span.biases for span in spans]) == whole).all()
    assert list(table.spans(5, 5)) == []


def test_neighbouring_clips_share_frames() -> None:
    shared = ConditionTable(MODEL, SOURCE, clips=6).biases(0, 100)
    each = ConditionTable(MODEL, SOURCE, clips=3).biases(0, 100)
    assert (shared == np.repeat(each, 2, 1)).all()
    one = ConditionTable(MODEL, GivenFrames(random_frames(1, 9)), clips=6)
    assert one.biases(0, 100).shape[1] == one.rows == 1


def test_columns_in_another_order_and_a_bias() -> None:
    plain = ConditionTable(MODEL, SOURCE, clips=3).biases(0, 100)
    columns, bias = np.array([7, -1, 0, 383]), np.array([0.0, 5.0, 1.0, 0.0])
    found = ConditionTable(MODEL, SOURCE, clips=3, bias=bias, columns=columns).biases(0, 100)
    np.testing.assert_allclose(found[..., 0], plain[..., 7], atol=1e-6)
    assert (found[..., 1] == 5.0).all()
    np.testing.assert_allclose(found[..., 2], plain[..., 0] + 1.0, atol=1e-6)
    np.testing.assert_allclose(found[..., 3], plain[..., 383], atol=1e-6)


@pytest.mark.parametrize("changes_at", [-9, -2, 0, 4])
def test_constant_samples_are_those_with_equal_biases(changes_at: int) -> None:
    frames = np.repeat(random_frames(2, 1), 40, 1)
    frames[1, 20 + changes_at :, 0] += 1.0
    table = ConditionTable(MODEL, GivenFrames(frames, first=-20), clips=2)
    for start, stop in [(-600, 600), (-599, 3), (-601, -600), (100, 110), (300, 1000)]:
        biases = np.repeat(table.biases(start, stop), HOLD, 0)[start % HOLD :][: stop - start]
        same = (biases == biases[0]).all((1, 2))
        assert table.constant_samples(start, stop) == (stop - start if same.all() else same.argmin())


def test_a_table_copies_the_conditioner() -> None:
    model = conditioned_model(SIZES["tiny"])
    table, twin = (ConditionTable(model, SOURCE, clips=3) for _ in range(2))
    assert model.conditioner is not None
    with torch.no_grad():
        model.conditioner.gates.mul_(2.0)
    assert (table.biases(0, 9) == twin.biases(0, 9)).all()
    assert (ConditionTable(model, SOURCE, clips=3).biases(0, 9) != twin.biases(0, 9)).any()


def test_frames_that_do_not_fit() -> None:
    nothing = np.zeros(0)
    with pytest.raises(PartitaError, match="3 clips, but 4"):
        ConditionTable(MODEL, SOURCE, clips=4)
    with pytest.raises(PartitaError, match="shape"):
        ConditionTable(MODEL, GivenFrames(random_frames(1, 3)[..., :5]), clips=1)
    frames = random_frames(1, 3)
    frames[0, 2, 1] = np.nan
    with pytest.raises(PartitaError, match="not finite"):
        ConditionTable(MODEL, GivenFrames(frames), clips=1).biases(0, 100)
    with pytest.raises(PartitaError, match="has a condition"):
        condition_table(MODEL, None, clips=1, bias=nothing, columns=nothing.astype(np.int64))
    plain = WaveNet(SIZES["tiny"])
    assert condition_table(plain, SOURCE, clips=9, bias=nothing, columns=nothing.astype(np.int64)) is None


def test_labels_alone_are_constant() -> None:
    layout = FrameLayout(hop_length=160, labels=("a", "b"))
    model = conditioned_model(SIZES["tiny"], layout)
    table = ConditionTable(model, GivenFrames(np.array([[[1.0, 0.0]]])), clips=1)
    assert table.constant_samples(-5000, 5000) == 10000
