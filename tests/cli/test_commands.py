"""Every subcommand does what its arguments say, on a few seconds of sound; mistakes cost nothing."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from partita.audio.corpus import Corpus
from partita.cli import train as train_command
from partita.cli.main import main
from partita.training.config import AdversaryConfig, TrainConfig

RATE = 8000
QUICK = [
    *("--size", "tiny", "--targets", "256", "--batch", "1", "--validations", "1", "--clips", "0"),
    *("--no-tensorboard", "--threads", "1"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Make four recordings, a corpus of them and a run on it."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "recordings").mkdir()
    random = np.random.default_rng(0)
    for number in range(1, 5):
        tone = 0.5 * np.sin(np.arange(3 * RATE) * 0.1 * number) + 0.01 * random.standard_normal(3 * RATE)
        soundfile.write(folder / "recordings" / f"take-{number}.wav", tone, RATE)
    corpus, run = folder / "corpus", folder / "run"
    prepared = ["prepare", str(folder / "recordings"), "--out", str(corpus), "--sample-rate", str(RATE)]
    assert main([*prepared, "--test", "*-1*", "--validation", "*-2*"]) == 0
    assert main(["train", str(corpus), "--out", str(run), "--steps", "2", *QUICK]) == 0
    return folder


def test_prepare_takes_several_globs_and_repeats(home, tmp_path, capsys):
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
    assert capsys.readouterr().out.startswith(f"{out}: train 3.0 s, validation 3.0 s, test 6.0 s at 8000 Hz")


def test_prepare_names_what_it_skips(home, tmp_path, capsys):
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
        (["train", "nowhere", "--out", "x"], "nowhere is no corpus"),
        (["train", "{home}/corpus", "--out", "{home}/run"], "--resume"),
        (["train", "{home}/corpus", "--out", "x", "--arm", "gan"], "choose one of likelihood, report"),
        (["train", "{home}/corpus", "--out", "x", "--config", "no.toml"], "no.toml can't be read"),
        (["train", "--resume", "{home}/run", "--steps", "9"], "leave out everything else"),
        (["train", "--resume", "{home}/run"], "is finished"),
        (["train", "--resume", "{home}/corpus"], "is no run"),
        (["generate", "{home}/run", "--seconds", "1", "--out", "-", "--clips", "2"], "has room for one"),
        (["generate", "{home}/run", "--seconds", "inf", "--out", "x.wav"], "with `--out -`"),
        (["generate", "{home}/run", "--seconds", "1", "--out", "x.raw", "--format", "raw"], "files are WAV"),
        (["generate", "{home}/run", "--seconds", "0", "--out", "x.wav"], "`seconds` is 0.0"),
        (["generate", "{home}/run", "--seconds", "1", "--out", "x.wav", "--top-k", "0"], "`top_k` is 0"),
        (
            ["generate", "{home}/run", "--seconds", "1", "--out", "x.wav", "--prime", "no.wav"],
            "no.wav does not",
        ),
        (["generate", "{home}/corpus", "--seconds", "1", "--out", "x.wav"], "is no run"),
        (["generate", "{home}/run", "--seconds", "1", "--out", "x.wav", "--steer"], "`--judge RUN`"),
        (["generate", "{home}/run", "--seconds", "1", "--out", "x.wav", "--particles", "8"], "add `--steer`"),
        (["evaluate", "{home}/run", "{home}/recordings", "--json"], "is no corpus"),
        (["evaluate", "{home}/run", "{home}/corpus", "--clips", "1"], "`clips` is 1"),
        (["arena", "--out", "x", "--arms", "likelihood", "reprot"], "'reprot' is no arm"),
        (["arena", "--out", "x", "--teacher", "nowhere"], "nowhere does not exist"),
        (["arena", "--out", "x", "--corpus", "{home}/run"], "is no corpus"),
        (["bench", "corpus", "--scaling"], "are the sampler's"),
        (["bench", "sampler", "--model", "runs/a"], "give both, or neither"),
        (["bench", "corpus", "--size", "tiny"], "leave it out"),
        (["bench", "training", "--size", "big"], "`size` is 'big'"),
        (["demo", "--minutes", "0"], "`minutes` is 0.0"),
        (["demo", "--recordings", "nowhere", "--out", "x"], "nowhere does not exist"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(home, tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    assert main([word.format(home=home) for word in words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
    assert err.startswith(f"partita {words[0]}: ")
    assert list(tmp_path.iterdir()) == []


def test_training_settings_come_from_config_then_arm_then_options(tmp_path):
    def settings(*words):
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


def test_training_starts_from_another_run(home, tmp_path, capsys):
    words = [str(home / "corpus"), "--out", str(tmp_path / "run"), "--from", str(home / "run")]
    assert main(["train", *words, "--steps", "1", "--arm", "report", *QUICK]) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'run'}\n"
    assert "bits" in err


def test_generate_writes_a_file_or_a_folder(home, tmp_path, capsys):
    run = str(home / "run")
    assert main(["generate", run, "--seconds", "0.05", "--out", str(tmp_path / "a.wav")]) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'a.wav'}\n"
    assert "times real time" in err
    words = ["--clips", "2", "--prime", str(home / "recordings" / "take-1.wav"), "--temperature", "0.9"]
    assert main(["generate", run, "--seconds", "0.05", "--out", str(tmp_path / "clips"), *words]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    for path in [tmp_path / "a.wav", *(tmp_path / "clips").iterdir()]:
        assert soundfile.info(path).frames == 400
        assert soundfile.info(path).samplerate == RATE


@pytest.mark.parametrize("exists", [False, True])
def test_one_clip_goes_into_a_folder(home, tmp_path, capsys, exists):
    folder = tmp_path / "clips_dir"
    if exists:
        folder.mkdir()
    words = ["--seconds", "0.05", "--clips", "1", "--out", f"{folder}{'' if exists else '/'}"]
    assert main(["generate", str(home / "run"), *words]) == 0
    assert capsys.readouterr().out == f"{folder / 'clip-01.wav'}\n"
    assert soundfile.info(folder / "clip-01.wav").frames == 400


def test_generate_is_the_same_for_the_same_seed(home, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        words = [str(home / "run"), "--seconds", "0.05", "--out", str(tmp_path / name), "--seed", str(seed)]
        assert main(["generate", *words]) == 0
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


def generate(home, *words):
    """Return a child process that generates down a pipe."""
    command = [sys.executable, "-m", "partita", "generate", str(home / "run"), *words, "--out", "-"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize(
    ("more", "start"), [([], 0), (["--format", "raw"], 44), (["--block", "100"], 0), (["--block", "9999"], 0)]
)
def test_standard_output_holds_what_the_file_does(home, tmp_path, capfdbinary, more, start):
    words = ["generate", str(home / "run"), "--seconds", "0.3", "--seed", "3"]
    assert main([*words, "--out", str(tmp_path / "a.wav")]) == 0
    capfdbinary.readouterr()
    assert main([*words, *more, "--out", "-"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == (tmp_path / "a.wav").read_bytes()[start:]
    assert b"1 x 0.30 s" in err


def test_an_endless_stream_ends_quietly_when_its_reader_leaves(home, tmp_path):
    child = generate(home, "--seconds", "inf", "--format", "raw")
    sound = child.stdout.read(5000)
    child.stdout.close()
    said = child.stderr.read().decode()
    child.stderr.close()
    assert child.wait(timeout=120) == 0, said
    assert [line.split()[0] for line in said.splitlines()] == ["generating", "1"]
    out = tmp_path / "a.wav"
    assert main(["generate", str(home / "run"), "--seconds", "1", "--out", str(out)]) == 0
    assert out.read_bytes()[44:5044] == sound


def test_ctrl_c_ends_a_stream_with_a_fade(home):
    child = generate(home, "--seconds", "inf")
    begun = child.stdout.read(5000)
    child.send_signal(signal.SIGINT)
    rest, said = child.communicate(timeout=120)
    assert child.returncode == 130
    assert said.decode().splitlines()[-1] == "partita generate: interrupted"
    sound, rate = soundfile.read(io.BytesIO(begun + rest))
    assert rate == RATE
    assert len(begun + rest) == 44 + 2 * len(sound)
    assert abs(sound[-1]) < 1e-3


def test_no_sound_goes_to_a_terminal(home):
    master, slave = os.openpty()
    command = [sys.executable, "-m", "partita", "generate", str(home / "run"), "--seconds", "1", "--out", "-"]
    done = subprocess.run(command, stdout=slave, stderr=subprocess.PIPE, text=True, check=False)
    os.close(slave)
    os.close(master)
    assert done.returncode == 2
    assert done.stderr.startswith("partita generate: standard output is a terminal")
    assert done.stderr.count("\n") == 1


def test_generate_steers_by_another_runs_discriminator(home, tmp_path, capsys):
    judge = tmp_path / "judge"
    words = [str(home / "corpus"), "--out", str(judge), "--steps", "1", "--arm", "report"]
    assert main(["train", *words, *QUICK]) == 0
    words = [str(home / "run"), "--seconds", "0.05", "--judge", str(judge), "--steer-block", "64"]
    assert main(["generate", *words, "--out", str(tmp_path / "steered.wav")]) == 0
    assert main(["generate", *words, "--out", str(tmp_path / "plain.wav"), "--strength", "0"]) == 0
    assert main(["generate", *words[:3], "--out", str(tmp_path / "unsteered.wav")]) == 0
    steered, plain, unsteered = (
        (tmp_path / f"{name}.wav").read_bytes() for name in ("steered", "plain", "unsteered")
    )
    assert plain == unsteered != steered
    capsys.readouterr()
    assert main(["generate", *words[:-1], "100", "--out", str(tmp_path / "x.wav")]) == 2
    assert "multiple of 64" in capsys.readouterr().err
    assert not (tmp_path / "x.wav").exists()


def test_evaluate_prints_one_json_object(home, capsys):
    words = ["--clips", "4", "--seconds", "0.2", "--opening-seconds", "0.1", "--bits-seconds", "1"]
    assert main(["evaluate", str(home / "run"), str(home / "corpus"), *words, "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    bits = scores["bits_per_sample"]
    assert bits["low"] <= bits["value"] <= bits["high"]
    assert main(["evaluate", str(home / "run"), str(home / "corpus"), *words]) == 0
    row = next(row for row in capsys.readouterr().out.splitlines() if row.startswith("bits_per_sample"))
    assert f"{bits['value']:.4f}" in row


def test_arena_prints_one_json_object_or_where_its_page_is(home, tmp_path, capsys):
    out = tmp_path / "arena"
    words = [
        *("arena", "--out", str(out), "--teacher", str(home / "run"), "--arms", "likelihood", "--seeds", "1"),
        *("--validation-seeds", "1", "--start-steps", "1", "--steps", "1", "--train-samples", "3000"),
        *(
            "--train-clips",
            "2",
            "--clips",
            "2",
            "--samples",
            "200",
            "--temperatures",
            "1",
            "--targets",
            "256",
        ),
        *("--batch", "1", "--threads", "1"),
    ]
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((out / "scores.json").read_text())
    assert main(words) == 0
    assert capsys.readouterr().out == f"{out / 'report.html'}\n"
    assert main([*words, "--samples", "300"]) == 2
    assert "was begun with `samples` 200, now it is 300" in capsys.readouterr().err


def test_ctrl_c_keeps_the_sound_that_is_there(home, tmp_path):
    out = tmp_path / "long.wav"
    command = [sys.executable, "-m", "partita", "generate", str(home / "run"), "--seconds", "36000"]
    child = subprocess.Popen([*command, "--out", str(out)], stderr=subprocess.PIPE, env=os.environ, text=True)
    try:
        deadline = time.monotonic() + 120
        while not out.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == 130
    assert said.splitlines()[-1] == "partita generate: interrupted"
    sound, rate = soundfile.read(out)
    assert rate == RATE
    assert 0 < len(sound) < 36000 * RATE
    assert abs(sound[-1]) < 1e-3
