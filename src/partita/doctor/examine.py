"""Examine whatever a path holds, a corpus or a run, and the first line that other commands end with."""

from collections.abc import Callable
from pathlib import Path

from partita.data.corpus import INDEX, Corpus
from partita.doctor.corpus.examine import examine_corpus
from partita.doctor.diagnosis import Diagnosis
from partita.doctor.finding import headline
from partita.doctor.run.examine import examine_run, quick_findings
from partita.doctor.run.recorded import RecordedRun
from partita.errors import PartitaError
from partita.runs.folder import CONFIG
from partita.runs.shipped.folder import shipped_names


def examine(
    path: str | Path,
    *,
    corpus: str | Path | None = None,
    temperature: float | None = None,
    frame_temperature: float | None = None,
    progress: Callable[[str], None] = lambda what: None,
) -> Diagnosis:
    """Return what is wrong with a corpus or a run, and what to do.

    Args:
        path: a corpus, a run, or the name of a model that ships.
        corpus: for a run, real sound to compare its clips with; by default its own corpus.
        temperature: for a run, of the samples of the clips; by default its own.
        frame_temperature: for a run, of the frame tier; by default its own.
        progress: called with what is done next.

    Raises:
        PartitaError: the path holds neither, or it is damaged, or an option does not go with a corpus.

    >>> examine("nowhere")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: nowhere does not exist: give a corpus, a run, or a model that ships...
    """
    folder = Path(path)
    if (folder / INDEX).is_file() and not (folder / CONFIG).is_file():
        if (corpus, temperature, frame_temperature) != (None, None, None):
            raise PartitaError(
                f"{path} is a corpus: `--corpus` and temperatures are for a run, leave them out"
            )
        return examine_corpus(Corpus.open(folder), progress=progress)
    if not folder.exists() and str(path) not in shipped_names():
        names = ", ".join(shipped_names())
        raise PartitaError(f"{path} does not exist: give a corpus, a run, or a model that ships: {names}")
    if folder.exists() and not (folder / CONFIG).is_file():
        raise PartitaError(
            f"{path} is neither a corpus nor a run: give a folder of `partita prepare` or `train`"
        )
    real = None if corpus is None else Corpus.open(corpus)
    return examine_run(
        RecordedRun.open(path),
        real,
        temperature=temperature,
        frame_temperature=frame_temperature,
        progress=progress,
    )


def first_line(run: str | Path) -> str:
    """Return the doctor's first line on a run, from its metrics and its preview clips alone, in a moment.

    Args:
        run: the folder of a run.

    Raises:
        PartitaError: there is no run, or it is damaged.

    >>> first_line("bach-violin")
    'bach-violin: nothing is wrong.'
    """
    recorded = RecordedRun.open(run)
    return headline(recorded.name, quick_findings(recorded))
