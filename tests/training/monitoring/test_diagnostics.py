"""What is wrong with a model's own clips is said in words."""

import pytest

from partita.training.monitoring.diagnostics import trouble


@pytest.mark.parametrize(
    ("drawn", "level", "words"),
    [
        (1.4, 0.1, "collapsing: 1.40 bits"),
        (1.6, 0.1, None),
        (6.0, 0.1, "run away: 6.00 bits"),
        (3.0, 0.4, "run away: a level of 0.4000"),
        (0.1, 0.005, "fall silent: a level of 0.0050"),
    ],
)
def test_trouble_in_words(drawn: float, level: float, words: str | None) -> None:
    numbers = {"entropy_real": 3.0, "entropy_drawn": drawn, "level_real": 0.1, "level_drawn": level}
    said = trouble(numbers)
    assert said is None if words is None else said is not None and words in said
    assert trouble({"bits": 3.0}) is None
