"""Settings of free-running arms that contradict each other are refused."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from partita.errors import PartitaError
from partita.training.config.train import AdversaryConfig, CriticConfig, RolloutConfig, TrainConfig

Make = Callable[..., TrainConfig]


def test_contradictory_configs_are_refused(make_config: Make, adversary: AdversaryConfig) -> None:
    free = RolloutConfig(route="policy", length=64, initial_length=32)
    with pytest.raises(PartitaError, match="nothing judges the clips"):
        make_config(rollout=free)
    with pytest.raises(PartitaError, match="match by `likelihood`"):
        make_config(rollout=free, adversary=adversary, match="norm")
    with pytest.raises(PartitaError, match="needs at least 16"):
        make_config(rollout=replace(free, prompt_tail=15), adversary=adversary)
    with pytest.raises(PartitaError, match="no adversary: leave the adversary out"):
        make_config(rollout=free, adversary=adversary, critic=CriticConfig())
    with pytest.raises(PartitaError, match="a critic needs the route `policy`"):
        make_config(rollout=replace(free, route="gumbel"), critic=CriticConfig())
    for changes in (
        {"clips": 1},
        {"temperature": 0.0},
        {"clamp": 0.0},
        {"discount": 1.1},
        {"initial_length": 2048},
    ):
        with pytest.raises(PartitaError):
            RolloutConfig(**changes)
