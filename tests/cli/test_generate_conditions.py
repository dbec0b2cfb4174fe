"""`partita generate` with a frame tier: notes, labels, a line, a prompt, and every misuse as one line."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from two_tiers import LABELS, RATE, one_tier_run, two_tier_run

from partita.cli.generate import read
from partita.cli.generate.range_warning import LEAST_FRAMES, in_ranges, learnt_notes
from partita.cli.main import main
from partita.errors import PartitaError
from partita.models.frame_tier.model import FrameModel
from partita.runs.loading import load

SCORE = "start_s,end_s,midi_pitch\n0.0,0.2,60\n0.2,0.3,64\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs, a score, and recordings of a line and of silence."""
    place = tmp_path_factory.mktemp("conditions")
    two_tier_run(place / "plain")
    two_tier_run(place / "full", notes=True, labels=LABELS)
    (place / "score.csv").write_text(SCORE)
    (place / "empty.csv").write_text("start_s,end_s,midi_pitch\n")
    (place / "broken.mid").write_bytes(b"MThd")
    phase = 2 * np.pi * 220 * np.arange(RATE // 2) / RATE
    line = 0.2 * np.sum([np.sin(k * phase) / k for k in range(1, 8)], 0)
    soundfile.write(place / "hum.wav", line, RATE)
    soundfile.write(place / "short.wav", line[:100], RATE)
    soundfile.write(place / "silence.wav", np.zeros(RATE), RATE)
    return place


def generate(place: Path, run: str, *words: str) -> int:
    given = [str(place / word) if (place / word).is_file() else word for word in words]
    return main(["generate", str(place / run), "--seed", "1", *given])


def test_a_score_is_played_to_its_end(place: Path, tmp_path: Path) -> None:
    assert generate(place, "full", "--notes", "score.csv", "--out", str(tmp_path / "a.wav")) == 0
    assert soundfile.info(tmp_path / "a.wav").frames == round(1.3 * RATE)
    assert generate(place, "full", "--seconds", "1.3", "--out", str(tmp_path / "b.wav")) == 0
    assert not np.array_equal(soundfile.read(tmp_path / "a.wav")[0], soundfile.read(tmp_path / "b.wav")[0])


def test_notes_that_the_model_has_not_learnt_are_named(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learnt = learnt_notes(frames_of(place / "full"))
    rows = "".join(f"0.0,0.1,{note}\n" for note in (learnt[0], learnt[0] - 4, learnt[0] - 5))
    (place / "low.csv").write_text("start_s,end_s,midi_pitch\n" + rows)
    assert generate(place, "full", "--notes", "low.csv", "--out", str(tmp_path / "low.wav")) == 0
    assert "2 of 3 notes are not among those that full has learnt, MIDI notes" in capsys.readouterr().err
    (place / "fine.csv").write_text(f"start_s,end_s,midi_pitch\n0.0,0.1,{learnt[0]}\n")
    assert generate(place, "full", "--notes", "fine.csv", "--out", str(tmp_path / "fine.wav")) == 0
    assert "learnt" not in capsys.readouterr().err


def test_learnt_notes_are_those_that_were_heard(place: Path) -> None:
    frames = frames_of(place / "full")
    frames.heard[[31, 33, 34]] = torch.tensor([LEAST_FRAMES - 1, LEAST_FRAMES, 1e4])
    assert learnt_notes(frames) == [57, 58]
    assert in_ranges(learnt_notes(frames)) == "57 to 58"


def frames_of(run: Path) -> FrameModel:
    frames = load(run).frames
    assert frames is not None
    return frames


def test_a_line_that_is_transposed_out_of_what_the_model_has_learnt_is_named(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--like", "hum.wav", "--out")
    assert generate(place, "plain", *words, str(tmp_path / "a.wav"), "--transpose", "60") == 0
    error = capsys.readouterr().err
    assert "with `--transpose 60`, 100% of the line are not among the notes that plain has learnt" in error
    assert generate(place, "plain", *words, str(tmp_path / "b.wav")) == 0
    assert "learnt" not in capsys.readouterr().err


def test_a_line_is_followed_to_its_end_and_named_in_the_comment(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.wav"
    words = (
        "--like",
        "hum.wav",
        "--transpose",
        "-3",
        "--temperature",
        "0.7",
        "--smoothing",
        "3",
        "--frame-temperature",
        "0.9",
        "--guidance",
        "3",
    )
    assert generate(place, "full", *words, "--out", str(out)) == 0
    assert soundfile.info(out).frames == RATE // 2
    with soundfile.SoundFile(out) as sound:
        comment = sound.copy_metadata()["comment"]
    assert comment.partition(", ")[2] == (
        "seed 1, like hum.wav, transpose -3, temperature 0.7, smoothing 3, frame temperature 0.9, guidance 3"
    )


def test_labels_may_be_repeated_and_change_the_clip(place: Path, tmp_path: Path) -> None:
    command = read(
        ["run", "--seconds", "1", "--out", "a.wav", "--label", "digit=1", "--label", "speaker=a b"]
    )
    assert command.conditions.labels == {"digit": "1", "speaker": "a b"}
    for name, label in (("a", "digit=1"), ("b", "digit=2"), ("c", "digit=1")):
        words = ("--label", label, "--seconds", "0.1", "--out", str(tmp_path / f"{name}.wav"))
        assert generate(place, "full", *words) == 0
    a, b, c = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in "abc")
    assert np.array_equal(a, c)
    assert not np.array_equal(a, b)


def test_a_recording_is_continued_in_both_tiers(place: Path, tmp_path: Path) -> None:
    for name, words in (("a", ("--prime", "hum.wav")), ("b", ()), ("c", ("--prime", "hum.wav"))):
        out = str(tmp_path / f"{name}.wav")
        assert generate(place, "plain", "--seconds", "0.1", "--out", out, *words) == 0
    a, b, c = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in "abc")
    assert np.array_equal(a, c)
    assert not np.array_equal(a, b)


def test_a_stream_is_what_a_file_is(
    place: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    words = ("--seconds", "0.3", "--label", "digit=1", "--notes", "score.csv")
    assert generate(place, "full", *words, "--out", str(tmp_path / "a.wav")) == 0
    capfdbinary.readouterr()
    assert generate(place, "full", *words, "--out", "-") == 0
    assert capfdbinary.readouterr().out == (tmp_path / "a.wav").read_bytes()


@pytest.mark.parametrize(
    ("run", "words", "message"),
    [
        ("plain", (), "`--seconds` is missing"),
        ("plain", ("--notes", "score.csv"), "trained without notes"),
        ("full", ("--notes", "empty.csv"), "no notes"),
        ("full", ("--notes", "broken.mid"), "not a MIDI file"),
        ("full", ("--notes", "nowhere.mid"), "nowhere.mid does not exist"),
        ("full", ("--notes", "hum.wav"), "not a file of notes"),
        ("full", ("--notes", "score.csv", "--like", "hum.wav"), "give one of them"),
        ("plain", ("--like", "silence.wav"), "one voice"),
        ("plain", ("--like", "short.wav"), "one voice"),
        ("plain", ("--like", "score.csv"), "score.csv can't be used"),
        ("plain", ("--like", "nowhere.wav"), "nowhere.wav does not exist"),
        ("plain", ("--seconds", "1", "--transpose", "2"), "`--transpose` moves"),
        ("plain", ("--seconds", "1", "--label", "digit=1"), "has no labels"),
        ("full", ("--seconds", "1", "--label", "digit=9"), "choose one of 1, 2"),
        ("full", ("--seconds", "1", "--label", "colour=red"), "choose one of digit"),
        ("full", ("--seconds", "1", "--label", "digit"), "give NAME=VALUE"),
        ("full", ("--seconds", "1", "--label", "digit=1", "digit=2"), "twice"),
        ("plain", ("--seconds", "1", "--frame-temperature", "0"), "`frame_temperature` is 0"),
        ("plain", ("--seconds", "1", "--temperature", "0"), "`temperature` is 0"),
        ("plain", ("--seconds", "1", "--prime", "short.wav"), "the prompt has 100 samples"),
    ],
)
def test_a_mistake_is_one_line(
    place: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    run: str,
    words: tuple[str, ...],
    message: str,
) -> None:
    out = tmp_path / "a.wav"
    assert generate(place, run, *words, "--out", str(out)) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not out.exists()


def test_a_file_that_is_read_is_not_overwritten(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "drawn.wav")
    assert generate(place, "plain", "--like", "hum.wav", "--out", out) == 0
    before = (tmp_path / "drawn.wav").read_bytes()
    assert generate(place, "plain", "--like", out, "--out", out) == 2
    assert "is the file that `--like` names" in capsys.readouterr().err
    assert (tmp_path / "drawn.wav").read_bytes() == before


@pytest.mark.parametrize("option", ["--frame-temperature", "--guidance"])
def test_options_of_the_frame_tier_need_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    one_tier_run(tmp_path / "run", None)
    words = ["--seconds", "1", "--out", str(tmp_path / "a.wav"), option, "0.5"]
    assert main(["generate", str(tmp_path / "run"), *words]) == 2
    assert f"has no frame tier: leave `{option}` out" in capsys.readouterr().err


def test_options_that_exclude_each_other_are_refused_before_a_model_is_loaded() -> None:
    with pytest.raises(PartitaError, match="give one of them"):
        read(["nowhere", "--out", "a.wav", "--notes", "a.mid", "--like", "b.wav"])


def test_a_clip_shorter_than_its_score_is_its_beginning(place: Path, tmp_path: Path) -> None:
    far = SCORE + "2.5,2.9,60\n0.3,1e12,67\n"
    (place / "far.csv").write_text(far)
    (place / "near.csv").write_text(far.replace("1e12", "4.0"))
    for name in ("far", "near"):
        words = ("--notes", f"{name}.csv", "--seconds", "0.5", "--out", str(tmp_path / f"{name}.wav"))
        assert generate(place, "full", *words) == 0
    far_clip, near_clip = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in ("far", "near"))
    np.testing.assert_array_equal(far_clip, near_clip)


def test_guidance_without_anything_to_follow_is_refused(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--seconds", "0.1", "--guidance", "3", "--out", str(tmp_path / "a.wav"))
    assert generate(place, "plain", *words) == 2
    assert "plain has learnt no notes and no labels: leave `--guidance` out" in capsys.readouterr().err
    two_tier_run(tmp_path / "noted", notes=True)
    assert main(["generate", str(tmp_path / "noted"), *words]) == 2
    assert "`--guidance` exaggerates what notes change, and none are given" in capsys.readouterr().err
    assert generate(place, "full", *words) == 0  # it has labels, which are drawn


@pytest.mark.parametrize("option", ["--prime", "--notes", "--like"])
def test_a_missing_file_is_noticed_before_anything_heavy_is_loaded(option: str, tmp_path: Path) -> None:
    (tmp_path / "prompt.wav").touch()
    code = (
        "import sys\nfrom partita.cli.main import main\n"
        "assert main(['generate', 'bach-violin', '--seconds', '1', '--out', 'x.wav', *sys.argv[1:]]) == 2\n"
        "assert not {'torch', 'numba', 'scipy', 'soundfile'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, option, "promt.wav"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    expected = f"`{option}` promt.wav does not exist: check the path (did you mean prompt.wav?)"
    assert done.stderr == f"partita generate: {expected}\n"
    assert done.returncode == 0
    assert not (tmp_path / "x.wav").exists()
