"""The options of `partita generate` that say what clips are given besides a prompt."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from partita.errors import PartitaError

if TYPE_CHECKING:
    from partita.runs.loading import LoadedModel
    from partita.sampling.given.given import Given


@dataclass(frozen=True, kw_only=True)
class ConditionOptions:
    """What clips are given besides a prompt.

    Raises:
        PartitaError: two options exclude each other, or a label is not NAME=VALUE.

    >>> ConditionOptions(label=("digit=3", "speaker=george")).labels
    {'digit': '3', 'speaker': 'george'}
    """

    notes: Path | None = None
    """Score to play: a MIDI file, or a CSV file with the columns start_s, end_s and midi_pitch. The model
    must have been trained with notes."""
    like: Path | None = None
    """Line to play in the model's timbre: a recording of one voice, hummed, sung or played. Pitch and
    loudness follow it. The pitch is moved by whole octaves into the model's range."""
    transpose: float | None = None
    """Semitones to move the pitch of `--like` by, in place of whole octaves."""
    label: tuple[str, ...] = ()
    """Label of the clips as NAME=VALUE, for example digit=3. It may be repeated. A label that is not given is
    drawn for each clip."""

    def __post_init__(self) -> None:
        """Check that the options fit each other, before files are read and a model is loaded."""
        if self.notes is not None and self.like is not None:
            raise PartitaError("`--notes` and `--like` each decide the pitch: give one of them")
        if self.transpose is not None and self.like is None:
            raise PartitaError("`--transpose` moves the pitch of `--like`: give a recording with `--like`")
        names = [self._pair(label)[0] for label in self.label]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise PartitaError(f"`--label` gives {twice[0]} twice: give one value for each name")

    @property
    def labels(self) -> dict[str, str]:
        """Return the values of the labels by name."""
        return dict(map(self._pair, self.label))

    @property
    def have_length(self) -> bool:
        """Return whether the length of the clips follows from what is given."""
        return self.notes is not None or self.like is not None

    @property
    def words(self) -> list[str]:
        """Return what is given, for the comment of the clips.

        >>> ConditionOptions(like=Path("hum.wav"), transpose=-12.0, label=("digit=3",)).words
        ['like hum.wav', 'transpose -12', 'label digit=3']
        """
        found = [("notes", self.notes and self.notes.name), ("like", self.like and self.like.name)]
        found += [("transpose", None if self.transpose is None else f"{self.transpose:g}")]
        found += [("label", label) for label in self.label]
        return [f"{name} {value}" for name, value in found if value is not None]

    @property
    def files(self) -> list[tuple[str, Path | None]]:
        """Return the options that name files, with the files."""
        return [("--notes", self.notes), ("--like", self.like)]

    def refuse_as_output(self, paths: list[Path]) -> None:
        """Raise an error if a file to write is one of those that are read.

        Args:
            paths: the files to write.
        """
        from partita.sampling.output.plan import same_file

        for option, given in self.files:
            for path in paths:
                if given is not None and same_file(path, given):
                    raise PartitaError(f"{path} is the file that `{option}` names: give another output")

    def read(self, model: "LoadedModel") -> "Given":
        """Return what is given, with the files read.

        Raises:
            PartitaError: a file can't be read.
        """
        return model.given(label=self.labels, notes=self.notes, like=self.like, transpose=self.transpose)

    def _pair(self, label: str) -> tuple[str, str]:
        name, equals, value = label.partition("=")
        if not (name and equals and value):
            raise PartitaError(f"`--label` is {label!r}: give NAME=VALUE, for example digit=3")
        return name, value
