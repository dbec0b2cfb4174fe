"""The format is found from the first bytes; FFmpeg decodes what libsndfile does not, or the error says so."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from sound_files import RATE, decoded_file

from partita.audio.errors import UnreadableError
from partita.audio.formats.ffmpeg import frame_values
from partita.audio.formats.parts import NO_SOUND
from partita.data.preparation.prepare import PrepareConfig, prepare

Tone = Callable[..., np.ndarray]
FORMATS = {  # suffix: (FFmpeg's name, codec, rate, greatest error, samples of delay that are not given)
    "m4a": ("ipod", "aac", 44100, 0.01, 0),
    "mp4": ("mp4", "aac", 48000, 0.01, 0),
    "aac": ("adts", "aac", 44100, 0.07, 1024),
    "alac.m4a": ("ipod", "alac", 44100, 1e-3, 0),
    "wma": ("asf", "wmav2", 44100, 0.07, 0),
    "ac3": ("ac3", "ac3", 48000, 0.07, 256),
    "wv": ("wv", "wavpack", 44100, 0.01, 0),
    "mka": ("matroska", "pcm_s24le", 44100, 1e-3, 0),
    "mkv": ("matroska", "flac", 44100, 1e-3, 0),
    "webm": ("webm", "libopus", 48000, 0.02, 0),
    "tta": ("tta", "tta", 44100, 0.01, 0),
    "mov": ("mov", "pcm_s16le", 44100, 1e-3, 0),
    "oga": ("oga", "flac", 44100, 1e-3, 0),
    "avi": ("avi", "libmp3lame", 44100, 0.07, 1105),
}


def encode(path: Path, form: str, code: str, sound: np.ndarray, rate: int, *, video: bool = False) -> None:
    """Write stereo sound through FFmpeg, with a video stream before it where wanted."""
    with av.open(str(path), "w", format=form) as file:
        if video:
            pictures = file.add_stream("mpeg4", rate=5)
            pictures.width = pictures.height = 32
        stream = file.add_stream(code, rate=rate, layout="stereo")
        stream.bit_rate = 192_000
        file.start_encoding()
        if video:
            for packet in [*pictures.encode(av.VideoFrame(32, 32, "yuv420p")), *pictures.encode(None)]:
                file.mux(packet)
        frame = av.AudioFrame.from_ndarray(np.stack([sound, sound]), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)


def sweep(rate: int) -> np.ndarray:
    t = np.arange(3 * rate) / rate
    sound = 0.5 * np.sin(2 * np.pi * (300 + 100 * t) * t) * np.sin(np.pi * t / 3) ** 2
    return np.asarray(sound, dtype=np.float32)


@pytest.mark.parametrize("suffix", FORMATS)
def test_formats_of_ffmpeg_are_read_and_aligned(tmp_path: Path, suffix: str) -> None:
    form, code, rate, error, delay = FORMATS[suffix]
    encode(tmp_path / f"a.{suffix}", form, code, sweep(rate), rate)
    sound, note = decoded_file(tmp_path / f"a.{suffix}")
    assert note is None
    sound = sound[round(delay / rate * RATE) :]
    expected = sweep(RATE)
    lossless = error < 0.01 or suffix in ("wv", "tta")
    assert len(sound) == pytest.approx(len(expected), abs=0 if lossless else 1100)
    if suffix != "wma":  # FFmpeg drops a part of the first frame
        shortest = min(len(sound), len(expected))
        assert np.abs(sound[:shortest] - expected[:shortest]).max() < error


def test_the_sound_track_of_a_video_is_used(tmp_path: Path) -> None:
    encode(tmp_path / "a.mp4", "mp4", "aac", sweep(44100), 44100, video=True)
    assert len(decoded_file(tmp_path / "a.mp4")[0]) == pytest.approx(3 * RATE, abs=1024)


@pytest.mark.parametrize(("form", "code"), [("ipod", "aac"), ("wv", "wavpack"), ("matroska", "flac")])
def test_eight_channels_are_read(tmp_path: Path, form: str, code: str) -> None:
    with av.open(str(tmp_path / "a"), "w", format=form) as file:
        stream = file.add_stream(code, rate=48000, layout="7.1")
        stream.bit_rate = 512_000
        interleaved = np.repeat(sweep(48000), 8)[None]
        frame = av.AudioFrame.from_ndarray(interleaved, format="flt", layout="7.1")
        frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    sound, _ = decoded_file(tmp_path / "a")
    assert len(sound) == pytest.approx(3 * RATE, abs=1100)
    assert np.abs(sound[: 3 * RATE] - sweep(RATE)[: len(sound)]).max() < 0.1


def test_more_planes_than_pyav_can_count_are_refused() -> None:
    frame = av.AudioFrame(format="fltp", layout="hexadecagonal", samples=64)
    assert len(frame.layout.channels) == 16
    with pytest.raises(UnreadableError, match="16 channels, more than 8"):
        frame_values(frame, 16)


def test_a_video_without_sound_and_a_damaged_file_are_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "silent.mp4"), "w") as file:
        pictures = file.add_stream("mpeg4", rate=5)
        pictures.width = pictures.height = 32
        for packet in [*pictures.encode(av.VideoFrame(32, 32, "yuv420p")), *pictures.encode(None)]:
            file.mux(packet)
    with pytest.raises(UnreadableError, match="a video without sound"):
        decoded_file(tmp_path / "silent.mp4")
    encode(tmp_path / "a.m4a", "ipod", "aac", sweep(44100), 44100)
    data = (tmp_path / "a.m4a").read_bytes()
    (tmp_path / "cut.m4a").write_bytes(data[: len(data) // 2])
    with pytest.raises(UnreadableError, match=f"^{NO_SOUND}$"):
        decoded_file(tmp_path / "cut.m4a")


def test_a_file_decoded_by_ffmpeg_that_is_cut_off_has_a_note(tmp_path: Path) -> None:
    encode(tmp_path / "a.mka", "matroska", "flac", sweep(44100), 44100)
    data = (tmp_path / "a.mka").read_bytes()
    (tmp_path / "a.mka").write_bytes(data[: len(data) // 2])
    sound, note = decoded_file(tmp_path / "a.mka")
    assert len(sound) < 2 * RATE
    assert "it ends after" in str(note)


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    encode(tmp_path / "a.mp3", "ipod", "aac", sweep(44100), 44100)
    soundfile.write(tmp_path / "b.m4a", sweep(RATE), RATE, format="WAV")
    assert len(decoded_file(tmp_path / "a.mp3")[0]) == pytest.approx(3 * RATE, abs=1024)
    assert len(decoded_file(tmp_path / "b.m4a")[0]) == 3 * RATE


def test_without_ffmpeg_the_reason_says_what_to_install_and_is_not_remembered(
    tmp_path: Path, tone: Tone, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    encode(folder / "a.m4a", "ipod", "aac", tone(4, 44100), 44100)
    soundfile.write(folder / "b.wav", tone(4, RATE), RATE)
    config = PrepareConfig(sample_rate=RATE)
    with monkeypatch.context() as patch:
        patch.setattr("partita.audio.formats.ffmpeg.has_ffmpeg", lambda: False)
        skipped = prepare([folder], tmp_path / "c", config).index["skipped"]
    assert skipped == [
        {
            "source": "a.m4a",
            "reason": ".m4a files need FFmpeg: install 'partita[formats]', or convert it to WAV or FLAC",
        }
    ]
    assert prepare([folder], tmp_path / "c", config).index["skipped"] == []


@pytest.mark.parametrize(
    "suffix", ["au", "snd", "vox", "gsm", "sd2", "wav", "mp3", "mat", "m4a", "xi", "sds"]
)
def test_bytes_without_a_header_are_refused(tmp_path: Path, suffix: str) -> None:
    for number in range(8):
        data = np.random.default_rng(number).bytes(80000)
        (tmp_path / f"a.{suffix}").write_bytes(data)
        with pytest.raises(UnreadableError, match="not an audio file"):
            decoded_file(tmp_path / f"a.{suffix}")


def test_reasons_are_plain_and_not_the_messages_of_a_library(tmp_path: Path) -> None:
    random = np.random.default_rng(0).bytes(80000)
    for name, start in {
        "a.mp3": b"",
        "a.flac": b"fLaC",
        "a.ogg": b"OggS",
        "a.m4a": b"\0\0\0\x20ftypM4A ",
    }.items():
        (tmp_path / name).write_bytes(start + random)
        with pytest.raises(UnreadableError, match=f"{NO_SOUND}$"):
            decoded_file(tmp_path / name)


def test_a_text_with_the_suffix_snd_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.snd").write_text("not sound at all, a text. " * 4000)
    with pytest.raises(UnreadableError, match="it has no header of a known format"):
        decoded_file(tmp_path / "a.snd")


def test_a_recording_below_the_requested_rate_has_a_note(tmp_path: Path, tone: Tone) -> None:
    soundfile.write(tmp_path / "a.wav", tone(2), 8000)
    note = decoded_file(tmp_path / "a.wav")[1]
    assert note == ("recorded at 8000 Hz, below the requested 16000 Hz: it has no frequencies above 4000 Hz")
    soundfile.write(tmp_path / "a.wav", tone(2, 44100), 44100)
    assert decoded_file(tmp_path / "a.wav")[1] is None
