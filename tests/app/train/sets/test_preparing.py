"""Corpora of sets: what is kept and skipped, what a bad set gets, and a process that dies."""

import asyncio
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from partita.app.train.sets import preparing
from partita.app.train.sets.preparing import Corpora
from partita.app.train.sets.recordings import RecordingSets
from partita.app.web.errors import MissingError


@pytest.fixture
def sets(tmp_path: Path) -> RecordingSets:
    return RecordingSets(tmp_path / "recordings")


@pytest.fixture
def corpora(sets: RecordingSets, tmp_path: Path) -> Corpora:
    return Corpora(sets, tmp_path / "corpora")


def prepared(corpora: Corpora, name: str) -> dict[str, Any]:
    async def prepare() -> dict[str, Any]:
        corpora.begin(name)
        assert corpora.facts(name)["state"] == "waiting"
        await corpora.wait(name)
        return corpora.facts(name)

    return asyncio.run(prepare())


def test_what_is_kept_and_skipped_is_said_with_reasons(
    sets: RecordingSets, corpora: Corpora, takes: Path
) -> None:
    name = sets.make("violin")
    assert corpora.facts(name)["state"] == "empty"
    for path in sorted(takes.glob("*.wav")):
        shutil.copy(path, sets.folder(name))
    (sets.folder(name) / "notes.txt").write_text("Dear diary")
    (sets.folder(name) / "broken.wav").write_bytes(b"RIFF????")
    assert corpora.facts(name)["state"] == "changed"
    facts = prepared(corpora, name)
    assert facts["state"] == "ready" and not facts["too_short"]
    assert [one["name"] for one in facts["kept"]] == [f"take-{number}.wav" for number in range(1, 4)]
    assert [one["name"] for one in facts["skipped"]] == ["broken.wav", "notes.txt"]
    assert "not an audio file" in facts["skipped"][0]["reason"] and "`" not in facts["skipped"][1]["reason"]
    assert facts["seconds"]["train"] > facts["seconds"]["validation"] > 0
    assert sum(facts["seconds"].values()) == pytest.approx(
        sum(one["seconds"] for one in facts["kept"]), abs=0.3
    )
    sets.remove(name, "take-1.wav")
    assert corpora.facts(name)["state"] == "changed"


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("a.txt", b"words", "holds no audio file"),
        ("a.wav", b"RIFF????", r"a\.wav"),
        ("a.mp3", bytes(4000), r"a\.mp3"),
    ],
)
def test_a_set_without_sound_gets_a_clear_answer(
    sets: RecordingSets, corpora: Corpora, file: str, content: bytes, words: str
) -> None:
    name = sets.make("mine")
    (sets.folder(name) / file).write_bytes(content)
    facts = prepared(corpora, name)
    assert facts["state"] == "failed"
    assert re.search(words, facts["error"]) and str(sets.folder(name)) not in facts["error"]


def test_a_process_that_dies_is_said(
    sets: RecordingSets, corpora: Corpora, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = sets.make("mine")
    (sets.folder(name) / "a.wav").write_bytes(b"RIFF")
    monkeypatch.setattr(preparing, "MODULE", "this")  # it prints no JSON, and ends
    facts = prepared(corpora, name)
    assert facts["state"] == "failed" and "has ended" in facts["error"]


def test_a_set_that_is_removed_meanwhile_leaves_no_error(sets: RecordingSets, corpora: Corpora) -> None:
    async def remove() -> None:
        corpora.begin(name)
        await asyncio.sleep(0.05)
        sets.remove_set(name)
        await corpora.wait(name)

    name = sets.make("mine")
    (sets.folder(name) / "a.wav").write_bytes(b"RIFF")
    asyncio.run(remove())
    with pytest.raises(MissingError):
        corpora.facts(name)


def test_a_set_that_takes_too_long_is_given_up(sets: RecordingSets, tmp_path: Path) -> None:
    corpora = Corpora(sets, tmp_path / "corpora", seconds=0.05)
    name = sets.make("mine")
    (sets.folder(name) / "a.wav").write_bytes(b"RIFF")
    facts = prepared(corpora, name)
    assert facts["state"] == "failed" and "takes more than" in facts["error"]


def test_the_end_of_the_server_ends_the_process(sets: RecordingSets, corpora: Corpora) -> None:
    async def end() -> None:
        corpora.begin(name)
        await asyncio.sleep(0.1)
        await corpora.end()

    name = sets.make("mine")
    (sets.folder(name) / "a.wav").write_bytes(b"RIFF")
    asyncio.run(end())
    assert corpora.facts(name)["state"] == "changed"
