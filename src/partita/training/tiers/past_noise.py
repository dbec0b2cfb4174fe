"""Disturb the past that a network reads in training, and never what it predicts.

In free running a network reads its own samples: slightly noisy, at a level that drifts. A network that has
seen such pasts returns to the sound that its conditions describe. But it also learns to mistrust its past, on
which all fine structure rests, so both are off by default.
"""

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from partita.audio.quantizer import Quantizer

CHANGED = 0.7
"""Share of the windows whose level is changed."""


class PastNoise:
    """Noise on the classes of the past, and changes of its level.

    Args:
        quantizer: waveform <-> classes.
        deviation: of the noise, in classes. The standard deviation in each window is drawn: 0 in a quarter of
            the windows, up to 1.5 times this number in the others.
        gain_db: the largest change of level, in decibels.
        rng: the random stream, on the CPU.

    Source: LPCNet (Valin & Skoglund 2019, section 3.3) adds noise to its input in training.

    >>> noise = PastNoise(Quantizer(), deviation=0.0, gain_db=6.0, rng=torch.Generator().manual_seed(0))
    >>> noise(torch.full((8, 3), 200)).unique(dim=1).shape
    torch.Size([8, 1])
    """

    def __init__(
        self, quantizer: Quantizer, *, deviation: float, gain_db: float, rng: torch.Generator
    ) -> None:
        self.quantizer, self.deviation, self.gain_db, self.rng = quantizer, deviation, gain_db, rng

    def __call__(self, classes: Int[Tensor, "batch time"]) -> Int[Tensor, "batch time"]:
        """Return disturbed windows of classes."""
        if self.gain_db:
            classes = self._at_other_levels(classes)
        return self._with_noise(classes) if self.deviation else classes

    def _at_other_levels(self, classes: Tensor) -> Tensor:
        """Return each window at a level of its own: a table of classes for each does it."""
        drawn = torch.rand((2, len(classes), 1), generator=self.rng).double()
        gain_db = self.gain_db * (2.0 * drawn[0] - 1.0) * (drawn[1] < CHANGED)
        levels = self.quantizer.table * 10.0 ** (gain_db.numpy() / 20.0)
        moved = self.quantizer.encode(levels.clip(-1.0, 1.0)).astype(np.int64)
        return torch.from_numpy(moved).to(classes.device).gather(1, classes)

    def _with_noise(self, classes: Tensor) -> Tensor:
        spread = 2.0 * torch.rand((len(classes), 1), generator=self.rng) - 0.5
        deviation = (self.deviation * spread).clamp(min=0.0)
        noise = deviation * torch.randn(classes.shape, generator=self.rng)
        moved = classes + noise.round().long().to(classes.device)
        return moved.clamp(0, self.quantizer.classes - 1)
