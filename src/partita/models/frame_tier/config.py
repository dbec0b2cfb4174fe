"""The shape of the frame tier's network. This file does not know what the layers compute."""

from dataclasses import dataclass

from partita.audio.features.layout import FrameLayout
from partita.checks import check_counts, check_range
from partita.errors import PartitaError

MOST = {
    "recurrent_channels": 4096,
    "recurrent_layers": 8,
    "column_channels": 512,
    "mixtures": 64,
    "note_channels": 4096,
    "note_lookahead": 500,
}
LARGEST_DROPOUT = 0.9


@dataclass(frozen=True, kw_only=True)
class FrameModelConfig:
    """The shape of the frame tier: recurrent layers over frames, and a mixture for each feature column.

    Raises:
        PartitaError: a field is out of its range, or the frames have no features.

    >>> FrameModelConfig(layout=FrameLayout(hop_length=160, bands=32)).recurrent_channels
    320
    """

    layout: FrameLayout
    """The columns of the frames: the features are modelled, notes and labels are given."""
    recurrent_channels: int = 320
    """Channels of each recurrent layer, 1 to 4,096."""
    recurrent_layers: int = 2
    """Recurrent layers (GRU), 1 to 8."""
    column_channels: int = 32
    """Hidden channels of each column, 1 to 512."""
    mixtures: int = 6
    """Gaussians of each column's mixture, 1 to 64."""
    dropout: float = 0.1
    """Share of a recurrent layer's outputs that training sets to 0, 0 to 0.9."""
    note_channels: int = 64
    """Channels of the network of notes and labels, 1 to 4,096."""
    note_lookahead: int = 20
    """Frames ahead whose notes are known, 0 to 500: a player reads ahead."""

    def __post_init__(self) -> None:
        """Check the ranges of all fields."""
        check_counts(self, MOST, {"note_lookahead": 0})
        check_range("dropout", self.dropout, 0.0, LARGEST_DROPOUT)
        if not self.layout.bands:
            raise PartitaError("the frame tier models features, but `layout.bands` is 0: give at least 1")

    @property
    def given_columns(self) -> int:
        """Columns of a frame that are given: notes and labels."""
        return self.layout.columns - self.layout.feature_columns
