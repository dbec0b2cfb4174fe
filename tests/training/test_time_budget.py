"""A budget in minutes includes what comes after training."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from partita.data.corpus import Corpus
from partita.data.windows import WindowBatch
from partita.runs import metrics
from partita.training.config.train import TrainConfig
from partita.training.monitoring.held_out import validation_bits
from partita.training.time_budget import samples_at_the_end, training_budget
from partita.training.train import train

Make = Callable[..., TrainConfig]


def test_runs_of_one_budget_train_for_equally_long_whatever_their_arm() -> None:
    plain = TrainConfig(minutes=10.0)
    other = TrainConfig(minutes=10.0, optimizer="adam", size="tiny", seed=3, batch=1)
    assert training_budget(plain) == training_budget(other) == 600.0 - 30.0 - 15.0
    assert training_budget(TrainConfig(steps=5)) is None


@pytest.mark.parametrize(
    ("rate", "wanted"), [(1e9, None), (200.0, None), (199.0, 500), (26.0, 125), (1e-9, 1)]
)
def test_the_final_score_covers_as_much_as_the_time_allows(rate: float, wanted: int | None) -> None:
    config = TrainConfig(minutes=1.0, preview_clips=0)
    assert samples_at_the_end(config, whole=1000, spent=55.0, rate=rate) == wanted
    assert samples_at_the_end(TrainConfig(steps=1), whole=1000, spent=55.0, rate=rate) is None


def test_scoring_slowly_does_not_break_the_budget(
    corpus: Corpus, out: Path, make_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    # regression: the whole split was scored after the budget was spent, which took nearly as long again
    score, windows = validation_bits, []

    def slowly(model: Any, batches: Iterable[WindowBatch], compute: Any) -> float:
        listed = list(batches)
        windows.append(len(listed))
        time.sleep(0.02 * len(listed))
        return score(model, listed, compute)

    monkeypatch.setattr("partita.training.steps.wavenet.validation_bits", slowly)
    train(corpus, out, make_config(steps=None, minutes=0.02, log_every=5), quiet=True)
    (final,) = [one for one in metrics.read(out / "metrics.jsonl") if one["kind"] == "final"]
    assert final["share"] <= 0.25
    assert windows[-1] <= 25  # of 79, which would have taken 1.6 s after a budget of 1.2
