"""The generator's optimizer, from the config. Knows no losses and no schedule: the loop sets the learning
rate.

`muon`, the default, turns the update of each matrix between hidden channels into the nearest matrix with
orthogonal rows or columns, so that all directions of a matrix learn at one speed, and leaves embedding,
biases and the last layer to Adam.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.training.config.train import TrainConfig

MATRICES = ("dilated", "residual", "skip", "end1")
MATRIX_RATE = 5.0
BETAS = (0.9, 0.95)


def make_optimizer(model: WaveNet, config: TrainConfig, *, bfloat16: bool = False) -> torch.optim.Optimizer:
    """Return the optimizer; all of its state is tensors, so that checkpoints can hold it.

    Args:
        model: whose weights.
        config: which optimizer, and its settings.
        bfloat16: let `muon` orthogonalise in bfloat16, where the machine has it; weights and momentum stay
            float32.

    Source: Jordan et al. 2024 (`muon`); Loshchilov & Hutter 2019 (`adamw`); Kingma & Ba 2015 (`adam`).

    >>> from partita.models.sizes import SIZES
    >>> make_optimizer(WaveNet(SIZES["tiny"]), TrainConfig(optimizer="adamw")).defaults["betas"]
    (0.9, 0.95)
    """
    if config.optimizer == "adam":
        return torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    if config.optimizer == "adamw":
        return torch.optim.AdamW(
            model.parameters(), lr=config.learning_rate, betas=BETAS, weight_decay=config.weight_decay
        )
    kind = torch.bfloat16 if bfloat16 else torch.float32
    return Muon(model, lr=config.learning_rate, weight_decay=config.weight_decay, kind=kind)


class Muon(torch.optim.Optimizer):
    """Orthogonalised momentum for the matrices between hidden channels, Adam for all else.

        m <- momentum m + (1 - momentum) g;   u = (1 - momentum) g + momentum m
        w <- (1 - rate decay) w - rate sqrt(max(1, rows / columns)) orthogonal(u),   rate = MATRIX_RATE lr

    A stack of matrices is orthogonalised matrix by matrix; the skip weights, whose products are summed over
    the layers, as the one tall matrix that they are.

    Args:
        model: whose weights.
        lr: Adam's learning rate.
        weight_decay: of all weights, decoupled.
        momentum: of the matrices.
        kind: the type that matrices are orthogonalised in.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"])
    >>> [len(group["params"]) for group in Muon(model, lr=4e-3, weight_decay=0.01).param_groups]
    [4, 7]
    """

    def __init__(
        self,
        model: WaveNet,
        *,
        lr: float,
        weight_decay: float,
        momentum: float = 0.95,
        kind: torch.dtype = torch.float32,
    ) -> None:
        named = dict(model.named_parameters())
        matrices = [named[name] for name in MATRICES]
        others = [parameter for name, parameter in named.items() if name not in MATRICES]
        self._skip, self._kind = named["skip"], kind
        groups: list[dict[str, Any]] = [
            {"params": matrices, "orthogonal": True},
            {"params": others, "orthogonal": False},
        ]
        super().__init__(groups, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Make one update from the gradients that are there."""
        if closure is not None:
            raise PartitaError("`closure` is given: call step() without one, after backward()")
        for group in self.param_groups:
            update = self._matrix_step if group["orthogonal"] else self._adam_step
            for parameter in group["params"]:
                if parameter.grad is not None:
                    update(parameter, parameter.grad, group)

    def _matrix_step(self, weight: nn.Parameter, gradient: Tensor, group: dict[str, Any]) -> None:
        state, momentum, rate = self.state[weight], group["momentum"], MATRIX_RATE * group["lr"]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        state["momentum"].lerp_(gradient, 1.0 - momentum)
        update = gradient.lerp(state["momentum"], momentum)
        if weight is self._skip:
            update = update.flatten(0, 1)
        scale = math.sqrt(max(1.0, update.shape[-2] / update.shape[-1]))
        weight.mul_(1.0 - rate * group["weight_decay"])
        weight.add_(orthogonal(update.to(self._kind)).view_as(weight), alpha=-rate * scale)

    def _adam_step(self, weight: nn.Parameter, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state |= {
                "step": torch.zeros(()),
                "mean": torch.zeros_like(weight),
                "square": torch.zeros_like(weight),
            }
        state["step"] += 1
        state["mean"].lerp_(gradient, 1.0 - BETAS[0])
        state["square"].lerp_(gradient.square(), 1.0 - BETAS[1])
        count = float(state["step"])
        root = (state["square"] / (1.0 - BETAS[1] ** count)).sqrt_().add_(1e-8)
        weight.mul_(1.0 - group["lr"] * group["weight_decay"])
        weight.addcdiv_(state["mean"], root, value=-group["lr"] / (1.0 - BETAS[0] ** count))


def orthogonal(matrix: Tensor, rounds: int = 5) -> Tensor:
    """Return nearly the orthogonal factor U V^T of each matrix U S V^T, by rounds of an odd polynomial.

    In the matrix's own type; bfloat16 is enough for an update.

    X <- a X + (b X X^T + c (X X^T)^2) X pushes every singular value towards 1, and stops between 0.68 and
    1.14, which is near enough for an update and takes matrix products only.

    Args:
        matrix: (..., rows, columns).
        rounds: of the polynomial.

    >>> values = torch.linalg.svdvals(orthogonal(torch.randn(3, 16, 40)))
    >>> bool((values > 0.6).all() and (values < 1.2).all())
    True
    """
    tall = matrix.shape[-2] > matrix.shape[-1]
    x: Tensor = matrix.mT if tall else matrix
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
    for _ in range(rounds):
        square = x @ x.mT
        x = 3.4445 * x + (2.0315 * square @ square - 4.7750 * square) @ x
    return x.mT if tall else x
