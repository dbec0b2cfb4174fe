"""An eye on the discriminator: when for long it can't tell, or can't be fooled, a sentence says so. It is fed
with numbers and knows no networks."""

BLIND = 0.55
"""Share of patches told right, of those past the prompt, up to which a discriminator counts as blind; half
is chance."""
OVERPOWERING = 0.98
"""The share from which on it counts as overpowering."""
STEPS = 300
"""Steps for which it must have been so, without a break."""


class DiscriminatorMonitor:
    """Listens to a run's records, and says each thing once.

    Args:
        critic: whether a critic that goes on learning judges: it may tell long clips without fail, and still
            its reward has a slope, so only that it is blind is said.

    >>> monitor = DiscriminatorMonitor()
    >>> told = {"discriminator_real": 0.5, "discriminator_fake": 0.49}
    >>> [monitor.hear(step, told) is not None for step in (200, 300, 400)]
    [False, True, False]
    """

    def __init__(self, *, critic: bool = False) -> None:
        self._critic = critic
        self._last_otherwise = {"blind": 0, "overpowering": 0}
        self._said: set[str] = set()

    def hear(self, step: int, numbers: dict[str, float]) -> str | None:
        """Take in a record, and return a sentence if there is something to say.

        Args:
            step: the record's.
            numbers: its means since the last record; without `discriminator_real` and `discriminator_fake`,
                the shares of patches past the prompt that were taken for real, there is nothing to monitor.
        """
        if not {"discriminator_real", "discriminator_fake"} <= numbers.keys():
            return None
        right = accuracy(numbers)
        for fault, holds in (("blind", right <= BLIND), ("overpowering", right >= OVERPOWERING)):
            if not holds:
                self._last_otherwise[fault] = step
            elif fault not in self._said and step - self._last_otherwise[fault] >= STEPS:
                self._said.add(fault)
                if not self._critic:
                    return _sentence(fault, right)
                if fault == "blind":
                    return _of_critic(right)
        return None


def accuracy(numbers: dict[str, float]) -> float:
    """Return the share of patches past the prompt that a record's discriminator told right.

    >>> accuracy({"discriminator_real": 0.75, "discriminator_fake": 0.25})
    0.75
    """
    return (numbers["discriminator_real"] + 1.0 - numbers["discriminator_fake"]) / 2.0


def _sentence(fault: str, right: float) -> str:
    if fault == "blind":
        return (
            f"the discriminator is blind: for {STEPS} steps it has told about half of what it judged right,"
            f" now {right:.0%}, so the generator may learn nothing from it (where clips are drawn, one that"
            " the generator follows looks the same). Try other `--adversary.discriminators`, more"
            " `--adversary.updates`, or a longer `--adversary.warmup`"
        )
    return (
        f"the discriminator is overpowering: for {STEPS} steps it has told nearly all it judged right, now"
        f" {right:.1%}, so the generator can hardly learn from it. Try `--adversary.r1 1`,"
        " `--adversary.max-accuracy 0.9`, or a lower `--adversary.learning-rate`"
    )


def _of_critic(right: float) -> str:
    return (
        f"the critic is blind: for {STEPS} steps it has told about half of the clips right, now {right:.0%},"
        " so the generator learns nothing from what it learns. Try a lower `--critic.learning-rate`, or the"
        " arm `critic`, where it stays as it is"
    )
