"""The exceptions that say why a recording can't be used.

Their messages do not name the file: the caller adds its name, or lists the file as skipped.
"""


class UnreadableError(Exception):
    """The file holds no sound that can be used; the message is the reason.

    >>> raise UnreadableError("silent from start to end")
    Traceback (most recent call last):
    ...
    partita.audio.errors.UnreadableError: silent from start to end
    """


class MissingDecoderError(UnreadableError):
    """The file may be intact, but the library that decodes its format is not installed.

    >>> issubclass(MissingDecoderError, UnreadableError)
    True
    """
