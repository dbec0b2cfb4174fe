"""A listener's session: it goes on after a reload, and gives out nothing but its own clips."""

import pytest

from partita.app.blind.answers import Answer
from partita.app.blind.folder import BlindTest
from partita.app.blind.session import Progress
from partita.errors import PartitaError


def test_a_reload_loses_nothing(blind_test: BlindTest) -> None:
    token = next(iter(blind_test.listeners))
    trials = blind_test.session(token).trials
    for number, trial in enumerate(trials):
        session = BlindTest.open(blind_test.path).session(token)  # a new one each time
        assert session.progress() == Progress(number, len(trials), trial, ended=False)
        session.answer(Answer(trial=trial, choice="A", seconds=1.0, at=0.0))
    assert blind_test.session(token).progress() == Progress(len(trials), len(trials), None, ended=False)


def test_a_second_answer_is_kept_but_does_not_count(blind_test: BlindTest) -> None:
    session = blind_test.session(next(iter(blind_test.listeners)))
    for choice in ("B", "A"):
        session.answer(Answer(trial=session.trials[0], choice=choice, seconds=1.0, at=0.0))
    found = session.file.read()
    assert [answer.choice for answer in found.answers] == ["B", "A"]
    assert found.counted[session.trials[0]].choice == "B" and session.progress().answered == 1


def test_ending_twice_is_ending_once(blind_test: BlindTest) -> None:
    session = blind_test.session(next(iter(blind_test.listeners)))
    session.end()
    size = session.file.path.stat().st_size
    session.end()
    assert session.file.path.stat().st_size == size and session.progress().ended


def test_the_clips_and_trials_of_another_listener_are_refused(blind_test: BlindTest) -> None:
    one, other = (blind_test.session(token) for token in blind_test.listeners)
    for clip in (next(iter(other.clips)), "../trials", "..", "", "/etc/passwd"):
        with pytest.raises(PartitaError, match="there is no such clip"):
            one.clip(clip)
    with pytest.raises(PartitaError, match="there is no such trial"):
        one.answer(Answer(trial=other.trials[0], choice="A", seconds=1.0, at=0.0))
    assert not one.file.path.exists()
