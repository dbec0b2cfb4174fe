"""The device selects the engine, and clips that do not fit into memory are refused."""

from typing import cast

import numpy as np
import pytest
import torch

from partita.device import Device
from partita.errors import PartitaError
from partita.models.sizes import SIZES
from partita.models.wavenet import WaveNet
from partita.sampling import backend
from partita.sampling.config import SamplingConfig, SteeringConfig
from partita.sampling.smc.sampler import SteeredStream, Steering
from partita.sampling.smc.scorers import RatioScorer
from partita.sampling.stream import Stream

MODEL = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("device", "gpu"), [("auto", False), ("cpu", False), ("cuda", True)])
def test_the_device_selects_the_engine(monkeypatch: pytest.MonkeyPatch, device: Device, gpu: bool) -> None:
    monkeypatch.setattr(backend, "CPUEngine", lambda *_, numbers, **__: ("cpu", numbers))
    monkeypatch.setattr(backend, "GPUEngine", lambda *_, numbers, **__: ("cuda", numbers))
    history, numbers = np.zeros((512, 4), np.int64), np.arange(512)
    chosen = backend.engine_for(MODEL, history, SamplingConfig(device=device), numbers=numbers)
    assert cast("object", chosen) == ("cuda" if gpu else "cpu", numbers)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_gpu_is_refused() -> None:
    with pytest.raises(PartitaError, match="no CUDA device: use `--device cpu`"):
        Stream(MODEL, config=SamplingConfig(device="cuda"), zero_class=128)


def test_clips_that_do_not_fit_into_memory_are_refused() -> None:
    with pytest.raises(PartitaError, match="GiB for their past states, this machine has"):
        Stream(MODEL, clips=1 << 30, zero_class=128)
    steering = Steering(scorer=RatioScorer(MODEL, MODEL), config=SteeringConfig(particles=1 << 16))
    with pytest.raises(PartitaError, match="clips or particles at once need"):
        SteeredStream(MODEL, steering, clips=1 << 14, zero_class=128)
