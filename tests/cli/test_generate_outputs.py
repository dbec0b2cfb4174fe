"""`partita generate` overwrites no other file, and refuses what it can't write before it draws."""

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from partita.cli.main import main
from partita.sampling.output import plan as outputs
from partita.sampling.output.provenance import drawn_by_partita

RATE = 8000


def said_by(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Return the status of a command, and the one line that it says."""
    capsys.readouterr()
    status = main(["generate", *words])
    return status, capsys.readouterr().err


@pytest.mark.parametrize("name", ["take.wav", "take.mp3", "link.wav", "clips"])
def test_no_recording_is_ever_replaced(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    soundfile.write(tmp_path / "take.wav", np.zeros(100), RATE)
    soundfile.write(tmp_path / "take.mp3", np.zeros(9000), RATE)
    (tmp_path / "link.wav").symlink_to("take.wav")
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "clip-02.wav").write_bytes((tmp_path / "take.wav").read_bytes())
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert len(before) == 4
    words = ["--seconds", "0.02", "--clips", "3" if name == "clips" else "1", "--out", str(tmp_path / name)]
    for more in ([], ["--prime", str(tmp_path / "take.wav")]):
        status, line = said_by(capsys, str(home / "run"), *words, *more)
        assert status == 2
        assert "--force" in line
        assert line.count("\n") == 1
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert said_by(capsys, str(home / "run"), *words, "--force")[0] == 0
    replaced = tmp_path / ("clips/clip-02.wav" if name == "clips" else name)
    assert replaced.read_bytes() != before[replaced]


@pytest.mark.parametrize("more", [[], ["--normalise"]])
def test_a_recording_that_appears_while_clips_are_drawn_stays(
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    more: list[str],
) -> None:
    take = (home / "recordings" / "take-1.wav").read_bytes()
    plan = outputs.plan_outputs

    def planned_too_early(*asked: Any, **how: Any) -> outputs.OutputPlan:
        found = plan(*asked, **how)
        (tmp_path / "a.wav").write_bytes(take)
        return found

    monkeypatch.setattr(outputs, "plan_outputs", planned_too_early)
    words = [str(home / "run"), "--seconds", "0.05", "--out", str(tmp_path / "a.wav"), *more]
    assert main(["generate", *words]) == 0
    out, err = capsys.readouterr()
    assert (tmp_path / "a.wav").read_bytes() == take
    assert out == f"{tmp_path / 'a-2.wav'}\n"
    assert f"the clip is in {tmp_path / 'a-2.wav'}\n" in err
    assert soundfile.info(tmp_path / "a-2.wav").frames == 400


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
def test_a_full_device_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = said_by(capsys, str(home / "run"), "--seconds", "0.05", "--out", "/dev/full")
    assert status == 2
    reason = "No space left on device: make room on the disk, or write elsewhere"
    assert said.splitlines()[-1] == f"partita generate: /dev/full can't be written: {reason}"


def test_force_replaces_even_the_prompt(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take = tmp_path / "take.wav"
    take.write_bytes((home / "recordings" / "take-1.wav").read_bytes())
    words = [str(home / "run"), "--seconds", "0.05", "--prime", str(take), "--out", str(take)]
    assert said_by(capsys, *words)[0] == 2
    assert said_by(capsys, *words, "--force")[0] == 0
    assert soundfile.info(take).frames == 400
    assert drawn_by_partita(take)


def test_a_fresh_seed_each_time_is_told_and_kept_in_the_file(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, words = tmp_path / "a.wav", [str(home / "run"), "--seconds", "0.05", "--out"]
    status, said = said_by(capsys, *words, str(path))
    first, line = path.read_bytes(), said.splitlines()[0]
    assert status == 0
    seed = line.removeprefix("seed ").partition(":")[0]
    assert line == f"seed {seed}: give `--seed {seed}` to draw the same clips again"
    assert soundfile.SoundFile(path).copy_metadata()["comment"].endswith(f"seed {seed}")
    assert said_by(capsys, *words, str(path))[1].splitlines()[0] != line
    assert path.read_bytes() != first
    status, said = said_by(capsys, *words, str(path), "--seed", seed)
    assert path.read_bytes() == first
    assert "seed" not in said


def test_force_leaves_only_the_new_clips(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(home / "run"), "--seconds", "0.02", "--out", str(tmp_path)]
    assert main(["generate", *words, "--clips", "3"]) == 0
    (tmp_path / "notes.txt").write_text("mine")
    status, line = said_by(capsys, *words, "--clips", "2")
    assert (status, line.count("\n")) == (2, 1)
    assert "clip-03.wav" in line
    assert main(["generate", *words, "--clips", "2", "--force"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip-01.wav", "clip-02.wav", "notes.txt"]


def test_pipes_are_written_to_and_read_from(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard, pipe, prompt = [], tmp_path / "pipe", tmp_path / "prompt"
    take = (home / "recordings" / "take-1.wav").read_bytes()
    os.mkfifo(pipe)
    os.mkfifo(prompt)
    others = [
        threading.Thread(target=lambda: heard.append(pipe.read_bytes())),
        threading.Thread(target=lambda: prompt.write_bytes(take)),
    ]
    for other in others:
        other.start()
    words = [str(home / "run"), "--seconds", "0.05", "--seed", "1", "--prime"]
    assert main(["generate", *words, str(prompt), "--out", str(pipe)]) == 0
    for other in others:
        other.join(timeout=60)
    assert pipe.is_fifo()
    assert not capsys.readouterr().out
    out = tmp_path / "a.wav"
    assert main(["generate", *words, str(home / "recordings" / "take-1.wav"), "--out", str(out)]) == 0
    assert heard == [out.read_bytes()]


def test_a_device_stays_what_it_is(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [str(home / "run"), "--seconds", "0.05", "--out", os.devnull]
    assert main(["generate", *words]) == 0
    assert Path(os.devnull).is_char_device()
    for more in (["--clips", "2"], ["--normalise"]):
        status, line = said_by(capsys, *words, *more)
        assert status == 2
        assert os.devnull in line


def test_the_rate_is_the_models(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [str(home / "run"), "--seconds", "0.05", "--out", str(tmp_path / "a.wav"), "--sample-rate"]
    status, line = said_by(capsys, *words, "48000")
    assert status == 2
    assert "draws at 8000 Hz" in line
    assert line.count("\n") == 1
    assert "prepare the recordings with `--sample-rate 48000`" in line
    assert not (tmp_path / "a.wav").exists()
    assert main(["generate", *words, "8000"]) == 0


def test_a_wav_that_would_be_too_long_is_refused_at_once(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(home / "run"), "--seconds", "1e6", "--out", str(tmp_path / "a.wav")]
    status, line = said_by(capsys, *words)
    assert status == 2
    assert "can hold 4 GiB" in line
    assert "a.flac" in line
    assert line.count("\n") == 1
    assert not any(tmp_path.iterdir())


def test_normalised_clips_have_the_peak_of_recordings(home: Path, tmp_path: Path) -> None:
    words = [str(home / "run"), "--seconds", "0.05", "--normalise", "--out", str(tmp_path / "a.flac")]
    assert main(["generate", *words]) == 0
    sound, _ = soundfile.read(tmp_path / "a.flac")
    assert np.abs(sound).max() == pytest.approx(10 ** (-1 / 20), abs=1e-4)


def test_clips_that_the_disk_has_no_room_for_are_refused_at_once(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(home / "run"), "--seconds", "1e12", "--out", str(tmp_path / "new" / "a.flac")]
    status, line = said_by(capsys, *words)
    assert status == 2
    assert "MiB free: make room" in line
    assert line.count("\n") == 1
    assert not any(tmp_path.iterdir())
