"""The metrics file: no record is lost or appears twice."""

import json
from pathlib import Path

import pytest

from partita.errors import PartitaError
from partita.runs import metrics


def records(count: int) -> list[dict[str, object]]:
    return [{"kind": "train", "step": step, "bits": 5.0 + step / 3} for step in range(1, count + 1)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "metrics.jsonl"
    for record in records(5):
        metrics.append(path, record)
    return path


def test_records_are_read_exactly(path: Path) -> None:
    assert metrics.read(path) == records(5)


def test_truncating_keeps_the_records_up_to_the_step(path: Path) -> None:
    metrics.truncate(path, after_step=3)
    assert metrics.read(path) == records(3)


@pytest.mark.parametrize("cut", range(1, 12))
def test_an_incomplete_last_line_is_dropped_and_written_again(path: Path, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:-cut])
    assert metrics.read(path) == records(4)
    metrics.truncate(path, after_step=4)
    metrics.append(path, records(5)[-1])
    assert metrics.read(path) == records(5)


def test_the_error_names_a_damaged_line(path: Path) -> None:
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "{", *lines[2:]]) + "\n")
    with pytest.raises(PartitaError, match="line 2"):
        metrics.read(path)


def test_numbers_that_json_lacks_are_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        metrics.append(path, {"kind": "train", "step": 6, "bits": float("nan")})
    assert metrics.read(path) == records(5)


def test_a_changed_digit_is_noticed(path: Path) -> None:
    path.write_text(path.read_text().replace("6.0", "7.0"))
    with pytest.raises(
        PartitaError, match=r"line 3 of .* is damaged .*: copy the file again, or remove that"
    ):
        metrics.read(path)


def test_lines_without_a_checksum_are_read(path: Path) -> None:
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records(5)))
    assert metrics.read(path) == records(5)


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "null",
        '{"kind": "train"}',
        '{"kind": 3, "step": 1}',
        '{"kind": "train", "step": true}',
        '{"kind": "train", "step": 1, "bits": "x"}',
        '{"kind": "train", "step": 1, "bits": NaN}',
        '{"kind": "train", "step": 1, "bits": 1e999}',
        "[" * 100_000,
        "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    ],
)
def test_a_line_that_is_not_a_record_is_named_in_the_error(path: Path, line: str) -> None:
    path.write_text(f"{line}\n{path.read_text()}")
    with pytest.raises(PartitaError, match=r"line 1 of .* is damaged"):
        metrics.read(path)


def test_truncating_keeps_at_most_the_given_number_of_records(path: Path) -> None:
    assert metrics.truncate(path, after_step=5, at_most=2) == 2
    assert metrics.truncate(path, after_step=5, at_most=9) == 2
    assert metrics.count(path) == 2
