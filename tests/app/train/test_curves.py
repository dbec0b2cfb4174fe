"""The curves of a run: each record is read once, also while the file grows, shrinks, and is replaced."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.app.train.curves import CurveReader, thinned
from partita.runs import metrics


def train(step: int, bits: float = 5.0) -> dict[str, Any]:
    return {"kind": "train", "step": step, "bits": bits, "seconds": step / 2}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.jsonl"


def test_a_growing_file_is_read_on(path: Path) -> None:
    reader = CurveReader(path)
    assert reader.read().step == 0
    metrics.append(path, train(10))
    assert reader.read().train == [(10, 5.0)]
    metrics.append(path, train(20, 4.0))
    metrics.append(path, {"kind": "validation", "step": 20, "bits": 4.5, "bits_average": 4.25})
    curves = reader.read()
    assert curves.train == [(10, 5.0), (20, 4.0)] and curves.validation == [(20, 4.25)]
    assert (curves.step, curves.seconds, curves.updates_per_second) == (20, 10.0, 2.0)


def test_a_line_that_is_being_written_waits_for_its_end(path: Path) -> None:
    metrics.append(path, train(10))
    line = path.read_bytes()
    reader = CurveReader(path)
    with path.open("ab") as file:
        file.write(line[:20])
    assert len(reader.read().train) == 1
    with path.open("ab") as file:
        file.write(line[20:])
    assert len(reader.read().train) == 2


def test_a_damaged_line_is_left_out(path: Path) -> None:
    metrics.append(path, train(10))
    with path.open("ab") as file:
        file.write(b'{"kind": "train", "step": 15, "crc": "00000000"}\n\xff\xfe\n')
    metrics.append(path, train(20))
    assert [step for step, _ in CurveReader(path).read().train] == [10, 20]


def test_resuming_starts_the_curves_from_the_checkpoint(path: Path) -> None:
    reader = CurveReader(path)
    for step in (10, 20, 30):
        metrics.append(path, train(step))
    assert reader.read().step == 30
    metrics.truncate(path, after_step=10)
    metrics.append(path, train(20, 3.0))
    assert reader.read().train == [(10, 5.0), (20, 3.0)]


def test_a_removed_file_leaves_no_curves(path: Path) -> None:
    reader = CurveReader(path)
    metrics.append(path, train(10))
    assert reader.read().step == 10
    path.unlink()
    assert reader.read().step == 0


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 10)), max_size=60), st.integers(1, 20))
def test_a_thinned_curve_is_short_and_keeps_the_order_and_the_range(
    points: list[tuple[float, float]], most: int
) -> None:
    points.sort()
    found = thinned(points, most)
    assert len(found) <= most or len(points) <= most
    assert found == sorted(found, key=lambda point: point[0])
    if points:
        low, high = min(y for _, y in points), max(y for _, y in points)
        assert all(low - 1e-3 <= y <= high + 1e-3 for _, y in found)
