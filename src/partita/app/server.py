"""The application of the local page: all addresses, behind one guard. `serving` runs it."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from partita.app.compare.routes import compare_routes
from partita.app.listening.listener import listener_routes
from partita.app.listening.making import Maker
from partita.app.listening.owner import owner_routes
from partita.app.listening.shelf import TestShelf
from partita.app.play.library import Library
from partita.app.play.process import DrawingProcess
from partita.app.play.queue import JobQueue
from partita.app.play.routes import play_routes
from partita.app.settings import LOOPBACK, ServeConfig
from partita.app.train.routes import train_routes
from partita.app.train.training import Training
from partita.app.uploads.routes import upload_routes
from partita.app.uploads.store import UploadStore
from partita.app.web.errors import add_error_answers
from partita.app.web.security import Guard
from partita.app.web.templating import STATIC

OPEN_PATHS = ("/listen/", "/static/")
"""Beginnings of the paths that the listeners of a blind test open with their own link."""
FILE_PATHS = ("/uploads/", "/train/sets/")
"""Beginnings of the paths that take files of sound."""


def create_app(config: ServeConfig, *, key: str | None = None, hosts: Sequence[str] = ()) -> FastAPI:
    """Return the application.

    Args:
        config: what it offers.
        key: what a visitor must know; None where only this computer can open the page.
        hosts: names of this server besides those of this computer for itself.

    Raises:
        PartitaError: a given run is not there.

    >>> create_app(ServeConfig()).title
    'Partita'
    """
    library = Library(config.runs, config.folder / "runs")
    library.check()
    processes = DrawingProcess(), DrawingProcess()  # a clip that is stopped never belongs to a test
    queue, uploads = JobQueue(processes[0]), UploadStore(config.folder / "uploads")
    training = Training.in_folder(config.folder, library, config.threads)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        drawing = asyncio.create_task(queue.run())
        try:
            yield
        finally:
            try:
                await training.end()  # saves the run, whatever else fails
            finally:
                drawing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await drawing
                for process in processes:
                    process.end()

    app = FastAPI(title="Partita", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    add_error_answers(app)
    app.include_router(play_routes(library, queue, uploads, config.folder / "clips", config.threads))
    app.include_router(upload_routes(uploads))
    app.include_router(train_routes(training))
    app.include_router(compare_routes(library, config.runs))
    shelf = TestShelf(config.folder / "tests")
    maker = Maker(shelf, library, uploads, config.runs, processes[1], config.threads)
    app.include_router(owner_routes(shelf, maker, library, config.runs))
    app.include_router(listener_routes(shelf))
    app.mount("/static/blind", StaticFiles(packages=[("partita.app.blind", "templates")]), name="blind")
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(
        Guard, hosts=[*LOOPBACK, *hosts], key=key, open_paths=OPEN_PATHS, file_paths=FILE_PATHS
    )
    return app


def new_key() -> str:
    """Return an unguessable key.

    >>> len(new_key()) > 20
    True
    """
    return secrets.token_urlsafe(18)
