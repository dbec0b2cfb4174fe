"""Verify the samples of a corpus in the background, while other code reads them.

This module does not check the index; `index.py` does.
"""

import threading
from types import TracebackType
from typing import Self

from partita.data.corpus import Corpus

INITIAL_WAIT_S = 1.0  # enough for about ten hours of sound at 16 kHz


class BackgroundCheck:
    """Compare a corpus's samples with its digests in a thread, while the block of a `with` statement runs.

    The block starts after `wait_s` seconds or when the comparison is done, whichever is earlier, so a small
    corpus is verified before the block. The thread ends with the block. Errors of every type are reported: a
    corpus that can't be compared may be damaged.

    Args:
        corpus: the corpus.
        wait_s: seconds to wait before the block starts.

    Raises:
        PartitaError: the store was found to be damaged before the block starts.

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

    def __init__(self, corpus: Corpus, *, wait_s: float = INITIAL_WAIT_S) -> None:
        self._wait_s = wait_s
        self._stop = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(corpus,), daemon=True, name="corpus check")

    def __enter__(self) -> Self:
        """Start the comparison, and wait up to `wait_s` seconds for its end."""
        self._thread.start()
        try:
            self._thread.join(self._wait_s)
            self.raise_if_damaged()
        except BaseException:  # includes Ctrl-C
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the comparison if it is still running."""
        self._close()

    @property
    def running(self) -> bool:
        """Whether the comparison is still running."""
        return self._thread.is_alive()

    def raise_if_damaged(self) -> None:
        """Raise the error that the comparison has found so far, if any."""
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
