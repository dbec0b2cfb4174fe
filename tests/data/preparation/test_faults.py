"""A kill, an interrupt and a full disk leave the old corpus usable and no other files."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from corpus_files import own_files

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.windows import every_window
from partita.errors import PartitaError
from partita.storage import lock_folder

Tone = Callable[..., np.ndarray]
CONFIG = PrepareConfig(sample_rate=8000)
HANG = """
import sys, threading
import partita.data.corpus_writer as writer
from partita.data.preparation.prepare import PrepareConfig, prepare

def hang(*_):
    print("there", flush=True)
    threading.Event().wait()

moment, folder, out = sys.argv[1:]
if moment == "before the index":
    writer.write_json = hang
if moment == "after the index":
    writer.write_json = lambda *given, write=writer.write_json: (write(*given), hang())
prepare([folder], out, PrepareConfig(sample_rate=8000), progress=hang if moment == "decoding" else False)
"""


def start_until_it_hangs(moment: str, folder: Path, out: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HANG, moment, folder, out], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "there\n"
    return child


def end(child: subprocess.Popen[str], number: signal.Signals) -> None:
    child.send_signal(number)
    child.wait(10)
    assert child.stdout is not None
    child.stdout.close()


def assert_usable(corpus: Corpus) -> None:
    for split in ("train", "validation", "test"):
        for batch in every_window(corpus, split, targets=4000, context=100, batch=4, quantizer=Quantizer()):
            assert batch.valid.any()


@pytest.mark.parametrize("moment", ["decoding", "before the index", "after the index"])
def test_a_killed_run_leaves_a_usable_corpus(folder: Path, tmp_path: Path, tone: Tone, moment: str) -> None:
    out = tmp_path / "c"
    old = prepare([folder], out, CONFIG)
    soundfile.write(folder / "new.wav", tone(5, pitch=777), 8000)
    end(start_until_it_hangs(moment, folder, out), signal.SIGKILL)
    left = Corpus.open(out)
    assert_usable(left)
    assert (left.fingerprint == old.fingerprint) == (moment != "after the index")
    again = prepare([folder], out, CONFIG)
    assert again.fingerprint == prepare([folder], tmp_path / "fresh", CONFIG).fingerprint
    assert {p.name for p in out.iterdir()} == own_files(again)


@pytest.mark.parametrize("moment", ["decoding", "before the index"])
def test_a_killed_first_run_can_be_run_again(folder: Path, tmp_path: Path, moment: str) -> None:
    out = tmp_path / "c"
    end(start_until_it_hangs(moment, folder, out), signal.SIGKILL)
    with pytest.raises(PartitaError, match="not a corpus"):
        Corpus.open(out)
    again = prepare([folder], out, CONFIG)
    assert_usable(again)
    assert {p.name for p in out.iterdir()} == own_files(again)


def test_an_interrupted_run_leaves_no_files(folder: Path, tmp_path: Path) -> None:
    def interrupt(done: float, total: float, name: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare([folder], tmp_path / "c", CONFIG, progress=interrupt)
    assert not (tmp_path / "c").exists()


def test_ctrl_c_ends_the_program_and_leaves_no_files(tmp_path: Path, tone: Tone) -> None:
    soundfile.write(tmp_path / "a.wav", np.tile(tone(10), 400), 8000)
    code = """
import sys, threading, signal, os
from partita.data.preparation.prepare import PrepareConfig, prepare
once = []
def strike(done, total, name):
    if not once:
        once.append(os.kill(os.getpid(), signal.SIGINT))
prepare(sys.argv[1:2], sys.argv[2], PrepareConfig(sample_rate=16000), progress=strike)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "a.wav"), str(tmp_path / "c")]
    child = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert child.returncode not in (0, None)
    assert "KeyboardInterrupt" in child.stderr
    assert not (tmp_path / "c").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 600 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except OSError:
        done = None
    if done is None or done.returncode != 0:
        pytest.skip("mounting a small disk is not allowed here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)  # an open corpus keeps it busy


@pytest.mark.parametrize("seconds", [15, 30, 120, 1200])
def test_a_full_disk_gives_an_error_of_one_line_and_changes_nothing(
    folder: Path, small_disk: Path, tone: Tone, seconds: int
) -> None:
    out = small_disk / "c"
    old = prepare([folder], out, CONFIG)
    soundfile.write(folder / "long.wav", tone(seconds, pitch=600), 8000)
    with pytest.raises(PartitaError, match="no room left on the disk") as caught:
        prepare([folder], out, CONFIG)
    assert "\n" not in str(caught.value)
    assert Corpus.open(out).index == old.index
    assert_usable(Corpus.open(out))
    assert {p.name for p in out.iterdir()} == own_files(old)
    with pytest.raises(PartitaError, match="no room left on the disk"):
        prepare([folder], small_disk / "other", CONFIG)
    assert [p.name for p in small_disk.iterdir()] == ["c"]


def test_a_folder_that_another_process_writes_to_is_refused(folder: Path, tmp_path: Path) -> None:
    old = prepare([folder], tmp_path / "c", CONFIG)
    with lock_folder(old.path), pytest.raises(PartitaError, match="another partita is writing"):
        prepare([folder / "0_ann_0.wav"], tmp_path / "c", CONFIG)
    assert Corpus.open(old.path).index == old.index
    assert prepare([folder], tmp_path / "c", CONFIG).index == old.index
