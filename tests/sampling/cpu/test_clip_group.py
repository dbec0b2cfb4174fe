"""The silence before a prompt is processed in few steps, with the same result to the last bit."""

import dataclasses

import numpy as np
import pytest
import torch
from conditioned import LAYOUT, conditioned_model, random_frames

from partita.models.sizes import SIZES, WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.cpu.clip_group import ClipGroup, constant_start
from partita.sampling.cpu.kernel import advance
from partita.sampling.frame_sources import FrameSource, GivenFrames
from partita.sampling.stream import Stream

NETWORKS = {
    "tiny": SIZES["tiny"],
    "kernel of 3": dataclasses.replace(SIZES["tiny"], layers=6, kernel_size=3),
    "odd": WaveNetConfig(
        blocks=2, layers=5, residual_channels=24, dilation_channels=20, skip_channels=40, end_channels=30
    ),
}


def first_samples(
    model: WaveNet, prompt: np.ndarray, conditions: FrameSource | None = None
) -> tuple[np.ndarray, np.ndarray]:
    clips = len(prompt)
    source = Stream(
        model,
        prompt=prompt,
        clips=clips,
        config=SamplingConfig(threads=1),
        zero_class=128,
        conditions=conditions,
    )
    seen = np.empty((clips, 80, 256), np.float32)
    return source.take(80, probabilities=seen), seen


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("clips", [1, 2])
def test_few_steps_equal_all_steps(name: str, clips: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = WaveNet(NETWORKS[name], generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        model.end2.mul_(60.0)
    field = model.receptive_field
    generator = np.random.default_rng(2)
    prompts = [generator.integers(0, 256, (clips, n)) for n in (0, 1, 2, 40, field - 12, field - 11, field)]
    prompts.append(np.full((clips, 30), 128))
    prompts.append(np.arange(clips)[:, None] * np.ones((1, field), int))
    few = [first_samples(model, prompt) for prompt in prompts]
    monkeypatch.setattr(ClipGroup, "skip_constant_start", lambda self, rule, known, **_: known)
    for prompt, (drawn, seen) in zip(prompts, few, strict=True):
        all_drawn, all_seen = first_samples(model, prompt)
        assert (drawn == all_drawn).all()
        assert (seen == all_seen).all()


def test_few_samples_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []
    original = ClipGroup.skip_constant_start

    def recorded(self, rule, known, **biases):  # type: ignore[no-untyped-def]
        rest = original(self, rule, known, **biases)
        lengths.append((known.shape[1], rest.shape[1]))
        return rest

    monkeypatch.setattr(ClipGroup, "skip_constant_start", recorded)
    model = WaveNet(SIZES["tiny"])
    source = Stream(model, prompt=np.array([1, 2, 3]), zero_class=128)
    source.take(1)
    source.take(1)
    assert lengths == [(model.receptive_field, 4)]


def test_a_condition_that_changes_ends_the_constant_start(monkeypatch: pytest.MonkeyPatch) -> None:
    model = conditioned_model(SIZES["tiny"])
    field, hop = model.receptive_field, LAYOUT.hop_length
    prompt = np.random.default_rng(4).integers(0, 256, (2, 30))
    for changes_at in (-40, -25, -20, -10, -3, 3):
        frames = np.repeat(random_frames(2, 1), 100, 1)
        frames[1, 50 + changes_at :, 2] += 1.0  # the clips have different frames
        source = GivenFrames(frames, first=-50)
        rests = []
        original = ClipGroup.skip_constant_start

        def recorded(self, rule, known, **biases):  # type: ignore[no-untyped-def]
            rests.append(original(self, rule, known, **biases))  # noqa: B023 - called in this turn of the loop
            return rests[-1]  # noqa: B023

        with monkeypatch.context() as patch:
            patch.setattr(ClipGroup, "skip_constant_start", recorded)
            drawn, seen = first_samples(model, prompt, source)
        with monkeypatch.context() as patch:
            patch.setattr(ClipGroup, "skip_constant_start", lambda self, rule, known, **_: known)
            all_drawn, all_seen = first_samples(model, prompt, source)
        assert (drawn == all_drawn).all()
        assert (seen == all_seen).all()
        # products change two frames before the frame, and the interpolation one frame before them
        constant = field if (changes_at + 3) * hop < -field else max(0, field + (changes_at - 3) * hop)
        remaining = field if constant < 12 else field - min(constant, field - 30) + 1
        assert abs(rests[0].shape[1] - remaining) <= 2, changes_at


def test_the_kernel_is_compiled_once() -> None:
    model = WaveNet(SIZES["tiny"])
    for clips in (1, 3):
        for prompt in (np.zeros((clips, 0), int), np.zeros((clips, 9), int)):
            Stream(model, prompt=prompt, clips=clips, zero_class=128).take(2)
    assert len(advance.signatures) == 1


@pytest.mark.parametrize(
    ("known", "count"), [([[]], 0), ([[3]], 1), ([[3, 3]], 2), ([[3, 4, 3]], 1), ([[3, 3, 3], [4, 4, 5]], 2)]
)
def test_length_of_the_constant_start(known: list[list[int]], count: int) -> None:
    assert constant_start(np.array(known, np.int64)) == count
