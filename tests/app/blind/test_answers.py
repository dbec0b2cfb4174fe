"""The file of answers: it only grows, survives a crash, a full disk and many writers."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sound_files import file_size_limit

from partita.app.blind.answers import Answer, AnswerFile
from partita.errors import PartitaError


def answer(trial: str = "7f", choice: str = "A", at: float = 0.0) -> Answer:
    plays = {"A": 2, "B": 1}
    return Answer(trial=trial, choice=choice, seconds=4.25, at=at, plays=plays, switches=3)


@pytest.fixture
def file(tmp_path: Path) -> AnswerFile:
    return AnswerFile(tmp_path / "answers.jsonl")


def test_what_is_appended_is_read_back(file: AnswerFile) -> None:
    given = tuple(answer(str(number), "AB"[number % 2], number / 8) for number in range(9))
    for one in given:
        before = file.path.read_bytes() if file.path.exists() else b""
        file.append(one)
        assert file.path.read_bytes().startswith(before)  # nothing is rewritten
    assert file.read().answers == given
    first = json.loads(file.path.read_text().splitlines()[0])
    assert first == {
        "trial": "0", "choice": "A", "seconds": 4.25, "at": 0.0, "plays": {"A": 2, "B": 1}, "switches": 3,
    }  # fmt: skip


def test_the_first_answer_to_a_trial_counts(file: AnswerFile) -> None:
    for number, choice in enumerate("BAB"):
        file.append(answer("7f", choice, number))
    found = file.read()
    assert len(found.answers) == 3 and found.counted == {"7f": answer("7f", "B", 0)}


@pytest.mark.parametrize(
    "torn", [b"{", b'{"trial": "7', b'{"trial": "7f", "choice": "A"}', b"\xff\x00", b"[[["]
)
def test_a_torn_last_line_is_kept_apart_and_the_next_answer_is_whole(file: AnswerFile, torn: bytes) -> None:
    file.append(answer("1"))
    whole = file.path.read_bytes()
    file.path.write_bytes(whole + torn)
    assert file.read().answers == (answer("1"),) and file.read().unreadable == 1
    file.append(answer("2"))
    assert file.path.read_bytes().startswith(whole + torn + b"\n")
    assert file.read().answers == (answer("1"), answer("2")) and file.read().unreadable == 1


def test_a_whole_last_line_without_its_line_feed_counts_once(file: AnswerFile) -> None:
    file.append(answer("1"))
    file.path.write_bytes(file.path.read_bytes()[:-1])
    assert file.read().answers == (answer("1"),)
    file.append(answer("2"))
    assert file.read().answers == (answer("1"), answer("2")) and not file.read().unreadable


def test_many_threads_append_whole_lines(file: AnswerFile) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: file.append(answer(str(number))), range(64)))
    found = file.read()
    assert sorted(int(one.trial) for one in found.answers) == list(range(64)) and not found.unreadable


@pytest.mark.slow
def test_every_answer_that_was_confirmed_survives_a_kill(file: AnswerFile) -> None:
    code = (
        "import sys, itertools; from pathlib import Path\n"
        "from partita.app.blind.answers import Answer, AnswerFile\n"
        "file = AnswerFile(Path(sys.argv[1]))\n"
        "for number in itertools.count():\n"
        "    file.append(Answer(trial=str(number), choice='A', seconds=1.0, at=0.0))\n"
        "    print(number, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(file.path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.2)
        process.kill()
        confirmed = [0, *map(int, process.stdout.read().split()[:-1])]
    found = file.read()
    assert set(map(str, confirmed)) <= set(found.counted)
    file.append(answer("after"))
    assert "after" in file.read().counted


def test_a_full_disk_is_reported_and_the_answers_before_it_stay(file: AnswerFile) -> None:
    file.append(answer("1"))
    size = file.path.stat().st_size
    with file_size_limit(size + 20), pytest.raises(PartitaError, match="the answer could not be saved in"):
        file.append(answer("2"))
    file.append(answer("3"))
    assert [one.trial for one in file.read().answers] == ["1", "3"]


def test_the_end_is_a_line_of_its_own(file: AnswerFile) -> None:
    assert not file.read().ended
    file.append(answer("1"))
    file.append_end(5.0)
    assert file.read().ended and file.read().answers == (answer("1"),)


def test_a_missing_file_holds_no_answers(file: AnswerFile) -> None:
    assert file.read().answers == () and file.read().counted == {}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"choice": "C"}, "`choice` is 'C': give A or B"),
        ({"seconds": -1.0}, "`seconds` is -1.0"),
        ({"seconds": float("nan")}, "`seconds` is nan"),
        ({"plays": {"A": -1}}, "give counts"),
        ({"plays": {"real": 1}}, "`plays` names other clips"),
        ({"switches": 10**9}, "give counts"),
    ],
)
def test_an_impossible_answer_is_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(PartitaError, match=message):
        Answer(**({"trial": "1", "choice": "A", "seconds": 1.0, "at": 0.0} | changed))  # type: ignore[arg-type]
