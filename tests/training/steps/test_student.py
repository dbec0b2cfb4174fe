"""A student: it learns from its teacher, resumes bitwise, and its adversary's twin changes nothing."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_configs import small_config

from partita.cli.main import main
from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.models.flows.iaf import IAF
from partita.runs import metrics
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.training.config.arms import with_arm
from partita.training.config.model_kinds import student_of
from partita.training.config.tiers import FrameTierConfig, with_conditions
from partita.training.config.train import AdversaryConfig, TrainConfig
from partita.training.judges.base import WaveformPair
from partita.training.judges.teacher import load_teacher
from partita.training.new_run import training_windows
from partita.training.start.like_model import like_model, student_like
from partita.training.steps.learner import StepInfo
from partita.training.steps.student import StudentStep
from partita.training.tiers.conditions import window_conditions
from partita.training.train import resume, train

Make = Callable[..., TrainConfig]
FRAMES = FrameTierConfig(bands=4, every=2, length=20, batch=2, channels=16)
ADVERSARY = AdversaryConfig(discriminators=("spectral",), weight=0.1)


@pytest.fixture(scope="module")
def teacher(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with two tiers, trained for a moment."""
    out = tmp_path_factory.mktemp("teacher") / "run"
    return train(corpus, out, small_config(frames=FRAMES, condition=("features",), steps=30), quiet=True)


@pytest.fixture
def student(make_config: Make, teacher: Path) -> Make:
    """Make the config of a small student."""

    def make(**changes: Any) -> TrainConfig:
        config = student_of(like_model(make_config(network=None), teacher), teacher)
        assert config.iaf is not None
        small = replace(config.iaf, flows=2, layers=4, condition_channels=8, multiples=3)
        given: dict[str, Any] = {"iaf": small, "targets": 1024} | changes
        return replace(config, **given)

    return make


def weights_of(run: Path) -> dict[str, bytes]:
    newest = RunFolder.open(run).newest_checkpoint()
    return {path.name: path.read_bytes() for path in newest.glob("*.safetensors")}


def test_a_student_learns_from_its_teacher_and_the_teacher_stays(
    corpus: Corpus, student: Make, teacher: Path, tmp_path: Path
) -> None:
    before = weights_of(teacher)
    run = train(corpus, tmp_path / "run", student(steps=60, learning_rate=5e-3), quiet=True)
    scores = [one for one in metrics.read(run / "metrics.jsonl") if one["kind"] == "validation"]
    for name in ("matching", "kl_bits", "spectral_distance"):
        assert scores[-1][name] < scores[0][name], name
    assert list(scores[0])[2] == "matching"  # which decides about the best checkpoint
    assert weights_of(teacher) == before
    loaded, original = load(run), load(teacher)
    assert isinstance(loaded.model, IAF) and loaded.frames is not None and original.frames is not None
    for name, value in original.frames.state_dict().items():
        assert torch.equal(value, loaded.frames.state_dict()[name]), name
    assert loaded.chosen_frame_temperature == original.chosen_frame_temperature
    assert loaded.config["start"]["models"][0]["name"] == teacher.name


@pytest.mark.parametrize("arm", ["likelihood", "report"])
def test_a_student_resumes_bitwise(corpus: Corpus, student: Make, tmp_path: Path, arm: str) -> None:
    config = student(steps=6, validations=2, adversary=ADVERSARY if arm == "report" else None)
    config = with_arm(config, arm)
    whole = train(corpus, tmp_path / "whole", config, quiet=True)
    begun = train(corpus, tmp_path / "begun", config, quiet=True, stop=lambda: True)
    resume(begun, corpus=corpus, quiet=True)
    assert weights_of(whole) == weights_of(begun)


def test_the_twin_is_bitwise_the_student_without_an_adversary(
    corpus: Corpus, student: Make, tmp_path: Path
) -> None:
    alone = train(corpus, tmp_path / "alone", student(steps=5), quiet=True)
    thrice = replace(ADVERSARY, updates=3)  # further updates draw noise of their own
    config = with_arm(student(steps=5, adversary=thrice), "report-0")
    twin = train(corpus, tmp_path / "twin", config, quiet=True)
    first, second = (weights_of(run)["generator.safetensors"] for run in (alone, twin))
    assert first == second
    config = with_arm(student(steps=5, adversary=ADVERSARY), "report")
    judged = train(corpus, tmp_path / "other", config, quiet=True)
    assert weights_of(judged)["generator.safetensors"] != first
    records = [one for one in metrics.read(judged / "metrics.jsonl") if one["kind"] == "train"]
    assert {"adversarial_loss", "discriminator_loss", "kl_bits"} <= set(records[-1])


def test_a_student_starts_from_another_student(
    corpus: Corpus, student: Make, teacher: Path, tmp_path: Path
) -> None:
    first = train(corpus, tmp_path / "first", student(steps=3), quiet=True)
    config = replace(like_model(student(), first), steps=1, learning_rate=1e-9, ema_decay=0.0)
    second = train(corpus, tmp_path / "second", config, start_from=first, quiet=True)
    one, two = (load(run).model.state_dict() for run in (first, second))
    assert all(torch.allclose(value, two[name], atol=1e-6) for name, value in one.items())


def test_a_student_is_drawn_evaluated_and_refused_what_needs_probabilities(
    corpus: Corpus, student: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(corpus, tmp_path / "run", student(steps=3), quiet=True)
    clip = tmp_path / "clip.wav"
    assert main(["generate", str(run), "--seconds", "0.5", "--seed", "1", "--out", str(clip)]) == 0
    assert clip.is_file()
    sound = load(run).draw(0.3, clips=2, seed=1, prompt=np.zeros(2000, np.float32))
    assert sound.shape == (2, round(0.3 * corpus.sample_rate)) and len(np.unique(sound)) > 256
    capsys.readouterr()
    short = ["--clips", "4", "--seconds", "0.3", "--prompt-seconds", "0.2", "--json"]
    assert main(["evaluate", str(run), str(corpus.path), *short]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert "bits_per_sample" not in scores
    assert any("is of a kind that has no bits" in warning for warning in scores["warnings"])
    assert main(["generate", str(run), "--seconds", "1", "--top-k", "3", "--out", str(clip)]) == 2
    assert "`top_k` keeps some" in capsys.readouterr().err
    assert main(["generate", str(run), "--seconds", "1", "--smoothing", "2", "--out", str(clip)]) == 2
    assert "`smoothing` is 2" in capsys.readouterr().err
    with pytest.raises(PartitaError, match="run is no WaveNet"):
        _ = load(run).wavenet


def test_settings_that_do_not_fit_a_student_are_refused(student: Make, teacher: Path) -> None:
    config = student()
    with pytest.raises(PartitaError, match="`arm` is 'critic'"):
        with_arm(config, "critic")
    with pytest.raises(PartitaError, match="no past that `input_noise`"):
        replace(config, input_noise=1.0)
    with pytest.raises(PartitaError, match="`model` is 'iaf'"):
        TrainConfig(model="iaf")
    with pytest.raises(PartitaError, match="`model` is 'wavenet'"):
        replace(config, model="wavenet")
    with pytest.raises(PartitaError, match="`trunk` takes the embedding of a class"):
        with_arm(replace(config, adversary=AdversaryConfig(discriminators=("trunk",))), "report")


def test_a_teacher_that_does_not_fit_is_refused(
    corpus: Corpus, student: Make, make_config: Make, tmp_path: Path
) -> None:
    first = train(corpus, tmp_path / "first", student(steps=1), quiet=True)
    config = student()
    assert config.iaf is not None
    with pytest.raises(PartitaError, match="first has no probabilities of classes"):
        train(corpus, tmp_path / "no", replace(config, iaf=replace(config.iaf, teacher=str(first))))
    plain = train(corpus, tmp_path / "plain", make_config(steps=1), quiet=True)
    with pytest.raises(PartitaError, match="is given other features or labels"):
        train(corpus, tmp_path / "no", replace(config, iaf=replace(config.iaf, teacher=str(plain))))
    assert not (tmp_path / "no").exists()


def test_the_command_line_makes_a_student(
    corpus: Corpus, teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    asked = ["train", str(corpus.path), "--student-of", str(teacher), "--steps", "2", "--targets", "1024"]
    small = ["--iaf.flows", "1", "--iaf.layers", "3", "--threads", "1", "--preview-clips", "0"]
    assert main([*asked, *small, "--out", str(out)]) == 0
    assert RunFolder.open(out).config()["iaf"]["flows"] == 1
    capsys.readouterr()
    for more, words in (
        (["--size", "tiny"], "`--size` is that of a WaveNet"),
        (["--from", str(teacher)], "`--from` and `--student-of` are given"),
        (["--model", "maf"], "`--student-of` trains the model `iaf`"),
        (["--targets", "200"], "spectra need at least 256 samples"),
        (["--compile"], "`compile` has no effect on a student"),
        (["--head", "logistic"], "`head` is 'logistic'"),
    ):
        assert main([*asked, *more, "--out", str(tmp_path / "no")]) == 2
        assert words in capsys.readouterr().err
    assert main(["train", str(corpus.path), "--model", "iaf", "--out", str(tmp_path / "no")]) == 2
    assert "--student-of" in capsys.readouterr().err


def test_sound_beyond_the_end_of_a_segment_does_not_count(corpus: Corpus, student: Make) -> None:
    """In the first pair and in those of further updates of the discriminators."""
    config = with_arm(student(steps=1, adversary=replace(ADVERSARY, updates=3)), "report")
    run = with_conditions(config, corpus, inherited=True)
    step = StudentStep(run, load_teacher(run, corpus.sample_rate))
    windows = training_windows(corpus, run, context=step.context)
    batch = windows.next()
    valid = torch.from_numpy(batch.valid)
    valid[:, -100:] = False
    assert step.adversary is not None
    pairs: list[WaveformPair] = []
    logits = step.adversary._logits

    def remember(pair: WaveformPair) -> Any:
        pairs.append(pair)
        return logits(pair)

    step.adversary._logits = remember  # type: ignore[method-assign]
    conditions = window_conditions(batch, torch.device("cpu"))
    step.update(torch.from_numpy(batch.classes), valid, StepInfo(1, 1e-3, 0.0), conditions)
    assert len(pairs) == 3
    for pair in pairs:
        assert torch.equal(pair.fake[:, -100:], pair.real[:, -100:])
        assert not torch.equal(pair.fake[:, :-100], pair.real[:, :-100])
    assert not torch.equal(pairs[0].fake, pairs[1].fake)


def test_a_teacher_without_a_frame_tier_has_a_student_without_one(
    corpus: Corpus, make_config: Make, tmp_path: Path
) -> None:
    alone = make_config(steps=1, condition=("features",), frames=replace(FRAMES, every=0))
    teacher = train(corpus, tmp_path / "teacher", alone, quiet=True)
    config = student_like(make_config(network=None, targets=1024, steps=1), teacher)
    assert config.frames.every == 0 and config.iaf is not None
    small = replace(config.iaf, flows=1, layers=3)
    run = train(corpus, tmp_path / "run", replace(config, iaf=small), quiet=True)
    assert load(run).frames is None
    with pytest.raises(PartitaError, match="the teacher teacher has no frame tier"):
        train(corpus, tmp_path / "no", replace(config, iaf=small, frames=FRAMES), quiet=True)


def test_a_model_that_ships_teaches_on_a_corpus_without_scores(tmp_path: Path) -> None:
    config = student_like(TrainConfig(), "bach-violin")
    assert "notes" in config.condition and config.iaf is not None
    assert config.iaf.teacher == "bach-violin"


def test_a_run_resumes_only_with_the_same_teacher(
    corpus: Corpus, student: Make, teacher: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "teacher"
    shutil.copytree(teacher, copy)
    config = student(steps=3)
    assert config.iaf is not None
    config = replace(config, iaf=replace(config.iaf, teacher=str(copy)))
    run = train(corpus, tmp_path / "run", config, quiet=True, stop=lambda: True)
    shutil.rmtree(copy)
    with pytest.raises(PartitaError, match="is not there, and training needs it"):
        resume(run, corpus=corpus, quiet=True)
    shutil.copytree(teacher, copy)
    assert resume(run, corpus=corpus, quiet=True) == run


def test_a_student_without_features_continues_nothing(
    corpus: Corpus, make_config: Make, tmp_path: Path
) -> None:
    teacher = train(corpus, tmp_path / "teacher", make_config(steps=1), quiet=True)
    config = student_like(make_config(network=None, targets=1024, steps=1), teacher)
    run = load(train(corpus, tmp_path / "run", config, quiet=True))
    assert run.prompt_samples == 0
    assert run.draw(0.1, seed=1).shape == (1, round(0.1 * corpus.sample_rate))
    with pytest.raises(PartitaError, match="continues a prompt by its features"):
        run.draw(0.1, prompt=np.zeros(100, np.float32))


def test_validations_take_a_small_share_of_the_samples(corpus: Corpus, student: Make) -> None:
    config = with_conditions(student(steps=1), corpus, inherited=True)
    step = StudentStep(config, load_teacher(config, corpus.sample_rate))
    assert config.iaf is not None
    assert step.multiply_adds == config.iaf.multiply_adds + step.teacher.config.multiply_adds
