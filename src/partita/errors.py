"""The exceptions that report a mistake of the user.

The command line prints the message of a `PartitaError` as one line and exits with status 2. Any other
exception is an error in Partita, and the command line exits with status 1.
"""


class PartitaError(ValueError):
    """An error that the user can correct: the message names the value, the rule and the remedy.

    >>> raise PartitaError("`sample_rate` is -1, must be positive: give the rate in Hz, for example 16000")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `sample_rate` is -1, must be positive: give the rate in Hz, for example 16000
    """


class DivergedError(PartitaError):
    """Training or a model has diverged: a loss, a weight or a score is NaN, infinite or too large."""
