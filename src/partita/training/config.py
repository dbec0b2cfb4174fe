"""What a person may ask of training. The docstrings of the fields are the command line's help. Trains
nothing."""

import math
from dataclasses import dataclass, field

from partita.audio.classes import Quantiser
from partita.errors import PartitaError
from partita.models.patchgan import PatchGANConfig
from partita.models.sizes import WaveNetConfig, size_named

DEFAULT_MINUTES = 20.0
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
    shortest: int = 256
    """Samples of a clip in the beginning; the length doubles from there."""
    growth: float = 0.2
    """The share of the run, 0 to 1, over which clips grow to their length."""
    every: int = 1
    """Updates made with the same clips. Above 1 the later ones learn from an earlier generator's clips as if
    they were their own: cheaper, and biased."""
    seam: int = 256
    """Samples of the opening that a discriminator hears before the clip."""
    replay: int = 256
    """Earlier clips kept for the discriminator: half of what it learns from is taken from them, so that it
    does not forget what the generator did before."""
    relative: bool = True
    """Whether the weight is a share of the norm of the likelihood's gradient, in place of a plain factor."""
    discount: float = 0.98
    """What a reward counts for a sample before it, 0 to 1, by which it is multiplied at each step; for
    `policy`."""
    normalise: bool = True
    """Divide advantages by their root mean square; for `policy`."""
    passes: int = 1
    """The longest chain of samples that a gradient follows; each costs a pass forwards and backwards. 1 takes
    every sample's past as given; for `gumbel` and `pathwise`."""
    temperature: float = 1.0
    """The temperature of the Gumbel-softmax, for the derivative alone."""
    clamp: float = 0.01
    """The least probability that `pathwise` divides by."""

    def __post_init__(self) -> None:
        """Refuse words that mean nothing, and values out of range."""
        one_of("route", self.route, ("teacher_forced", *FREE_RUNNING))
        one_of("value", self.value, ("draw", "mean"))
        at_least("clips", self.clips, 2)
        for name in ("length", "shortest", "every", "passes"):
            at_least(name, getattr(self, name), 1)
        for name in ("seam", "replay"):
            at_least(name, getattr(self, name), 0)
        for name in ("growth", "discount"):
            within(name, getattr(self, name), 0.0, 1.0)
        within("temperature", self.temperature, 0.01, 100.0)
        within("clamp", self.clamp, 1e-6, 1.0)
        if self.shortest > self.length:
            raise PartitaError(
                f"`shortest` is {self.shortest} and `length` {self.length}: clips can't begin longer than"
                " they end; lower `shortest`"
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
    weight: float = 4.0
    """The weight of the rewards' loss; 0 judges, and trains the generator as if there were no critic."""
    ramp: float = 0.0
    """The share of the run, 0 to 1, over which the weight rises from 0."""

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        within("weight", self.weight, 0.0, math.inf)
        within("ramp", self.ramp, 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class AdversaryConfig:
    """The discriminator, its losses, and how much the generator listens to it."""

    weight: float = 0.1
    """lambda_adv, the adversarial loss's weight; 0 trains the discriminator, and the generator as if there
    were none. At 0.1 its gradient is about a hundredth of the likelihood's, with a young discriminator."""
    ramp: float = 0.0
    """The share of the run, 0 to 1, over which the weight rises from 0."""
    loss: str = "log"
    """`log` (Goodfellow et al. 2014) or `least-squares` (Mao et al. 2017)."""
    saturating: bool = False
    """Minimise log(1 - D), the minimax form, in place of -log D; for `log` only."""
    updates: int = 1
    """k, the discriminator's updates for each of the generator's; each sees fresh draws on the same
    windows."""
    learning_rate: float = 2e-4
    """The discriminator's learning rate (Adam)."""
    beta1: float = 0.5
    """The discriminator's first Adam beta."""
    patchgan: PatchGANConfig = field(default_factory=PatchGANConfig)
    """The discriminator's shape."""

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        one_of("loss", self.loss, ("log", "least-squares"))
        within("weight", self.weight, 0.0, math.inf)
        within("ramp", self.ramp, 0.0, 1.0)
        within("learning_rate", self.learning_rate, 0.0, 1.0)
        within("beta1", self.beta1, 0.0, 0.9999)
        at_least("updates", self.updates, 1)
        if self.saturating and self.loss != "log":
            raise PartitaError(
                "`saturating` goes with the loss `log` only: leave it out, or set `loss` to `log`"
            )


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """All that decides a training run, but for the corpus.

    Raises:
        PartitaError: a value is out of its range.

    >>> TrainConfig(size="tiny", steps=100).network_shape.layers
    10
    """

    arm: str = "likelihood"
    """The arm's name, for the record; the fields below say what it does."""
    size: str = "small"
    """The network: `tiny`, `small`, `wide` or `published`."""
    network: WaveNetConfig | None = None
    """A network of another shape, in place of `size`."""
    quantiser: Quantiser = field(default_factory=Quantiser)
    """How samples become classes."""
    steps: int | None = None
    """Generator updates to make."""
    epochs: float | None = None
    """Times that every training sample is a target, in place of `steps`."""
    minutes: float | None = None
    """Wall-clock budget; when it is given alone (20 if nothing is), the schedule is fitted to it as the run
    goes."""
    seed: int = 0
    """Decides the initial weights, the order of the windows and the rollouts' draws, each in a stream of its
    own."""

    targets: int = 8192
    """Predicted samples in each window."""
    batch: int = 2
    """Windows in each step."""
    optimizer: str = "muon"
    """`muon` (orthogonalised momentum for hidden matrices, Adam for the rest), `adamw` (betas 0.9, 0.95) or
    `adam` (betas 0.9, 0.999)."""
    learning_rate: float = 4e-3
    """The highest learning rate; 0.002 suits `adamw` with batches of 4."""
    warmup: int = 50
    """Steps over which the learning rate rises, at most a tenth of the run."""
    settle: int = 400
    """The learning rate falls as 1 / sqrt(1 + step / `settle`): the longer a run, the more the noise of the
    gradients counts, and so one highest rate suits short and long ones. 0 turns it off."""
    floor: float = 0.05
    """The share of that rate that a cosine falls to at the end; 1 turns the cosine off."""
    weight_decay: float = 0.01
    """Decoupled weight decay (`muon`, `adamw`)."""
    clip: float = 1.0
    """The largest norm of a gradient; larger ones are scaled down. 0 clips nothing."""
    average: float = 0.999
    """Decay of the moving average of the weights; it starts lower, so that short runs aren't held back. 0
    turns it off."""

    match: str = "likelihood"
    """What the output is matched by: `likelihood`, or `norm`, the distance of waveforms."""
    match_weight: float = 1.0
    """lambda_match, the weight of that loss (likelihood in nats a sample; norm of a window's difference)."""
    match_norm: int = 2
    """p of the norm: 1 or 2."""
    rollout: RolloutConfig = field(default_factory=RolloutConfig)
    """How the output becomes sound, for the adversary and for the norm."""
    adversary: AdversaryConfig | None = None
    """The adversary, if there is one."""
    critic: CriticConfig | None = None
    """The critic, if there is one; its route is `policy`."""

    device: str = "auto"
    """`cpu`, `cuda`, or `auto`: a GPU where there is one."""
    precision: str = "auto"
    """`float32`, `bfloat16`, or `auto`: bfloat16 where the machine has instructions for it."""
    threads: int | None = None
    """CPU threads; by default PyTorch's choice. With 1, and float32, a resumed run is bitwise the same."""
    compile: bool = False
    """Compile the network (torch.compile): a minute or more before the first step, then faster on a GPU. On a
    CPU it needs a C++ compiler, and is slower than the loops that are there already."""

    validations: int = 25
    """Times that validation bits are measured in a run, each with a checkpoint."""
    patience: int = 12
    """Validations without a better score, counted after the first quarter, after which training stops; the
    best checkpoint then stands for the run. With 0 training goes to its end and the last one stands for the
    run."""
    log_every: int = 10
    """Steps in each record of the metrics."""
    checkpoint_minutes: float = 5.0
    """The longest time between checkpoints."""
    keep: int = 3
    """How many of the newest checkpoints to keep, beside the best."""
    clips: int = 2
    """Clips drawn at some of the validations, to listen to; 0 draws none."""
    clip_seconds: float = 1.0
    """Length of those clips."""
    tensorboard: bool = True
    """Write TensorBoard files beside the metrics."""

    def __post_init__(self) -> None:
        """Refuse values out of range, and combinations that contradict each other."""
        one_of("optimizer", self.optimizer, ("muon", "adamw", "adam"))
        one_of("match", self.match, ("likelihood", "norm"))
        one_of("device", self.device, ("auto", "cpu", "cuda"))
        one_of("precision", self.precision, ("auto", "float32", "bfloat16"))
        one_of("match_norm", self.match_norm, (1, 2))
        for name in ("targets", "batch", "log_every", "keep", "validations"):
            at_least(name, getattr(self, name), 1)
        for name in ("warmup", "settle", "patience", "clips"):
            at_least(name, getattr(self, name), 0)
        for name in ("steps", "threads"):
            if getattr(self, name) is not None:
                at_least(name, getattr(self, name), 1)
        for name in ("epochs", "minutes", "learning_rate", "checkpoint_minutes", "clip_seconds"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise PartitaError(f"`{name}` is {value}: give a number above 0")
        for name in ("weight_decay", "clip", "match_weight"):
            within(name, getattr(self, name), 0.0, math.inf)
        within("floor", self.floor, 0.0, 1.0)
        within("average", self.average, 0.0, 0.999999)
        if self.steps is not None and self.epochs is not None:
            raise PartitaError(f"`steps` is {self.steps} and `epochs` {self.epochs}: give one of them")
        if self.adversary is not None and self.targets < self.adversary.patchgan.shortest:
            raise PartitaError(
                f"`targets` is {self.targets}: a discriminator of {self.adversary.patchgan.layers} layers"
                f" needs at least {self.adversary.patchgan.shortest}; lengthen them or lessen `layers`"
            )
        self._refuse_routes_without_a_judge()
        if self.network_shape.classes != self.quantiser.classes:
            raise PartitaError(
                f"the network has {self.network_shape.classes} classes, the quantiser"
                f" {self.quantiser.classes}: give both the same number"
            )

    def _refuse_routes_without_a_judge(self) -> None:
        rollout, adversary = self.rollout, self.adversary
        if self.critic is not None and (adversary is not None or rollout.route != "policy"):
            raise PartitaError(
                "a critic takes the place of the adversary, on the route `policy`: leave the adversary out,"
                " and set `rollout.route` to `policy`, or take the arm `critic`"
            )
        if not rollout.free_running:
            return
        if adversary is None and self.critic is None:
            raise PartitaError(
                f"`rollout.route` is {rollout.route!r} but nothing judges the clips: give an adversary, or"
                f" take an arm, for example `{rollout.route}`"
            )
        if self.match != "likelihood":
            raise PartitaError(
                f"`match` is {self.match!r}, which compares sample by sample with real sound, and"
                f" `rollout.route` {rollout.route!r}, whose clips go their own way: match by `likelihood`"
            )
        if adversary is not None and rollout.seam < adversary.patchgan.shortest:
            raise PartitaError(
                f"`rollout.seam` is {rollout.seam}, and clips may be short where a recording ends: the"
                f" discriminator needs at least {adversary.patchgan.shortest}; raise it"
            )

    @property
    def network_shape(self) -> WaveNetConfig:
        """The network's shape, whether it has a name or not."""
        return self.network or size_named(self.size)

    @property
    def needs_rollout(self) -> bool:
        """Whether any loss looks at sound in place of probabilities."""
        return self.adversary is not None or self.match == "norm"


def one_of(name: str, value: object, choices: tuple[object, ...]) -> None:
    """Refuse a value that is not among the choices."""
    if value not in choices:
        raise PartitaError(f"`{name}` is {value!r}: choose one of {', '.join(map(str, choices))}")


def within(name: str, value: float, low: float, high: float) -> None:
    """Refuse a number outside [low, high], or infinite, or none."""
    if not (math.isfinite(value) and low <= value <= high):
        raise PartitaError(f"`{name}` is {value}: give a finite number from {low:g} to {high:g}")


def at_least(name: str, value: int, least: int) -> None:
    """Refuse a count that is too small."""
    if value < least:
        raise PartitaError(f"`{name}` is {value}: give at least {least}")
