"""Small frame models, and frames on the grid, for tests."""

import torch
from torch import Tensor

from partita.audio.features.layout import FrameLayout
from partita.models.frame_tier.config import FrameModelConfig
from partita.models.frame_tier.model import FrameModel

PLAIN = FrameLayout(hop_length=160, bands=3)
GIVEN = FrameLayout(hop_length=160, bands=3, notes=True, labels=("digit=1", "digit=2"))


def frame_model(layout: FrameLayout = PLAIN, *, seed: int = 0, dropout: float = 0.1) -> FrameModel:
    """Return a small network with random weights, biases included, so that every part of it matters."""
    config = FrameModelConfig(
        layout=layout,
        recurrent_channels=12,
        column_channels=5,
        mixtures=2,
        note_channels=24,
        note_lookahead=3,
        dropout=dropout,
    )
    generator = torch.Generator().manual_seed(seed)
    model = FrameModel(config, generator=generator)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.1)
    return model


def frames_of(layout: FrameLayout, batch: int, frames: int, seed: int = 1) -> Tensor:
    """Return random frames on the grid: (batch, frames, columns)."""
    generator = torch.Generator().manual_seed(seed)
    bands = torch.randn(batch, frames, layout.bands, generator=generator)
    pitch = 60.0 + 5.0 * torch.randn(batch, frames, 1, generator=generator)
    periodicity = torch.rand(batch, frames, 1, generator=generator)
    given = (torch.rand(batch, frames, layout.columns - layout.bands - 2, generator=generator) < 0.1).float()
    features = [(bands * 32).round() / 32, (pitch * 16).round() / 16, (periodicity * 32).round() / 32]
    return torch.cat([*features, given], -1)
