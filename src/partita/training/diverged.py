"""Describe a run that diverged: the number that is not finite, the step, and what to try."""

from collections.abc import Mapping

from torch import Tensor

from partita.errors import DivergedError
from partita.runs.tensors import first_non_finite
from partita.training.config.train import TrainConfig


def diverged(
    what: str, *, step: int, saved: int, config: TrainConfig, windows: list[str] | None = None
) -> DivergedError:
    """Return the error to raise for a run that diverged.

    Args:
        what: the number that is not finite.
        step: the update in which, or after which, it was found.
        saved: the step of the newest checkpoint.
        config: the run's config.
        windows: the windows of that update, if they may be the cause.

    >>> str(diverged("the loss", step=8, saved=5, config=TrainConfig())).partition(":")[0]
    'the loss is not finite at step 8'
    """
    on = f", on {'; '.join(windows)}" if windows else ""
    advice = ", and listen to those parts of the recordings" if windows else ""
    return DivergedError(
        f"{what} is not finite at step {step}{on}: training diverged. The checkpoint of step {saved} is"
        " undamaged, but a run resumed from it would diverge again: train a new run with a lower"
        f" `learning_rate` (it was {config.learning_rate:g}), a longer `warmup` (it was {config.warmup}), a"
        f" lower `grad_clip` or `precision` float32{advice}"
    )


def non_finite_tensor(tensors: Mapping[str, Mapping[str, Tensor]]) -> str | None:
    """Return the name of the first tensor that is not finite, as words for a message, or None.

    Args:
        tensors: the groups of a checkpoint, each with named tensors.

    >>> import torch
    >>> non_finite_tensor({"generator": {"end2": torch.tensor(float("nan"))}})
    '`end2` of generator'
    """
    for group, named in tensors.items():
        if (name := first_non_finite(named)) is not None:
            return f"`{name}` of {group}"
    return None
