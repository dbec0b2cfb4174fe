"""Checking a corpus's store in the background, while something else reads it. Checks nothing but samples."""

import threading

from partita.audio.corpus import Corpus
from partita.errors import PartitaError

FIRST_SECONDS = 1.0  # waited for at the start: enough for about ten hours of sound at 16 kHz


class BackgroundCheck:
    """A comparison of a corpus's samples with its digests that runs beside other work.

    A small corpus is compared before the constructor returns, a large one goes on in a thread.

    Args:
        corpus: the corpus.

    Raises:
        PartitaError: the store is damaged, and that is known already.

    >>> import tempfile, soundfile
    >>> import numpy as np
    >>> from pathlib import Path
    >>> from partita.audio.prepare import PrepareConfig, prepare
    >>> folder = Path(tempfile.mkdtemp())
    >>> soundfile.write(folder / "a.wav", np.sin(np.arange(80000) / 5), 8000)
    >>> corpus = prepare([folder / "a.wav"], folder / "corpus", PrepareConfig(sample_rate=8000))
    >>> check = BackgroundCheck(corpus)
    >>> check.raise_if_damaged()
    >>> check.finish()
    """

    def __init__(self, corpus: Corpus, *, wait_s: float = FIRST_SECONDS) -> None:
        self._stop = threading.Event()
        self._error: PartitaError | None = None
        self._thread = threading.Thread(target=self._run, args=(corpus,), daemon=True, name="corpus check")
        self._thread.start()
        self._thread.join(wait_s)
        self.raise_if_damaged()

    def raise_if_damaged(self) -> None:
        """Raise the error that was found, if one was."""
        if self._error is not None:
            raise self._error

    def finish(self) -> None:
        """Wait for the end of the comparison.

        Raises:
            PartitaError: the store is damaged.
        """
        self._thread.join()
        self.raise_if_damaged()

    def close(self) -> None:
        """End the comparison early."""
        self._stop.set()
        self._thread.join()

    def _run(self, corpus: Corpus) -> None:
        try:
            corpus.verify(self._stop.is_set)
        except PartitaError as error:
            self._error = error
