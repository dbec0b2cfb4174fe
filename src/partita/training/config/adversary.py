"""What a person may ask of the adversary. The docstrings of the fields are the command line's help."""

from dataclasses import dataclass

from partita.checks import LARGEST_WEIGHT, check_choice, check_count, check_range
from partita.errors import PartitaError
from partita.models.discriminators.ensemble import EnsembleConfig
from partita.training.losses.gan import LOSSES


@dataclass(frozen=True, kw_only=True)
class AdversaryConfig(EnsembleConfig):
    """The discriminators, their losses, and how much the generator listens to them.

    >>> AdversaryConfig(discriminators=("spectral",), loss="hinge", r1=1.0).min_samples
    {'spectral': 1024}
    """

    weight: float = 0.1
    """lambda_adv, the adversarial loss's weight; 0 trains the discriminator, and the generator as if there
    were none. At 0.1 its gradient is about a hundredth of the likelihood's, with a young discriminator."""
    weight_by: str = "plain"
    """What `weight` multiplies: `plain`, the loss itself; `gradient`, the loss brought in each step to the
    scale at which its gradient, at the network's output, is as long as the matching loss's: 0.1 is then a
    tenth of it, whatever the losses."""
    ramp: float = 0.0
    """The share of the run, 0 to 1, over which the weight rises from 0."""
    warmup: int = 0
    """Updates of the discriminator, seen or skipped, until when the weight is 0: it should have learnt
    something before it is listened to."""
    min_accuracy: float = 0.0
    """The share of patches told right, 0.5 to 1, a running mean over those past the prompt, up to which the
    weight is 0. At 0 the generator listens whatever it is: near half is what a blind discriminator tells, but
    also one whose generator follows it."""
    loss: str = "log"
    """`log` (Goodfellow et al. 2014), `least-squares` (Mao et al. 2017) or `hinge` (Lim & Ye 2017)."""
    saturating: bool = False
    """Minimise log(1 - D), the minimax form, in place of -log D; for `log` only."""
    feature_weight: float = 0.0
    """What is added to the adversarial loss: this times the distance of the discriminators' feature maps on
    fake sound from those on real; MelGAN has 10, HiFi-GAN 2, of sums where these are means."""
    features: str = "maps"
    """That distance: `maps`, place by place, or `statistics`, of their means and variances over time, which
    does not ask where in the clip a thing happens."""
    updates: int = 1
    """k, the discriminator's updates for each of the generator's; each sees fresh draws on the same windows,
    or, on a free-running route, the same clips beside other earlier ones."""
    max_accuracy: float = 1.0
    """The share of patches past the prompt told right, 0.5 to 1, above which the discriminator skips its
    update, so that the generator can catch up; at 1 it never does."""
    r1: float = 0.0
    """gamma, the weight of the gradient penalty on real sound (Mescheder et al. 2018, who have 10); 0 has
    none."""
    r1_every: int = 16
    """Updates of the discriminator from one with the penalty to the next; it counts as many times there
    (Karras et al. 2020)."""
    learning_rate: float = 2e-4
    """The discriminator's learning rate (Adam). Kong et al. have 2e-4, Kumar et al. and Jang et al. 1e-4."""
    beta1: float = 0.5
    """The discriminator's first Adam beta."""

    @property
    def can_steer(self) -> bool:
        """Whether what it says of patches is a log-ratio, and they end at known samples."""
        return self.discriminators == ("patchgan",) and self.loss != "hinge"

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        super().__post_init__()
        check_choice("loss", self.loss, LOSSES)
        check_choice("weight_by", self.weight_by, ("plain", "gradient"))
        check_choice("features", self.features, ("maps", "statistics"))
        for name in ("weight", "feature_weight", "r1"):
            check_range(name, getattr(self, name), 0.0, LARGEST_WEIGHT)
        check_range("ramp", self.ramp, 0.0, 1.0)
        check_range("max_accuracy", self.max_accuracy, 0.5, 1.0)
        if self.min_accuracy:
            check_range("min_accuracy", self.min_accuracy, 0.5, 1.0)
        check_range("learning_rate", self.learning_rate, 0.0, 1.0)
        check_range("beta1", self.beta1, 0.0, 0.9999)
        check_count("warmup", self.warmup, 0)
        check_count("updates", self.updates, 1, 1000)
        check_count("r1_every", self.r1_every, 1)
        if self.saturating and self.loss != "log":
            raise PartitaError(
                "`saturating` goes with the loss `log` only: leave it out, or set `loss` to `log`"
            )
