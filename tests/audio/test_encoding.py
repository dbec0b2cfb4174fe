"""In every format a file is written completely or not at all, also if the disk is full at its end."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from sound_files import file_size_limit

from partita.audio.encoding import encode
from partita.audio.output_formats import FORMATS

NOISE = np.random.default_rng(0).integers(-32767, 32767, 200_000).astype(np.int16)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".caf"])
@pytest.mark.parametrize("short", [1, 2000])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, suffix: str, short: int) -> None:
    """A limit on the file's size stands in for a full disk; `short` bytes are missing."""
    path, form = tmp_path / f"a{suffix}", FORMATS[suffix]
    encode(path, [NOISE], form=form, sample_rate=16_000, note="a test")
    size = path.stat().st_size
    path.write_text("precious")
    with file_size_limit(size - short), pytest.raises(OSError, match="File too large"):
        encode(path, [NOISE], form=form, sample_rate=16_000, note="a test")
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("samples", [1, 7, 1600])
def test_the_shortest_clips(tmp_path: Path, suffix: str, samples: int) -> None:
    path = tmp_path / f"a{suffix}"
    encode(path, [NOISE[:samples]], form=FORMATS[suffix], sample_rate=8000, note="a test")
    assert soundfile.info(path).frames == samples
