"""Files of answers that the offline page saves: read back once, whole or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest

from partita.app.blind.answer_file import append_answer_file
from partita.app.blind.folder import BlindTest
from partita.errors import PartitaError


def saved(test: BlindTest, path: Path, **changed: Any) -> Path:
    """Write a file with answers to the first three trials of the first listener."""
    token = next(iter(test.listeners))
    answers = [
        {
            "trial": trial,
            "choice": "B",
            "seconds": 2.5,
            "at": 1.0 * at,
            "plays": {"A": 1, "B": 2},
            "switches": 1,
        }
        for at, trial in enumerate(test.session(token).trials[:3])
    ]
    content = {"format": 1, "listener": token, "commitment": test.commitment, "answers": answers}
    path.write_text(json.dumps(content | changed))
    return path


def test_answers_are_appended_once(blind_test: BlindTest, tmp_path: Path) -> None:
    path = saved(blind_test, tmp_path / "answers.json")
    found = append_answer_file(blind_test, path)
    assert (found.appended, found.known, found.ended) == (3, 0, False)
    again = append_answer_file(blind_test, path)
    assert (again.appended, again.known) == (0, 3)
    session = blind_test.session(found.listener)
    assert [answer.trial for answer in session.file.read().answers] == session.trials[:3]
    assert session.file.read().answers[0].plays == {"A": 1, "B": 2}


def test_the_end_is_read_too_and_the_file_can_be_read_again(blind_test: BlindTest, tmp_path: Path) -> None:
    path = saved(blind_test, tmp_path / "answers.json", ended=True)
    assert append_answer_file(blind_test, path).ended
    assert append_answer_file(blind_test, path).known == 3
    more = json.loads(path.read_text())
    more["answers"][0]["at"] = 99.0
    path.write_text(json.dumps(more))
    with pytest.raises(PartitaError, match="the test has ended"):
        append_answer_file(blind_test, path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": 2}, "`format` in .* is 2, must be at most 1"),
        ({"commitment": "0" * 64}, "belongs to another test: save the answers again"),
        ({"listener": "0" * 32}, "this link belongs to no listener"),
        ({"listener": "../../sealed"}, "this link belongs to no listener"),
        (
            {"answers": [{"trial": "7f", "choice": "A", "seconds": 1.0, "at": 0.0}]},
            "no trial of this listener",
        ),
        ({"answers": [{"trial": "7f"}]}, r"`answers\[0\].choice` is missing"),
        ({"answers": "none"}, "`answers` in .* must be a list"),
        ({"ended": "yes"}, "`ended` in .* must be true or false"),
    ],
)
def test_a_file_with_a_fault_changes_nothing(
    blind_test: BlindTest, tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    path = saved(blind_test, tmp_path / "answers.json", **changed)
    with pytest.raises(PartitaError, match=message):
        append_answer_file(blind_test, path)
    assert not any(found.answers for found in blind_test.answers().values())


def test_a_file_that_is_no_json_is_refused(blind_test: BlindTest, tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    path.write_text('{"format": 1, "ans')
    with pytest.raises(PartitaError, match="is damaged"):
        append_answer_file(blind_test, path)
