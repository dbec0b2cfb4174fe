"""The addresses behind the link of a listener. Nothing that they answer depends on an arm.

Clips are answered without a date or a digest of the file, and all have the same length.
"""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from partita.app.blind.answers import Answer
from partita.app.listening.shelf import TestShelf
from partita.app.web.templating import page

LONGEST_ID = 64


class GivenAnswer(BaseModel):
    """An answer as the page sends it; see `Answer`."""

    model_config = ConfigDict(extra="forbid")

    trial: str = Field(max_length=LONGEST_ID)
    choice: str = Field(max_length=1)
    seconds: float = Field(allow_inf_nan=False)
    at: float = Field(allow_inf_nan=False)
    plays: dict[str, int] = Field(default_factory=dict, max_length=8)
    switches: int = 0


def listener_routes(shelf: TestShelf) -> APIRouter:
    """Return the addresses.

    Args:
        shelf: the tests.
    """
    router = APIRouter(prefix="/listen")

    @router.get("/{token}")
    async def listen(token: str, request: Request) -> HTMLResponse:
        test = shelf.of_listener(token)
        return page(request, "listen.html.j2", token=token, commitment=test.commitment)

    @router.get("/{token}/trials")
    async def trials(token: str) -> dict[str, Any]:
        session = shelf.of_listener(token).session(token)
        answered = sorted(session.file.read().counted)
        return {
            "manifest": session.manifest,
            "answered": answered,
            "ended": session.progress().ended,
        }

    @router.get("/{token}/clips/{clip}")
    async def clip(token: str, clip: str) -> Response:
        data = await run_in_threadpool(shelf.of_listener(token).session(token).clip, clip)
        return Response(data, media_type="audio/wav", headers={"cache-control": "no-store"})

    _add_answers(router, shelf)
    return router


def _add_answers(router: APIRouter, shelf: TestShelf) -> None:
    """Add the addresses by which a listener answers, ends the test, and then sees the own results."""

    @router.post("/{token}/answers")
    async def answer(token: str, given: GivenAnswer) -> dict[str, Any]:
        session = shelf.of_listener(token).session(token)
        progress = await run_in_threadpool(session.answer, Answer(**given.model_dump()))
        return {"answered": progress.answered, "trials": progress.trials}

    @router.post("/{token}/end")
    async def end(token: str) -> dict[str, Any]:
        session = shelf.of_listener(token).session(token)
        await run_in_threadpool(session.end)
        return {"ended": True}

    @router.get("/{token}/results")
    async def results(token: str) -> dict[str, Any]:
        from partita.app.blind.results import results_of  # SciPy takes a second to import

        test = shelf.of_listener(token)
        found = results_of(test.key_of(token), {token: test.answer_file(token).read()})
        return {"sentences": [pair.verdict for pair in found.pairs]}
