"""The settings of the frame tier, and how a config's conditions are resolved for a corpus."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from partita.audio.features.layout import FrameLayout, hop_length_for
from partita.checks import check_count, check_positive, check_range
from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.models.frame_tier.config import FrameModelConfig

if TYPE_CHECKING:
    from partita.training.config.train import TrainConfig

AUTO, NONE, FEATURES, NOTES, LABELS = "auto", "none", "features", "notes", "labels"
CONDITIONS = (AUTO, NONE, FEATURES, NOTES, LABELS)


@dataclass(frozen=True, kw_only=True)
class FrameTierConfig:
    """The frame tier: which frames it draws, its network, and how it is trained."""

    bands: int = 32
    """Log-mel bands of a frame, 3 to 256. Pitch and periodicity follow them."""
    every: int = 4
    """Updates of the sample tier for each update of the frame tier; 0 trains the sample tier alone."""
    length: int = 200
    """Frames of each window, about 100 a second."""
    batch: int = 10
    """Windows in each update."""
    learning_rate: float = 2e-3
    """Peak learning rate (AdamW). The schedule is a warm-up and a cosine."""
    weight_decay: float = 0.02
    """Decoupled weight decay."""
    own_share: float = 1.0
    """Largest share of the past, 0 to 1, that training replaces by frames that the network draws. The share
    in each window is uniform between 0 and this one. It keeps the level of long clips steady, but makes the
    network's mixtures a little too wide or too narrow: each run chooses a temperature for its frames."""
    given_dropout: float = 0.25
    """Share of the windows, 0 to 1, from which the notes and labels are removed, so that the tier can also
    draw without them."""
    channels: int = 320
    """Channels of each recurrent layer."""
    layers: int = 2
    """Recurrent layers."""
    layout: FrameLayout | None = None
    """The columns of the frames; a new run fills it in from its corpus."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_count("bands", self.bands, 3, 256)
        check_count("every", self.every, 0, 1 << 20)
        check_count("length", self.length, 2, 1 << 16)
        check_count("batch", self.batch, 1, 1 << 12)
        check_count("channels", self.channels, 1, 1 << 12)
        check_count("layers", self.layers, 1, 8)
        check_positive("learning_rate", self.learning_rate, 1.0)
        check_range("own_share", self.own_share, 0.0, 1.0)
        check_range("given_dropout", self.given_dropout, 0.0, 1.0)
        check_range("weight_decay", self.weight_decay, 0.0, 100.0)

    @property
    def model(self) -> FrameModelConfig | None:
        """The shape of the network, or None without a frame tier."""
        if self.layout is None or not self.every:
            return None
        return FrameModelConfig(
            layout=self.layout, recurrent_channels=self.channels, recurrent_layers=self.layers
        )


def with_conditions(config: "TrainConfig", corpus: Corpus, *, inherited: bool = False) -> "TrainConfig":
    """Return the config with its conditions resolved: their names, the network's frames, the frame tier's.

    The sample tier is given features and labels; the frame tier is given notes and labels. Without features
    there is one tier, which is given the notes and labels itself.

    Args:
        config: `condition` says what is wanted; `auto` takes all that the corpus has.
        corpus: the run's corpus.
        inherited: whether `condition` is that of a model that the run starts from. Its frame tier can do
            without notes, so the corpus need not have any: no note sounds then.

    Raises:
        PartitaError: the corpus lacks what is wanted.
    """
    names = _names(config.condition, corpus, notes_needed=not (inherited and FEATURES in config.condition))
    config = replace(config, condition=names)
    if corpus.given_columns and config.augment == "on" and FEATURES in names:
        raise PartitaError(
            f"`augment` is 'on', but the clips of {corpus.path} were drawn with features that can't be"
            " changed with the sound: set it to 'off'"
        )
    if config.period_taps and FEATURES not in names and not inherited:
        raise PartitaError(
            f"`period_taps` is {config.period_taps}, but the network is given no pitch: leave it out, or"
            " train with `--condition features`"
        )
    if names == (NONE,):
        return replace(config, network=None if config.network is None else config.network.plain)
    hop_length = hop_length_for(corpus.sample_rate)
    bands = config.frames.bands if FEATURES in names else 0
    labels = corpus.label_values() if LABELS in names else ()
    notes = NOTES in names
    layout = FrameLayout(hop_length=hop_length, bands=bands, notes=notes, labels=labels)
    frames, sample = config.frames, layout
    if bands:
        frames = replace(frames, layout=layout)
        sample = replace(layout, notes=False, sample_rate=corpus.sample_rate)
    taps = _period_taps(config) if bands else 0
    network = replace(config.network_shape.plain, condition=sample, period_taps=taps)
    return replace(config, network=network, frames=frames)


def _period_taps(config: "TrainConfig") -> int:
    """Return the samples about one period earlier that a network with features reads."""
    if config.period_taps is not None:
        return config.period_taps
    return config.network_shape.period_taps


def _names(wanted: tuple[str, ...], corpus: Corpus, *, notes_needed: bool) -> tuple[str, ...]:
    has = {FEATURES: corpus.has_pitch, NOTES: corpus.has_notes, LABELS: bool(corpus.label_values())}
    if wanted == (AUTO,):
        found = tuple(name for name in (FEATURES, NOTES, LABELS) if has[name])
        return found if has[FEATURES] else (NONE,)
    remedies = {
        FEATURES: "prepare the recordings again, or train with `--condition none`",
        NOTES: "prepare the recordings with `--notes` and their scores beside them",
        LABELS: "prepare the recordings with `--labels PATTERN`",
    }
    for name in wanted:
        if not has.get(name, True) and (name != NOTES or notes_needed):
            raise PartitaError(
                f"`condition` has {name!r}, but the corpus {corpus.path} has none: {remedies[name]}"
            )
    return wanted


def check_conditions(names: tuple[str, ...]) -> None:
    """Refuse unknown names of conditions, and combinations that contradict each other.

    Args:
        names: the value of `condition`.

    Raises:
        PartitaError: a name is unknown, or `auto` or `none` is not alone.

    >>> check_conditions(("features", "labels"))
    """
    unknown = [name for name in names if name not in CONDITIONS]
    alone = len(names) == 1 or not {AUTO, NONE} & set(names)
    if unknown or not names or not alone or len(set(names)) < len(names):
        raise PartitaError(
            f"`condition` is {' '.join(names) or 'empty'!r}: give `auto` or `none`, or one or more of"
            f" {FEATURES}, {NOTES} and {LABELS}"
        )
