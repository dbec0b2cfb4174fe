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

    def updates_per_draw(self, clips: int) -> int:
        """Return for how many updates the clips last that are drawn at once, at most a round.

        >>> RatioConfig(pairs=4).updates_per_draw(32)
        8
        """
        return max(1, min(self.refresh, clips // self.pairs))

    def __post_init__(self) -> None:
        """Check the values."""
        check_range("weight", self.weight, 0.0, LARGEST_WEIGHT)
        check_positive("beta", self.beta, 100.0)
        for name in ("pairs", "refresh"):
            check_count(name, getattr(self, name), 1, 1 << 24)
