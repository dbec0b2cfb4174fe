"""Changes stay in their ranges, half of the speeds are kept, and draws do not depend on other settings."""

from typing import Any

import numpy as np
import pytest

from partita.data.augmentation import Augmentation
from partita.errors import PartitaError


def test_changes_are_in_their_ranges_and_half_of_the_speeds_are_kept() -> None:
    changes = Augmentation(varispeed_semitones=2.0, gain_db=6.0).draw(np.random.default_rng(0), 2000)
    semitones = np.array([change.semitones for change in changes])
    gains = np.array([change.gain for change in changes])
    assert np.abs(semitones).max() <= 2 and semitones.min() < -1.9 and semitones.max() > 1.9
    assert 0.45 < (semitones == 0).mean() < 0.55
    assert 10 ** (-6 / 20) <= np.abs(gains).min() < 0.52 and 0.98 < np.abs(gains).max() <= 1
    assert 0.45 < (gains < 0).mean() < 0.55


def test_whole_semitones_are_drawn_where_notes_are_given() -> None:
    changes = Augmentation(varispeed_semitones=2.5).draw(np.random.default_rng(0), 500, whole_semitones=True)
    assert {change.semitones for change in changes} == {-2.0, -1.0, 0.0, 1.0, 2.0}


def test_one_setting_does_not_change_the_draws_of_another() -> None:
    def draw(**settings: Any) -> list[Any]:
        return Augmentation(**settings).draw(np.random.default_rng(3), 50)

    assert [c.semitones for c in draw()] == [c.semitones for c in draw(gain_db=0.0, polarity=False)]
    assert [c.gain for c in draw()] == [c.gain for c in draw(varispeed_semitones=0.0)]
    off = draw(varispeed_semitones=0.0, gain_db=0.0, polarity=False)
    assert {(change.semitones, change.gain) for change in off} == {(0.0, 1.0)}


@pytest.mark.parametrize(
    "bad", [{"varispeed_semitones": -1.0}, {"varispeed_semitones": 13.0}, {"gain_db": float("nan")}]
)
def test_refuses(bad: dict[str, float]) -> None:
    with pytest.raises(PartitaError, match=f"`{next(iter(bad))}` is .*, must be 0 to"):
        Augmentation(**bad)  # type: ignore[arg-type]
