"""Make a corpus from recordings: find them, prepare each, assign them to splits, write store and index.

Only what changed is prepared again, and the old corpus stays complete until the new index replaces its
index. Source files are never written to. How one recording is prepared is in `recording.py`, how the splits
are chosen in `splits.py`.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from partita.data.corpus import Corpus
from partita.data.corpus_writer import CorpusWriter, explain_full_disk
from partita.data.index import MAX_SAMPLE_RATE
from partita.data.preparation.build_index import IndexSettings, build_index
from partita.data.preparation.labels import label_parser
from partita.data.preparation.name_patterns import relative_to_root
from partita.data.preparation.parallel import prepare_all
from partita.data.preparation.recording import SoundSettings
from partita.data.preparation.score_files import find_notes, without_scores
from partita.data.preparation.sources import find_sources
from partita.data.preparation.splits import SplitRules, check_patterns
from partita.device import available_cores
from partita.errors import PartitaError
from partita.progress import ProgressBar, WorkCounter
from partita.standard_streams import suppress_library_messages


@dataclass(frozen=True, kw_only=True)
class PrepareConfig:
    """Settings of `prepare`.

    Raises:
        PartitaError: a value is out of range.
    """

    sample_rate: int = 16000
    """Sample rate of the corpus in Hz: 16000 keeps most of the sound of a violin, 44100 all of it."""
    peak_dbfs: float = -1.0
    """Peak level of each recording in decibels relative to full scale (0 or less)."""
    trim: bool = True
    """Trim silence at the ends and cut out silences longer than a second."""
    test: tuple[str, ...] = ()
    """Recordings of the test split: names, paths or globs; `none` for no test split. Default: about a tenth,
    chosen by seed."""
    validation: tuple[str, ...] = ()
    """Recordings of the validation split: names, paths or globs. Default: about a tenth, chosen by seed."""
    validation_seconds: float | None = None
    """Seconds of the training recordings to hold out for validation, instead of whole recordings."""
    gap: float = 1.0
    """Seconds to leave out between two splits of the same recording."""
    seed: int = 0
    """Seed for choosing the held-out recordings."""
    labels: str | None = None
    """Pattern to read labels from file names, for example {digit}_{speaker}_{_take} (_: not kept)."""
    notes: bool = False
    """Keep the notes beside the recordings: NAME.notes.csv, NAME.mid or NAME.midi beside NAME.wav."""
    workers: int | None = None
    """Number of recordings to prepare at the same time. Default: one for each core."""

    def __post_init__(self) -> None:
        for name in ("test", "validation"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, str) else tuple(value))
        rules = (
            (
                "sample_rate",
                1000 <= self.sample_rate <= MAX_SAMPLE_RATE,
                f"must be 1000 to {MAX_SAMPLE_RATE} Hz: 16000 is usual",
            ),
            ("peak_dbfs", -60 <= self.peak_dbfs <= 0, "must be -60 to 0: -1 is usual"),
            ("gap", math.isfinite(self.gap) and self.gap >= 0, "must be 0 or more seconds: 1 is usual"),
            ("workers", self.workers is None or self.workers >= 1, "must be at least 1, or left out"),
            (
                "validation_seconds",
                self.validation_seconds is None or 0.1 <= self.validation_seconds < math.inf,
                "must be at least 0.1, or left out",
            ),
        )
        for name, holds, rule in rules:
            if not holds:
                raise PartitaError(f"`{name}` is {getattr(self, name)}, {rule}")
        if self.labels is not None:
            label_parser(self.labels)


def prepare(
    recordings: Sequence[str | Path],
    out: str | Path,
    config: PrepareConfig = PrepareConfig(),
    *,
    progress: bool | Callable[[float, float, str], None] = False,
) -> Corpus:
    """Prepare recordings as a corpus in the folder `out`; a second run prepares only what changed.

    Args:
        recordings: audio files, and folders, which are searched recursively.
        out: the corpus folder: new, empty, or a corpus, which is updated.
        config: rate, level, silence, splits, labels.
        progress: True for a bar on standard error, or a function of (done, total, name), in bytes of source
            files.

    Returns:
        The corpus. Its index names the files that were skipped, each with the reason.

    Raises:
        PartitaError: no file can be used, `out` is not a corpus folder, a pattern or a time does not fit the
            recordings, or the disk is full. A corpus that was in `out` before is unchanged.

    >>> import tempfile, numpy as np, soundfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> soundfile.write(folder / "a.wav", np.sin(np.arange(80000) / 5), 8000)
    >>> prepare([folder / "a.wav"], folder / "corpus", PrepareConfig(sample_rate=8000)).seconds("train")
    6.0
    """
    if isinstance(recordings, str | Path):
        recordings = [recordings]
    out = Path(out)
    root, sources = find_sources(recordings, out)
    sources = without_scores(sources) if config.notes else sources
    names = [source.name for source in sources if source.problem is None]
    rules = SplitRules(
        test=relative_to_root(config.test, root, names),
        validation=relative_to_root(config.validation, root, names),
        validation_seconds=config.validation_seconds,
        gap=config.gap,
        seed=config.seed,
    )
    check_patterns(rules, names)
    sound = SoundSettings(sample_rate=config.sample_rate, peak_dbfs=config.peak_dbfs, trim=config.trim)
    settings = IndexSettings(root=root, sound=sound, rules=rules, labels=config.labels)
    with explain_full_disk(out), CorpusWriter(out) as writer, _work_counter(progress) as counter:
        workers = min(config.workers or available_cores(), max(1, len(sources)))  # each opens a file
        with suppress_library_messages():
            files, warnings = prepare_all(sources, sound, writer, workers, counter, root=root)
        notes, missing = find_notes(sources, files) if config.notes else (None, [])
        index = build_index(files, settings, [*writer.warnings, *warnings, *missing], notes)
        return Corpus.from_index(out, writer.commit(index, files, notes))


@contextmanager
def _work_counter(progress: bool | Callable[[float, float, str], None]) -> Iterator[WorkCounter]:
    """Yield a counter that reports to a progress bar, to the caller's function, or to nobody."""
    if callable(progress):
        yield WorkCounter(progress)
    elif progress:
        with ProgressBar("preparing", details=True, transient=True) as bar:
            yield WorkCounter(lambda done, total, name: bar.update(done, total=total, details=name))
    else:
        yield WorkCounter(lambda done, total, name: None)
