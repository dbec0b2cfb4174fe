"""What `partita generate` writes, where, and how it ends; the sound itself is the sampler's."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import numpy as np
import pytest
import soundfile
from two_tiers import one_tier_run

from partita.audio.wav import wav_header
from partita.cli.generate import read
from partita.cli.main import main
from partita.sampling.output.clip_files import WriteResult
from partita.sampling.output.provenance import clip_comment

RATE = 8000


def header_length(seed: int) -> int:
    """Return the bytes before the sound of a WAV that was drawn with a seed."""
    return len(wav_header(RATE, None, clip_comment(seed=seed)))


def test_generate_writes_a_file_or_a_folder(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
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
def test_one_clip_goes_into_a_folder(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], exists: bool
) -> None:
    folder = tmp_path / "clips_dir"
    if exists:
        folder.mkdir()
    words = ["--seconds", "0.05", "--clips", "1", "--out", f"{folder}{'' if exists else '/'}"]
    assert main(["generate", str(home / "run"), *words]) == 0
    assert capsys.readouterr().out == f"{folder / 'clip-01.wav'}\n"
    assert soundfile.info(folder / "clip-01.wav").frames == 400


def test_generate_says_what_to_do_about_silence(capsys: pytest.CaptureFixture[str]) -> None:
    command = read(["runs/a", "--seconds", "1", "--out", "a.wav"])
    command.report(WriteResult([], 1.0, 2.0, 0.1, False, silent=0))
    assert "silent" not in capsys.readouterr().err
    command.report(WriteResult([], 1.0, 2.0, 0.1, False, silent=1))
    assert "silent clips: 1 of 1" in (said := capsys.readouterr().err)
    assert "`--prime RECORDING`" in said


def test_only_the_end_of_the_prompt_that_is_seen_is_kept(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from partita.audio import load as reading

    read_end, kept = reading.read_audio, []

    def read_whole(path: Path, rate: int, *, last_samples: int) -> np.ndarray:
        kept.append(last_samples)
        return read_end(path, rate)

    prime = home / "recordings" / "take-1.wav"
    run = one_tier_run(tmp_path / "run", None)
    words = [str(run.path), "--seconds", "0.05", "--prime", str(prime), "--seed", "1"]
    assert main(["generate", *words, "--out", str(tmp_path / "end.wav")]) == 0
    monkeypatch.setattr(reading, "read_audio", read_whole)
    assert main(["generate", *words, "--out", str(tmp_path / "whole.wav")]) == 0
    assert (tmp_path / "end.wav").read_bytes() == (tmp_path / "whole.wav").read_bytes()
    model: Any = SimpleNamespace(sample_rate=RATE, prompt_samples=100)
    steering: Any = SimpleNamespace(scorer=SimpleNamespace(context=300))
    read([*words, "--out", "a.wav"])._prompt(model, steering)
    assert kept[0] < soundfile.info(prime).frames
    assert kept[1] == 300


def test_generate_is_the_same_for_the_same_seed(home: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        words = [str(home / "run"), "--seconds", "0.05", "--out", str(tmp_path / name), "--seed", str(seed)]
        assert main(["generate", *words]) == 0
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


def generate(home: Path, *words: str) -> tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]:
    """Return a child process that generates into a pipe, with its standard output and standard error."""
    command = [sys.executable, "-m", "partita", "generate", str(home / "run"), *words, "--out", "-"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stderr is not None
    return child, child.stdout, child.stderr


@pytest.mark.parametrize(
    ("more", "start"),
    [([], 0), (["--format", "raw"], header_length(3)), (["--block", "100"], 0), (["--block", "9999"], 0)],
)
def test_standard_output_holds_what_the_file_does(
    home: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], more: list[str], start: int
) -> None:
    words = ["generate", str(home / "run"), "--seconds", "0.3", "--seed", "3"]
    assert main([*words, "--out", str(tmp_path / "a.wav")]) == 0
    capfdbinary.readouterr()
    assert main([*words, *more, "--out", "-"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == (tmp_path / "a.wav").read_bytes()[start:]
    assert b"1 x 0.30 s" in err


def test_an_endless_stream_ends_quietly_when_its_reader_leaves(home: Path, tmp_path: Path) -> None:
    child, sound_pipe, message_pipe = generate(home, "--seconds", "inf", "--format", "raw", "--seed", "0")
    sound = sound_pipe.read(5000)
    sound_pipe.close()
    said = message_pipe.read().decode()
    message_pipe.close()
    assert child.wait(timeout=120) == 0, said
    assert [line.split()[0] for line in said.splitlines()] == ["generating", "1"]
    out = tmp_path / "a.wav"
    assert main(["generate", str(home / "run"), "--seconds", "1", "--out", str(out), "--seed", "0"]) == 0
    assert out.read_bytes()[header_length(0) :][:5000] == sound


def test_ctrl_c_ends_a_stream_with_a_fade(home: Path) -> None:
    child, sound_pipe, _ = generate(home, "--seconds", "inf", "--seed", "5")
    begun = sound_pipe.read(5000)
    child.send_signal(signal.SIGINT)
    rest, said = child.communicate(timeout=120)
    assert child.returncode == 130
    assert said.decode().splitlines()[-1] == "partita generate: interrupted"
    sound, rate = soundfile.read(io.BytesIO(begun + rest))
    assert rate == RATE
    assert len(begun + rest) == header_length(5) + 2 * len(sound)
    assert abs(sound[-1]) < 1e-3


def test_no_sound_goes_to_a_terminal(home: Path) -> None:
    master, slave = os.openpty()
    command = [sys.executable, "-m", "partita", "generate", str(home / "run"), "--seconds", "1", "--out", "-"]
    done = subprocess.run(command, stdout=slave, stderr=subprocess.PIPE, text=True, check=False)
    os.close(slave)
    os.close(master)
    assert done.returncode == 2
    assert done.stderr.startswith("partita generate: standard output is a terminal")
    assert done.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def judge(home: Path, tmp_path_factory: pytest.TempPathFactory, quick: list[str]) -> Path:
    """A run with a discriminator."""
    judge = tmp_path_factory.mktemp("judge") / "run"
    words = [str(home / "corpus"), "--out", str(judge), "--steps", "1", "--arm", "report"]
    assert main(["train", *words, *quick]) == 0
    return judge


def test_generate_steers_by_another_runs_discriminator(
    home: Path, judge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(home / "run"), "--seconds", "0.05", "--seed=0", "--judge", str(judge), "--steer-block", "64"]
    assert main(["generate", *words, "--out", str(tmp_path / "steered.wav")]) == 0
    assert main(["generate", *words, "--out", str(tmp_path / "plain.wav"), "--strength", "0"]) == 0
    assert main(["generate", *words[:4], "--out", str(tmp_path / "unsteered.wav")]) == 0
    steered, plain, unsteered = (
        (tmp_path / f"{name}.wav").read_bytes() for name in ("steered", "plain", "unsteered")
    )
    assert plain == unsteered != steered
    capsys.readouterr()
    assert main(["generate", *words[:-1], "100", "--out", str(tmp_path / "x.wav")]) == 2
    assert "multiple of 64" in capsys.readouterr().err
    assert not (tmp_path / "x.wav").exists()


def test_generate_steers_by_its_own_run_in_many_clips_that_go_on_from_a_recording(
    home: Path, judge: Path, tmp_path: Path
) -> None:
    prompt = tmp_path / "prompt.wav"
    soundfile.write(prompt, 0.3 * np.sin(np.arange(4000)), RATE)
    words = [str(judge), "--seconds", "0.1", "--steer", "--steer-block", "64", "--particles", "3"]
    words += ["--clips", "3", "--prime", str(prompt)]
    assert main(["generate", *words, "--out", str(tmp_path / "clips")]) == 0
    clips = [path.read_bytes() for path in sorted((tmp_path / "clips").iterdir())]
    assert len(set(clips)) == 3


def test_an_endless_steered_stream_ends_quietly_when_its_reader_leaves(home: Path, judge: Path) -> None:
    child, sound_pipe, message_pipe = generate(
        home, "--seconds", "inf", "--judge", str(judge), "--steer-block", "64", "--format", "raw"
    )
    assert len(sound_pipe.read(5000)) == 5000
    sound_pipe.close()
    said = message_pipe.read().decode()
    message_pipe.close()
    assert child.wait(timeout=120) == 0, said


def test_ctrl_c_keeps_the_sound_that_is_there(home: Path, tmp_path: Path) -> None:
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
