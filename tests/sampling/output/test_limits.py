"""A clip that its format or the disk can't hold is refused before it is drawn."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from partita.errors import PartitaError
from partita.sampling.output.limits import check_disk_space, check_format


@pytest.mark.parametrize(
    ("name", "rate", "samples", "reason"),
    [
        ("a.wav", 16_000, 1 << 31, "134217 s at 16000 Hz.*a.flac"),
        ("a.aiff", 16_000, 1 << 31, "134217 s at 16000 Hz.*a.flac"),
        ("a.opus", 22_050, 1, "only supports sample rates.*a.wav"),
        ("a.ogg", 384_000, 1, "at most 200000 Hz.*a.wav"),
        ("a.flac", 96_001, 1, "can't hold sound at 96001 Hz.*a.wav"),
        ("a.m4a", 16_000, 1, "not a format that can be written: choose one of .wav, .*.caf"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(name: str, rate: int, samples: int, reason: str) -> None:
    with pytest.raises(PartitaError, match=reason):
        check_format(Path(name), sample_rate=rate, samples=samples)


def test_no_limit_where_the_format_has_none() -> None:
    check_format(Path("a.flac"), sample_rate=16_000, samples=1 << 34)
    check_format(Path("a.wav"), sample_rate=16_000, samples=(1 << 31) - (1 << 12))


@pytest.mark.parametrize(
    ("name", "old", "normalise", "enough"),
    [
        ("a.wav", 0, False, 2000),
        ("a.wav", 500, False, 1500),  # the first block takes its place
        ("a.wav", 500, True, 4020),  # it stays until the new file is whole
        ("a.flac", 500, False, 4020),
        ("a.mp3", 0, False, 4020),
    ],
)
def test_space_for_stored_clips_and_the_one_being_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, old: int, normalise: bool, enough: int
) -> None:
    if old:
        (tmp_path / name).write_bytes(bytes(old))
    free = SimpleNamespace(total=1 << 40, free=enough)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    check_disk_space([tmp_path / name], samples=1000, normalise=normalise)
    free.free -= 1
    with pytest.raises(PartitaError, match="make room"):
        check_disk_space([tmp_path / name], samples=1000, normalise=normalise)


def test_replacing_a_file_with_a_hard_link_frees_no_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.wav").write_bytes(bytes(500))
    os.link(tmp_path / "a.wav", tmp_path / "b.wav")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=1 << 40, free=1999))
    with pytest.raises(PartitaError, match="make room"):
        check_disk_space([tmp_path / "a.wav"], samples=1000)
