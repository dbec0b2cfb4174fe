"""The settings of a training run. The docstrings of the fields are the help of `partita train`.

This file trains nothing.
"""

from dataclasses import dataclass, field, replace

from partita.audio.quantizer import Quantizer
from partita.checks import LARGEST_COUNT, check_choice, check_count, check_positive, check_range
from partita.data.augmentation import Augmentation
from partita.device import DEVICES, PRECISIONS, check_threads
from partita.errors import PartitaError
from partita.models.choice import WAVENET, Shape
from partita.models.flows.maf import MAFConfig
from partita.models.heads.choice import CATEGORICAL, LOGISTIC
from partita.models.sizes import MEAN_GAIN, WaveNetConfig, size_named
from partita.training.config.adversary import AdversaryConfig
from partita.training.config.gan import GANTrainingConfig
from partita.training.config.judge_checks import check_judges
from partita.training.config.model_kinds import check_model
from partita.training.config.ratio import RatioConfig
from partita.training.config.rollout import FREE_RUNNING, CriticConfig, RolloutConfig
from partita.training.config.student import StudentConfig
from partita.training.config.tiers import AUTO, FrameTierConfig, check_conditions

__all__ = [
    "DEFAULT_MINUTES",
    "FREE_RUNNING",
    "AdversaryConfig",
    "CriticConfig",
    "GANTrainingConfig",
    "RatioConfig",
    "RolloutConfig",
    "StudentConfig",
    "TrainConfig",
]

DEFAULT_MINUTES = 20.0

MOST_STEPS = 10**9
MOST_SAMPLES = 1 << 26  # of a step
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

OPTIMIZERS = ("muon", "adamw", "adam")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """All settings of a training run; the corpus is given apart.

    Raises:
        PartitaError: a value is out of its range, or two values contradict each other.

    >>> TrainConfig(size="tiny", steps=100).network_shape.layers
    10
    """

    arm: str = "likelihood"
    """Losses: `likelihood`, alone or with a discriminator (`report`, `report-formula`, `gumbel`, `pathwise`,
    `policy`), a larger model (`critic`, `corrected`), both in turn (`phased`) or itself (`ddo`). With `-0` at
    the end of the name the other weight is 0. The model `gan` has one arm, `gan`."""
    model: str = "wavenet"
    """Kind of the model: `wavenet`, `maf`, `gan` or `iaf`. `maf`, a masked autoregressive flow, is a density
    of windows of sound. A GAN turns noise into sound and learns from discriminators alone. `iaf`, an inverse
    flow, draws all samples at once and learns from a WaveNet: see `--student-of`."""
    iaf: StudentConfig | None = None
    """The student and its teacher, for the model `iaf`."""
    maf: MAFConfig | None = None
    """The flows, for the model `maf`."""
    gan: GANTrainingConfig | None = None
    """The generator, for the model `gan`."""
    size: str = "small"
    """Network size: `tiny`, `small`, `wide` or `published`."""
    network: WaveNetConfig | None = None
    """A network of another shape, in place of `size`."""
    head: str | None = None
    """Distribution of a sample: `categorical`, a free probability for each class, the default; `logistic`, a
    mixture, or `gaussian`, both also for 16-bit sound: add `--quantizer.kind linear --quantizer.classes
    65535`. Their only arm with a judge is `pathwise`."""
    mixtures: int | None = None
    """Distributions in the mixture of the head `logistic`, 10 by default."""
    quantizer: Quantizer = field(default_factory=Quantizer)
    """How samples become classes."""
    condition: tuple[str, ...] = (AUTO,)
    """What the network is given besides its past: `features` (log-mel bands and pitch, which a second
    network, the frame tier, learns to draw), `notes`, `labels`, or `none`. `auto` takes all that the corpus
    has."""
    period_taps: int | None = None
    """Past samples, about one period of the pitch back, that are added to the input of a network with
    features, 0 to 31; try 5. The pitch of clips is truer, their level less so. By default 0; a model to start
    from keeps its own."""
    frames: FrameTierConfig = field(default_factory=FrameTierConfig)
    """The frame tier."""
    steps: int | None = None
    """Number of updates of the generator."""
    epochs: float | None = None
    """Number of passes over the training sound, in place of `steps`."""
    minutes: float | None = None
    """Wall-clock time of the run, 20 if neither `steps` nor `epochs` is given. It includes the final score
    and preview clips. Without `steps` and `epochs` the learning rate follows the time; with them, training
    stops at whichever comes first."""
    seed: int = 0
    """Seed of the initial weights, the windows and the draws."""

    targets: int = 8192
    """Samples that are predicted in each window."""
    batch: int = 2
    """Windows in each step."""
    input_noise: float = 0.0
    """Noise on the past that the network reads in training, in classes, 0 to 64; the standard deviation in
    each window is drawn from 0 to 1.5 times this number. It steadies draws without smoothing at low
    temperatures, and adds haze."""
    input_gain_db: float = 0.0
    """Largest change of the level of the past that the network reads in training, in decibels, 0 to 20. It
    keeps clips of low temperatures at the level of their conditions, and adds haze."""
    augment: str = "off"
    """Change speed, level and sign of the training windows at random: `on` or `off`."""
    augmentation: Augmentation = field(default_factory=Augmentation)
    """How much training windows change, if they do."""
    optimizer: str = "muon"
    """`muon`, `adamw` or `adam`. Muon orthogonalises the momentum of the hidden matrices and uses Adam for
    the rest; `adamw` has betas 0.9 and 0.95, `adam` 0.9 and 0.999."""
    learning_rate: float = 4e-3
    """Peak learning rate, at most 1. With `adamw` and a batch of 4, 0.002 works well."""
    warmup: int = 50
    """Steps over which the learning rate rises to its peak, at most a tenth of the run."""
    lr_decay_steps: int = 400
    """N in the decay 1 / sqrt(1 + step / N) of the learning rate; 0 turns it off. With this decay one peak
    rate suits short and long runs."""
    lr_floor: float = 0.05
    """Share of the learning rate, 0 to 1, that is left at the end of the run. A cosine leads there; 1 turns
    the cosine off."""
    weight_decay: float = 0.01
    """Decoupled weight decay, for `muon` and `adamw`."""
    grad_clip: float = 1.0
    """Largest norm of the gradient; a larger one is scaled down. 0 turns clipping off."""
    ema_decay: float = 0.999
    """Decay of the exponential moving average (EMA) of the weights, which is scored and drawn from. The decay
    starts low and grows to this value, so that short runs have a short average. 0 turns the average off."""

    match: str = "likelihood"
    """Loss that compares the output with the recording: `likelihood`, or `norm`, the distance of the
    waveforms."""
    match_weight: float = 1.0
    """Weight of the matching loss, lambda_match. The likelihood is in nats per sample, the norm is of a whole
    window."""
    match_norm: int = 2
    """Order p of the norm: 1 or 2."""
    rollout: RolloutConfig = field(default_factory=RolloutConfig)
    """How the output of the network becomes sound, for the judge and for the norm."""
    adversary: AdversaryConfig | None = None
    """The discriminators and their loss; arms without an adversary have none."""
    critic: CriticConfig | None = None
    """The critic, in place of an adversary; it needs `rollout.route` to be `policy`."""
    ratio: RatioConfig | None = None
    """The ratio objective, in place of an adversary; it needs `rollout.route` to be `ratio`."""

    device: str = "auto"
    """Where to train: `cpu`, `cuda` or `auto`, a GPU if any."""
    precision: str = "auto"
    """Precision of matrix products: `float32`, `bfloat16`, or `auto`, bfloat16 if the device has instructions
    for it. For a head with a density `auto` is float32: bfloat16 would round its means to many bins."""
    threads: int | None = None
    """Number of CPU threads; PyTorch chooses by default. With 1 thread, `float32` and `steps`, an interrupted
    and resumed run gives the same weights to the last bit."""
    compile: bool = False
    """Compile the network with torch.compile. It takes a minute or more and makes steps on a GPU faster. On a
    CPU it needs a C++ compiler and makes steps slower."""

    validations: int = 25
    """Number of times that the run is saved, and scored on the validation split."""
    patience: int = 12
    """Validations without a better score after which training stops. They count after the first quarter of
    the run, and the best checkpoint is the run's result. With 0 training goes to its end, and the last
    checkpoint is the result."""
    log_every: int = 10
    """Steps in each record of the metrics."""
    checkpoint_minutes: float = 5.0
    """Longest time between two checkpoints, in minutes."""
    keep_checkpoints: int = 3
    """Newest checkpoints to keep, beside the best one."""
    preview_clips: int = 2
    """Number of clips that are drawn at some of the validations; 0 draws none."""
    preview_seconds: float = 1.0
    """Length of each preview clip, in seconds."""
    tensorboard: bool = True
    """Write TensorBoard files beside the metrics."""

    def __post_init__(self) -> None:
        """Check the values and their combinations."""
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_choice("match", self.match, ("likelihood", "norm"))
        check_choice("augment", self.augment, ("on", "off"))
        check_choice("device", self.device, DEVICES)
        check_choice("precision", self.precision, PRECISIONS)
        check_choice("match_norm", self.match_norm, (1, 2))
        check_conditions(self.condition)
        self._check_numbers()
        if self.steps is not None and self.epochs is not None:
            raise PartitaError(f"`steps` is {self.steps} and `epochs` is {self.epochs}: give one of them")
        self._check_targets()
        self._check_classes()
        check_model(self)
        check_judges(self)

    def _check_classes(self) -> None:
        shape, quantizer = self.network_shape, self.quantizer
        if shape.classes != quantizer.classes:
            raise PartitaError(
                f"the network has {shape.classes} classes, the quantizer {quantizer.classes}: give both the"
                " same number"
            )
        if self.mixtures is not None and shape.head != LOGISTIC:
            raise PartitaError(
                f"`mixtures` is {self.mixtures}, but the head `{shape.head}` has none: leave it out, or take"
                " the head `logistic`"
            )
        if shape.embeddings < quantizer.classes and quantizer.kind != "linear":
            raise PartitaError(
                f"`quantizer.kind` is {quantizer.kind!r}, which leaves most of {quantizer.classes} classes"
                " unused in 16-bit sound: add `--quantizer.kind linear`"
            )

    def _check_numbers(self) -> None:
        for name, largest in COUNTS.items():
            check_count(name, getattr(self, name), 1, largest)
        for name, largest in COUNTS_FROM_0.items():
            check_count(name, getattr(self, name), 0, largest)
        if self.batch * self.targets > MOST_SAMPLES:
            raise PartitaError(
                f"`batch` is {self.batch} and `targets` {self.targets}: give at most {MOST_SAMPLES} samples a"
                " step, their product"
            )
        check_threads(self.threads)
        if self.steps is not None:
            check_count("steps", self.steps, 1, MOST_STEPS)
        for name, high in NUMBERS.items():
            if getattr(self, name) is not None:
                check_positive(name, getattr(self, name), high)
        for name, high in NUMBERS_FROM_0.items():
            check_range(name, getattr(self, name), 0.0, high)
        check_range("lr_floor", self.lr_floor, 0.0, 1.0)
        check_range("input_noise", self.input_noise, 0.0, 64.0)
        check_range("input_gain_db", self.input_gain_db, 0.0, 20.0)
        if self.period_taps is not None:
            check_count("period_taps", self.period_taps, 0, 31)
        check_range("ema_decay", self.ema_decay, 0.0, 0.999999)

    def _check_targets(self) -> None:
        for kind, least in self.adversary.min_samples.items() if self.adversary else ():
            if self.targets < least:
                raise PartitaError(
                    f"`targets` is {self.targets}, but the discriminator `{kind}` needs at least {least}:"
                    " raise `targets`, or give it a smaller shape"
                )

    @property
    def network_shape(self) -> WaveNetConfig:
        """The shape of the network, from `network` or `size`, `head`, `mixtures` and the quantizer."""
        shape = self.network or size_named(self.size)
        head, mixtures = self.head or shape.head, self.mixtures
        classes = self.quantizer.classes if self.network is None else shape.classes
        mixtures = shape.mixtures if mixtures is None else mixtures
        usual = MEAN_GAIN if head != CATEGORICAL and self.model == WAVENET else 1.0
        gain = usual if self.network is None else shape.mean_gain
        return replace(shape, head=head, mixtures=mixtures, classes=classes, mean_gain=gain)

    @property
    def other_shape(self) -> Shape | None:
        """The shape of a model that is not a WaveNet; None for a WaveNet."""
        if self.maf is not None:
            return replace(self.maf, window=self.maf.window or self.targets)
        return self.iaf or self.gan

    @property
    def needs_rollout(self) -> bool:
        """Whether a loss needs sound and not only the probabilities of classes."""
        return self.adversary is not None or self.match == "norm"
