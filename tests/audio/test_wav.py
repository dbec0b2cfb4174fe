"""The file is a valid WAV after every block, and an older file stays until the first block."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.audio.output_formats import MAX_DATA_BYTES
from partita.audio.pcm import to_int16
from partita.audio.wav import GrowingWav, wav_header
from partita.errors import PartitaError


def test_readable_after_every_block(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sound = np.random.default_rng(0).uniform(-1, 1, 1000)
    wav = GrowingWav(path, 8000)
    for start in range(0, 1000, 137):
        wav.write(sound[start : start + 137])
        read, rate = soundfile.read(path, dtype="int16")
        assert rate == 8000
        assert (read == to_int16(sound[: start + 137])).all()
    wav.close()
    wav.close()
    info = soundfile.info(path)
    assert (info.frames, info.channels, info.subtype) == (1000, 1, "PCM_16")


def test_full_scale_and_beyond() -> None:
    assert to_int16(np.array([1.5, -1.5, 0.5])).tolist() == [32767, -32767, 16384]
    same = np.array([-32768, 5], np.int16)
    assert to_int16(same) is same


def test_the_fade_ends_in_silence_and_does_not_change_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with GrowingWav(path, 1000) as wav:
        wav.write(np.full(300, 0.5))
        wav.write(np.full(10, 0.5))
        wav.close(0.1)
    read, _ = soundfile.read(path, dtype="int16")
    assert len(read) == 310
    assert (read[:210] == 16384).all()
    assert read[-1] == 0
    assert (np.diff(read[210:].astype(int)) <= 0).all()


def test_a_fade_longer_than_the_sound(tmp_path: Path) -> None:
    wav = GrowingWav(tmp_path / "a.wav", 1000)
    wav.write(np.full(5, 0.5))
    wav.close(1.0)
    assert len(soundfile.read(tmp_path / "a.wav")[0]) == 5


def test_the_old_file_stays_until_the_first_block(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_text("precious")
    GrowingWav(path, 8000).close()
    assert path.read_text() == "precious"
    with GrowingWav(path, 8000) as wav:
        wav.write(np.zeros(3))
    assert len(soundfile.read(path)[0]) == 3
    assert len(list(tmp_path.iterdir())) == 1


def test_places_that_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(PartitaError, match="not a folder"):
        GrowingWav(tmp_path / "no" / "a.wav", 8000)
    with pytest.raises(PartitaError, match="is a folder"):
        GrowingWav(tmp_path, 8000)


def test_more_than_the_format_can_hold(tmp_path: Path) -> None:
    with GrowingWav(tmp_path / "a.wav", 8000) as wav:
        wav.write(np.zeros(3))
        wav.samples = MAX_DATA_BYTES // 2
        with pytest.raises(PartitaError, match="4 GiB"):
            wav.write(np.zeros(3))
    assert len(wav_header(8000, MAX_DATA_BYTES // 2)) == 44


def test_the_note_can_be_read_after_every_block(tmp_path: Path) -> None:
    for text in ("a note", "a note!"):  # of even and odd length
        with GrowingWav(tmp_path / "a.wav", 8000, text) as wav:
            for number in range(1, 4):
                wav.write(np.full(7, 0.5))
                with soundfile.SoundFile(tmp_path / "a.wav") as sound:
                    assert sound.copy_metadata() == {"comment": text}
                    assert sound.read(dtype="int16").tolist() == [16384] * 7 * number


def test_a_link_stays_and_its_target_grows(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    link = tmp_path / "a.wav"
    link.symlink_to(Path("deep", "b.wav"))  # which is not there yet
    with GrowingWav(link, 8000) as wav:
        wav.write(np.zeros(3))
        wav.write(np.zeros(3))
    assert link.is_symlink()
    assert soundfile.info(tmp_path / "deep" / "b.wav").frames == 6


@pytest.mark.parametrize("replaced", [True, False])
def test_a_file_that_replaced_it_is_not_changed(tmp_path: Path, replaced: bool) -> None:
    path, other = tmp_path / "a.wav", tmp_path / "other"
    wav = GrowingWav(path, 8000)
    wav.write(np.zeros(3))
    path.rename(tmp_path / "kept.wav")
    if replaced:
        other.write_text("precious")
        other.rename(path)
    with pytest.raises(PartitaError, match="moved, removed or replaced"):
        wav.write(np.zeros(3))
    with pytest.raises(PartitaError, match="moved, removed or replaced"):
        wav.close(0.1)
    assert not replaced or path.read_text() == "precious"
    assert soundfile.info(tmp_path / "kept.wav").frames == 3


def test_no_file_stays_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not walked
    wavs = [GrowingWav(tmp_path / f"{number}.wav", 8000) for number in range(9)]
    for wav in wavs * 2:
        wav.write(np.zeros(3))
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
