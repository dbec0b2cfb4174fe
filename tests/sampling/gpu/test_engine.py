"""The GPU kernel against the model itself in float64, along the samples that it drew.

Without a CUDA device the kernel runs in Triton's interpreter (see `conftest.py`) on small networks, and is
compiled ahead of time. With a device the same tests run on it, and tests of whole sizes.
"""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from exact_sampling import exact_probabilities, expected_classes, peaked_model

from partita.audio.features.layout import FrameLayout
from partita.errors import PartitaError
from partita.models.sizes import SIZES, WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.sampling.categorical import choose
from partita.sampling.config import Precision, SamplingConfig
from partita.sampling.cpu.engine import CPUEngine
from partita.sampling.gpu import engine as gpu
from partita.sampling.gpu.engine import GPUEngine
from partita.sampling.precision import rounded
from partita.sampling.uniforms import uniforms

pytest.importorskip("triton")

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
DEVICE = "cpu" if INTERPRETED else "cuda"
ERROR = 1e-4
ODD = WaveNetConfig(
    blocks=1,
    layers=3,
    residual_channels=20,
    dilation_channels=12,
    skip_channels=40,
    end_channels=33,
    classes=90,
)
NETWORKS = {
    "odd": ODD,
    "three taps": dataclasses.replace(ODD, kernel_size=3),
    "four taps": dataclasses.replace(ODD, layers=2, kernel_size=4),
    "two blocks": dataclasses.replace(ODD, blocks=2, layers=2),
    "one layer": dataclasses.replace(ODD, layers=1),
    "broad": dataclasses.replace(ODD, layers=2, residual_channels=70, dilation_channels=66),
    "broad, three taps": dataclasses.replace(ODD, layers=2, residual_channels=70, kernel_size=3),
    "many classes": dataclasses.replace(ODD, layers=1, skip_channels=150, end_channels=130, classes=600),
}


def prompt(model: WaveNet, clips: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, model.config.classes, (clips, model.receptive_field))


def clips_of(model: WaveNet, clips: int, config: SamplingConfig | None = None, **options: Any) -> GPUEngine:
    return GPUEngine(model, prompt(model, clips), config or SamplingConfig(), device=DEVICE, **options)


def check(model: WaveNet, config: SamplingConfig, *, clips: int, steps: int) -> np.ndarray:
    """Assert that the kernel equals the model with rounded weights, and return the samples."""
    exact_model = rounded(model, config.precision)
    fast = clips_of(model, clips, config)
    seen = np.empty((clips, steps, model.config.classes), np.float32)
    drawn = fast.take(steps, seen)
    assert fast.position == steps
    exact = exact_probabilities(exact_model, np.concatenate([prompt(model, clips), drawn], 1), config)
    error = np.abs(seen - exact).max(-1)
    assert (
        error > ERROR
    ).mean() <= 1e-3  # if two classes are within rounding of the threshold, either may be kept
    u = uniforms(config.seed, clips, 0, steps)
    expected, near = expected_classes(exact, u, config, error=ERROR)
    same = expected == drawn
    assert (same | near | (error > ERROR)).all()
    assert (~same).mean() < 10 * ERROR
    if config.top_k is not None:
        assert (seen > 0).sum(-1).max() <= config.top_k
    return drawn


@pytest.mark.parametrize("network", NETWORKS)
def test_every_shape(network: str) -> None:
    model, config = peaked_model(NETWORKS[network]), SamplingConfig(seed=(1 << 40) + 5, threads=1)
    drawn = check(model, config, clips=3, steps=8)
    assert (drawn == CPUEngine(model, prompt(model, 3), config).take(8)).all()


@pytest.mark.parametrize("network", ["odd", "broad"])
def test_bfloat16(network: str) -> None:
    check(peaked_model(NETWORKS[network]), SamplingConfig(precision="bfloat16"), clips=2, steps=6)


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0.05},
        {"temperature": 3.0},
        {"top_k": 1},
        {"top_k": 7},
        {"top_k": 90},
        {"top_p": 0.5},
        {"top_p": 0.999},
        {"top_p": 1e-9},
        {"smoothing": 2.5},
        {"smoothing": 30.0, "temperature": 0.6, "top_p": 0.9},
        {"temperature": 1.5, "top_k": 40, "top_p": 0.8},
    ],
    ids=str,
)
def test_every_shape_of_the_distribution(options: dict[str, Any]) -> None:
    model = peaked_model(NETWORKS["one layer"])
    check(model, SamplingConfig(seed=11, **options), clips=16, steps=4)


def test_equal_classes_are_kept_lowest_first() -> None:
    model = peaked_model(dataclasses.replace(NETWORKS["one layer"], classes=300))
    with torch.no_grad():
        model.end2.zero_()  # all classes have the same logit, on both sides of a block's border
        model.end2_bias.zero_()
    seen = np.empty((1, 1, 300), np.float32)
    clips_of(model, 1, SamplingConfig(top_k=270)).take(1, seen)
    assert np.flatnonzero(seen[0, 0]).tolist() == list(range(270))
    clips_of(model, 1, SamplingConfig(top_p=0.5)).take(1, seen)
    assert np.flatnonzero(seen[0, 0]).tolist() == list(range(150))


def test_blocks_launches_and_clips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = peaked_model(ODD)
    whole = clips_of(model, 18).take(5)
    monkeypatch.setattr(gpu, "LAUNCH", 2)
    few = GPUEngine(model, prompt(model, 18)[:5], SamplingConfig(), device=DEVICE)
    assert (np.concatenate([few.take(1), few.take(3), few.take(0), few.take(1)], 1) == whole[:5]).all()
    last = GPUEngine(
        model, prompt(model, 18)[16:], SamplingConfig(), numbers=np.array([16, 17]), device=DEVICE
    )
    assert (last.take(5) == whole[16:]).all()


def test_probabilities_come_in_launches_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    model = peaked_model(NETWORKS["one layer"])
    whole, parts = (np.empty((2, 5, 90), np.float32) for _ in range(2))
    drawn = clips_of(model, 2).take(5, whole)
    monkeypatch.setattr(gpu, "PROBABILITY_BYTES", 2 * 4 * 16 * 128)
    assert (clips_of(model, 2).take(5, parts) == drawn).all()
    assert (parts == whole).all()


def test_a_copy_continues_as_its_source() -> None:
    model = peaked_model(ODD)
    clips = clips_of(model, 18, numbers=np.array([0, 9, *range(2, 16), 9, 17]))
    before = clips.take(6)
    assert (before[1] != before[16]).any()  # the same numbers behind the draws, but another past
    clips.copy(np.array([1, 5]), np.array([16, 2]))
    clips.copy(np.empty(0, np.int64), np.empty(0, np.int64))
    seen = np.empty((18, 6, 90), np.float32)
    after = clips.take(6, seen)
    assert (after[1] == after[16]).all()
    assert (seen[1] == seen[16]).all()
    assert (seen[5, 0] == seen[2, 0]).all()
    assert (after[5] != after[2]).any()


def test_uniforms_after_hours_of_samples() -> None:
    model, steps, far = peaked_model(ODD), 4, (1 << 33) + 5
    clips = clips_of(model, 2)
    before = clips.take(3)
    clips.position += far
    seen = np.empty((2, steps, 90), np.float32)
    drawn = clips.take(steps, seen)
    exact = exact_probabilities(model, np.concatenate([prompt(model, 2), before, drawn], 1), SamplingConfig())
    assert np.abs(seen - exact[:, 3:]).max() < ERROR
    assert (drawn == choose(exact[:, 3:], uniforms(0, 2, far + 3, steps))).all()


def test_unsupported_settings_are_refused() -> None:
    model = peaked_model(ODD)
    with pytest.raises(PartitaError, match="`precision` is 'int8': for a GPU choose"):
        clips_of(model, 1, SamplingConfig(precision="int8"))
    with pytest.raises(PartitaError, match="`device` is 'meta'"):
        GPUEngine(model, prompt(model, 1), SamplingConfig(), device="meta")


def test_missing_triton_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "find_spec", lambda name: None)
    with pytest.raises(PartitaError, match="needs `triton`, which is not installed"):
        clips_of(peaked_model(ODD), 1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_gpu_is_refused() -> None:
    model = peaked_model(ODD)
    with pytest.raises(PartitaError, match="no CUDA device: use `--device cpu`"):
        GPUEngine(model, prompt(model, 1), SamplingConfig())


def compile_ahead(folder: Path, config: WaveNetConfig, *arguments: str) -> dict[str, Any]:
    """Compile for a device, which need not exist, and return the resources that the kernels need."""
    own = {"TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(folder)}
    shape = json.dumps(dataclasses.asdict(config))
    command = [sys.executable, str(Path(__file__).with_name("ahead.py")), shape, *arguments]
    done = subprocess.run(command, env=os.environ | own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    resources: dict[str, Any] = json.loads(done.stdout)
    return resources


@pytest.mark.parametrize(("own_biases", "kibibytes"), [("0", 80), ("1", 92)])
def test_compiles_ahead_of_time(own_biases: str, kibibytes: int, tmp_path: Path) -> None:
    config = SIZES["wide"]
    if own_biases == "1":
        layout = FrameLayout(hop_length=160, bands=32, sample_rate=16000)
        config = dataclasses.replace(config, condition=layout, period_taps=5)
    found = compile_ahead(tmp_path, config, "float32", "90", own_biases, "0", "0", "0", "0")
    assert found["draw_steps"]["stack"] == found["take_in"]["stack"] == 0, "registers are spilled"
    assert found["draw_steps"]["shared"] <= kibibytes * 1024
    assert found["pipelined"] > 0, "weights are not prefetched"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("precision", "capability", "kibibytes", "own_biases"),
    [
        ("float32", "80", 163, "0"),
        ("float32", "86", 99, "0"),
        ("float32", "86", 99, "1"),
        ("float32", "90", 227, "0"),
        ("float32", "90", 227, "1"),
        ("bfloat16", "90", 227, "0"),
    ],
)
@pytest.mark.parametrize("size", [*SIZES, "large"])
def test_every_size_compiles_for_every_device(
    size: str, precision: str, capability: str, kibibytes: int, own_biases: str, tmp_path: Path
) -> None:
    large = dataclasses.replace(ODD, layers=14, residual_channels=250, dilation_channels=130, classes=32768)
    found = compile_ahead(
        tmp_path, SIZES.get(size, large), precision, capability, own_biases, "1", "1", "1", "1"
    )
    assert found["draw_steps"]["shared"] <= 1024 * kibibytes
    assert found["draw_steps"]["stack"] <= 160, "more is spilled than some addresses"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("size", ["small", "wide", "published"])
def test_whole_sizes_on_a_device(size: str, precision: Precision) -> None:
    check(peaked_model(SIZES[size]), SamplingConfig(precision=precision), clips=40, steps=300)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_many_launches_on_a_device() -> None:
    model = peaked_model(SIZES["wide"])
    whole = clips_of(model, 40).take(2500)
    parts = clips_of(model, 40)
    assert (np.concatenate([parts.take(1), parts.take(1200), parts.take(1299)], 1) == whole).all()
