"""The addresses of the page that trains: hostile and mistaken requests get a clear answer."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from partita.app.server import create_app
from partita.app.settings import ServeConfig
from partita.app.train.record import RunRecord
from partita.app.train.run import Run

HEADERS = {"x-partita": "1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    app = create_app(ServeConfig(folder=folder, threads=1))
    with TestClient(app, base_url="http://127.0.0.1", headers=HEADERS) as client:
        yield client


@pytest.fixture(scope="module")
def prepared(client: TestClient, takes: Path) -> str:
    """A set that is ready."""
    name = new_set(client)
    for path in sorted(takes.iterdir()):
        give(client, name, f"../{path.name}", path.read_bytes())
    client.post(f"/train/sets/{name}/prepare")
    assert settled(client, name)["state"] == "ready"
    return name


def new_set(client: TestClient, title: str = "tones") -> str:
    return str(client.post("/train/sets", json={"title": title}).json()["set"])


def give(client: TestClient, name: str, title: str, content: bytes) -> Any:
    return client.post(f"/train/sets/{name}/files", content=content, headers={"x-file-name": title}).json()


def settled(client: TestClient, name: str) -> dict[str, Any]:
    deadline = time.monotonic() + 300
    while (facts := client.get(f"/train/sets/{name}").json())["state"] in ("waiting", "preparing"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert isinstance(facts, dict)
    return facts


def words_of(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["error"])


def test_the_page_is_there(client: TestClient) -> None:
    answer = client.get("/train")
    assert answer.status_code == 200 and "Train a model" in answer.text


def test_a_set_is_given_prepared_and_estimated(client: TestClient, prepared: str, folder: Path) -> None:
    facts = client.get(f"/train/sets/{prepared}").json()
    assert [one["name"] for one in facts["kept"]] == ["take-1.wav", "take-2.wav", "take-3.wav"]
    request = {"recordings": prepared, "minutes": 20, "size": "tiny"}
    assert client.post("/train/estimate", json=request).json()["updates_per_second"] is None
    assert client.get("/train/starts").json()[0]["name"] == "bach-violin"


def test_a_run_is_started_and_paused_through_the_page(
    client: TestClient, prepared: str, folder: Path
) -> None:
    request = {"recordings": prepared, "minutes": 30, "size": "tiny", "name": "../../My <b>run</b>"}
    facts = client.post("/train/runs", json=request).json()
    run = facts["run"]
    assert run == "My-b-run-b" and facts["state"] == "starting" and "--threads 1" in facts["command"]
    assert "is trained now" in words_of(client.post("/train/runs", json=request), 503)
    assert client.post("/train/estimate", json=request).json()["busy"] == run
    assert "is trained now" in words_of(client.post("/train/speed", json=request), 503)
    assert client.post(f"/train/runs/{run}/pause").json()["state"] in ("pausing", "paused")
    deadline = time.monotonic() + 300
    while (facts := client.get(f"/train/runs/{run}").json())["state"] == "pausing":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert facts["state"] == "paused" and facts["can_go_on"]
    assert [one["run"] for one in client.get("/train/runs").json()] == [run]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"minutes": 0}, 422),
        ({"minutes": -1}, 422),
        ({"minutes": 1e9}, 422),
        ({"minutes": "NaN"}, 422),
        ({"size": "published; rm"}, 422),
        ({"start": "../../etc"}, 404),
        ({"start": "nowhere"}, 404),
        ({"recordings": "../runs"}, 404),
        ({"recordings": "nowhere"}, 404),
        ({"threads": 99}, 422),
    ],
)
def test_wrong_settings_are_refused(
    client: TestClient, prepared: str, change: dict[str, Any], status: int
) -> None:
    request = {"recordings": prepared, "minutes": 20, "size": "tiny"} | change
    for address in ("/train/runs", "/train/estimate"):
        assert words_of(client.post(address, json=request), status)


def test_sets_that_can_not_be_trained_on_are_refused(client: TestClient, takes: Path) -> None:
    name = new_set(client, "few")
    request = {"recordings": name, "minutes": 20, "size": "tiny"}
    assert "give recordings first" in words_of(client.post("/train/runs", json=request), 400)
    give(client, name, "a.wav", b"not sound")
    assert "prepare" in words_of(client.post("/train/runs", json=request), 400)
    client.post(f"/train/sets/{name}/prepare")
    assert "still being prepared" in words_of(client.post("/train/runs", json=request), 503)
    assert settled(client, name)["state"] == "failed"
    assert "can't be used" in words_of(client.post("/train/runs", json=request), 400)
    give(client, name, "b.wav", (takes / "take-1.wav").read_bytes()[: 44 + 16000 * 6])
    client.delete(f"/train/sets/{name}/files/a.wav")
    client.post(f"/train/sets/{name}/prepare")
    assert settled(client, name)["too_short"]
    assert "seconds of sound are left" in words_of(client.post("/train/runs", json=request), 400)
    assert client.delete(f"/train/sets/{name}").status_code == 200
    assert words_of(client.get(f"/train/sets/{name}"), 404)


@pytest.mark.parametrize("name", ["nowhere", "..%2Fruns", "%2e%2e", "a%00b"])
def test_unknown_names_get_an_answer(client: TestClient, name: str) -> None:
    for method, address in (
        ("GET", f"/train/sets/{name}"),
        ("POST", f"/train/sets/{name}/prepare"),
        ("POST", f"/train/sets/{name}/files"),
        ("DELETE", f"/train/sets/{name}"),
        ("DELETE", f"/train/sets/{name}/files/..%2Fspeed.json"),
        ("GET", f"/train/runs/{name}"),
        ("POST", f"/train/runs/{name}/pause"),
        ("POST", f"/train/runs/{name}/go-on"),
        ("DELETE", f"/train/runs/{name}"),
        ("GET", f"/train/runs/{name}/clips/step-000001-1.wav"),
    ):
        assert client.request(method, address).status_code in (404, 405), (method, address)


def test_only_clips_are_served(client: TestClient, folder: Path) -> None:
    run = Run(folder / "runs" / "clips")
    (run.folder / "clips").mkdir(parents=True)
    RunRecord(arguments=("train",)).write(run.record_path)
    (run.folder / "clips" / "step-000001-1.wav").write_bytes(b"RIFF")
    (run.folder / "secret.wav").write_bytes(b"secret")
    assert client.get("/train/runs/clips/clips/step-000001-1.wav").content == b"RIFF"
    for file in ("..%2Fsecret.wav", "secret.wav", "step-000002-1.wav", "step-000001-1.wav%00"):
        assert client.get(f"/train/runs/clips/clips/{file}").status_code == 404
    assert client.get("/train/runs/clips").json()["state"] == "gone"


def test_other_sites_can_not_start_a_training(client: TestClient, prepared: str) -> None:
    foreign = {"origin": "http://evil.example"}
    request = {"recordings": prepared, "minutes": 20}
    assert client.post("/train/runs", json=request, headers=foreign).status_code == 403


def test_more_than_the_limit_is_refused_before_it_is_sent(client: TestClient) -> None:
    name = new_set(client, "large")
    answer = client.post(
        f"/train/sets/{name}/files",
        content=b"x",
        headers={"content-length": str(3 << 30), "x-file-name": "a.wav"},
    )
    assert answer.status_code == 413 and "MB" in answer.text
