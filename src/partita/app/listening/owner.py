"""The addresses of the owner of listening tests: make a test, see how far listeners are, end it, read it."""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from partita.app.blind.answer_file import append_answer_file
from partita.app.blind.offline import offline_page
from partita.app.blind.questions import QUESTIONS
from partita.app.compare.comparisons import comparisons_in
from partita.app.listening.making import Maker
from partita.app.listening.request import TestRequest
from partita.app.listening.shelf import TestShelf
from partita.app.play.library import Library
from partita.app.web.templating import page
from partita.errors import PartitaError

LONGEST_ANSWERS = 1 << 22


def owner_routes(shelf: TestShelf, maker: Maker, library: Library, folders: tuple[Path, ...]) -> APIRouter:
    """Return the addresses.

    Args:
        shelf: the tests.
        maker: makes tests.
        library: the models.
        folders: where finished comparisons are.
    """
    router = APIRouter(prefix="/blind")

    @router.get("")
    async def blind(request: Request) -> HTMLResponse:
        return page(
            request,
            "blind.html.j2",
            models=library.choices(),
            comparisons=comparisons_in(folders),
            questions=[one for one in QUESTIONS.values() if not one.needs_prompt],
        )

    _add_making(router, shelf, maker)
    _add_test(router, shelf)
    return router


def _add_making(router: APIRouter, shelf: TestShelf, maker: Maker) -> None:
    """Add the addresses of all tests."""

    @router.get("/tests")
    async def tests() -> list[dict[str, Any]]:
        return [await run_in_threadpool(shelf.summary, name) for name in shelf.names()]

    @router.post("/tests", status_code=202)
    async def make(request: TestRequest) -> dict[str, Any]:
        return asdict(maker.start(request))

    @router.get("/making")
    async def running() -> list[dict[str, Any]]:
        return [asdict(making) for making in maker.running]

    @router.get("/making/{name}")
    async def making(name: str) -> dict[str, Any]:
        return asdict(maker.get(name))


def _add_test(router: APIRouter, shelf: TestShelf) -> None:
    """Add the addresses of one test."""

    @router.get("/tests/{name}")
    async def facts(name: str) -> dict[str, Any]:
        return await run_in_threadpool(shelf.facts, name)

    @router.post("/tests/{name}/end")
    async def end(name: str) -> dict[str, Any]:
        shelf.get(name).end()
        return await run_in_threadpool(shelf.facts, name)

    @router.get("/tests/{name}/offline/{token}.html")
    async def offline(name: str, token: str) -> Response:
        text = await run_in_threadpool(offline_page, shelf.get(name).session(token))
        shown = f'attachment; filename="listening-test-{token[:8]}.html"'
        return Response(text, media_type="text/html", headers={"content-disposition": shown})

    @router.post("/tests/{name}/answers")
    async def answers(name: str, request: Request) -> dict[str, Any]:
        test, data = shelf.get(name), await request.body()
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "answers.json"
            path.write_bytes(data[:LONGEST_ANSWERS])
            try:
                read = await run_in_threadpool(append_answer_file, test, path)
            except PartitaError as error:
                raise PartitaError(str(error).replace(str(path), "this file")) from None
        return {"appended": read.appended, "known": read.known}
