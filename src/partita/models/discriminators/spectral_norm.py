"""Spectral normalisation: a weight divided by its largest singular value, so that a layer stretches nothing.

This file does not know layers. Its one state, the singular vector, goes with the network's weights.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

ROUNDS = 20


class SpectralNorm(nn.Module):
    """Divide a weight by its largest singular value, found by power iteration.

        u <- W^T (W u), brought to length 1;   W / |W u|

    W is the weight as a matrix: its first axis, and all the others together.

    In training every call makes one round, which keeps up with a weight that moves slowly; the gradient takes
    u as a constant. In evaluation u stays.

    Args:
        weight: the initial one; some rounds are made on it.
        generator: the random stream of the first u; None takes the global one.

    Source: Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", algorithm 1.

    >>> weight = torch.diag(torch.tensor([4.0, 1.0]))
    >>> SpectralNorm(weight)(weight).diag().tolist()
    [1.0, 0.25]
    """

    u: Tensor

    def __init__(
        self, weight: Float[Tensor, "rows *others"], *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        start = weight.new_empty(weight[0].numel()).normal_(generator=generator)
        self.register_buffer("u", functional.normalize(start, dim=0))
        for _ in range(0 if weight.is_meta else ROUNDS):  # without values there is nothing to find
            self._round(weight)

    def forward(self, weight: Float[Tensor, "rows *others"]) -> Float[Tensor, "rows *others"]:
        """Return the weight with its largest singular value at 1, or very near."""
        if self.training:
            self._round(weight)
        direction = self.u.clone()  # the next round changes it in place, before the gradient asks for it
        with torch.autocast(weight.device.type, enabled=False):
            largest: Tensor = torch.linalg.vector_norm(weight.flatten(1) @ direction)
        return weight / largest

    @torch.no_grad()
    def _round(self, weight: Tensor) -> None:
        matrix = weight.flatten(1)
        with torch.autocast(weight.device.type, enabled=False):
            self.u.copy_(functional.normalize(matrix.T @ (matrix @ self.u), dim=0))
