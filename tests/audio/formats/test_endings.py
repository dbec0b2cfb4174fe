"""Bytes after the declared end of the sound: tags, other bytes, or more sound of a file never closed."""

import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from sound_files import RATE, encoded, seconds

Tone = Callable[..., np.ndarray]


ID3V2 = b"ID3\x03\0\0" + bytes([0, 3, 0, 0]) + b"TIT2" + b"\x55" * (3 * 128 * 128 - 4)
APE = b"APETAGEX" + struct.pack("<IIII", 2000, 40000, 1, 1 << 29) + b"\x55" * 40008
LYRICS = b"LYRICSBEGIN" + b"IND00002" + b"00la " * 8000 + b"040019LYRICS200"
TAGS = {"id3": ID3V2, "ape": APE, "lyrics": LYRICS, "two": APE + b"TAG" + b"x" * 125}
JUNK = {"random": np.random.default_rng(0).bytes(80000), "text": b"not sound at all, a text. " * 4000}


@pytest.mark.parametrize("name", ["WAV", "RF64", "AIFF", "W64"])
@pytest.mark.parametrize("junk", JUNK)
def test_bytes_after_a_closed_file_are_not_sound(tmp_path: Path, tone: Tone, name: str, junk: str) -> None:
    data = encoded(tone(2, RATE), name, subtype="PCM_16")
    length, note = seconds(tmp_path / "a", data + JUNK[junk])
    assert length == 2.0
    number = f"{len(JUNK[junk]):,}"
    assert note == f"its header says 2.0 s: the {number} bytes after that are not sound and are left out"


@pytest.mark.parametrize("name", ["WAV", "RF64", "AIFF", "W64", "AU", "CAF"])
@pytest.mark.parametrize("tag", TAGS)
def test_tags_after_the_sound_are_not_sound(tmp_path: Path, tone: Tone, name: str, tag: str) -> None:
    data = encoded(tone(2, RATE), name, subtype="PCM_16")
    assert seconds(tmp_path / "a", data + TAGS[tag]) == (2.0, None)


@pytest.mark.parametrize("declared", [0, RATE, 0xFFFFFFFF])
@pytest.mark.parametrize("tag", TAGS)
def test_sound_with_a_wrong_length_ends_before_the_tags(
    tmp_path: Path, tone: Tone, declared: int, tag: str
) -> None:
    data = bytearray(encoded(tone(4, RATE), "WAV", subtype="PCM_16"))
    struct.pack_into("<I", data, 40, declared)
    struct.pack_into("<I", data, 4, 0xFFFFFFFF if declared == 0xFFFFFFFF else 36 if not declared else 99999)
    assert seconds(tmp_path / "a", bytes(data) + TAGS[tag])[0] == 4.0


def test_chunks_after_the_sound_of_a_closed_file_are_part_of_it(tmp_path: Path, tone: Tone) -> None:
    data = bytearray(encoded(tone(2, RATE), "WAV", subtype="PCM_16") + b"LIST" + struct.pack("<I", 40000))
    data += bytes(range(250)) * 160
    struct.pack_into("<I", data, 4, len(data) - 8)
    assert seconds(tmp_path / "a.wav", bytes(data)) == (2.0, None)
    assert seconds(tmp_path / "a.wav", bytes(data) + JUNK["random"])[0] == 2.0


def test_many_false_tag_marks_are_searched_quickly(tmp_path: Path, tone: Tone) -> None:
    data = bytearray(
        encoded(tone(1, RATE), "WAV", subtype="PCM_16") + b"ID3\x03\0\0\0\0\0\0" * 50_000 + b"!!"
    )
    data[4:8] = data[40:44] = b"\xff" * 4
    length, note = seconds(tmp_path / "a.wav", bytes(data))
    assert length > 10
    assert note is None


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        *(("CAF", code) for code in ("PCM_16", "FLOAT", "ULAW", "ALAC_16")),
        *(("WAV", code) for code in ("PCM_16", "FLOAT", "NMS_ADPCM_16")),
        *(("AIFF", code) for code in ("PCM_16", "ULAW", "IMA_ADPCM")),
    ],
)
def test_half_a_file_has_a_note_with_every_decoder(
    tmp_path: Path, tone: Tone, name: str, subtype: str
) -> None:
    data = encoded(tone(10, RATE), name, subtype=subtype)
    length, note = seconds(tmp_path / "a", data[: len(data) // 2])
    assert length == pytest.approx(5, abs=0.2)
    assert "cut off or damaged" in str(note)


def test_half_a_file_that_only_ffmpeg_reads_has_one_note(tmp_path: Path, tone: Tone) -> None:
    with av.open(str(tmp_path / "a.wav"), "w") as file:
        stream = file.add_stream("adpcm_yamaha", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray((32767 * tone(4, RATE)[None]).astype(np.int16), "s16", "mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    data = (tmp_path / "a.wav").read_bytes()
    length, note = seconds(tmp_path / "a.wav", data[: len(data) // 2])
    assert length == pytest.approx(2, abs=0.1)
    assert str(note).count("cut off or damaged") == 1
