"""The errors that say why a recording can't be used.

They do not reach the user on their own: `load` names the file, and `prepare` lists it as skipped.
"""


class UnreadableError(Exception):
    """The file holds no sound that can be used; the message is the reason, without the file's name.

    >>> raise UnreadableError("silent from start to end")
    Traceback (most recent call last):
    ...
    partita.audio.errors.UnreadableError: silent from start to end
    """


class MissingDecoderError(UnreadableError):
    """The file may be intact, but the library that decodes it is not installed.

    >>> issubclass(MissingDecoderError, UnreadableError)
    True
    """
