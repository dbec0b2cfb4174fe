"""Make the generator's optimizer: `muon`, `adamw` or `adam`.

`muon`, the default, replaces the update of each matrix between hidden channels by the nearest matrix with
orthogonal rows or columns, so that all directions of a matrix learn at one rate. Embedding, biases and the
last layer are updated by Adam. The train step sets the learning rate before each update.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from partita.errors import PartitaError
from partita.training.config.train import TrainConfig

MATRICES = ("dilated", "residual", "skip", "end1")
MATRIX_RATE = 5.0
BETAS = (0.9, 0.95)


def make_optimizer(model: nn.Module, config: TrainConfig, *, bfloat16: bool = False) -> torch.optim.Optimizer:
    """Return the optimizer that a config asks for; its state consists of tensors, so checkpoints can hold it.

    Args:
        model: the network to optimize.
        config: the optimizer's name, learning rate and weight decay.
        bfloat16: whether `muon` orthogonalises in bfloat16; weights and momentum stay float32.

    Source: Jordan et al. 2024 (`muon`); Loshchilov & Hutter 2019 (`adamw`); Kingma & Ba 2015 (`adam`).

    >>> from partita.models.sizes import SIZES
    >>> from partita.models.wavenet import WaveNet
    >>> make_optimizer(WaveNet(SIZES["tiny"]), TrainConfig(optimizer="adamw")).defaults["betas"]
    (0.9, 0.95)
    """
    if config.optimizer == "adam":
        beta1 = 0.9 if config.gan is None else config.gan.beta1
        return torch.optim.Adam(model.parameters(), lr=config.learning_rate, betas=(beta1, 0.999))
    if config.optimizer == "adamw":
        return torch.optim.AdamW(
            model.parameters(), lr=config.learning_rate, betas=BETAS, weight_decay=config.weight_decay
        )
    dtype = torch.bfloat16 if bfloat16 else torch.float32
    return Muon(model, lr=config.learning_rate, weight_decay=config.weight_decay, dtype=dtype)


class Muon(torch.optim.Optimizer):
    """Muon: orthogonalised momentum for the matrices between hidden channels, Adam for all other weights.

        m <- momentum m + (1 - momentum) g;   u = (1 - momentum) g + momentum m
        w <- (1 - rate decay) w - rate sqrt(max(1, rows / columns)) orthogonal(u),   rate = MATRIX_RATE lr

    A stack of matrices is orthogonalised matrix by matrix. The skip weights count as one tall matrix, because
    their products are summed over the layers.

    Args:
        model: the network to optimize.
        lr: Adam's learning rate; the matrices use `MATRIX_RATE` times as much.
        weight_decay: the decoupled weight decay of all weights.
        momentum: the momentum of the matrices.
        dtype: the type in which matrices are orthogonalised.

    Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks".

    >>> from partita.models.sizes import SIZES
    >>> from partita.models.wavenet import WaveNet
    >>> model = WaveNet(SIZES["tiny"])
    >>> [len(group["params"]) for group in Muon(model, lr=4e-3, weight_decay=0.01).param_groups]
    [4, 7]
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        lr: float,
        weight_decay: float,
        momentum: float = 0.95,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        named = dict(model.named_parameters())
        ends = {name: name.rpartition(".")[2] for name in named}
        matrices = [named[name] for end in MATRICES for name in named if ends[name] == end]
        others = [parameter for name, parameter in named.items() if ends[name] not in MATRICES]
        self._dtype = dtype
        self._skips = {named[name] for name in named if ends[name] == "skip"}
        groups: list[dict[str, Any]] = [
            {"params": matrices, "orthogonal": True},
            {"params": others, "orthogonal": False},
        ]
        super().__init__(groups, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient.

        Args:
            closure: not supported; must be None.

        Raises:
            PartitaError: `closure` is given.
        """
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
        if weight in self._skips:
            update = update.flatten(0, 1)
        scale = math.sqrt(max(1.0, update.shape[-2] / update.shape[-1]))
        weight.mul_(1.0 - rate * group["weight_decay"])
        weight.add_(orthogonal(update.to(self._dtype)).view_as(weight), alpha=-rate * scale)

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
    """Return approximately the orthogonal factor U V^T of each matrix U S V^T, by an iterated polynomial.

        X <- a X + (b X X^T + c (X X^T)^2) X

    Each round moves all singular values towards 1. They end between 0.68 and 1.14, which is accurate enough
    for an update, and only matrix products are needed. The computation is in the matrix's type; bfloat16 is
    accurate enough.

    Args:
        matrix: (..., rows, columns).
        rounds: the number of rounds.

    Returns:
        (..., rows, columns).

    Source: Jordan et al. 2024 (the Newton-Schulz iteration of `muon`).

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
