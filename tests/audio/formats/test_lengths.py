"""All of a recording is used even if its header gives a wrong length; a note says if a part is missing."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sound_files import RATE, decoded, encoded, seconds

from partita.audio.errors import UnreadableError

Tone = Callable[..., np.ndarray]


def without_xing(mp3: bytes) -> bytes:
    """Return an MP3 file without its first frame, which holds the number of frames."""
    assert b"Xing" in mp3[:200] or b"Info" in mp3[:200]
    return mp3[mp3.index(mp3[:2], 100) :]


@pytest.fixture
def varied(tone: Tone) -> np.ndarray:
    """A quiet tone, then noise: the length of an MP3 of it can't be estimated from its first frames."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 10 * RATE).astype(np.float32)
    return np.concatenate([0.01 * tone(10, RATE), noise])


def test_an_mp3_without_a_xing_header_is_decoded_to_its_end(tmp_path: Path, varied: np.ndarray) -> None:
    mp3 = without_xing(encoded(varied, "MP3", bitrate_mode="VARIABLE"))
    (tmp_path / "a.mp3").write_bytes(mp3)
    assert soundfile.info(tmp_path / "a.mp3").duration < 15, "libsndfile's estimate"
    length, note = seconds(tmp_path / "a.mp3", mp3)
    assert length == pytest.approx(20, abs=0.15)
    assert note is None


@pytest.mark.parametrize("stripped", [False, True])
@pytest.mark.parametrize("second", [(16000, 1), (16000, 2), (24000, 1), (44100, 2)])
def test_joined_mp3_files_are_all_used(
    tmp_path: Path, tone: Tone, stripped: bool, second: tuple[int, int]
) -> None:
    rate, channels = second
    first = encoded(tone(3, RATE), "MP3")
    other = encoded(np.repeat(tone(2, rate, 700)[:, None], channels, 1), "MP3", rate)
    if stripped:
        first, other = without_xing(first), without_xing(other)
    sound, note = decoded(tmp_path / "a.mp3", first + other)
    alike = stripped and second == (16000, 1)  # the start of the second file can't be found
    assert len(sound) / RATE == pytest.approx(5, abs=0.3 if stripped else 0.001)
    assert (note is None) == alike
    if not alike:
        assert "made of 2 files joined together" in str(note)
    end = np.abs(np.fft.rfft(sound[-RATE:]))
    assert int(end.argmax()) == pytest.approx(700, abs=2)


def test_an_mp3_with_more_frames_than_its_header_counts(tmp_path: Path, tone: Tone) -> None:
    joined = encoded(tone(3, RATE), "MP3") + without_xing(encoded(tone(2, RATE, 600), "MP3"))
    assert seconds(tmp_path / "a.mp3", joined)[0] == pytest.approx(5, abs=0.15)


@pytest.mark.parametrize("name", ["OGG", "FLAC", "WAV", "AIFF"])
def test_joined_files_are_all_used(tmp_path: Path, tone: Tone, name: str) -> None:
    data = encoded(tone(3, RATE), name) + encoded(tone(2, RATE, 700), name)
    sound, note = decoded(tmp_path / "a", data)
    assert len(sound) == 5 * RATE
    assert note == "made of 2 files joined together"
    assert int(np.abs(np.fft.rfft(sound[-RATE:])).argmax()) == 700


def test_a_damaged_part_does_not_affect_the_others(tmp_path: Path, tone: Tone) -> None:
    first, second = encoded(tone(3, RATE), "FLAC"), bytearray(encoded(tone(2, RATE, 700), "FLAC"))
    second[8:42] = bytes(34)
    assert seconds(tmp_path / "a.flac", first + second) == (
        3.0,
        "made of 2 files joined together; part 2 of 2 can't be decoded",
    )


def test_chained_opus_of_two_channel_counts_is_all_used(tmp_path: Path, tone: Tone) -> None:
    mono = encoded(tone(3, 48000), "OGG", 48000, subtype="OPUS")
    stereo = encoded(np.repeat(tone(2, 48000, 700)[:, None], 2, 1), "OGG", 48000, subtype="OPUS")
    sound, note = decoded(tmp_path / "a.opus", mono + stereo)
    assert len(sound) / RATE == pytest.approx(5, abs=0.01)
    assert "made of 2 files" in str(note)


def test_tags_and_other_bytes_around_an_mp3_do_not_change_its_sound(tmp_path: Path, tone: Tone) -> None:
    mp3 = encoded(tone(3, RATE), "MP3")
    plain, _ = decoded(tmp_path / "a.mp3", mp3)
    big = bytes([1_500_000 >> 14 & 127 | 0, 1_500_000 >> 7 & 127, 1_500_000 & 127])
    picture = b"ID3\x03\0\0" + bytes([0]) + big
    length = sum(byte << shift for byte, shift in zip(picture[6:], (21, 14, 7, 0), strict=True))
    random = np.random.default_rng(0).bytes(length)
    cases = {
        "picture.mp3": picture + random + mp3,
        "junk.mp3": bytes(5000) + mp3,
        "called.wav": mp3,
        "ends.mp3": mp3
        + b"APETAGEX"
        + struct.pack("<IIII", 2000, 64, 1, 0)
        + bytes(2008)
        + b"TAG"
        + bytes(125),
    }
    for name, data in cases.items():
        sound, note = decoded(tmp_path / name, data)
        assert note is None, name
        np.testing.assert_array_equal(sound, plain, err_msg=name)


def test_an_mp3_cut_off_is_used_with_a_note(tmp_path: Path, tone: Tone) -> None:
    mp3 = encoded(tone(10, RATE), "MP3")
    length, note = seconds(tmp_path / "a.mp3", mp3[: len(mp3) * 4 // 10])
    assert length == pytest.approx(4, abs=0.2)
    assert note == f"cut off or damaged: it ends after {length:.1f} of 10.0 s"


@pytest.mark.parametrize("stripped", [False, True])
def test_an_mp3_damaged_in_the_middle_is_one_file(tmp_path: Path, tone: Tone, stripped: bool) -> None:
    mp3 = encoded(tone(10, RATE), "MP3")
    mp3 = without_xing(mp3) if stripped else mp3
    middle = len(mp3) // 2
    damage = np.random.default_rng(0).integers(0, 255, len(mp3) // 10, np.uint8).tobytes()
    length, note = seconds(tmp_path / "a.mp3", mp3[:middle] + damage + mp3[middle + len(damage) :])
    assert length == pytest.approx(9, abs=0.3)
    used = float(str(note).split(":")[1].split()[0])
    assert used == pytest.approx(length, abs=0.15)
    assert note == f"damaged in the middle: {used:.1f}{'' if stripped else ' of 10.0'} s are used"


WRONG_LENGTHS = {  # format -> (offset of the length of the sound, its struct format)
    "WAV": (40, "<I"),
    "AU": (8, ">I"),
    "W64": (None, "<Q"),
    "RF64": (None, "<Q"),
    "AIFF": (None, ">I"),
}


def with_length(data: bytes, name: str, length: int) -> bytes:
    """Return the file with another length of sound in its header."""
    where, form = WRONG_LENGTHS[name]
    if name == "W64":
        where, length = data.index(b"data\xf3\xac") + 16, length + 24
    if name == "RF64":
        where = data.index(b"ds64") + 16
    if name == "AIFF":
        where, length = data.index(b"SSND") + 4, length + 8
    assert where is not None
    made = bytearray(data)
    struct.pack_into(form, made, where, length)
    if name == "AIFF":
        struct.pack_into(">I", made, data.index(b"COMM") + 10, (length - 8) // 2)
    return bytes(made)


@pytest.mark.parametrize("name", WRONG_LENGTHS)
@pytest.mark.parametrize("declared", [0, 1])
def test_a_header_that_was_never_updated(tmp_path: Path, tone: Tone, name: str, declared: int) -> None:
    data = encoded(tone(10, RATE), name, subtype="PCM_16")
    plain, _ = decoded(tmp_path / "plain", data)
    sound, note = decoded(tmp_path / "a", with_length(data, name, 2 * RATE * declared))
    np.testing.assert_array_equal(sound, plain)
    assert note == f"its header says {declared:.1f} s, the file holds 10.0 s: all of it is used"


@pytest.mark.parametrize("name", WRONG_LENGTHS)
def test_a_file_cut_off_is_used_with_a_note(tmp_path: Path, tone: Tone, name: str) -> None:
    data = encoded(tone(10, RATE), name, subtype="PCM_16")
    length, note = seconds(tmp_path / "a", data[: -6 * 2 * RATE])
    assert length == pytest.approx(4, abs=0.001)
    assert note == "cut off or damaged: it ends after 4.0 of 10.0 s"


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_a_stream_of_unknown_length_has_no_note(tmp_path: Path, tone: Tone, length: int) -> None:
    data = bytearray(with_length(encoded(tone(10, RATE), "WAV", subtype="PCM_16"), "WAV", length))
    data[4:8] = b"\xff\xff\xff\xff"
    assert seconds(tmp_path / "a.wav", bytes(data)) == (10.0, None)


@pytest.mark.parametrize("code", ["IMA_ADPCM", "MS_ADPCM", "GSM610", "ULAW", "FLOAT"])
def test_a_wav_of_any_encoding_whose_header_was_never_updated(tmp_path: Path, tone: Tone, code: str) -> None:
    data = encoded(tone(10, RATE), "WAV", subtype=code)
    plain, _ = decoded(tmp_path / "plain", data)
    made = bytearray(data)
    struct.pack_into("<I", made, data.index(b"data") + 4, 0)
    sound, note = decoded(tmp_path / "a", bytes(made))
    np.testing.assert_array_equal(sound[: 10 * RATE], plain[: 10 * RATE])
    assert "the file holds 10." in str(note)


def test_a_caf_stream_of_unknown_length(tmp_path: Path, tone: Tone) -> None:
    data = bytearray(encoded(tone(10, RATE), "CAF", subtype="PCM_16"))
    at = data.index(b"data") + 4
    data[at : at + 8] = b"\xff" * 8
    assert seconds(tmp_path / "a.caf", bytes(data)) == (10.0, None)


def test_other_chunks_and_padding_after_the_sound_are_not_sound(tmp_path: Path, tone: Tone) -> None:
    data = encoded(tone(2, RATE), "WAV", subtype="PCM_16")
    for more in (b"LIST" + struct.pack("<I", 40000) + bytes(40000), bytes(65536), b"TAG" + b"x" * 125):
        assert seconds(tmp_path / "a.wav", data + more) == (2.0, None)


def test_a_wav_whose_odd_chunk_was_not_padded(tmp_path: Path, tone: Tone) -> None:
    data = encoded(tone(2, RATE), "WAV", subtype="PCM_16")
    odd = data[:36] + b"LIST" + struct.pack("<I", 5) + b"INFO." + data[36:]
    assert seconds(tmp_path / "a.wav", odd) == (2.0, None)


@pytest.mark.slow
def test_a_wav_beyond_4_gib_whose_length_wrapped_around(tmp_path: Path, tone: Tone) -> None:
    from partita.audio.formats.libsndfile import LibsndfileReader

    path, size = tmp_path / "a.wav", 4_800_000_000
    data = encoded(tone(1, RATE), "WAV", subtype="PCM_16")
    with path.open("wb") as file:  # a sparse file: nearly nothing of it is on the disk
        file.write(with_length(data, "WAV", size % 2**32))
        file.seek(44 + size % 2**32)
        file.write(b"\1\2")
        file.truncate(44 + size)
    track = next(iter(LibsndfileReader(path, "wav")))
    assert track.samples == size // 2


def test_a_flac_of_unknown_length_is_decoded_to_its_end(tmp_path: Path, tone: Tone) -> None:
    data = bytearray(encoded(tone(10, RATE), "FLAC"))
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    assert seconds(tmp_path / "a.flac", bytes(data)) == (10.0, None)


@pytest.mark.parametrize("damage", ["cut off", "in the middle"])
def test_a_damaged_flac_is_used_up_to_the_damage(tmp_path: Path, tone: Tone, damage: str) -> None:
    flac = encoded(tone(10, RATE), "FLAC")
    whole, _ = decoded(tmp_path / "whole.flac", flac)
    middle = len(flac) // 2
    rest = b"" if damage == "cut off" else np.random.default_rng(0).bytes(6000) + flac[middle + 6000 :]
    sound, note = decoded(tmp_path / "a.flac", flac[:middle] + rest)
    assert 4 * RATE < len(sound) < 6 * RATE
    np.testing.assert_array_equal(sound, whole[: len(sound)])
    assert note == f"cut off or damaged: it ends after {len(sound) / RATE:.1f} of 10.0 s"


@pytest.mark.parametrize("how", [{"format": "OGG"}, {"format": "OGG", "subtype": "OPUS"}])
def test_an_ogg_file_with_missing_pages_has_a_note(tmp_path: Path, tone: Tone, how: dict[str, str]) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.random.default_rng(0).uniform(-0.5, 0.5, 20 * 48000), 48000, **how)
    data = file.getvalue()
    third = len(data) // 3
    length, note = seconds(tmp_path / "a.ogg", data[:third] + data[2 * third :])
    assert length < 16
    assert note is not None and "cut off or damaged: it ends after" in note
    assert "its last page is incomplete" in str(seconds(tmp_path / "b.ogg", data[: 2 * third])[1])


def test_a_few_mp3_frames_among_other_bytes_are_refused(tmp_path: Path, tone: Tone) -> None:
    mp3 = encoded(tone(1, RATE), "MP3")
    with pytest.raises(UnreadableError, match="not MPEG audio"):
        decoded(tmp_path / "a.mp3", mp3[:1500] + bytes(range(200)) * 100)
