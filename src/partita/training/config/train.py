"""What a person may ask of training. The docstrings of the fields are the command line's help. Trains
nothing."""

from dataclasses import dataclass, field

from partita.audio.quantizer import Quantizer
from partita.checks import LARGEST_COUNT, check_choice, check_count, check_positive, check_range
from partita.device import DEVICES, PRECISIONS, check_threads
from partita.errors import PartitaError
from partita.models.sizes import WaveNetConfig, size_named
from partita.training.config.adversary import AdversaryConfig
from partita.training.config.rollout import FREE_RUNNING, CriticConfig, RolloutConfig

__all__ = [
    "DEFAULT_MINUTES",
    "FREE_RUNNING",
    "AdversaryConfig",
    "CriticConfig",
    "RolloutConfig",
    "TrainConfig",
]

DEFAULT_MINUTES = 20.0

MOST_STEPS = 10**9
MOST_SAMPLES = 1 << 26  # in a step
COUNTS = {
    "targets": 1 << 24,
    "batch": 1 << 16,
    "log_every": LARGEST_COUNT,
    "keep_checkpoints": LARGEST_COUNT,
    "validations": 10**6,
}
COUNTS_FROM_0 = {
    "warmup": LARGEST_COUNT,
    "lr_decay_steps": LARGEST_COUNT,
    "patience": LARGEST_COUNT,
    "preview_clips": 1024,
}
NUMBERS = {
    "epochs": 1e6,
    "minutes": 1e6,
    "learning_rate": 1.0,
    "checkpoint_minutes": 1e6,
    "preview_seconds": 3600.0,
}
NUMBERS_FROM_0 = {"weight_decay": 100.0, "grad_clip": 1e9, "match_weight": 1e9}


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
    quantizer: Quantizer = field(default_factory=Quantizer)
    """How samples become classes."""
    steps: int | None = None
    """Generator updates to make."""
    epochs: float | None = None
    """Times that every training sample is a target, in place of `steps`."""
    minutes: float | None = None
    """Wall-clock budget, of which a part is for the final score and clips; when it is given alone (20 if
    nothing is), the schedule is fitted to it as the run goes."""
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
    """The highest learning rate, at most 1; 0.002 suits `adamw` with batches of 4."""
    warmup: int = 50
    """Steps over which the learning rate rises, at most a tenth of the run."""
    lr_decay_steps: int = 400
    """The learning rate falls as 1 / sqrt(1 + step / `lr_decay_steps`), so that one peak rate suits short and
    long runs. 0 turns this decay off."""
    lr_floor: float = 0.05
    """The share of that rate that a cosine falls to at the end; 1 turns the cosine off."""
    weight_decay: float = 0.01
    """Decoupled weight decay (`muon`, `adamw`)."""
    grad_clip: float = 1.0
    """The largest norm of a gradient; larger ones are scaled down. 0 clips nothing."""
    ema_decay: float = 0.999
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
    keep_checkpoints: int = 3
    """How many of the newest checkpoints to keep, beside the best."""
    preview_clips: int = 2
    """Clips drawn at some of the validations, to listen to; 0 draws none."""
    preview_seconds: float = 1.0
    """Length of those clips."""
    tensorboard: bool = True
    """Write TensorBoard files beside the metrics."""

    def __post_init__(self) -> None:
        """Refuse values out of range, and combinations that contradict each other."""
        check_choice("optimizer", self.optimizer, ("muon", "adamw", "adam"))
        check_choice("match", self.match, ("likelihood", "norm"))
        check_choice("device", self.device, DEVICES)
        check_choice("precision", self.precision, PRECISIONS)
        check_choice("match_norm", self.match_norm, (1, 2))
        self._refuse_numbers()
        if self.steps is not None and self.epochs is not None:
            raise PartitaError(f"`steps` is {self.steps} and `epochs` {self.epochs}: give one of them")
        if self.adversary is not None:
            for kind, least in self.adversary.min_samples.items():
                if self.targets < least:
                    raise PartitaError(
                        f"`targets` is {self.targets}: the discriminator `{kind}` needs at least {least};"
                        " lengthen them, or give it a smaller shape"
                    )
        self._refuse_routes_without_a_judge()
        if self.network_shape.classes != self.quantizer.classes:
            raise PartitaError(
                f"the network has {self.network_shape.classes} classes, the quantizer"
                f" {self.quantizer.classes}: give both the same number"
            )

    def _refuse_numbers(self) -> None:
        for name, most in COUNTS.items():
            check_count(name, getattr(self, name), 1, most)
        for name, most in COUNTS_FROM_0.items():
            check_count(name, getattr(self, name), 0, most)
        if self.batch * self.targets > MOST_SAMPLES:
            raise PartitaError(
                f"`batch` is {self.batch} and `targets` {self.targets}: give at most {MOST_SAMPLES} samples a"
                " step, their product"
            )
        check_threads(self.threads)
        if self.steps is not None:
            check_count("steps", self.steps, 1, MOST_STEPS)
        for name, largest in NUMBERS.items():
            if getattr(self, name) is not None:
                check_positive(name, getattr(self, name), largest)
        for name, largest in NUMBERS_FROM_0.items():
            check_range(name, getattr(self, name), 0.0, largest)
        check_range("lr_floor", self.lr_floor, 0.0, 1.0)
        check_range("ema_decay", self.ema_decay, 0.0, 0.999999)

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
        if adversary is not None and rollout.prompt_tail < (least := max(adversary.min_samples.values())):
            raise PartitaError(
                f"`rollout.prompt_tail` is {rollout.prompt_tail}, but a discriminator needs at least {least}"
                " samples, and a clip may be short where a recording ends: raise it"
            )
        if adversary is not None and adversary.weight_by != "plain":
            raise PartitaError(
                f"`weight_by` is {adversary.weight_by!r}, but on the route {rollout.route!r} it is"
                " `rollout.relative` that makes the weight a share of the gradient: leave it at `plain`"
            )
        if adversary is not None and rollout.route == "policy":
            for name in ("feature_weight", "saturating"):
                if getattr(adversary, name):
                    raise PartitaError(
                        f"`adversary.{name}` is {getattr(adversary, name)}, but the route `policy` takes"
                        " rewards from the logits, not a loss through the discriminator: leave it out"
                    )

    @property
    def network_shape(self) -> WaveNetConfig:
        """The network's shape, whether it has a name or not."""
        return self.network or size_named(self.size)

    @property
    def needs_rollout(self) -> bool:
        """Whether any loss looks at sound in place of probabilities."""
        return self.adversary is not None or self.match == "norm"
