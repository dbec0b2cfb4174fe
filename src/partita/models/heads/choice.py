"""Heads by name. This file does not know what they compute."""

from partita.models.heads.base import Head
from partita.models.heads.categorical import Categorical
from partita.models.heads.gaussian import Gaussian
from partita.models.heads.logistic import LogisticMixture

CATEGORICAL, LOGISTIC, GAUSSIAN = "categorical", "logistic", "gaussian"
HEADS = (CATEGORICAL, LOGISTIC, GAUSSIAN)
MIXTURES = 10
"""Logistic distributions in a mixture, as in Parallel WaveNet."""


def make_head(name: str, *, classes: int, mixtures: int = MIXTURES) -> Head:
    """Return the head with a name.

    Args:
        name: one of `HEADS`.
        classes: of the samples.
        mixtures: logistic distributions, for the head of that name.

    >>> make_head("logistic", classes=256).columns
    30
    """
    if name == LOGISTIC:
        return LogisticMixture(classes, mixtures=mixtures)
    return Gaussian(classes) if name == GAUSSIAN else Categorical(classes)
