"""Configs for a fraction of a second of training, the same bits on every run."""

from typing import Any

from partita.models.sizes import WaveNetConfig
from partita.training.config.train import TrainConfig

NETWORK = WaveNetConfig(
    blocks=1, layers=4, residual_channels=16, dilation_channels=16, skip_channels=16, end_channels=16
)


def small_config(**changes: Any) -> TrainConfig:
    """Return a config of a small network on the CPU, with some settings changed."""
    small: dict[str, Any] = {
        "network": NETWORK,
        "condition": ("none",),
        "targets": 256,
        "batch": 2,
        "steps": 20,
        "threads": 1,
        "device": "cpu",
        "precision": "float32",
        "validations": 4,
        "preview_clips": 0,
        "tensorboard": False,
    }
    return TrainConfig(**(small | changes))
