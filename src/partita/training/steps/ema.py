"""The exponential moving average (EMA) of a model's weights, which scores better than any one step."""

from copy import deepcopy
from typing import Generic, TypeVar

import torch
from torch import nn

NetworkT = TypeVar("NetworkT", bound=nn.Module)


class EMA(Generic[NetworkT]):
    """An exponential moving average of weights, with a decay that starts low so that short runs profit too.

        a <- a + (1 - d_t) (w - a),   d_t = min(decay, (1 + t) / (10 + t))

    The average covers about the last tenth of the updates made so far, until `decay` limits it. Only
    parameters are averaged; buffers, which training does not change, stay as they are.

    Args:
        model: the network whose weights are averaged; the average starts from its current weights.
        decay: the largest decay, below 1.
    """

    def __init__(self, model: NetworkT, *, decay: float) -> None:
        self.model = deepcopy(model).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model: NetworkT, step: int) -> None:
        """Update the average with the weights after an update.

        Args:
            model: the network whose weights are averaged.
            step: the number of the update, counted from 1.
        """
        weight = 1.0 - min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self.model.parameters()), list(model.parameters()), weight)
