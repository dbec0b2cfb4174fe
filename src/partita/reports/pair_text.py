"""The numbers of a comparison of two arms as text, for a page."""

from collections.abc import Mapping
from typing import Any

NUMBERS = ("difference", "low", "high", "p_corrected")


def pair_text(pair: Mapping[str, Any]) -> dict[str, str]:
    """Return a comparison's numbers as text, with a dash for each that one seed can't give.

    Args:
        pair: a comparison, as `scores.json` has it.

    >>> pair_text({"difference": -0.25, "low": None, "high": None, "p_corrected": None})
    {'difference': '−0.25', 'interval': '–', 'p': '–'}
    """
    shown = {name: "–" if pair[name] is None else number_text(pair[name]) for name in NUMBERS}
    interval = "–" if pair["low"] is None else f"{shown['low']} to {shown['high']}"
    return {"difference": shown["difference"], "interval": interval, "p": shown["p_corrected"]}


def number_text(value: float) -> str:
    """Return a number with three digits, or as a whole number if it is large.

    Args:
        value: the number.

    >>> number_text(-0.012345), number_text(2214.6), number_text(0.0)
    ('−0.0123', '2,215', '0')
    """
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return text.replace("-", "−")
