"""A clip depends only on the model, the prompt, the settings, the seed and the clip's number."""

from typing import Any

import numpy as np
import pytest
import torch

from partita.errors import PartitaError
from partita.models.sizes import SIZES, WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.sampling.categorical import choose
from partita.sampling.config import Precision, SamplingConfig
from partita.sampling.cpu.engine import CPUEngine, split_clips
from partita.sampling.stream import Stream, draw, history_of, stream
from partita.sampling.uniforms import uniforms

SMALL = WaveNetConfig(
    blocks=2, layers=5, residual_channels=24, dilation_channels=16, skip_channels=80, end_channels=48
)


@pytest.fixture(scope="module")
def model() -> WaveNet:
    model = WaveNet(SMALL, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        model.end2.mul_(60.0)
    return model


@pytest.fixture(scope="module")
def sound(model: WaveNet) -> np.ndarray:
    return draw(model, clips=7, steps=4096, config=SamplingConfig(seed=9, threads=1), zero_class=128)


@pytest.mark.parametrize("threads", [1, 2, 3, 5, 7, 8])
def test_threads_and_groups_change_nothing(model: WaveNet, sound: np.ndarray, threads: int) -> None:
    config = SamplingConfig(seed=9, threads=threads)
    assert (draw(model, clips=7, steps=4096, config=config, zero_class=128) == sound).all()


@pytest.mark.parametrize("clips", [1, 2, 3, 5])
def test_the_number_of_clips_changes_nothing(model: WaveNet, sound: np.ndarray, clips: int) -> None:
    config = SamplingConfig(seed=9, threads=1)
    assert (draw(model, clips=clips, steps=4096, config=config, zero_class=128) == sound[:clips]).all()


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
def test_the_number_of_clips_changes_nothing_at_any_precision(
    model: WaveNet, sound: np.ndarray, precision: Precision
) -> None:
    config = SamplingConfig(seed=9, threads=1, precision=precision)
    many = draw(model, clips=3, steps=2048, config=config, zero_class=128)
    assert (draw(model, clips=1, steps=2048, config=config, zero_class=128) == many[:1]).all()
    assert (many != sound[:3, :2048]).any()


@pytest.mark.parametrize("clips", [1, 7])
@pytest.mark.parametrize("block", [1, 17, 1000, 5000])
def test_the_block_size_changes_nothing(model: WaveNet, sound: np.ndarray, block: int, clips: int) -> None:
    config = SamplingConfig(seed=9, block=block)
    blocks = list(stream(model, clips=clips, steps=4096, config=config, zero_class=128))
    assert len(blocks) == -(-4096 // block)
    assert (np.concatenate(blocks, 1) == sound[:clips]).all()


def test_many_clips_in_several_groups_a_thread(model: WaveNet, sound: np.ndarray) -> None:
    many = draw(model, clips=60, steps=256, config=SamplingConfig(seed=9, threads=2), zero_class=128)
    assert (many[:7] == sound[:, :256]).all()
    assert len(np.unique(many, axis=0)) == 60


def test_another_seed_gives_another_clip(model: WaveNet, sound: np.ndarray) -> None:
    other = draw(model, steps=256, config=SamplingConfig(seed=10), zero_class=128)
    assert (other != sound[:1, :256]).any()


@pytest.mark.parametrize("clips", [1, 2])
def test_a_prompt_is_continued_like_drawn_samples(model: WaveNet, sound: np.ndarray, clips: int) -> None:
    """The uniforms are different after a prompt, so this compares probabilities."""
    whole = Stream(model, clips=clips, config=SamplingConfig(seed=9), zero_class=128)
    whole.take(500)
    seen = np.empty((clips, 1, 256), np.float32)
    whole.take(1, probabilities=seen)
    again = np.empty_like(seen)
    Stream(model, clips=clips, prompt=sound[:clips, :500], zero_class=128).take(1, probabilities=again)
    assert (seen == again).all()


@pytest.mark.parametrize("length", [0, 1, 62, 63, 64, 300])
def test_prompts_of_any_length(model: WaveNet, length: int) -> None:
    prompt = np.random.default_rng(2).integers(0, 256, length).astype(np.uint8)
    filled = np.concatenate([np.full(model.receptive_field, 128), prompt])[-model.receptive_field :]
    config = SamplingConfig(seed=2)
    assert (
        draw(model, steps=50, prompt=prompt, config=config, zero_class=128)
        == draw(model, steps=50, prompt=filled, config=config, zero_class=128)
    ).all()


@pytest.mark.parametrize(
    ("first", "block", "lengths"),
    [(1, 8, [1, 2, 4, 8, 8, 7]), (3, 5, [3, 5, 5, 5, 5, 5, 2]), (99, 10, [10, 10, 10]), (40, 40, [30])],
)
def test_a_short_first_block_changes_nothing(
    model: WaveNet, sound: np.ndarray, first: int, block: int, lengths: list[int]
) -> None:
    config = SamplingConfig(seed=9, block=block)
    blocks = list(stream(model, steps=30, first=first, config=config, zero_class=128))
    assert [block.shape[1] for block in blocks] == lengths
    assert (np.concatenate(blocks, 1) == sound[:1, :30]).all()


@pytest.mark.parametrize("start", [(1 << 31) - 20, (1 << 32) - 20, (1 << 48) + 1])
def test_uniforms_after_days_of_samples(model: WaveNet, start: int) -> None:
    history = history_of(None, clips=2, length=model.receptive_field, classes=256, zero_class=128)
    source = CPUEngine(model, history, SamplingConfig(seed=9))
    source.position = start
    seen = np.empty((2, 40, 256), np.float32)
    drawn = np.concatenate([source.take(15, seen[:, :15]), source.take(25, seen[:, 15:])], 1)
    assert source.position == start + 40
    u = uniforms(9, 2, start, 40)
    boundaries = np.cumsum(seen.astype(np.float64), -1)
    assert np.abs(boundaries - u[..., None]).min() > 1e-6  # no uniform is at a boundary
    assert (drawn == choose(seen.astype(np.float64), u)).all()


def test_an_endless_stream_has_equal_blocks(model: WaveNet) -> None:
    source = stream(model, config=SamplingConfig(block=100), zero_class=128)
    assert [next(source).shape for _ in range(5)] == [(1, 100)] * 5


def test_no_steps_give_no_blocks(model: WaveNet) -> None:
    assert list(stream(model, steps=0, zero_class=128)) == []


def test_many_classes_are_uint16() -> None:
    config = WaveNetConfig(
        blocks=1,
        layers=2,
        residual_channels=4,
        dilation_channels=4,
        skip_channels=4,
        end_channels=4,
        classes=1000,
    )
    drawn = draw(WaveNet(config), steps=200, zero_class=500)
    assert drawn.dtype == np.uint16
    assert drawn.max() > 255
    assert drawn.max() < 1000


def test_a_stream_copies_the_weights(model: WaveNet, sound: np.ndarray) -> None:
    changed = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(1))
    first = Stream(changed, zero_class=128)
    twin = Stream(changed, zero_class=128)
    with torch.no_grad():
        changed.end2.mul_(-50.0)
    assert (first.take(50) == twin.take(50)).all()


def test_groups_cover_all_clips() -> None:
    for clips in range(1, 80):
        for threads in (1, 2, 3, 16):
            groups = split_clips(clips, threads)
            assert [clip for group in groups for clip in group] == list(range(clips))
            assert max(map(len, groups)) - min(map(len, groups)) <= 1


@pytest.mark.parametrize(
    ("prompt", "word"),
    [
        (np.zeros((3, 5), int), "shape"),
        (np.zeros((2, 2, 5), int), "shape"),
        (np.array([0.5]), "classes"),
        (np.array([256]), "0 to 255"),
        (np.array([-1]), "0 to 255"),
    ],
)
def test_prompts_that_do_not_fit(prompt: np.ndarray, word: str) -> None:
    with pytest.raises(PartitaError, match=word):
        history_of(prompt, clips=2, length=4, classes=256, zero_class=128)


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0.0}, {"temperature": float("nan")}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.1},
        {"seed": -1}, {"seed": 1 << 64}, {"threads": 0}, {"block": 0}, {"precision": "float16"},
    ],
    ids=str,
)  # fmt: skip
def test_settings_out_of_range(options: dict[str, Any]) -> None:
    with pytest.raises(PartitaError, match=next(iter(options))):
        SamplingConfig(**options)


def test_errors_are_raised_before_the_first_block(model: WaveNet) -> None:
    with pytest.raises(PartitaError, match="clips"):
        stream(model, clips=0, zero_class=128)
    with pytest.raises(PartitaError, match="steps"):
        stream(model, steps=-1, zero_class=128)
    with pytest.raises(PartitaError, match="first"):
        stream(model, first=0, zero_class=128)
    broken = WaveNet(SMALL)
    with torch.no_grad():
        broken.end1[0, 0] = float("nan")
    with pytest.raises(PartitaError, match="end1"):
        stream(broken, zero_class=128)
