"""The settings of rollouts and of a critic. The docstrings of the fields are the help of `partita train`."""

from dataclasses import dataclass

from partita.checks import LARGEST_WEIGHT, check_choice, check_count, check_positive, check_range
from partita.errors import PartitaError

FREE_RUNNING = ("policy", "gumbel", "pathwise")
"""The routes on which an adversary judges drawn clips."""
RATIO = "ratio"


@dataclass(frozen=True, kw_only=True)
class RolloutConfig:
    """How the output of the generator becomes sound, for a judge or for the matching norm."""

    route: str = "teacher_forced"
    """How the judge's gradient reaches the generator. `teacher_forced` draws every sample given the real
    past. The other routes draw whole clips: `policy` has rewards, `gumbel` the straight-through
    Gumbel-softmax, `pathwise` the derivative at a constant quantile, through the ordered classes or exactly
    through a density. On the route `ratio` the generator's own likelihood is the discriminator."""
    value: str = "draw"
    """Sample that the judge receives on the route `teacher_forced`: `draw`, a draw with a straight-through
    gradient, or `mean`, the mean of the distribution."""

    clips: int = 32
    """Clips that are drawn at once. This and the following options are for every route but
    `teacher_forced`."""
    length: int = 1024
    """Samples of each clip at the end of its growth; at most `targets`."""
    initial_length: int = 256
    """Samples of each clip at the start of the run; the length doubles from there."""
    growth: float = 0.2
    """Share of the run, 0 to 1, over which clips grow to their full length."""
    redraw_every: int = 1
    """Updates that use the same clips. Above 1 training is faster but biased: later updates learn from clips
    of an earlier generator. On the route `ratio` the clips last for `clips` / `ratio.pairs` updates."""
    prompt_tail: int = 256
    """Samples at the end of the prompt that a discriminator receives before the clip."""
    replay: int = 256
    """Earlier clips that are stored for the discriminator. They are half of the drawn clips that it learns
    from, so that it does not forget them."""
    relative: bool = True
    """Make the adversary's weight a share of the norm of the likelihood's gradient. Otherwise it is a plain
    factor."""
    discount: float = 0.98
    """Factor gamma, 0 to 1, by which a reward counts less for each sample farther back; for `policy` with an
    adversary."""
    normalise: bool = True
    """Divide advantages by their root mean square; for `policy` with an adversary."""
    passes: int = 1
    """Longest chain of samples that a gradient follows, for `gumbel` and `pathwise`. Each costs a forward and
    a backward pass; 1 treats the past of every sample as fixed."""
    temperature: float = 1.0
    """Temperature of the Gumbel-softmax, in the derivative only."""
    clamp: float = 0.01
    """Smallest probability that `pathwise` divides by."""

    def __post_init__(self) -> None:
        """Check the values."""
        check_choice("route", self.route, ("teacher_forced", *FREE_RUNNING, RATIO))
        check_choice("value", self.value, ("draw", "mean"))
        check_count("clips", self.clips, 2, 1 << 16)
        for name in ("length", "initial_length", "redraw_every", "passes"):
            check_count(name, getattr(self, name), 1, 1 << 24)
        for name in ("prompt_tail", "replay"):
            check_count(name, getattr(self, name), 0, 1 << 24)
        for name in ("growth", "discount"):
            check_range(name, getattr(self, name), 0.0, 1.0)
        check_range("temperature", self.temperature, 0.01, 100.0)
        check_range("clamp", self.clamp, 1e-6, 1.0)
        if self.initial_length > self.length:
            raise PartitaError(
                f"`initial_length` is {self.initial_length} but `length` is {self.length}, and clips only"
                " grow: lower `initial_length`"
            )

    @property
    def free_running(self) -> bool:
        """Whether the route draws whole clips, sample by sample."""
        return self.route in (*FREE_RUNNING, RATIO)


@dataclass(frozen=True, kw_only=True)
class CriticConfig:
    """A larger likelihood model of the same recordings that judges the clips, and its weight."""

    run: str | None = None
    """Run of the critic, or one of its checkpoints. Its classes and sample rate must be those of this run."""
    weight: float = 1.0
    """Weight of the critic's loss. 0 computes the loss and trains the generator as if there were no critic.
    Both losses are in nats, so 1 gives the critic and the likelihood equal weight."""
    relative: bool = False
    """Make the weight a share of the norm of the likelihood's gradient. Otherwise it is a plain factor."""
    ramp: float = 0.0
    """Share of the run, 0 to 1, over which the weight rises from 0."""
    until: float = 1.0
    """Share of the run, above 0 and up to 1, for which the critic judges. Below 1 an adversary takes its
    place after that (Li et al. 2026, "AAD-1"): the critic brings the clips near enough to real sound for a
    discriminator."""
    discount: float = 0.0
    """Factor gamma, 0 to 1, by which a divergence counts less for each sample farther back. With 0 the later
    consequences of a sample have no gradient. Values above 0 add noise and can make the result worse."""
    learning_rate: float = 0.0
    """Learning rate (Adam) at which the critic learns to tell drawn clips from real ones; 0 leaves it
    fixed. It starts as the discriminator that its likelihoods define. Only this run's copy of the critic
    changes."""
    update_every: int = 4
    """Updates of the generator for each update of the critic, if the critic learns."""

    def __post_init__(self) -> None:
        """Check the values."""
        check_count("update_every", self.update_every, 1)
        check_range("learning_rate", self.learning_rate, 0.0, 1.0)
        check_range("weight", self.weight, 0.0, LARGEST_WEIGHT)
        check_positive("until", self.until, 1.0)
        for name in ("ramp", "discount"):
            check_range(name, getattr(self, name), 0.0, 1.0)
