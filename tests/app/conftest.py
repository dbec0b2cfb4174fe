"""One server for all tests of the page, with one tiny run."""

from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from listening import arms, blind_test, made_test
from page_server import PageServer, serving
from stand_in import etude_corpus, etude_run, etudes

__all__ = ["arms", "blind_test", "etude_corpus", "etude_run", "etudes", "made_test"]


@pytest.fixture(scope="session")
def server(etude_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    with serving(tmp_path_factory.mktemp("page"), etude_run) as server:
        yield server


@pytest.fixture
def client(server: PageServer) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client
