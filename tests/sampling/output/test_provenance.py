"""A clip is recognised by its comment, and only by that."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.audio.output_formats import FORMATS
from partita.sampling.output.clip_files import write_clips
from partita.sampling.output.plan import plan_outputs
from partita.sampling.output.provenance import drawn_by_partita

TONE = 0.25 * np.sin(0.1 * np.arange(4000))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    write_clips([TONE[None]], plan_outputs(tmp_path / "a.wav", 1), sample_rate=16_000)
    return tmp_path / "a.wav"


def test_a_clip_cut_off_within_its_comment_is_not_recognised(clip: Path) -> None:
    data = clip.read_bytes()
    end_of_comment = data.index(b"data")
    for length in range(0, end_of_comment, 3):
        clip.write_bytes(data[:length])
        assert not drawn_by_partita(clip), length


def test_a_clip_with_another_comment_is_not_recognised(clip: Path) -> None:
    assert drawn_by_partita(clip)
    clip.write_bytes(clip.read_bytes().replace(b"made by", b"mode by"))
    assert not drawn_by_partita(clip)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_recording_is_not_recognised(tmp_path: Path, suffix: str) -> None:
    form = FORMATS[suffix]
    soundfile.write(tmp_path / f"a{suffix}", TONE, 16_000, format=form.name, subtype=form.subtype)
    assert not drawn_by_partita(tmp_path / f"a{suffix}")
