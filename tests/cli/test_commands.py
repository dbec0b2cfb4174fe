"""Every subcommand on a few seconds of sound; a mistake leaves no files."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.cli import train as train_command
from partita.cli.main import main
from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.training.config.train import AdversaryConfig, TrainConfig


def test_prepare_takes_several_globs_and_repeats(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "corpus"
    words = ["--test", "*-1*", "--validation", "*-3*", "--test", "*-2*", "--no-trim", "--sample-rate", "8000"]
    assert main(["prepare", str(home / "recordings"), "--out", str(out), *words]) == 0
    corpus = Corpus.open(out)
    splits = {recording["source"]: recording["split"] for recording in corpus.index["recordings"]}
    assert splits == {
        "take-1.wav": "test",
        "take-2.wav": "test",
        "take-3.wav": "validation",
        "take-4.wav": "train",
    }
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines == [
        f"{out}: train 3.0 s, validation 3.0 s, test 6.0 s at 8000 Hz",
        "validation: 3.0 s (25%) from take-3.wav, as --validation says",
        "test: 6.0 s (50%) from 2 recordings, as --test says",
    ]
    assert "warning: --test holds out 50% of the sound" in said.err
    assert "warning: 3.0 s of training sound: a model learns little" in said.err


def test_prepare_holds_out_little_of_few_recordings_and_says_so(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "corpus"
    assert main(["prepare", str(home / "recordings"), "--out", str(out), "--sample-rate", "8000"]) == 0
    said = capsys.readouterr()
    assert "validation: 1.2 s (10%) from " in said.out
    assert "; choose it yourself with --validation or --validation-seconds" in said.out
    assert "test: 1.2 s (10%) from the end of take-4.wav" in said.out
    assert "holds out" not in said.err


def test_a_damaged_corpus_is_one_line_and_no_run(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], quick: list[str]
) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(home / "corpus", corpus)
    (corpus / "index.json").write_text("[" * 100_000)
    words = ["train", str(corpus), "--out", str(tmp_path / "run"), "--steps", "2", *quick]
    assert main(words) == 2
    err = capsys.readouterr().err
    assert "nested too deeply" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_prepare_names_what_it_skips(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.wav").write_bytes(b"no sound at all")
    words = [str(home / "recordings"), str(tmp_path / "broken.wav"), "--out", str(tmp_path / "corpus")]
    assert main(["prepare", *words]) == 0
    out, err = capsys.readouterr()
    assert "broken.wav" not in out
    assert "broken.wav: " in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["prepare", "nowhere", "--out", "x"], "nowhere does not exist"),
        (["prepare", "{home}/recordings", "--out", "{home}/run"], "is not a corpus"),
        (["prepare", "{home}/recordings", "--out", "x", "--test", "*-9*"], "'*-9*', which fits no"),
        (["train"], "partita train CORPUS --out RUN"),
        (["train", "nowhere", "--out", "x"], "nowhere is not a corpus"),
        (["train", "{home}/corpus", "--out", "{home}/run"], "--resume"),
        (["train", "{home}/corpus", "--out", "x", "--arm", "best"], "choose one of likelihood, report"),
        (["train", "{home}/corpus", "--out", "x", "--config", "no.toml"], "no.toml can't be read"),
        (["train", "--resume", "{home}/run", "--steps", "9"], "leave out every option"),
        (["train", "--resume", "{home}/run"], "is finished"),
        (["train", "--resume", "{home}/corpus"], "is not a run"),
        (["generate", "{home}/run", "--seconds", "1", "--out", "-", "--clips", "2"], "takes one clip"),
        (["generate", "{home}/run", "--seconds", "inf", "--out", "x.wav"], "with `--out -`"),
        (
            ["generate", "{home}/run", "--seconds", "1", "--out", "x.raw", "--format", "raw"],
            "whose suffix gives the format",
        ),
        (["generate", "{home}/run", "--seconds", "0", "--out", "x.wav"], "`--seconds` is 0.0"),
        (["generate", "{home}/run", "--seconds", "1", "--out", "x.wav", "--top-k", "0"], "`top_k` is 0"),
        (
            ["generate", "{home}/run", "--seconds", "1", "--out", "x.wav", "--prime", "no.wav"],
            "no.wav does not",
        ),
        (["generate", "{home}/corpus", "--seconds", "1", "--out", "x.wav"], "is not a run"),
        (["generate", "{home}/run", "--seconds", "1", "--out", "x.wav", "--steer"], "`--judge RUN`"),
        (["generate", "{home}/run", "--seconds", "1", "--out", "x.wav", "--particles", "8"], "add `--steer`"),
        (["evaluate", "{home}/run", "{home}/recordings", "--json"], "is not a corpus"),
        (["evaluate", "{home}/run", "{home}/corpus", "--clips", "1"], "`clips` is 1"),
        (["evaluate", "r", "c", "--device", "banana"], "`device` is 'banana': choose one of auto, cpu, cuda"),
        (
            ["evaluate", "r", "c", "--split", "half"],
            "`split` is 'half': choose one of train, validation, test",
        ),
        (["evaluate", "r", "c", "--temperature", "nan"], "`temperature` is nan"),
        (["evaluate", "r", "c", "--seconds", "inf"], "`seconds` is inf"),
        (
            ["generate", "r", "--seconds", "1", "--out", "x", "--device", "tpu"],
            "choose one of auto, cpu, cuda",
        ),
        (["train", "c", "--out", "x", "--precision", "half"], "choose one of auto, float32, bfloat16"),
        (["train", "c", "--out", "x", "--threads", "1000000"], "`threads` is 1000000: give 1 to 1024"),
        (["train", "c", "--out", "x", "--steps", "many"], "`--steps` is 'many': give a whole number"),
        (["train", "c", "--out", "x", "--seed"], "`--seed` has no value: give one"),
        (
            ["arena", "--out", "x", "--device", "banana"],
            "`device` is 'banana': choose one of auto, cpu, cuda",
        ),
        (["demo", "--out", "x", "--device", "banana"], "`device` is 'banana': choose one of auto, cpu, cuda"),
        (["arena", "--out", "x", "--arms", "likelihood", "reprot"], "'reprot' is not an arm"),
        (["arena", "--out", "x", "--teacher", "nowhere"], "nowhere does not exist"),
        (["arena", "--out", "x", "--corpus", "{home}/run"], "is not a corpus"),
        (["generate", "r", "--seconds", "nan", "--out", "-"], "above 0"),
        (["generate", "r", "--seconds", "1", "--out", "a", "--steer", "--particles", "0"], "1 to 65536"),
        (["generate", "r", "--seconds", "1", "--out", "a", "--steer", "--steer-block", "0"], "--steer-block"),
        (["bench", "corpus", "--scaling"], "are for `sampler`, not for `corpus`"),
        (["bench", "sampler", "--model", "runs/a"], "give both, or neither"),
        (["bench", "corpus", "--size", "tiny"], "leave it out"),
        (["bench", "training", "--size", "big"], "`size` is 'big'"),
        (["demo", "--minutes", "0"], "`minutes` is 0.0"),
        (["demo", "--recordings", "nowhere", "--out", "x"], "nowhere does not exist"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([word.format(home=home) for word in words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
    assert err.startswith(f"partita {words[0]}: ")
    assert list(tmp_path.iterdir()) == []


def test_training_settings_come_from_config_then_arm_then_options(tmp_path: Path) -> None:
    def settings(*words: str) -> TrainConfig:
        return train_command.read(["corpus", "--out", "run", *words]).settings

    assert settings() == TrainConfig()
    assert settings("--arm", "report").adversary == AdversaryConfig()
    assert settings("--config", "report").epochs == 10
    assert settings("--config", "report", "--steps", "5") == replace(
        settings("--config", "report"), epochs=None, steps=5
    )
    (tmp_path / "mine.toml").write_text('size = "tiny"\nsteps = 7\n[adversary]\nweight = 0.5\n')
    mine = ["--config", str(tmp_path / "mine.toml")]
    assert settings(*mine, "--seed", "3") == TrainConfig(
        size="tiny", steps=7, seed=3, adversary=AdversaryConfig(weight=0.5)
    )
    assert settings(*mine, "--adversary.weight", "0.2").adversary == AdversaryConfig(weight=0.2)
    assert settings(*mine, "--arm", "likelihood").adversary is None


def test_training_starts_from_another_run(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], quick: list[str]
) -> None:
    words = [str(home / "corpus"), "--out", str(tmp_path / "run"), "--from", str(home / "run")]
    assert main(["train", *words, "--steps", "1", "--arm", "report", *quick]) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'run'}\n"
    assert "bits" in err


def test_evaluate_prints_one_json_object(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--clips", "4", "--seconds", "0.2", "--prompt-seconds", "0.1", "--bits-seconds", "1"]
    assert main(["evaluate", str(home / "run"), str(home / "corpus"), *words, "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    bits = scores["bits_per_sample"]
    assert bits["low"] <= bits["value"] <= bits["high"]
    assert main(["evaluate", str(home / "run"), str(home / "corpus"), *words]) == 0
    row = next(row for row in capsys.readouterr().out.splitlines() if row.startswith("bits_per_sample"))
    assert f"{bits['value']:.4f}" in row


def test_arena_prints_one_json_object_or_where_its_page_is(
    home: Path, tmp_path: Path, quick: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out, teacher = tmp_path / "arena", tmp_path / "teacher"
    plain = ["train", str(home / "corpus"), "--out", str(teacher), "--condition", "none", "--steps", "2"]
    assert main([*plain, *quick]) == 0
    capsys.readouterr()
    words = [
        *("arena", "--out", str(out), "--teacher", str(teacher), "--arms", "likelihood", "--seeds", "1"),
        *("--validation-seeds", "1", "--start-steps", "1", "--steps", "1", "--train-samples", "3000"),
        *("--train-clips", "2", "--clips", "2", "--samples", "200", "--temperatures", "1"),
        *("--targets", "256", "--batch", "1", "--threads", "1"),
    ]
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((out / "scores.json").read_text())
    assert main(words) == 0
    assert capsys.readouterr().out == f"{out / 'report.html'}\n"
    assert main([*words, "--samples", "300"]) == 2
    assert "was started with `samples` 200, now it is 300" in capsys.readouterr().err
    conditioned = ["arena", "--out", str(tmp_path / "other"), "--teacher", str(home / "run")]
    assert main(conditioned) == 2
    assert "is given features, with which steer does not work" in capsys.readouterr().err


def test_prepare_prints_notes_about_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound = 0.5 * np.sin(np.arange(24000) / 5)
    for number in range(5):
        noise = np.random.default_rng(number).uniform(-0.1, 0.1, len(sound))
        soundfile.write(tmp_path / f"{number}.wav", sound + noise, 8000)
    (tmp_path / "3.wav").write_bytes((tmp_path / "3.wav").read_bytes()[:-8000])
    words = [str(tmp_path), "--out", str(tmp_path / "c"), "--sample-rate", "16000", "--no-trim"]
    for _ in range(2):  # the second time nothing is decoded
        assert main(["prepare", *words]) == 0
        err = capsys.readouterr().err
        assert (
            "note 0.wav, 1.wav, 2.wav and 4.wav: recorded at 8000 Hz, below the requested 16000 Hz: it" in err
        )
        assert "no frequencies above 4000 Hz; cut off or damaged: it ends after 2.5 of 3.0 s\n" in err
        assert "s of training sound: a model learns little from less than a few minutes" in err


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("--adversary.weight", "needs an arm with an adversary: add for example `--arm report`"),
        ("--critic.weight", "needs an arm with a critic: add `--arm critic`"),
    ],
)
def test_an_option_of_another_arm_names_the_arm_that_has_it(option: str, line: str) -> None:
    with pytest.raises(PartitaError, match=re.escape(f"`{option}` {line}")):
        train_command.read(["corpus", "--out", "run", f"{option}=1"])


def test_an_old_name_beside_the_new_one_is_refused() -> None:
    with pytest.raises(
        PartitaError, match=re.escape("`--average` is the old name of `--ema-decay`: give one")
    ):
        train_command.read(["corpus", "--out", "run", "--average", "0.9", "--ema-decay=0.99"])


def test_help_is_shown_whatever_the_arm(capsys: pytest.CaptureFixture[str]) -> None:
    # regression: the check of options of other arms came before the help
    with pytest.raises(SystemExit):
        train_command.read(["--adversary.weight=1", "--help"])
    assert capsys.readouterr().out.startswith("usage: partita train")
