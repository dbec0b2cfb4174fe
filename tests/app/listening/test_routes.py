"""The pages of a listening test: a listener gets nothing that tells an arm; the key opens only at the end."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from starlette.testclient import TestClient

from partita.app.server import create_app
from partita.app.settings import ServeConfig

RATE = 8000
ARMS = {"real": 0.5, "likelihood": 0.1, "report": 0.02}


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    """A client of a page that has a comparison of three arms, at levels 14 dB apart and of other lengths."""
    time = np.arange(3 * RATE) / RATE
    for number, (arm, peak) in enumerate(ARMS.items()):
        folder = tmp_path / "violin" / "clips" / arm
        folder.mkdir(parents=True)
        for clip in range(3):
            sound = peak * np.sin(2 * np.pi * (300 + 50 * clip) * time[: len(time) - 100 * number])
            soundfile.write(folder / f"{clip}.flac", sound, RATE)
    app = create_app(ServeConfig(runs=(tmp_path / "violin",), folder=tmp_path / "page"))
    return TestClient(app, base_url="http://127.0.0.1:8420", headers={"x-partita": "1"})


def made(client: TestClient, **changes: Any) -> dict[str, Any]:
    """Make a test, and return its facts."""
    asked = {"comparison": "violin", "listeners": ["Ann", "Bo"], "questions": ["better", "abx"]} | changes
    answer = client.post("/blind/tests", json=asked)
    assert answer.status_code == 202, answer.text
    name = answer.json()["name"]
    while (making := client.get(f"/blind/making/{name}").json())["state"] == "making":
        pass
    assert making["state"] == "made", making
    facts: dict[str, Any] = client.get(f"/blind/tests/{name}").json()
    return facts


def answer_all(client: TestClient, token: str) -> None:
    plays = {"A": 1, "B": 1}
    for one in client.get(f"/listen/{token}/trials").json()["manifest"]["passes"]:
        for trial in one["trials"]:
            given = {"trial": trial["trial"], "choice": "A", "seconds": 2.0, "at": 1.0, "plays": plays}
            assert client.post(f"/listen/{token}/answers", json=given).status_code == 200


def test_nothing_that_a_listener_gets_names_an_arm_or_differs_between_clips(client: TestClient) -> None:
    with client:
        token = made(client)["listeners"][0]["token"]
        page, trials = client.get(f"/listen/{token}"), client.get(f"/listen/{token}/trials")
        for text in (page.text, trials.text, str(page.headers), str(trials.headers)):
            said = text.replace("real recording", "")  # a question asks for it
            assert not [arm for arm in (*ARMS, "violin", "flac", "/page") if arm in said]
        ids = [
            clip
            for one in trials.json()["manifest"]["passes"]
            for trial in one["trials"]
            for clip in trial["clips"].values()
        ]
        assert len(set(ids)) == len(ids)  # the same clip has another name in every trial
        clips = [client.get(f"/listen/{token}/clips/{clip}") for clip in ids]
        for clip in clips:
            assert dict(clip.headers) == dict(clips[0].headers) | {
                "content-security-policy": clip.headers["content-security-policy"]  # it has a new nonce
            }
            assert not {"last-modified", "etag", "content-disposition"} & set(clip.headers)
            assert clip.content[:44] == clips[0].content[:44]


def test_listeners_do_not_get_each_others_clips(client: TestClient) -> None:
    with client:
        ann, bo = (one["token"] for one in made(client)["listeners"])
        clip = client.get(f"/listen/{ann}/trials").json()["manifest"]["passes"][0]["trials"][0]["clips"]["A"]
        assert client.get(f"/listen/{ann}/clips/{clip}").status_code == 200
        assert client.get(f"/listen/{bo}/clips/{clip}").status_code == 400
        for path in ("..%2f..%2fsealed%2fkey.json", "../../../sealed/key.json", "0" * 32):
            assert client.get(f"/listen/{ann}/clips/{path}").status_code in (400, 404)
        assert client.get(f"/listen/{'0' * 32}").status_code == 404


def test_the_key_and_the_results_open_only_at_the_end(client: TestClient) -> None:
    with client:
        test = made(client)
        ann = test["listeners"][0]["token"]
        answer_all(client, ann)
        facts = client.get(f"/blind/tests/{test['test']}").json()
        assert "results" not in facts and client.get(f"/listen/{ann}/results").status_code == 400
        assert facts["listeners"][0]["answered"] == facts["listeners"][0]["trials"]
        ended = client.post(f"/blind/tests/{test['test']}/end").json()
        assert ended["ended"] and len(ended["results"]["sentences"]) == 6  # three pairs, two questions
        assert "57 to 43" in ended["results"]["more"][0]
        assert client.get(f"/listen/{ann}/results").json()["sentences"]
        refused = client.post(
            f"/listen/{ann}/answers",
            json={"trial": "0" * 32, "choice": "A", "seconds": 1.0, "at": 1.0},
        )
        assert refused.status_code == 400 and "has ended" in refused.json()["error"]


def test_a_listener_who_ends_sees_only_the_own_results(client: TestClient) -> None:
    with client:
        ann, bo = (one["token"] for one in made(client)["listeners"])
        answer_all(client, ann)
        assert client.post(f"/listen/{ann}/end").json() == {"ended": True}
        assert client.get(f"/listen/{ann}/results").json()["sentences"]
        assert client.get(f"/listen/{bo}/results").status_code == 400


def test_answers_survive_a_new_server(client: TestClient, tmp_path: Path) -> None:
    with client:
        test = made(client)
        answer_all(client, test["listeners"][1]["token"])
    app = create_app(ServeConfig(folder=tmp_path / "page"))
    again = TestClient(app, base_url="http://127.0.0.1:8420").get("/blind/tests").json()
    assert [one["answered"] for one in again[0]["listeners"]] == [0, test["listeners"][1]["trials"]]


def test_an_offline_page_brings_its_answers_back(client: TestClient) -> None:
    with client:
        test = made(client)
        token = test["listeners"][0]["token"]
        page = client.get(f"/blind/tests/{test['test']}/offline/{token}.html")
        assert "attachment" in page.headers["content-disposition"] and "likelihood" not in page.text
        trials = client.get(f"/listen/{token}/trials").json()["manifest"]
        first = trials["passes"][0]["trials"][0]["trial"]
        saved = {
            "format": trials["format"],
            "listener": token,
            "commitment": trials["commitment"],
            "answers": [{"trial": first, "choice": "B", "seconds": 3.0, "at": 1.0}],
        }
        address, sent = f"/blind/tests/{test['test']}/answers", json.dumps(saved)
        assert client.post(address, content=sent).json() == {"appended": 1, "known": 0}
        assert client.post(address, content=sent).json() == {"appended": 0, "known": 1}
        refused = client.post(address, content=b"\0")
        assert refused.status_code == 400 and "/tmp" not in refused.json()["error"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"comparison": "nowhere"}, "not there any more"),
        ({"arms": ["real", "ddo"]}, "'ddo'"),
        ({"listeners": []}, "listeners"),
        ({"listeners": [" "]}, "name is empty"),
        ({"models": ["bach-violin"]}, "either a comparison or models"),
        ({"comparison": None, "models": ["bach-violin"]}, "at least two models"),
        ({"questions": ["prompt me"]}, "questions"),
        ({"seconds": 1e9}, "seconds"),
    ],
)
def test_a_test_that_can_not_be_made_is_refused_in_words(
    client: TestClient, changes: dict[str, object], says: str
) -> None:
    asked = {"comparison": "violin", "listeners": ["Ann"]} | changes
    answer = client.post("/blind/tests", json=asked)
    assert answer.status_code in (400, 404, 422)
    assert says in answer.json()["error"]


def test_a_damaged_test_is_listed_with_its_error_and_hides_no_other(
    client: TestClient, tmp_path: Path
) -> None:
    with client:
        broken, sound = made(client), made(client)
        clip = next((tmp_path / "page" / "tests" / broken["test"] / "served").glob("*/clips/*.wav"))
        clip.write_bytes(clip.read_bytes()[:-2] + b"ab")
        for test in (broken, sound):
            client.post(f"/blind/tests/{test['test']}/end")
        listed = {one["test"]: one for one in client.get("/blind/tests").json()}
        assert "was changed" in listed[broken["test"]]["error"]
        assert str(tmp_path) not in listed[broken["test"]]["error"]
        assert listed[sound["test"]]["results"]


def test_names_in_addresses_reach_no_other_folder(client: TestClient) -> None:
    for name in ("..%2f..%2fviolin", "A" * 12, "a/b"):
        assert client.get(f"/blind/tests/{name}").status_code == 404


def test_models_draw_the_clips_of_a_test(etude_run: Path, tmp_path: Path) -> None:
    app = create_app(ServeConfig(runs=(etude_run,), folder=tmp_path / "page", threads=1))
    with TestClient(app, base_url="http://127.0.0.1:8420", headers={"x-partita": "1"}) as client:
        refused = client.post("/blind/tests", json={"models": ["etude-run"], "listeners": ["Ann"]})
        assert refused.status_code == 422
        asked = {"comparison": None, "models": ["etude-run", "bach-violin"], "clips": 2, "seconds": 1.0}
        test = made(client, **asked, questions=["better"])
        assert test["title"] == "etude-run against bach-violin"
        assert test["listeners"][0]["trials"] == 3  # two clips, and one of them again
