"""The engine is chosen by what was asked for, and by what is there."""

import numpy as np
import pytest
import torch

from partita.errors import PartitaError
from partita.models.sizes import SIZES
from partita.models.wavenet import WaveNet
from partita.sampling import engine
from partita.sampling.config import Device, Precision, SamplingConfig
from partita.sampling.stream import Stream, draw

MODEL = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))


class Chosen:
    """Stands for an engine, and keeps its arguments."""

    def __init__(
        self, model: WaveNet, history: np.ndarray, config: SamplingConfig, **options: object
    ) -> None:
        self.numbers = options["numbers"]


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> tuple[type, type]:
    """Classes in place of both engines, on a machine that has a GPU."""
    compiled, cuda = type("Compiled", (Chosen,), {}), type("Cuda", (Chosen,), {})
    monkeypatch.setattr(engine, "CompiledClips", compiled)
    monkeypatch.setattr(engine, "CudaClips", cuda)
    monkeypatch.setattr(engine, "refusal", lambda device, precision: "no" if precision == "int8" else None)
    return compiled, cuda


@pytest.mark.parametrize(
    ("device", "clips", "precision", "gpu"),
    [
        ("auto", engine.FEWEST_CLIPS - 1, "float32", False),
        ("auto", engine.FEWEST_CLIPS, "float32", True),
        ("auto", engine.FEWEST_CLIPS, "int8", False),
        ("cpu", 512, "float32", False),
        ("cuda", 1, "bfloat16", True),
    ],
)
def test_which_engine_draws(
    kinds: tuple[type, type], device: Device, clips: int, precision: Precision, gpu: bool
) -> None:
    config = SamplingConfig(device=device, precision=precision)
    chosen = engine.engine_for(MODEL, np.zeros((clips, 4), np.int64), config, numbers=np.arange(clips))
    assert type(chosen) is kinds[gpu]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_the_cpu_draws_and_a_gpu_is_refused() -> None:
    many = draw(MODEL, clips=engine.FEWEST_CLIPS, steps=3, zero_class=128)
    assert (many[:1] == draw(MODEL, steps=3, config=SamplingConfig(device="cpu"), zero_class=128)).all()
    with pytest.raises(PartitaError, match="no CUDA device: use `--device cpu`"):
        Stream(MODEL, config=SamplingConfig(device="cuda"), zero_class=128)
