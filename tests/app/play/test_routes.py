"""A clip of the page: drawn, sent while it is drawn, stopped, kept, and equal to what the command draws."""

import io
import shlex
from pathlib import Path

import httpx2 as httpx
import numpy as np
import pytest
import soundfile
from page_server import PageServer

from partita.audio.pcm import to_int16
from partita.cli.generate import read
from partita.runs.loading import load
from partita.sampling.output.provenance import drawn_by_partita

MODEL = "etude-run"


def sound_of(client: httpx.Client, job: str) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    return np.frombuffer(client.get(f"/play/jobs/{job}/sound").content, "<i2")


def test_the_page_offers_the_run_and_says_what_it_takes(client: httpx.Client) -> None:
    assert f'<option value="{MODEL}">' in client.get("/").text
    facts = client.get(f"/play/models/{MODEL}").json()
    assert (facts["sample_rate"], facts["like"], facts["notes"], facts["prompt"]) == (8000, True, False, True)


def test_the_sound_is_that_of_the_same_draw(
    server: PageServer, client: httpx.Client, etude_run: Path
) -> None:
    facts = server.draw(model=MODEL, seconds=0.7, seed=11, temperature=0.8)
    assert (facts["state"], facts["samples"], facts["sample_rate"]) == ("done", 5600, 8000)
    expected = load(etude_run).draw(0.7, seed=11, temperature=0.8, threads=1)[0]
    np.testing.assert_array_equal(sound_of(client, facts["job"]), to_int16(expected))


def test_the_command_that_is_shown_draws_the_same(
    server: PageServer, client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = server.draw(model=MODEL, seconds=0.3, seed=12, frame_temperature=0.7, top_p=0.9)
    words = shlex.split(facts["command"])
    assert words[:2] == ["partita", "generate"]
    monkeypatch.chdir(tmp_path)
    read(words[2:]).run()
    written, _ = soundfile.read("clip.wav", dtype="int16")
    np.testing.assert_array_equal(sound_of(client, facts["job"]), written)


def test_a_prompt_that_is_given_changes_the_clip_as_the_command_does(
    server: PageServer, client: httpx.Client, etudes: Path, etude_run: Path
) -> None:
    recording = etudes / "etude-01.wav"
    given = client.post("/uploads/sound", content=recording.read_bytes(), headers={"x-file-name": "a b.wav"})
    assert given.json()["title"] == "a b.wav" and given.json()["seconds"] == pytest.approx(14.0, abs=0.1)
    facts = server.draw(model=MODEL, seconds=0.2, seed=3, prompt=given.json()["upload"])
    assert "--prime 'a b.wav'" in facts["command"]
    sound, _ = soundfile.read(recording, dtype="float32")
    expected = load(etude_run).draw(0.2, seed=3, prompt=sound, threads=1)[0]
    np.testing.assert_array_equal(sound_of(client, facts["job"]), to_int16(expected))


def test_sound_arrives_while_it_is_still_drawn_and_stop_keeps_what_is_drawn(
    server: PageServer, client: httpx.Client
) -> None:
    job = client.post("/play/jobs", json={"model": MODEL, "seconds": 300, "seed": 1}).json()["job"]
    with client.stream("GET", f"/play/jobs/{job}/sound") as answer:
        arriving = answer.iter_bytes()
        first = next(arriving)
        assert first and client.get(f"/play/jobs/{job}").json()["state"] == "drawing"
        assert client.post(f"/play/jobs/{job}/stop").status_code == 200
        rest = b"".join(arriving)
    facts = server.finished(job)
    assert facts["state"] == "stopped" and 0 < facts["seconds"] < 300
    assert len(first + rest) == 2 * facts["samples"]


def test_a_reader_who_comes_back_gets_the_rest(server: PageServer, client: httpx.Client) -> None:
    facts = server.draw(model=MODEL)
    whole = client.get(f"/play/jobs/{facts['job']}/sound").content
    assert client.get(f"/play/jobs/{facts['job']}/sound?start=1000").content == whole[2000:]
    newest = client.get("/play/jobs").json()[0]
    assert newest["job"] == facts["job"]


@pytest.mark.parametrize("form", ["wav", "flac"])
def test_a_download_holds_the_clip_and_its_comment(
    server: PageServer, client: httpx.Client, tmp_path: Path, form: str
) -> None:
    facts = server.draw(model=MODEL, seed=5)
    answer = client.get(f"/play/jobs/{facts['job']}/clip.{form}")
    assert f'filename="{MODEL}-5.{form}"' in answer.headers["content-disposition"]
    sound, rate = soundfile.read(io.BytesIO(answer.content), dtype="int16")
    assert rate == 8000
    np.testing.assert_array_equal(sound, sound_of(client, facts["job"]))
    (tmp_path / f"clip.{form}").write_bytes(answer.content)
    assert drawn_by_partita(tmp_path / f"clip.{form}")


def test_a_kept_clip_is_a_file_and_replaces_none(server: PageServer, client: httpx.Client) -> None:
    paths = set()
    for _ in range(2):
        job = server.draw(model=MODEL, seed=6)["job"]
        paths.add(client.post(f"/play/jobs/{job}/keep").json()["kept"])
        paths.add(client.post(f"/play/jobs/{job}/keep").json()["kept"])  # once is enough
    assert {Path(path).name for path in paths} == {f"{MODEL}-6.wav", f"{MODEL}-6-2.wav"}
    assert all(Path(path).parent == server.folder / "clips" and Path(path).is_file() for path in paths)


def test_what_the_model_can_not_use_is_said(server: PageServer, client: httpx.Client) -> None:
    facts = server.draw(model=MODEL, label={"digit": "3"})
    assert facts["state"] == "failed" and "label" in facts["message"]
    assert server.draw(model=MODEL)["state"] == "done"  # the process goes on


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ({"model": "nowhere"}, 404, "nowhere"),
        ({"model": "../../etc"}, 404, "there is no model"),
        ({"model": MODEL, "seconds": 1e9}, 422, "seconds"),
        ({"model": MODEL, "seconds": -1}, 422, "seconds"),
        ({"model": MODEL, "temperature": 0}, 422, "temperature"),
        ({"model": MODEL, "seed": -1}, 422, "seed"),
        ({"model": MODEL, "volume": 11}, 422, "volume"),
        ({"model": MODEL, "prompt": "../../../etc/passwd"}, 404, "no such file"),
        ({"model": MODEL, "prompt": "A" * 16}, 404, "not there any more"),
    ],
)
def test_a_bad_request_is_refused_in_words(
    client: httpx.Client, asked: dict[str, object], status: int, says: str
) -> None:
    answer = client.post("/play/jobs", json={"seconds": 1, "seed": 1} | asked)
    assert answer.status_code == status
    assert says in answer.json()["error"]


def test_too_many_requests_at_once_are_refused_and_the_server_lives_on(
    server: PageServer, client: httpx.Client
) -> None:
    asked = {"model": MODEL, "seconds": 20, "seed": 1}
    answers = [client.post("/play/jobs", json=asked) for _ in range(30)]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) >= 20 and "clips wait" in refused[0].json()["error"]
    for answer in answers:
        if answer.status_code == 201:
            client.post(f"/play/jobs/{answer.json()['job']}/stop")
    assert server.draw(model=MODEL)["state"] == "done"
