"""Requests that other sites or computers make are refused; each test is one such request."""

from pathlib import Path

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from partita.app.server import create_app
from partita.app.settings import ServeConfig
from partita.app.web.security import Guard

HERE = "http://127.0.0.1:8420"


@pytest.fixture
def local(tmp_path: Path) -> TestClient:
    return TestClient(create_app(ServeConfig(folder=tmp_path)), base_url=HERE)


@pytest.fixture
def shared(tmp_path: Path) -> TestClient:
    app = create_app(ServeConfig(folder=tmp_path, host="192.0.2.7"), key="secret", hosts=["192.0.2.7"])
    return TestClient(app, base_url="http://192.0.2.7:8420", follow_redirects=False)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8420", "127.0.0.1.evil.example", "", "[::1"])
def test_a_name_of_another_site_gets_nothing(local: TestClient, host: str) -> None:
    assert local.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8420", "127.0.0.1", "[::1]:8420", "LOCALHOST"])
def test_the_own_names_are_answered(local: TestClient, host: str) -> None:
    assert local.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},  # a form of another site can't send the header
        {"x-partita": "1", "origin": "http://evil.example"},
        {"x-partita": "1", "origin": "null"},
        {"x-partita": "1", "origin": "http://127.0.0.1:9999"},
        {"x-partita": "1", "sec-fetch-site": "cross-site"},
        {"x-partita": "1", "sec-fetch-site": "same-site"},
    ],
)
def test_a_change_that_does_not_come_from_the_page_is_refused(
    local: TestClient, headers: dict[str, str]
) -> None:
    assert local.post("/play/jobs", json={}, headers=headers).status_code == 403


def test_the_page_itself_may_change_things(local: TestClient) -> None:
    headers = {"x-partita": "1", "origin": HERE, "sec-fetch-site": "same-origin"}
    answer = local.post("/play/jobs", json={"model": "none", "seconds": 1, "seed": 1}, headers=headers)
    assert answer.status_code == 404 and "no model" in answer.json()["error"]


def test_other_computers_need_the_key_once(shared: TestClient) -> None:
    assert shared.get("/").status_code == 403
    assert shared.get("/?key=wrong").status_code == 403
    assert shared.get("/", headers={"cookie": "partita-key=wrong"}).status_code == 403
    answer = shared.get("/?key=secret&model=a")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?model=a")
    other = shared.get("/", headers={"cookie": 'a/b=1; {"x": 1}; partita-key=secret'})
    assert other.status_code == 200  # cookies of other services do not disturb
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert shared.get("/").status_code == 200  # the client keeps the cookie


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
        "/static//etc/passwd",
        "/%00",
    ],
)
def test_no_file_outside_is_served(local: TestClient, path: str) -> None:
    assert local.get(path).status_code == 404


def test_a_body_that_is_too_long_is_refused_whether_it_says_so_or_not() -> None:
    async def app(scope: dict[str, object], receive: object, send: object) -> None:
        while True:
            message = await receive()  # type: ignore[operator]
            if not message.get("more_body"):
                return

    guard = Guard(
        app,  # type: ignore[arg-type]
        hosts=["127.0.0.1"],
        file_paths=("/files",),
        most_bytes=1000,
        most_other_bytes=10,
    )
    client = TestClient(guard, base_url=HERE, headers={"x-partita": "1"})
    assert client.post("/files", content=b"x" * 1001).status_code == 413
    pieces = (b"x" * 100 for _ in range(11))
    assert client.post("/files", content=pieces).status_code == 413
    assert client.post("/", content=b"x" * 11).status_code == 413
    assert client.post("/", headers={"content-length": "-5"}).status_code == 413


def test_answers_let_no_other_site_run_scripts_or_frame_the_page(local: TestClient) -> None:
    headers = local.get("/").headers
    policy = headers["content-security-policy"]
    assert "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_errors_are_a_page_for_a_person_and_json_for_a_script(local: TestClient) -> None:
    page = local.get("/nowhere", headers={"accept": "text/html"})
    assert (
        page.status_code == 404 and "There is nothing at this address." in page.text and "<nav" in page.text
    )
    assert local.get("/nowhere").json() == {"error": "There is nothing at this address."}


def test_what_a_visitor_sends_is_escaped(local: TestClient) -> None:
    answer: httpx.Response = local.get(
        "/play/models/<script>alert(1)</script>", headers={"accept": "text/html"}
    )
    assert answer.status_code == 404 and "<script>alert" not in answer.text
