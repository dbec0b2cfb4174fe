"""The moving average of the weights, which draws and scores better than the weights of any one step."""

from copy import deepcopy

import torch

from partita.models.wavenet import WaveNet


class EMA:
    """An exponential moving average whose horizon grows with the run, so that short runs aren't held back.

        a <- a + (1 - d_t) (w - a),   d_t = min(decay, (1 + t) / (10 + t))

    so the average spans about a tenth of the updates made so far, until `decay` caps it. Buffers there are
    none.

    Args:
        model: whose weights; the average starts from them.
        decay: the largest decay.
    """

    def __init__(self, model: WaveNet, *, decay: float) -> None:
        self.model = deepcopy(model).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model: WaveNet, step: int) -> None:
        """Take in the weights after update number `step`, counted from 1."""
        weight = 1.0 - min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self.model.parameters()), list(model.parameters()), weight)
