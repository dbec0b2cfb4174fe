"""What went wrong, in words for the person who can mend it.

The command line prints the message of a `PartitaError` as one line and exits with status 2; everything else
that is raised is a fault of ours and exits with status 1.
"""


class PartitaError(ValueError):
    """A mistake of the caller: the message names the value, the rule it breaks and the remedy.

    >>> raise PartitaError("`sample_rate` is -1, must be positive: give the rate in Hz, for example 16000")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `sample_rate` is -1, must be positive: give the rate in Hz, for example 16000
    """


class DivergedError(PartitaError):
    """Numbers that are finite no more: training went astray, or a model is too far off to be measured."""
