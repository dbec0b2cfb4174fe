"""The settings of the ratio objective, in which the generator is its own discriminator."""

from dataclasses import dataclass

from partita.checks import LARGEST_WEIGHT, check_count, check_positive, check_range


@dataclass(frozen=True, kw_only=True)
class RatioConfig:
    """The generator as a discriminator, by its likelihood over that of a frozen copy, the reference."""

    weight: float = 1.0
    """Weight of the ratio loss. 0 computes the loss and trains the generator as if there were none. Both
    losses are in nats a sample, so 1 gives the loss and the likelihood about equal weight."""
    relative: bool = False
    """Make the weight a share of the norm of the likelihood's gradient. Otherwise it is a plain factor."""
    beta: float = 1.0
    """Factor of the log-ratio in the sigmoid. With 1 the optimum is the distribution of the data; below 1 the
    sigmoid saturates later, and the optimum goes further from the reference than the data."""
    pairs: int = 4
    """Pairs of a drawn and a real clip in each update, out of `rollout.clips` that are drawn at once."""
    refresh: int = 64
    """Updates of a round: then the generator becomes the next reference, which draws new clips."""

    def draws_at(self, step: int, *, clips: int) -> bool:
        """Return whether clips are drawn in an update: when all were used, and at the beginning of a round.

        Args:
            step: the number of the update, counted from 1.
            clips: how many are drawn at once.

        >>> [step for step in range(1, 100) if RatioConfig(pairs=4, refresh=20).draws_at(step, clips=32)][:5]
        [1, 9, 17, 21, 29]
        """
        return (step - 1) % self.refresh % max(1, clips // self.pairs) == 0

    def __post_init__(self) -> None:
        """Check the values."""
        check_range("weight", self.weight, 0.0, LARGEST_WEIGHT)
        check_positive("beta", self.beta, 100.0)
        for name in ("pairs", "refresh"):
            check_count(name, getattr(self, name), 1, 1 << 24)
