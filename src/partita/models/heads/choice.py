"""Heads by name. This file does not know what they compute, and imports PyTorch when a head is made."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from partita.models.heads.base import Head

CATEGORICAL, LOGISTIC, GAUSSIAN = "categorical", "logistic", "gaussian"
HEADS = (CATEGORICAL, LOGISTIC, GAUSSIAN)
MIXTURES = 10
"""Logistic distributions in a mixture, as in Parallel WaveNet."""


def make_head(name: str, *, classes: int, mixtures: int = MIXTURES) -> "Head":
    """Return the head with a name.

    Args:
        name: one of `HEADS`.
        classes: of the samples.
        mixtures: logistic distributions, for the head of that name.

    >>> make_head("logistic", classes=256).columns
    30
    """
    from partita.models.heads.categorical import Categorical
    from partita.models.heads.gaussian import Gaussian
    from partita.models.heads.logistic import LogisticMixture

    if name == LOGISTIC:
        return LogisticMixture(classes, mixtures=mixtures)
    return Gaussian(classes) if name == GAUSSIAN else Categorical(classes)


def head_columns(name: str, *, classes: int, mixtures: int = MIXTURES) -> int:
    """Return the outputs that a head needs for each sample, without PyTorch.

    Args:
        name: one of `HEADS`.
        classes: of the samples.
        mixtures: logistic distributions, for the head of that name.

    >>> head_columns("gaussian", classes=256)
    2
    """
    return {CATEGORICAL: classes, LOGISTIC: 3 * mixtures, GAUSSIAN: 2}[name]
