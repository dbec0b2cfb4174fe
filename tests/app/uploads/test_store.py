"""Uploaded files: only sound and scores, decoded apart, under names of the page's own."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import httpx2 as httpx
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from page_server import PageServer

from partita.app.uploads import decode, sandbox
from partita.app.uploads.store import LONGEST_NAME, clean_title
from partita.errors import PartitaError


@given(st.text(max_size=400))
def test_a_title_is_one_short_name_without_folders(title: str) -> None:
    clean = clean_title(title)
    assert 0 < len(clean.encode()) <= LONGEST_NAME
    assert not set(clean) & set('/\\<>"|:*?\0\n') and clean not in (".", "..")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.wav", b""),
        ("a.wav", b"RIFF\xff\xff\xff\xffWAVEfmt " + b"\0" * 50),
        ("a.mp3", b"\x89PNG\r\n" + b"\1" * 500),
        ("../../../etc/passwd", b"root:x:0:0"),
        ("<img src=x onerror=alert(1)>.wav", b"GIF89a"),
        ("a.py", b"import os; os.abort()"),
    ],
)
def test_what_is_no_sound_is_refused_and_leaves_nothing(
    server: PageServer, client: httpx.Client, name: str, data: bytes
) -> None:
    before = set((server.folder / "uploads").glob("*"))
    answer = client.post("/uploads/sound", content=data, headers={"x-file-name": quote(name)})
    assert answer.status_code == 400
    words = answer.json()["error"]
    assert words.startswith(clean_title(name)) and "/tmp" not in words and "<" not in words
    assert set((server.folder / "uploads").glob("*")) == before


def test_long_names_in_other_scripts_are_cut_and_kept(
    server: PageServer, client: httpx.Client, etudes: Path
) -> None:
    for name in ("音" * 110 + ".wav", "a." + "音" * 110):
        given = client.post(
            "/uploads/sound",
            content=(etudes / "etude-01.wav").read_bytes()[:200_000],
            headers={"x-file-name": quote(name)},
        )
        assert given.status_code in (200, 400) and "report" not in given.text


def test_many_files_at_once_are_refused(server: PageServer) -> None:
    def one(number: int) -> int:
        with server.client() as client:
            return client.post("/uploads/sound", content=b"no sound").status_code

    with ThreadPoolExecutor(40) as pool:
        found = set(pool.map(one, range(40)))
    assert found == {400, 503}


def test_sound_keeps_its_rate_and_its_values(
    server: PageServer, client: httpx.Client, tmp_path: Path
) -> None:
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, 22050).astype(np.float32)
    soundfile.write(tmp_path / "a.flac", sound, 22050, subtype="PCM_24")
    given = client.post(
        "/uploads/sound", content=(tmp_path / "a.flac").read_bytes(), headers={"x-file-name": "a.flac"}
    ).json()
    kept, rate = soundfile.read(server.folder / "uploads" / f"{given['upload']}.wav", dtype="float32")
    assert rate == 22050
    np.testing.assert_array_equal(kept, soundfile.read(tmp_path / "a.flac", dtype="float32")[0])
    assert {"upload": given["upload"], "kind": "sound"}.items() <= client.get("/uploads").json()[0].items()
    (server.folder / "uploads" / f"{given['upload']}.wav").unlink()


def test_a_score_becomes_a_table_of_notes(server: PageServer, client: httpx.Client) -> None:
    table = b"start_s,end_s,midi_pitch\n0.0,0.5,60\n0.5,1.25,62\n"
    given = client.post("/uploads/score", content=table, headers={"x-file-name": "s.csv"}).json()
    assert given["seconds"] == 1.25
    kept = (server.folder / "uploads" / f"{given['upload']}.csv").read_text()
    assert kept.split() == ["start_s,end_s,midi_pitch", "0.0,0.5,60", "0.5,1.25,62"]
    refused = client.post("/uploads/score", content=b"\0\1", headers={"x-file-name": "s.mid"})
    assert refused.status_code == 400 and refused.json()["error"].startswith("s.mid: ")


def test_a_recording_that_is_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "MOST_SECONDS", 1.0)
    soundfile.write(tmp_path / "a.wav", np.zeros(8001) + 0.1, 4000)
    with pytest.raises(PartitaError, match="it lasts"):
        decode.decode_sound(tmp_path / "a.wav", tmp_path / "b.wav")
    assert not (tmp_path / "b.wav").exists()


def test_a_file_that_takes_too_long_ends_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(sandbox, "MODULE", "slow")
    begun = time.monotonic()
    with pytest.raises(PartitaError, match="takes more than"):
        asyncio.run(sandbox.decode(tmp_path / "a", tmp_path / "b", "sound", seconds=1.0))
    assert time.monotonic() - begun < 20
