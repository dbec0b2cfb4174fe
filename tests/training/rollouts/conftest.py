"""A config for the tests of free-running arms."""

from collections.abc import Callable

import pytest
from free_running import ROLLOUT

from partita.training.config.train import AdversaryConfig, TrainConfig

Make = Callable[..., TrainConfig]


@pytest.fixture
def base(make_config: Make, adversary: AdversaryConfig) -> TrainConfig:
    """A config with an adversary, for free-running arms."""
    return make_config(adversary=adversary, rollout=ROLLOUT)
