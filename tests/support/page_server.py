"""A running `partita serve`, in a process of its own, and requests to it."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx

HEADERS = {"x-partita": "1"}


@dataclass(frozen=True)
class PageServer:
    """A running server.

    Args:
        address: of its page, with a slash at the end.
        folder: where it keeps files.
        process: the server.
    """

    address: str
    folder: Path
    process: "subprocess.Popen[str]"

    def client(self) -> httpx.Client:
        """Return a client that makes requests as the page does."""
        return httpx.Client(base_url=self.address, headers=HEADERS, timeout=60.0)

    def draw(self, **changes: Any) -> dict[str, Any]:
        """Draw a clip, and return its facts when it is finished."""
        with self.client() as client:
            answer = client.post("/play/jobs", json={"seconds": 0.5, "seed": 1} | changes)
            assert answer.status_code == 201, answer.text
            return self.finished(answer.json()["job"])

    def wait_until_idle(self) -> None:
        """Wait until no clip waits or is drawn."""
        with self.client() as client:
            for job in client.get("/play/jobs").json():
                self.finished(job["job"])

    def finished(self, job: str) -> dict[str, Any]:
        """Return the facts of a clip when no more sound comes."""
        with self.client() as client:
            for _ in range(1200):
                facts: dict[str, Any] = client.get(f"/play/jobs/{job}").json()
                if facts["state"] in ("done", "stopped", "failed"):
                    return facts
                time.sleep(0.05)
        raise AssertionError(f"the clip is still {facts['state']}")


@contextmanager
def serving(folder: Path, *runs: Path, options: tuple[str, ...] = ()) -> Iterator[PageServer]:
    """Yield a running server, and end it as Ctrl-C does."""
    words = ["serve", *map(str, runs), "--folder", str(folder), "--port", "0", "--no-open", "--threads", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "partita", *words, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    with process:
        address = process.stdout.readline().strip()
        assert address.startswith("http://"), process.stderr.read()
        try:
            yield PageServer(address.partition("?")[0], folder, process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
