"""Clips that follow frames: the GPU kernel against the model and the CPU, and what must not change a clip.

As in `test_engine.py`, the kernel runs in Triton's interpreter unless there is a CUDA device.
"""

import dataclasses
import os
from typing import Any

import numpy as np
import pytest
import torch
from conditioned import LAYOUT, conditioned_model, conditions_from, random_frames
from exact_sampling import exact_probabilities

from partita.audio.features.layout import HOLD
from partita.errors import PartitaError
from partita.models.sizes import SIZES, WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.sampling import backend
from partita.sampling.categorical import choose
from partita.sampling.config import Precision, SamplingConfig
from partita.sampling.cpu.engine import CPUEngine
from partita.sampling.frame_sources import DrawnFrames, FrameSource, GivenFrames
from partita.sampling.gpu import engine as gpu
from partita.sampling.gpu.engine import GPUEngine
from partita.sampling.precision import rounded
from partita.sampling.uniforms import uniforms

pytest.importorskip("triton")

DEVICE = "cpu" if os.environ.get("TRITON_INTERPRET") == "1" else "cuda"
ERROR = 1e-4
SHORT = dataclasses.replace(LAYOUT, hop_length=HOLD)
ODD = WaveNetConfig(
    blocks=1,
    layers=4,
    residual_channels=20,
    dilation_channels=12,
    skip_channels=40,
    end_channels=33,
    classes=90,
)
BROAD = dataclasses.replace(ODD, layers=3, kernel_size=3, residual_channels=70, dilation_channels=66)
MODEL = conditioned_model(ODD, SHORT)


def frames_for(rows: int) -> GivenFrames:
    """Return frames that begin within the history and change with each block."""
    return GivenFrames(random_frames(rows, 200, SHORT), first=-2)


def prompt(model: WaveNet, clips: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, model.config.classes, (clips, model.receptive_field))


def clips_of(model: WaveNet, clips: int, source: FrameSource | None, **options: Any) -> GPUEngine:
    config = options.pop("config", SamplingConfig())
    return GPUEngine(model, prompt(model, clips), config, device=DEVICE, conditions=source, **options)


def check(
    model: WaveNet, source: GivenFrames, config: SamplingConfig, *, clips: int, takes: tuple[int, ...]
) -> np.ndarray:
    """Assert that the kernel's probabilities and choices are those of the model, and return the samples."""
    assert model.config.condition is not None
    fast, steps = clips_of(model, clips, source, config=config), sum(takes)
    seen = [np.empty((clips, size, model.config.classes), np.float32) for size in takes]
    parts = [fast.take(size, probabilities) for size, probabilities in zip(takes, seen, strict=True)]
    drawn, found = np.concatenate(parts, 1), np.concatenate(seen, 1)
    conditions = conditions_from(source, model.config.condition, -model.receptive_field, steps, clips)
    whole = np.concatenate([prompt(model, clips), drawn], 1)
    exact = exact_probabilities(rounded(model, config.precision), whole, config, conditions)
    np.testing.assert_allclose(found, exact, atol=ERROR)
    u = uniforms(config.seed, clips, 0, steps)
    near = np.abs(np.cumsum(exact, -1) - u[..., None]).min(-1) < ERROR
    assert ((choose(exact, u) == drawn) | near).all()
    return drawn


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("shape", [ODD, BROAD], ids=["narrow", "broad"])
def test_clips_are_those_of_the_model_and_of_the_cpu(shape: WaveNetConfig, rows: int) -> None:
    model, config, source = conditioned_model(shape, SHORT), SamplingConfig(seed=3), frames_for(rows)
    drawn = check(model, source, config, clips=3, takes=(18,))
    slow = CPUEngine(model, prompt(model, 3), config, conditions=source)
    assert (slow.take(18) == drawn).all()


def test_bfloat16() -> None:
    check(MODEL, frames_for(2), SamplingConfig(precision="bfloat16"), clips=2, takes=(3,))


def test_takes_launches_and_other_clips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    source = frames_for(17)
    whole = clips_of(MODEL, 17, source).take(18)
    monkeypatch.setattr(gpu, "LAUNCH", 7)  # launches also begin and end within blocks
    assert (check(MODEL, source, SamplingConfig(), clips=17, takes=(1, 0, 13, 4)) == whole).all()
    last = GPUEngine(
        MODEL,
        prompt(MODEL, 17)[16:],
        SamplingConfig(),
        numbers=np.array([16]),
        device=DEVICE,
        conditions=GivenFrames(random_frames(17, 200, SHORT)[-1:], first=-2),
    )
    assert (last.take(18) == whole[16:]).all()


def test_the_frames_of_the_past_count_and_those_far_ahead_do_not() -> None:
    frames = np.repeat(random_frames(1, 40, SHORT), 3, 0)
    frames[1, 17] += 3.0  # frame -3 is centred 48 samples before the first drawn one; the reach is 3 * 16
    frames[2, 25] += 3.0
    seen = np.empty((3, 1, 90), np.float32)
    GPUEngine(
        MODEL,
        np.repeat(prompt(MODEL, 1), 3, 0),
        SamplingConfig(),
        device=DEVICE,
        conditions=GivenFrames(frames, first=-20),
    ).take(1, seen)
    assert np.abs(seen[1] - seen[0]).max() > ERROR
    assert (seen[2] == seen[0]).all()


def test_a_copy_has_the_past_of_its_source_and_its_own_frames() -> None:
    frames = random_frames(4, 60, SHORT)
    frames[2, 18:] = frames[0, 18:]  # what the first 3 samples followed differs only before frame -2
    clips = clips_of(MODEL, 4, GivenFrames(frames, first=-20), numbers=np.array([4, 5, 4, 4]))
    assert len(np.unique(clips.take(3), axis=0)) == 4
    clips.copy(np.array([2, 3]), np.array([0, 0]))
    seen = np.empty((4, 14, 90), np.float32)
    clips.take(14, seen)
    assert (seen[2] == seen[0]).all()
    assert (seen[3, 0] != seen[0, 0]).any()


def test_the_time_of_the_frames_is_the_position() -> None:
    config, source = SamplingConfig(), frames_for(2)
    seen = np.empty((2, 2, 2, 90), np.float32)
    engines: list[backend.Engine] = [
        clips_of(MODEL, 2, source),
        CPUEngine(MODEL, prompt(MODEL, 2), config, conditions=source),
    ]
    for engine, found in zip(engines, seen, strict=True):
        engine.take(1)
        engine.position = 37  # within a block
        engine.take(2, found)
    np.testing.assert_allclose(seen[0], seen[1], atol=ERROR)


class SlowFrames:
    """Draws frames that exist already."""

    def __init__(self, frames: np.ndarray) -> None:
        self.frames, self.taken = frames, 0

    def take(self, count: int) -> np.ndarray:
        self.taken += count
        return self.frames[:, self.taken - count : self.taken]


def test_frames_are_drawn_when_they_are_needed() -> None:
    frames, sampler = random_frames(2, 90, SHORT), SlowFrames(random_frames(2, 90, SHORT)[:, 5:])
    wanted = clips_of(MODEL, 2, GivenFrames(frames, first=-5)).take(6)
    source = DrawnFrames(sampler, prompt=frames[:, :5])
    clips = clips_of(MODEL, 2, source)
    assert (np.concatenate([clips.take(2), clips.take(4)], 1) == wanted).all()
    assert sampler.taken < 20


def test_frames_that_are_missing_do_not_fit_or_are_ignored() -> None:
    with pytest.raises(PartitaError, match="has a condition"):
        clips_of(MODEL, 2, None)
    with pytest.raises(PartitaError, match="2 clips, but 3"):
        clips_of(MODEL, 3, frames_for(2))
    plain = WaveNet(dataclasses.replace(ODD, layers=1))
    assert (clips_of(plain, 2, frames_for(2)).take(2) == clips_of(plain, 2, None).take(2)).all()


def test_the_choice_of_an_engine_passes_the_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "GPUEngine", lambda *_, conditions, **__: conditions)
    source = frames_for(1)
    config = SamplingConfig(device="cuda")
    chosen: Any = backend.engine_for(MODEL, prompt(MODEL, 1), config, conditions=source)
    assert chosen is source


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("rows", [1, 20, 40])
@pytest.mark.parametrize("size", ["small", "wide", "published"])
def test_whole_sizes_on_a_device(size: str, rows: int, precision: Precision) -> None:
    model = conditioned_model(SIZES[size], SHORT)
    check(model, frames_for(rows), SamplingConfig(precision=precision), clips=40, takes=(1, 299))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("rows", [1, 40])
def test_many_launches_on_a_device(rows: int) -> None:
    model = conditioned_model(SIZES["wide"], SHORT)
    whole = clips_of(model, 40, frames_for(rows)).take(2500)
    parts = clips_of(model, 40, frames_for(rows))
    assert (np.concatenate([parts.take(1), parts.take(1200), parts.take(1299)], 1) == whole).all()
