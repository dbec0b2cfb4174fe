"""Clips that are encoded at the end are not lost if the encoding fails or is interrupted."""

import errno
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from sound_files import file_size_limit

from partita.audio.encoding import encode
from partita.audio.writing import write_all
from partita.errors import PartitaError
from partita.sampling.output import whole_clips
from partita.sampling.output.clip_files import write_clips
from partita.sampling.output.plan import plan_outputs
from partita.sampling.output.provenance import drawn_by_partita

RATE = 16_000
NOISE = np.random.default_rng(0).uniform(-1, 1, (3, 30_000))


def names(folder: Path) -> list[str]:
    """Return the names in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


def before_encoding(monkeypatch: pytest.MonkeyPatch, act: Callable[[Path], None]) -> None:
    """Call a function at the beginning of each clip's encoding."""

    def encode_after(path: Path, *sound: Any, **how: Any) -> None:
        act(path)
        encode(path, *sound, **how)

    monkeypatch.setattr(whole_clips, "encode", encode_after)


def test_a_clip_that_cannot_be_encoded_is_kept_as_wav(tmp_path: Path) -> None:
    """A limit on the file's size stands in for a full disk, with space for PCM but not for FLAC of noise."""
    (tmp_path / "a.wav").write_text("precious")
    with (
        file_size_limit(60_150),
        pytest.raises(PartitaError, match=r"a\.flac can't be written: .*kept in .*a-2\.wav$"),
    ):
        write_clips(
            np.array_split(NOISE[:1], 7, axis=1), plan_outputs(tmp_path / "a.flac", 1), sample_rate=RATE
        )
    assert names(tmp_path) == ["a-2.wav", "a.wav"]
    assert (tmp_path / "a.wav").read_text() == "precious"
    np.testing.assert_allclose(soundfile.read(tmp_path / "a-2.wav")[0], NOISE[0], atol=1e-4)
    assert drawn_by_partita(tmp_path / "a-2.wav")


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), soundfile.LibsndfileError(2)])
def test_the_failed_clip_and_those_after_it_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(path: Path) -> None:
        if path.name == "clip-02.wav":
            raise error

    before_encoding(monkeypatch, fail)
    with pytest.raises(
        PartitaError, match=r"clip-02.wav can't be written.*kept in .*clip-02.wav and 1 more$"
    ):
        write_clips([NOISE, 0.1 * NOISE], plan_outputs(tmp_path, 3), sample_rate=RATE, normalise=True)
    assert names(tmp_path) == ["clip-01.wav", "clip-02.wav", "clip-03.wav"]
    for number in (1, 2):
        read, _ = soundfile.read(tmp_path / f"clip-0{number + 1}.wav")
        np.testing.assert_allclose(read, np.concatenate([NOISE[number], 0.1 * NOISE[number]]), atol=1e-4)


def test_a_block_that_does_not_fit_on_the_disk_damages_no_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def writes(file: object, data: bytes) -> None:
        calls.append(len(data))
        if len(calls) > 7:  # the header and a block of each clip, a block of the first one, then no more
            write_all(file, data[:101])
            raise OSError(errno.ENOSPC, "No space left on device")
        write_all(file, data)

    monkeypatch.setattr(whole_clips, "write_all", writes)
    with pytest.raises(PartitaError, match="No space left"):
        write_clips([NOISE, NOISE], plan_outputs(tmp_path, 3), sample_rate=RATE, normalise=True)
    assert [soundfile.info(path).frames for path in tmp_path.iterdir()] == [30_000] * 3


def test_ctrl_c_while_a_clip_is_encoded_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before_encoding(monkeypatch, lambda _: signal.raise_signal(signal.SIGINT))
    written = write_clips([NOISE[:1]], plan_outputs(tmp_path / "a.flac", 1), sample_rate=RATE)
    assert written.interrupted
    assert soundfile.info(tmp_path / "a.flac").frames == 30_000


def test_a_second_ctrl_c_while_a_clip_is_encoded_keeps_it_as_wav(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice(_: Path) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    before_encoding(monkeypatch, twice)
    with pytest.raises(KeyboardInterrupt, match=r"interrupted: the sound is kept in .*a\.wav$"):
        write_clips([NOISE[:1]], plan_outputs(tmp_path / "a.flac", 1), sample_rate=RATE)
    assert names(tmp_path) == ["a.wav"]
    assert soundfile.info(tmp_path / "a.wav").frames == 30_000


@pytest.mark.parametrize(("name", "normalise"), [("a.wav", False), ("a.wav", True), ("a.flac", False)])
def test_a_file_written_while_a_clip_is_drawn_is_not_replaced(
    tmp_path: Path, name: str, normalise: bool
) -> None:
    path = tmp_path / name
    plan = plan_outputs(path, 1)

    def blocks() -> Iterator[np.ndarray]:
        path.write_text("precious")
        yield NOISE[:1]
        yield NOISE[:1]

    written = write_clips(blocks(), plan, sample_rate=RATE, normalise=normalise)
    other = path.with_name(f"a-2{path.suffix}")
    assert (written.paths, written.moved) == ([other], {path: other})
    assert path.read_text() == "precious"
    assert soundfile.info(other).frames == 60_000


def test_a_link_stays_whose_target_was_written_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "a.flac").symlink_to("real/b.flac")
    plan = plan_outputs(tmp_path / "a.flac", 1)
    (tmp_path / "real" / "b.flac").write_text("precious")
    written = write_clips([NOISE[:1]], plan, sample_rate=RATE)
    assert written.paths == [tmp_path / "real" / "b-2.flac"]
    assert names(tmp_path / "real") == ["b-2.flac", "b.flac"]
    assert (tmp_path / "a.flac").read_text() == "precious"
