"""Checking a corpus's store in the background, while something else reads it. Checks nothing but samples."""

import threading
from types import TracebackType
from typing import Self

from partita.data.corpus import Corpus

FIRST_SECONDS = 1.0  # waited for at the start: enough for about ten hours of sound at 16 kHz


class BackgroundCheck:
    """A comparison of a corpus's samples with its digests that runs beside the block of a `with` statement.

    A small corpus is compared before the block begins, a large one goes on in a thread, which ends with the
    block. An error of any kind counts: a corpus that can't be compared is not known to be whole.

    Args:
        corpus: the corpus.
        wait_s: seconds to wait before the block begins.

    Raises:
        PartitaError: the store is damaged, and that is known already; raised where the block would begin.

    >>> import tempfile, soundfile
    >>> import numpy as np
    >>> from pathlib import Path
    >>> from partita.data.preparation.prepare import PrepareConfig, prepare
    >>> folder = Path(tempfile.mkdtemp())
    >>> soundfile.write(folder / "a.wav", np.sin(np.arange(80000) / 5), 8000)
    >>> corpus = prepare([folder / "a.wav"], folder / "corpus", PrepareConfig(sample_rate=8000))
    >>> with BackgroundCheck(corpus) as check:
    ...     check.raise_if_damaged()
    ...     check.finish()
    """

    def __init__(self, corpus: Corpus, *, wait_s: float = FIRST_SECONDS) -> None:
        self._wait_s = wait_s
        self._stop = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(corpus,), daemon=True, name="corpus check")

    def __enter__(self) -> Self:
        """Begin the comparison, and wait for the end of a short one."""
        self._thread.start()
        try:
            self._thread.join(self._wait_s)
            self.raise_if_damaged()
        except BaseException:  # Ctrl-C too
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the comparison, early if need be."""
        self._close()

    @property
    def going_on(self) -> bool:
        """Whether the comparison has not come to its end."""
        return self._thread.is_alive()

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

    def _close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self, corpus: Corpus) -> None:
        try:
            corpus.verify(self._stop.is_set)
        except Exception as error:
            self._error = error
