"""Recordings become a corpus: find them, prepare each, share them out over the splits, write store and index.

Only what changed is prepared again, and the old corpus stays whole until the new index takes its place.
Source files are never written to. How one recording is prepared stands in `recording.py`, the splits in
`splits.py`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from partita.data.corpus import Corpus
from partita.data.corpus_writer import CorpusWriter, clear_disk_errors
from partita.data.index import HIGHEST_RATE
from partita.data.preparation.build_index import Plan, build_index
from partita.data.preparation.labels import label_parser
from partita.data.preparation.parallel import prepare_all
from partita.data.preparation.patterns import Names
from partita.data.preparation.progress import Progress, bar, silent
from partita.data.preparation.recording import Sound
from partita.data.preparation.sources import find_sources
from partita.data.preparation.splits import SplitRules, check_globs
from partita.device import available_cores
from partita.errors import PartitaError
from partita.filenames import shown
from partita.standard_streams import without_libraries


@dataclass(frozen=True, kw_only=True)
class PrepareConfig:
    """How recordings become a corpus.

    Raises:
        PartitaError: a value out of its range.
    """

    sample_rate: int = 16000
    """Samples a second of the corpus, in Hz: 16000 holds most of a violin, 44100 all of it."""
    peak_dbfs: float = -1.0
    """Level that each recording's greatest sample is brought to, in decibels of full scale (0 or less)."""
    trim: bool = True
    """Trim silence at the ends and cut out silences longer than a second."""
    test: tuple[str, ...] = ()
    """Recordings of the test split: names, paths or globs; without any, about a tenth, chosen by seed."""
    validation: tuple[str, ...] = ()
    """Recordings of the validation split: names, paths or globs; without any, about a tenth, by seed."""
    validation_seconds: float | None = None
    """Hold out this many seconds of the training recordings for validation, instead of whole recordings."""
    gap: float = 1.0
    """Seconds left out between two splits that share a recording."""
    seed: int = 0
    """Seed of the choice of held-out recordings."""
    labels: str | None = None
    """Pattern that reads labels from file names, for example {digit}_{speaker}_{take}."""
    workers: int | None = None
    """Recordings prepared at once; all cores when not given."""

    def __post_init__(self) -> None:
        for name in ("test", "validation"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, str) else tuple(value))
        rules = (
            (
                "sample_rate",
                1000 <= self.sample_rate <= HIGHEST_RATE,
                f"must be 1000 to {HIGHEST_RATE} Hz: 16000 is usual",
            ),
            ("peak_dbfs", -60 <= self.peak_dbfs <= 0, "must be -60 to 0: -1 leaves a little room"),
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
    """Prepare recordings as a corpus in the folder `out`; run again, do only what changed.

    Args:
        recordings: audio files, and folders that are searched all the way down.
        out: the corpus folder: new, empty, or a corpus, which is brought up to date.
        config: rate, level, silence, splits, labels.
        progress: True for a bar on standard error, or a function of (done, total, name), in bytes of source
            files.

    Returns:
        The corpus. Its index names the files that were skipped, each with the reason.

    Raises:
        PartitaError: nothing usable, an output folder that is something else, globs or times that don't fit,
            no room on the disk. What lay in `out` before is unharmed.

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
    names = [source.name for source in sources if source.problem is None]
    rules = SplitRules(
        test=_from_root(config.test, root, names),
        validation=_from_root(config.validation, root, names),
        validation_seconds=config.validation_seconds,
        gap=config.gap,
        seed=config.seed,
    )
    check_globs(rules, names)
    sound = Sound(sample_rate=config.sample_rate, peak_dbfs=config.peak_dbfs, trim=config.trim)
    with clear_disk_errors(out), CorpusWriter(out) as workspace, _reporter(progress) as report:
        workers = min(config.workers or available_cores(), max(1, len(sources)))  # each opens a file
        with without_libraries():
            files = prepare_all(sources, sound, workspace, workers, report, root=root)
        plan = Plan(root=root, sound=sound, rules=rules, labels=config.labels)
        index = workspace.commit(build_index(files, plan, workspace.lines()), files)
        return Corpus.mapped(out, index)


def _from_root(words: Sequence[str], root: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Return the words with paths from the working folder, as a shell completes them, made paths from
    `root`."""
    known = Names(names)
    return tuple(
        shown(word) if known.exact(shown(word)) else _made_from_root(word, root, known) for word in words
    )


def _made_from_root(word: str, root: Path, known: Names) -> str:
    """Return a word that is not the name of a recording; whole paths come first, since globs take long."""
    path = Path(word).resolve()
    if not path.is_relative_to(root):
        return shown(word)
    made = shown(path.relative_to(root).as_posix())
    return made if known.exact(made) or not known.fitting(shown(word)) else shown(word)


def _reporter(progress: bool | Callable[[float, float, str], None]) -> Progress:
    if callable(progress):
        return Progress(progress)
    return bar() if progress else silent()
