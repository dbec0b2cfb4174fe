"""Answer errors: a page for a person, JSON for a script. No traceback leaves the server."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from partita.app.web.templating import page
from partita.errors import PartitaError


class BusyError(PartitaError):
    """So much waits already that no more is taken."""


class MissingError(PartitaError):
    """There is no such thing, or there is none any more."""


def add_error_answers(app: FastAPI) -> None:
    """Make an application answer all errors in one form.

    Args:
        app: the application.
    """

    @app.exception_handler(PartitaError)
    async def mistake(request: Request, error: PartitaError) -> Response:
        status = {BusyError: 503, MissingError: 404}.get(type(error), 400)
        return _answer(request, status, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
        return _answer(request, 422, f"`{name}`: {first['msg']}")

    @app.exception_handler(HTTPException)
    async def missing(request: Request, error: HTTPException) -> Response:
        words = "There is nothing at this address." if error.status_code == 404 else str(error.detail)
        return _answer(request, error.status_code, words)

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> Response:
        return _answer(
            request, 500, f"Something in Partita went wrong ({type(error).__name__}): please report it."
        )


def _answer(request: Request, status: int, words: str) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return page(request, "error.html.j2", status=status, words=words)
    return JSONResponse({"error": words}, status_code=status)
