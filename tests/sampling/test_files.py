"""Clips become files while they are drawn; Ctrl-C keeps what there is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.errors import PartitaError
from partita.sampling.files import FADE_SECONDS, clip_paths, write_clips


def test_one_clip_is_a_file_and_several_a_folder(tmp_path: Path) -> None:
    blocks = [np.full((1, 100), 0.25)] * 3
    written = write_clips(blocks, tmp_path / "new" / "a.wav", clips=1, sample_rate=1000)
    assert written.paths == [tmp_path / "new" / "a.wav"]
    assert written.seconds == 0.3
    assert written.times_real_time > 0
    assert not written.interrupted
    several = write_clips([np.zeros((3, 10))], tmp_path / "many", clips=3, sample_rate=1000)
    assert [path.name for path in several.paths] == ["clip-01.wav", "clip-02.wav", "clip-03.wav"]
    assert soundfile.info(several.paths[2]).frames == 10


def test_ctrl_c_keeps_what_was_made_and_fades(tmp_path: Path) -> None:
    def blocks() -> Iterator[np.ndarray]:
        yield np.full((2, 500), 0.5)
        yield np.full((2, 500), 0.5)
        raise KeyboardInterrupt

    seen: list[int] = []
    written = write_clips(blocks(), tmp_path / "clips", clips=2, sample_rate=1000, progress=seen.append)
    assert written.interrupted
    assert seen == [500, 1000]
    for path in written.paths:
        heard, _ = soundfile.read(path, dtype="int16")
        faded = round(FADE_SECONDS * 1000)
        assert len(heard) == 1000
        assert (heard[:-faded] == 16384).all()
        assert heard[-1] == 0


def test_interrupted_before_the_first_block(tmp_path: Path) -> None:
    def blocks() -> Iterator[np.ndarray]:
        raise KeyboardInterrupt
        yield np.zeros((1, 1))

    (tmp_path / "a.wav").write_text("precious")
    written = write_clips(blocks(), tmp_path / "a.wav", clips=1, sample_rate=1000)
    assert written.paths == []
    assert (tmp_path / "a.wav").read_text() == "precious"


def test_other_errors_pass_but_close_the_files(tmp_path: Path) -> None:
    def blocks() -> Iterator[np.ndarray]:
        yield np.zeros((1, 10))
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        write_clips(blocks(), tmp_path / "a.wav", clips=1, sample_rate=1000)
    assert len(soundfile.read(tmp_path / "a.wav")[0]) == 10


def test_names_that_do_not_fit(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PartitaError, match="folder"):
        clip_paths(tmp_path / "file", 2)
    with pytest.raises(PartitaError, match="can't be made"):
        write_clips([], tmp_path / "file" / "a.wav", clips=1, sample_rate=1000)
    with pytest.raises(PartitaError, match="given as a folder"):
        clip_paths(f"{tmp_path / 'file'}/", 1)


def test_one_clip_goes_into_a_folder_that_is_there_or_named_as_one(tmp_path: Path) -> None:
    assert clip_paths(tmp_path, 1) == [tmp_path / "clip-01.wav"]
    new = tmp_path / "new"
    assert clip_paths(new, 1) == [new]
    written = write_clips([np.zeros((1, 10))], f"{new}/", clips=1, sample_rate=1000)
    assert written.paths == [new / "clip-01.wav"]


def test_silent_clips_are_counted(tmp_path: Path) -> None:
    quiet, tone = np.full(100, 1e-3), np.sin(np.arange(100))
    blocks = [np.stack([quiet, quiet, tone]), np.stack([quiet, 0.01 * tone, quiet])]
    written = write_clips(blocks, tmp_path / "clips", clips=3, sample_rate=1000)
    assert written.silent == 1
