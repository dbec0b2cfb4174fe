"""The tutorial's commands, run in their order by a reader who has nothing but recordings.

Sizes and times are made small; names, order and all other options are the page's. The training is stopped
with Ctrl-C and resumed, as the page says.
"""

import os
import re
import shlex
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from midi_files import midi_of, write_midi

from partita.cli.main import main
from partita.data.notes import Note
from partita.etudes.render import render

PAGE = Path(__file__).parents[1] / "docs" / "tutorial.md"
SMALL = {
    "train": (
        "--steps 20 --log-every 1 --threads 1 --size tiny --targets 256 --batch 1 --validations 1"
        " --preview-clips 1 --preview-seconds 0.05"
    ),
    "generate": "--threads 1 --seconds 0.05",
    "evaluate": "--threads 1 --clips 4 --seconds 0.1 --prompt-seconds 0.1 --bits-seconds 0.5",
    "compare": (
        "--seeds 1 --steps 2 --targets 256 --batch 1 --threads 1 --temperatures 1.0 --clips 4"
        " --seconds 0.3 --prompt-seconds 0.1 --bits-seconds 0.5 --long-clips 0"
    ),
}
"""Options that are added, or that get another value."""
CTRL_C = 130


def commands() -> list[list[str]]:
    """Return the words of each command of the page, without `partita`."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [shlex.split(line)[1:] for block in blocks for line in block.splitlines()]


def made_small(words: list[str]) -> list[str]:
    """Return a command with its times shortened and its sizes made small."""
    if "--resume" in words:
        return words
    added = shlex.split(SMALL.get(words[0], ""))
    replaced = {*added, "--minutes"}  # `--steps` takes the place of minutes
    kept, skip = [], False
    for word in words:
        if not skip and word not in replaced:
            kept.append(word)
        skip = not skip and word in replaced
    return [*kept, *added]


def interrupt_after_some_steps(metrics: Path, over: threading.Event) -> None:
    """Press Ctrl-C as soon as the run has recorded a step."""
    while not over.wait(0.01):
        if metrics.is_file() and metrics.stat().st_size:
            os.kill(os.getpid(), signal.SIGINT)
            return


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make what the page asks of its reader: recordings, a prompt, a hummed line and a score."""
    (tmp_path / "recordings").mkdir()
    for number in range(1, 4):
        sound = render(4, sample_rate=16000, seed=number)
        soundfile.write(tmp_path / "recordings" / f"take{number}.wav", sound, 16000)
    soundfile.write(tmp_path / "prompt.wav", render(2, sample_rate=16000, seed=4), 16000)
    soundfile.write(tmp_path / "hum.wav", 0.3 * np.sin(np.arange(16000) / 8), 16000)
    write_midi(tmp_path / "score.mid", midi_of([Note(0.0, 0.5, 69), Note(0.5, 1.0, 72)]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_tutorial_leads_from_recordings_to_music(
    reader: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = []
    for words in commands():
        is_training = words[0] == "train" and "--resume" not in words
        over = threading.Event()
        if is_training:
            watched = Path(words[words.index("--out") + 1]) / "metrics.jsonl"
            threading.Thread(target=interrupt_after_some_steps, args=(watched, over), daemon=True).start()
        status = main(made_small(words))
        over.set()
        said = capsys.readouterr()
        assert status == (CTRL_C if is_training else 0), (words, said.err)
        if is_training:
            assert f"go on with `partita train --resume {watched.parent}`" in said.err
        done.append(words[0])
    assert done == [
        *("generate", "prepare", "train", "train", "generate", "generate", "generate", "generate"),
        *("evaluate", "compare"),
    ]
    for name in ("violin.wav", "continued.wav", "played.wav", "scored.wav", "clips/clip-04.wav"):
        assert soundfile.info(reader / name).frames == 800, name
    assert (reader / "comparison" / "report.html").is_file()
