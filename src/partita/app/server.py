"""The application of the local page: all addresses, behind one guard. `serving` runs it."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from partita.app.compare.routes import compare_routes
from partita.app.play.library import Library
from partita.app.play.process import DrawingProcess
from partita.app.play.queue import JobQueue
from partita.app.play.routes import play_routes
from partita.app.settings import LOOPBACK, ServeConfig
from partita.app.train.preparing import Corpora
from partita.app.train.recording_routes import recording_routes
from partita.app.train.recordings import RecordingSets
from partita.app.train.routes import Training, train_routes
from partita.app.train.runs import Runs
from partita.app.train.speed import Speeds
from partita.app.uploads.routes import upload_routes
from partita.app.uploads.store import UploadStore
from partita.app.web.errors import add_error_answers
from partita.app.web.security import Guard
from partita.app.web.templating import STATIC
from partita.device import available_cores

OPEN_PATHS = ("/listen/", "/static/")
"""Beginnings of the paths that the listeners of a blind test open with their own link."""


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
    process = DrawingProcess()
    queue, uploads = JobQueue(process), UploadStore(config.folder / "uploads")
    training = _training(library, config)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        drawing = asyncio.create_task(queue.run())
        try:
            yield
        finally:
            drawing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await drawing
            process.end()
            training.speeds.cancel()
            await training.corpora.end()
            await training.runs.end()

    app = FastAPI(title="Partita", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    add_error_answers(app)
    app.include_router(play_routes(library, queue, uploads, config.folder / "clips", config.threads))
    app.include_router(upload_routes(uploads))
    app.include_router(train_routes(training))
    app.include_router(recording_routes(training.sets, training.corpora))
    app.include_router(compare_routes(library, config.runs))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(Guard, hosts=[*LOOPBACK, *hosts], key=key, open_paths=OPEN_PATHS)
    return app


def _training(library: Library, config: ServeConfig) -> Training:
    sets = RecordingSets(config.folder / "recordings")
    return Training(
        library,
        sets,
        Corpora(sets, config.folder / "corpora"),
        Runs(config.folder / "runs"),
        Speeds(config.folder / "speed.json"),
        config.threads or available_cores(),
    )


def new_key() -> str:
    """Return an unguessable key.

    >>> len(new_key()) > 20
    True
    """
    return secrets.token_urlsafe(18)
