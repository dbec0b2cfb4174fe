"""A stream for tests that reports to be a terminal."""

import io


class FakeTerminal(io.TextIOWrapper):
    """A text stream in memory whose `isatty` returns True.

    Args:
        encoding: the encoding of the stream.
    """

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    def isatty(self) -> bool:
        """Return True."""
        return True

    def text(self) -> str:
        """Return all text written so far."""
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode(self.encoding)
