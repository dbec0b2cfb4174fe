"""What a person may ask of rollouts and of a critic. The fields' docstrings are the command line's help."""

from dataclasses import dataclass

from partita.checks import LARGEST_WEIGHT, check_choice, check_count, check_range
from partita.errors import PartitaError

FREE_RUNNING = ("policy", "gumbel", "pathwise")


@dataclass(frozen=True, kw_only=True)
class RolloutConfig:
    """How the generator's output becomes the sound that a discriminator or the matching norm sees."""

    route: str = "teacher_forced"
    """How the gradient reaches the generator: `teacher_forced` (every sample drawn given the real past), or
    along clips drawn sample by sample: `policy` (rewards), `gumbel` (straight-through Gumbel-softmax) or
    `pathwise` (through the ordered classes)."""
    value: str = "draw"
    """`draw` (one draw from each distribution, its gradient straight through) or `mean` (the distribution's
    mean); for `teacher_forced`."""

    clips: int = 32
    """Clips drawn at once, on every route but `teacher_forced`, as all that follows."""
    length: int = 1024
    """Samples of a clip, in the end; at most `targets`."""
    initial_length: int = 256
    """Samples of a clip in the beginning; the length doubles from there."""
    growth: float = 0.2
    """The share of the run, 0 to 1, over which clips grow to their length."""
    redraw_every: int = 1
    """Updates made with the same clips. Above 1 the later ones learn from an earlier generator's clips as if
    they were their own: cheaper, and biased."""
    prompt_tail: int = 256
    """Samples of the prompt that a discriminator hears before the clip."""
    replay: int = 256
    """Earlier clips kept for the discriminator: half of what it learns from is taken from them, so that it
    does not forget what the generator did before."""
    relative: bool = True
    """Whether the adversary's weight is a share of the norm of the likelihood's gradient, in place of a plain
    factor: what it says has no scale of its own."""
    discount: float = 0.98
    """What a reward counts for a sample before it, 0 to 1, by which it is multiplied at each step; for
    `policy` with an adversary."""
    normalise: bool = True
    """Divide advantages by their root mean square; for `policy` with an adversary."""
    passes: int = 1
    """The longest chain of samples that a gradient follows; each costs a pass forwards and backwards. 1 takes
    every sample's past as given; for `gumbel` and `pathwise`."""
    temperature: float = 1.0
    """The temperature of the Gumbel-softmax, for the derivative alone."""
    clamp: float = 0.01
    """The least probability that `pathwise` divides by."""

    def __post_init__(self) -> None:
        """Refuse words that mean nothing, and values out of range."""
        check_choice("route", self.route, ("teacher_forced", *FREE_RUNNING))
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
                f"`initial_length` is {self.initial_length} and `length` {self.length}: clips grow from the"
                " first to the second; lower `initial_length`"
            )

    @property
    def free_running(self) -> bool:
        """Whether clips are drawn sample by sample."""
        return self.route in FREE_RUNNING


@dataclass(frozen=True, kw_only=True)
class CriticConfig:
    """A larger likelihood model of the same recordings that judges the generator's own clips, and how much
    the generator listens to it."""

    run: str | None = None
    """The critic's run, or one of its checkpoints; its classes and sample rate must be the same."""
    weight: float = 1.0
    """The weight of what the critic says; 0 judges, and trains the generator as if there were no critic. Its
    loss is a divergence in nats, as the likelihood's is, so 1 weighs both alike."""
    relative: bool = False
    """Whether the weight is a share of the norm of the likelihood's gradient, in place of a plain factor."""
    ramp: float = 0.0
    """The share of the run, 0 to 1, over which the weight rises from 0."""
    discount: float = 0.0
    """How far a sample is told of what it did to those after it: what a divergence counts for a sample before
    it, 0 to 1, by which it is multiplied at each step. With 0 each point answers for itself alone; what is
    beyond that is noisy, and can do harm."""
    learning_rate: float = 0.0
    """Above 0 the critic goes on learning, with Adam at this rate: to tell the clips from what really
    follows. It begins as a discriminator that knows what the critic knows, and learns the correction. Only
    the run's own copy changes."""
    update_every: int = 4
    """Updates of the generator from one of the critic to the next, where it learns."""

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        check_count("update_every", self.update_every, 1)
        check_range("learning_rate", self.learning_rate, 0.0, 1.0)
        check_range("weight", self.weight, 0.0, LARGEST_WEIGHT)
        for name in ("ramp", "discount"):
            check_range(name, getattr(self, name), 0.0, 1.0)
