"""The folder of a test: the key stays sealed until the end, and every change afterwards is found."""

import json
from pathlib import Path

import pytest
from listening import answer_all, prefers, sealed_trials

from partita.app.blind.answers import Answer
from partita.app.blind.folder import BlindTest
from partita.errors import PartitaError


def test_the_key_is_sealed_until_the_owner_ends_the_test(blind_test: BlindTest) -> None:
    with pytest.raises(PartitaError, match="sealed until the test ends, and AB, CD can still answer"):
        blind_test.key()
    with pytest.raises(PartitaError, match="sealed"):
        blind_test.verify()
    blind_test.end()
    assert len(blind_test.key().trials) == 2 * 2 * (3 * 4 + 2)
    blind_test.verify()


def test_a_listener_who_ends_sees_the_own_part_of_the_key_alone(blind_test: BlindTest) -> None:
    one, other = blind_test.listeners
    with pytest.raises(PartitaError, match="sealed until you end"):
        blind_test.key_of(one)
    blind_test.session(one).end()
    own = blind_test.key_of(one)
    assert {trial.listener for trial in own} == {one} and len(own) == len(blind_test.session(one).trials)
    others = {
        clip
        for trial in sealed_trials(blind_test).values()
        if trial.listener == other
        for clip in trial.digests
    }
    assert not others & {clip for trial in own for clip in trial.digests}
    with pytest.raises(PartitaError, match="CD can still answer"):
        blind_test.key()
    blind_test.session(other).end()
    assert blind_test.key().trials


def test_answers_after_the_end_are_refused(blind_test: BlindTest) -> None:
    one, other = blind_test.listeners
    blind_test.session(one).end()
    for token in (one, other):
        session = blind_test.session(token)
        answer = Answer(trial=session.trials[0], choice="A", seconds=1.0, at=0.0)
        if token == other:
            session.answer(answer)
            blind_test.end()
            session = blind_test.session(token)
        with pytest.raises(PartitaError, match="the test has ended"):
            session.answer(answer)


def test_a_session_that_was_open_when_the_owner_ends_the_test_is_refused_too(blind_test: BlindTest) -> None:
    session = blind_test.session(next(iter(blind_test.listeners)))
    blind_test.end()
    with pytest.raises(PartitaError, match="the test has ended"):
        session.answer(Answer(trial=session.trials[0], choice="A", seconds=1.0, at=0.0))


def test_a_changed_key_is_found(blind_test: BlindTest) -> None:
    answer_all(blind_test, prefers("policy"))
    blind_test.end()
    path = blind_test.path / "sealed" / "key.json"
    content = json.loads(path.read_text())
    content["trials"][0]["a"], content["trials"][0]["b"] = (
        content["trials"][0]["b"],
        content["trials"][0]["a"],
    )
    path.write_text(json.dumps(content))
    with pytest.raises(PartitaError, match="was changed after the test was made"):
        blind_test.key()


def test_a_changed_clip_is_found(blind_test: BlindTest) -> None:
    blind_test.end()
    clip = next((blind_test.path / "served").rglob("*.wav"))
    data = bytearray(clip.read_bytes())
    data[100] ^= 1
    clip.write_bytes(data)
    with pytest.raises(PartitaError, match=f"{clip.name} was changed"):
        blind_test.verify()


def test_a_session_never_opens_the_key(blind_test: BlindTest) -> None:
    (blind_test.path / "sealed" / "key.json").unlink()
    session = blind_test.session(next(iter(blind_test.listeners)))
    session.answer(Answer(trial=session.trials[0], choice="B", seconds=1.0, at=0.0))
    assert session.progress().answered == 1
    assert {len(session.clip(clip)) for clip in session.clips} == {44 + 2 * session.manifest["samples"]}


@pytest.mark.parametrize("token", ["", "..", "../sealed", "0" * 32, "A" * 32, "x\0y"])
def test_an_unknown_link_is_refused(blind_test: BlindTest, token: str) -> None:
    with pytest.raises(PartitaError, match="this link belongs to no listener"):
        blind_test.session(token)


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PartitaError, match="not the folder of a listening test"):
        BlindTest.open(tmp_path)
