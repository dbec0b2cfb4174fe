"""The addresses of the page that puts clips side by side."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse

from partita.app.compare.comparisons import Comparison, comparisons_in
from partita.app.play.library import Library
from partita.app.web.errors import MissingError
from partita.app.web.templating import page


def compare_routes(library: Library, folders: tuple[Path, ...]) -> APIRouter:
    """Return the addresses.

    Args:
        library: the models to draw from.
        folders: where finished comparisons are.
    """
    router = APIRouter(prefix="/compare")

    def comparison(name: str) -> Comparison:
        found = comparisons_in(folders)
        if name not in found:
            raise MissingError(f"there is no comparison {name!r} any more: load the page again")
        return found[name]

    @router.get("")
    async def compare(request: Request) -> HTMLResponse:
        return page(
            request, "compare.html.j2", models=library.choices(), comparisons=list(comparisons_in(folders))
        )

    @router.get("/of/{name}")
    async def clips(name: str) -> dict[str, Any]:
        return {"name": name, "clips": comparison(name).clips}

    @router.get("/of/{name}/{number}/{arm}.flac")
    async def clip(name: str, number: int, arm: str) -> FileResponse:
        return FileResponse(comparison(name).clip(arm, number), media_type="audio/flac")

    return router
