"""What visitors do to a server: many at once, some vanish, folders disappear. It answers, and lives on."""

import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest
from page_server import HEADERS, PageServer, serving

MODEL = "etude-run"


def test_two_hundred_requests_at_once_are_all_answered(server: PageServer) -> None:
    def one(number: int) -> int:
        with server.client() as client:
            if number % 2:
                return client.get("/play/jobs").status_code
            asked = {"model": MODEL, "seconds": 0.1, "seed": number}
            return client.post("/play/jobs", json=asked).status_code

    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(one, range(200)))
    assert set(found[1::2]) == {200}
    assert set(found[::2]) <= {201, 503} and 201 in found
    server.wait_until_idle()
    assert server.draw(model=MODEL)["state"] == "done"


def test_a_client_that_vanishes_in_the_middle_of_the_sound_disturbs_nobody(
    server: PageServer, client: httpx.Client
) -> None:
    job = client.post("/play/jobs", json={"model": MODEL, "seconds": 300, "seed": 1}).json()["job"]
    where = urlsplit(server.address)
    for _ in range(5):
        with socket.create_connection((where.hostname, where.port), timeout=30) as raw:
            asked = f"GET /play/jobs/{job}/sound HTTP/1.1\r\nhost: {where.netloc}\r\n\r\n"
            raw.sendall(asked.encode())
            assert raw.recv(64).startswith(b"HTTP/1.1 200")
    assert client.get(f"/play/jobs/{job}").json()["state"] == "drawing"
    client.post(f"/play/jobs/{job}/stop")
    assert server.finished(job)["state"] == "stopped"


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0\1\2\3\r\n\r\n",
        b"POST /uploads/sound HTTP/1.1\r\nhost: ::1\r\nx-partita: 1\r\ncontent-length: 99999999999\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    ],
)
def test_broken_requests_get_an_error_and_the_server_lives_on(server: PageServer, raw: bytes) -> None:
    where = urlsplit(server.address)
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(1000)
    assert not answer or answer.split()[1][:1] == b"4"
    with server.client() as client:
        assert client.get("/").status_code == 200


def test_an_upload_that_stops_in_the_middle_leaves_nothing(server: PageServer) -> None:
    where, before = urlsplit(server.address), set((server.folder / "uploads").glob("*"))
    head = f"POST /uploads/sound HTTP/1.1\r\nhost: {where.netloc}\r\nx-partita: 1\r\n"
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        connection.sendall(f"{head}content-length: 1000\r\n\r\nRIFF".encode())
    with server.client() as client:
        assert client.get("/").status_code == 200
    assert set((server.folder / "uploads").glob("*")) == before


def test_a_model_whose_folder_disappears_is_said_and_comes_back(etude_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(etude_run, tmp_path / "runs" / "mine"))
    with serving(tmp_path / "page", tmp_path / "runs") as server, server.client() as client:
        assert server.draw(model="mine")["state"] == "done"
        run.rename(tmp_path / "elsewhere")
        answer = client.post("/play/jobs", json={"model": "mine", "seconds": 1, "seed": 1})
        assert answer.status_code == 404 and "no model 'mine' any more" in answer.json()["error"]
        assert "mine" not in client.get("/").text
        (tmp_path / "elsewhere").rename(run)
        assert server.draw(model="mine")["state"] == "done"


def test_a_damaged_model_is_said(etude_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(etude_run, tmp_path / "mine"))
    with serving(tmp_path / "page", run) as server, server.client() as client:
        for weights in run.glob("checkpoints/*/average.safetensors"):
            weights.write_bytes(weights.read_bytes()[:-100])
        facts = server.draw(model="mine")
        assert facts["state"] == "failed" and "Traceback" not in facts["message"]
        (run / "config.toml").write_text("format = [")
        answer = client.get("/play/models/mine")
        assert answer.status_code == 400 and "config.toml" in answer.json()["error"]
        assert client.get("/", headers=HEADERS).status_code == 200


def test_a_port_that_is_taken_is_said_in_one_line(server: PageServer, tmp_path: Path) -> None:
    port = str(urlsplit(server.address).port)
    words = ["serve", "--port", port, "--no-open", "--folder", str(tmp_path)]
    command = [sys.executable, "-m", "partita", *words]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 2 and len(found.stderr.splitlines()) == 1
    assert f"port {port}" in found.stderr and "--port" in found.stderr
