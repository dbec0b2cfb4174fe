"""Whole runs: they learn, log what they did, and refuse wrong arguments."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from partita.data.corpus import Corpus
from partita.device import compute_device
from partita.errors import PartitaError
from partita.runs import metrics
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, TrainConfig
from partita.training.losses.likelihood import mean_bits
from partita.training.monitoring.held_out import held_out, validation_bits
from partita.training.train import resume, train

Make = Callable[..., TrainConfig]


def records(run: Path, kind: str) -> list[dict[str, float]]:
    return [record for record in metrics.read(run / "metrics.jsonl") if record["kind"] == kind]


def test_a_run_learns_and_writes_all_its_files(corpus: Corpus, out: Path, make_config: Make) -> None:
    config = make_config(steps=60, tensorboard=True, preview_clips=2, preview_seconds=0.05)
    assert train(corpus, out, config, quiet=True) == out
    bits = [record["bits"] for record in records(out, "train")]
    assert len(bits) == 6
    assert bits[-1] < bits[0] - 1
    assert [record["step"] for record in records(out, "validation")] == [15, 30, 45, 60]
    run = RunFolder.open(out)
    assert run.finished
    assert run.steps() == [30, 45, 60]
    assert run.config()["corpus"]["fingerprint"] == corpus.fingerprint
    assert run.config()["versions"]["torch"] == torch.__version__
    clips = sorted(run.clips_path.glob("*.wav"))
    assert [path.name for path in clips] == ["step-000060-1.wav", "step-000060-2.wav"]
    assert soundfile.info(clips[0]).frames == round(0.05 * corpus.sample_rate)
    assert any(run.path.glob("events.out.*"))
    loaded = load(out)
    assert loaded.step == 60
    assert np.array_equal(loaded.draw(seconds=0.01, seed=1), load(out).draw(seconds=0.01, seed=1))


def test_a_low_accuracy_is_reported_once(
    corpus: Corpus,
    out: Path,
    make_config: Make,
    adversary: AdversaryConfig,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("partita.training.monitoring.diagnostics.STEPS", 10)
    still = replace(adversary, learning_rate=0.0)
    config = with_arm(make_config(steps=30, log_every=5, adversary=still, patience=0), "report")
    asked = iter([False] * 19 + [True])
    train(corpus, out, config, stop=lambda: next(asked))
    resume(out)
    assert capsys.readouterr().err.count("the discriminator's accuracy stayed") == 1


def test_the_final_score_is_that_of_the_weights_that_load_returns(
    corpus: Corpus, out: Path, make_config: Make
) -> None:
    train(corpus, out, make_config(), quiet=True)
    (final,) = records(out, "final")
    loaded = load(out)
    whole = held_out(
        corpus, "validation", targets=256, context=loaded.model.receptive_field, quantizer=loaded.quantizer
    )
    assert validation_bits(loaded.wavenet, whole, compute_device("cpu", "float32")) == final["bits"]
    assert loaded.step == final["chosen"]


@pytest.mark.parametrize("arm", ["report", "report-formula"])
def test_adversarial_arms_log_both_losses(
    corpus: Corpus, out: Path, make_config: Make, adversary: AdversaryConfig, arm: str
) -> None:
    train(corpus, out, with_arm(make_config(steps=20, adversary=adversary), arm), quiet=True)
    last = records(out, "train")[-1]
    assert {
        "discriminator_loss",
        "adversarial_loss",
        "discriminator_real",
        "discriminator_fake",
    } <= last.keys()
    assert ("matching" in last) == (arm == "report-formula")
    assert (RunFolder.open(out).newest_checkpoint() / "adversary.safetensors").exists()


def test_arms_see_the_same_windows_and_the_twin_ends_bitwise_equal(
    corpus: Corpus, tmp_path: Path, make_config: Make, adversary: AdversaryConfig
) -> None:
    base = make_config(adversary=adversary, patience=0)
    ends = {}
    for arm in ("likelihood", "report-0", "report"):
        run = RunFolder.open(train(corpus, tmp_path / arm, with_arm(base, arm), quiet=True))
        windows = json.loads((run.newest_checkpoint() / "state.json").read_text())["windows"]
        ends[arm] = windows, (run.newest_checkpoint() / "generator.safetensors").read_bytes()
    assert ends["likelihood"] == ends["report-0"]
    assert ends["report"][0] == ends["likelihood"][0]
    assert ends["report"][1] != ends["likelihood"][1]


def test_a_folder_that_is_not_empty_is_refused_before_any_work(
    corpus: Corpus, out: Path, make_config: Make
) -> None:
    train(corpus, out, make_config(steps=1), quiet=True)
    with pytest.raises(PartitaError, match="--resume"):
        train(corpus, out, make_config(), quiet=True)


def test_a_finished_run_says_how_to_train_further(corpus: Corpus, out: Path, make_config: Make) -> None:
    train(corpus, out, make_config(steps=1), quiet=True)
    with pytest.raises(PartitaError, match=f"is finished: to train further, .* --from {out}"):
        resume(out, quiet=True)


def test_a_minute_budget_is_kept_and_the_cosine_ends_with_it(
    corpus: Corpus, out: Path, make_config: Make
) -> None:
    begun = time.monotonic()
    train(corpus, out, make_config(steps=None, minutes=0.05, log_every=5), quiet=True)
    assert time.monotonic() - begun < 10
    last = records(out, "train")[-1]
    assert last["seconds"] < 3.5
    assert last["learning_rate"] < 0.15 * TrainConfig().learning_rate


def test_epochs_become_steps(corpus: Corpus, out: Path, make_config: Make) -> None:
    train(corpus, out, make_config(steps=None, epochs=0.5, batch=4), quiet=True)
    windows = json.loads((RunFolder.open(out).newest_checkpoint() / "state.json").read_text())["windows"]
    seen = RunFolder.open(out).steps()[-1] * 4 * 256
    assert windows["epoch"] == 0
    assert seen == pytest.approx(0.5 * corpus.seconds("train") * corpus.sample_rate, abs=4 * 256 * 2)


def test_patience_ends_a_run_and_the_best_checkpoint_stands_for_it(
    corpus: Corpus, out: Path, make_config: Make
) -> None:
    """A learning rate far too high: the first scores are the best."""
    config = make_config(
        steps=200, validations=40, patience=2, learning_rate=0.5, optimizer="adam", keep_checkpoints=1
    )
    train(corpus, out, config, quiet=True)
    scores = {record["step"]: record["bits_average"] for record in records(out, "validation")}
    best = min(scores, key=lambda step: scores[step])
    assert max(scores) < 200
    assert load(out).step == best < max(scores)
    assert records(out, "final")[0]["chosen"] == best


def test_a_diverging_run_stops_with_the_step_the_clips_and_what_to_try(
    corpus: Corpus, out: Path, make_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def burst(*arguments: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return mean_bits(*arguments) * (float("inf") if len(calls) == 8 else 1.0)

    monkeypatch.setattr("partita.training.steps.wavenet.mean_bits", burst)
    with pytest.raises(
        PartitaError,
        match=r"not finite at step 8, on 0\.wav @ .* s; .*step 5 is undamaged.*lower `learning_rate`",
    ):
        train(corpus, out, make_config(), quiet=True)
    assert RunFolder.open(out).steps()[-1] == 5


def test_training_starts_from_another_runs_weights(corpus: Corpus, tmp_path: Path, make_config: Make) -> None:
    first = train(corpus, tmp_path / "a", make_config(steps=60), quiet=True)
    second = train(corpus, tmp_path / "b", make_config(steps=5), start_from=first, quiet=True)
    begun = RunFolder.open(second).checkpoint_path(0)
    assert not begun.exists()  # pruned; the first validation shows where it began
    third = train(corpus, tmp_path / "c", make_config(steps=5), quiet=True)
    assert records(second, "validation")[0]["bits"] < records(third, "validation")[0]["bits"] - 1


def test_a_run_with_another_network_can_not_be_started_from(
    corpus: Corpus, tmp_path: Path, make_config: Make
) -> None:
    first = train(corpus, tmp_path / "a", make_config(steps=1), quiet=True)
    with pytest.raises(PartitaError, match=r"another shape .* give that shape, with `--config`"):
        train(corpus, tmp_path / "b", make_config(network=None, size="tiny"), start_from=first, quiet=True)
    assert not (tmp_path / "b").exists()


def test_the_error_names_the_size_to_start_from(corpus: Corpus, tmp_path: Path, make_config: Make) -> None:
    first = train(
        corpus, tmp_path / "a", make_config(network=None, size="tiny", steps=1, preview_clips=0), quiet=True
    )
    with pytest.raises(PartitaError, match="another shape than the one to be trained: give `--size tiny`"):
        train(corpus, tmp_path / "b", make_config(network=None, size="small"), start_from=first, quiet=True)
