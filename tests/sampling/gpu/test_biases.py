"""The biases that are made on the device are those of the CPU's table, in the order of the kernel."""

import numpy as np
import pytest
import torch
from conditioned import conditioned_model, random_frames

from partita.audio.features.layout import HOLD
from partita.errors import PartitaError
from partita.models.sizes import SIZES
from partita.sampling.conditions import ConditionTable
from partita.sampling.frame_sources import GivenFrames
from partita.sampling.gpu import biases
from partita.sampling.gpu.biases import BiasTable
from partita.sampling.gpu.packing import bias_columns, padded_weights

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
MODEL = conditioned_model(SIZES["tiny"])
COLUMNS = bias_columns(MODEL.config)


def table_of(frames: np.ndarray, clips: int) -> BiasTable:
    bias = torch.linspace(0.0, 1.0, len(COLUMNS), device=DEVICE)
    return BiasTable(MODEL, GivenFrames(frames, -15), clips=clips, bias=bias, columns=COLUMNS)


def test_each_bias_gets_the_product_for_its_unit() -> None:
    assert len(COLUMNS) == len(padded_weights(MODEL, "float32")["bias"])
    used = COLUMNS[COLUMNS >= 0]
    assert sorted(used) == list(range(10 * 2 * 16 + 64))


@pytest.mark.parametrize("rows", [1, 3, 18])
@pytest.mark.parametrize(("start", "stop"), [(-470, -3), (-16, 0), (0, 1), (5, 700), (15, 17)])
def test_the_biases_are_those_of_the_cpu(start: int, stop: int, rows: int) -> None:
    frames, bias = random_frames(rows, 40), np.linspace(0.0, 1.0, len(COLUMNS))
    found = table_of(frames, 18).at(start, stop)
    table = ConditionTable(MODEL, GivenFrames(frames, -15), clips=rows, bias=bias, columns=COLUMNS)
    np.testing.assert_allclose(found.table.cpu().numpy(), table.biases(start, stop), atol=2e-5)
    assert found.phase == start % HOLD
    assert found.block_size == rows * len(COLUMNS)


def test_neighbouring_clips_share_a_row() -> None:
    assert table_of(random_frames(3, 9), 6).rows.tolist() == [0, 0, 1, 1, 2, 2]
    assert not table_of(random_frames(1, 9), 6).own


def test_the_biases_do_not_depend_on_other_clips_nor_on_what_is_asked_for_together() -> None:
    frames = random_frames(18, 40)
    whole, table = table_of(frames, 18).at(-96, 304).table, table_of(frames, 18)
    parts = [table.at(start, start + HOLD).table for start in range(-96, 304, HOLD)]
    assert torch.equal(torch.cat(parts), whole)
    for clip in (0, 17):
        alone = table_of(frames[clip : clip + 1], 1).at(-96, 304).table
        assert torch.equal(alone, whole[:, clip : clip + 1])


def test_a_table_of_the_most_samples_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(biases, "MOST_BYTES", 4 * 3 * len(COLUMNS) * 7)
    table = table_of(random_frames(3, 40), 3)
    assert table.most == 6 * HOLD
    assert len(table.at(5, 5 + table.most).table) == 7


def test_frames_that_are_not_finite() -> None:
    frames = random_frames(1, 40)
    frames[0, 20, 1] = np.nan
    with pytest.raises(PartitaError, match="not finite"):
        table_of(frames, 1).at(0, 200)
