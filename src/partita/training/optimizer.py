"""The generator's optimizer, from the config. Knows no losses and no schedule: the loop sets the learning
rate."""

from collections.abc import Iterable

import torch
from torch import nn

from partita.training.config import TrainConfig


def make_optimizer(parameters: Iterable[nn.Parameter], config: TrainConfig) -> torch.optim.Optimizer:
    """Return the optimizer; all of its state is tensors, so that checkpoints can hold it.

    Source: Loshchilov & Hutter 2019 (`adamw`); Kingma & Ba 2015 (`adam`).

    >>> make_optimizer([nn.Parameter(torch.ones(1))], TrainConfig()).defaults["betas"]
    (0.9, 0.95)
    """
    if config.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=config.learning_rate)
    return torch.optim.AdamW(
        parameters, lr=config.learning_rate, betas=(0.9, 0.95), weight_decay=config.weight_decay
    )
