"""`partita bench`: which network is measured, and what the rows show."""

import pytest

from partita.benchmarks import precision
from partita.cli import bench
from partita.errors import PartitaError
from partita.evaluation.statistics.scores import Score
from partita.models.sizes import SIZES
from partita.models.wavenet import WaveNet


class Loaded:
    """A model, as a run has it."""

    def __init__(self, size: str) -> None:
        self.model = WaveNet(SIZES[size])


@pytest.fixture
def measured(monkeypatch):
    """Everything that takes time answers at once."""
    costs = {"float32": Score(0.0, 0.0, 0.0), "bfloat16": Score(0.25, 0.125, 0.5)}
    cases = lambda size: {"cases": [{"size": size, "precision": name, "runs": [3.0, 1.0]} for name in costs]}  # noqa: E731
    monkeypatch.setattr("partita.runs.loading.load", lambda path: Loaded("small"))
    monkeypatch.setattr("partita.data.corpus.Corpus.open", lambda path: None)
    monkeypatch.setattr(precision, "precision_costs", lambda loaded, corpus: costs)
    monkeypatch.setattr("partita.benchmarks.sampler.bench", cases)


@pytest.mark.usefixtures("measured")
def test_what_precision_costs_a_run_stands_beside_the_speed_of_its_own_size(capsys):
    bench.read(["sampler", "--model", "runs/a", "--corpus", "corpus"]).run()
    rows = capsys.readouterr().out.splitlines()
    assert [row.split(", ")[0] for row in rows] == ["size small", "size small"]
    assert rows[1].endswith("runs 1 to 3, bits_cost 0.25 (0.125 to 0.5)")


@pytest.mark.usefixtures("measured")
def test_another_size_than_the_runs_is_refused():
    with pytest.raises(PartitaError, match="is of the size small: leave out `--size`"):
        bench.read(["sampler", "--model", "runs/a", "--corpus", "corpus", "--size", "wide"]).run()
