"""A run that diverges ends with one line that says so, and saves nothing that is not finite."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from partita.data.corpus import Corpus
from partita.errors import DivergedError
from partita.runs.checkpoint import load_checkpoint
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.training.config.train import TrainConfig
from partita.training.steps.wavenet import WaveNetStep
from partita.training.train import resume, train
from partita.training.trainer import Trainer

Make = Callable[..., TrainConfig]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_validation_score_that_is_not_finite_is_reported_as_divergence(
    corpus: Corpus, out: Path, make_config: Make, monkeypatch: pytest.MonkeyPatch, bad: float
) -> None:
    # regression: "unexpected ValueError: Out of range float values are not JSON compliant"
    monkeypatch.setattr("partita.training.steps.wavenet.validation_bits", lambda *_: bad)
    message = r"the validation score is not finite at step 5: training diverged\. The checkpoint of step 0 is"
    with pytest.raises(DivergedError, match=message) as raised:
        train(corpus, out, make_config(learning_rate=0.25), quiet=True)
    assert re.search(r"lower `learning_rate` \(it was 0\.25\), a longer `warmup`", str(raised.value))
    assert load(out).step == 0
    with pytest.raises(DivergedError, match="would diverge again: train a new run"):
        resume(out, quiet=True)
    assert RunFolder.open(out).steps() == [0]


@pytest.mark.parametrize("group", ["generator", "average"])
def test_weights_that_are_not_finite_are_not_saved(
    corpus: Corpus, out: Path, make_config: Make, monkeypatch: pytest.MonkeyPatch, group: str
) -> None:
    # regression: weights that an update had made infinite lay in the newest checkpoint
    step = Trainer.step

    def burst(self: Trainer) -> None:
        if self.state.step == 6:
            tensors = self.train_step.tensors()[group]
            with torch.no_grad():
                next(value for value in tensors.values() if value.ndim).flatten()[0] = float("inf")
        step(self)

    monkeypatch.setattr(Trainer, "step", burst)
    monkeypatch.setattr(WaveNetStep, "update", lambda *_: {"bits": torch.tensor(8.0)})
    monkeypatch.setattr("partita.training.steps.wavenet.validation_bits", lambda *_: 8.0)
    with pytest.raises(DivergedError, match=f"of {group} is not finite at step 10: .* step 5 is undamaged"):
        train(corpus, out, make_config(log_every=1000), quiet=True)
    run = RunFolder.open(out)
    assert run.steps()[-1] == 5
    assert load_checkpoint(run.newest_checkpoint()).step == 5
