"""The settings of an adversary. The docstrings of the fields are the help of `partita train`."""

from dataclasses import dataclass

from partita.checks import LARGEST_WEIGHT, check_choice, check_count, check_range
from partita.errors import PartitaError
from partita.models.discriminators.ensemble import EnsembleConfig
from partita.training.losses.gan import LOSSES
from partita.training.losses.spectral import SIZES


@dataclass(frozen=True, kw_only=True)
class AdversaryConfig(EnsembleConfig):
    """The discriminators, their loss, and its weight for the generator.

    >>> AdversaryConfig(discriminators=("spectral",), loss="hinge", r1=1.0).min_samples
    {'spectral': 1024}
    """

    weight: float = 0.1
    """Weight of the adversarial loss, lambda_adv. 0 trains the discriminator and leaves the generator as if
    there were none. With a young discriminator, 0.1 gives a gradient of about a hundredth of the
    likelihood's."""
    weight_by: str = "plain"
    """What the weight multiplies: `plain`, the adversarial loss; `gradient`, this loss scaled in each step so
    that its gradient at the network's output has the norm of the matching loss's gradient."""
    ramp: float = 0.0
    """Share of the run, 0 to 1, over which the weight rises from 0."""
    warmup: int = 0
    """Updates of the discriminator before the weight leaves 0. By then it has learnt something. Skipped
    updates count."""
    min_accuracy: float = 0.0
    """The weight is 0 while the discriminator's accuracy, 0.5 to 1, is at most this; 0 sets no limit. The
    accuracy is a running mean over patches after the prompt. Accuracy near 0.5 means either a useless
    discriminator or a generator that keeps up with it."""
    loss: str = "log"
    """`log`, `least-squares`, `hinge` or `relativistic`. The sources are Goodfellow et al.
    (2014), Mao et al. (2017), Lim and Ye (2017), and Huang et al. (2024), who pair each clip with what really
    follows its prompt and add R1 and R2."""
    saturating: bool = False
    """Minimise log(1 - D), the minimax form, in place of -log D; for the loss `log` only."""
    feature_weight: float = 0.0
    """Weight of the distance of feature maps, or spectra, of drawn and real sound. It is added to the
    adversarial loss. MelGAN has 10 and HiFi-GAN 2, for sums where these are means."""
    features: str = "maps"
    """Distance for feature matching: `maps` compares position by position, `statistics` compares means and
    variances over time, whatever the position. `spectrum` compares log spectra position by position, without
    the discriminators; it suits a network that is given features."""
    mask_prompt: bool = False
    """Leave the patches with their middle in the prompt, which are nearly the same in real and drawn sound,
    out of the losses."""
    updates: int = 1
    """Updates of the discriminator for each of the generator. Each sees new draws on the same windows;
    on a free-running route each sees the same clips beside other earlier ones."""
    max_accuracy: float = 1.0
    """The discriminator skips its update while its accuracy, 0.5 to 1, on patches after the prompt is above
    this. At 1 it never skips."""
    r1: float = 0.0
    """Weight gamma of the R1 gradient penalty on real sound (Mescheder et al. 2018, who have 10); 0 turns it
    off."""
    r2: float = 0.0
    """Weight of the same penalty on drawn sound (R2); 0 turns it off."""
    r1_every: int = 16
    """Updates of the discriminator from one with the penalties to the next. A penalty counts this many times
    there (Karras et al. 2020)."""
    penalty: str = "gradient"
    """How R1 and R2 find the slope: `gradient`, by differentiating twice, or `difference`, from sound with a
    little noise (Lin et al. 2025), which `trunk` needs. The same weight is another strength for each."""
    learning_rate: float = 2e-4
    """Learning rate of the discriminator (Adam). Kong et al. have 2e-4, Kumar et al. and Jang et al. 1e-4."""
    beta1: float = 0.5
    """First beta of the discriminator's Adam."""

    @property
    def min_samples(self) -> dict[str, int]:
        """The fewest samples of a waveform, for each discriminator, and for the distance of the spectra."""
        least = super().min_samples
        return least | ({"spectrum": min(SIZES)} if self.features == "spectrum" else {})

    @property
    def can_steer(self) -> bool:
        """Whether its logits are log-ratios of patches that end at known samples, as steering needs."""
        return self.discriminators == ("patchgan",) and self.loss in ("log", "least-squares")

    def __post_init__(self) -> None:
        """Check the values."""
        super().__post_init__()
        check_choice("loss", self.loss, LOSSES)
        check_choice("weight_by", self.weight_by, ("plain", "gradient"))
        check_choice("penalty", self.penalty, ("gradient", "difference"))
        if "trunk" in self.discriminators and (self.r1 or self.r2) and self.penalty == "gradient":
            raise PartitaError(
                "`trunk` can't be differentiated twice, as `r1` and `r2` do by `gradient`: set `penalty` to"
                " `difference`"
            )
        check_choice("features", self.features, ("maps", "statistics", "spectrum"))
        for name in ("weight", "feature_weight", "r1", "r2"):
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
                f"`saturating` is True but `loss` is {self.loss!r}: leave it out, or set `loss` to `log`"
            )
