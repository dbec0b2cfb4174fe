"""The addresses of the page that trains models."""

from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse

from partita.app.train.estimate import estimate, stages
from partita.app.train.run import CLIP
from partita.app.train.sets.routes import recording_routes
from partita.app.train.settings import SIZES, TrainRequest
from partita.app.train.starts import start_models
from partita.app.train.training import Training
from partita.app.web.errors import BusyError, MissingError
from partita.app.web.templating import page


def train_routes(training: Training) -> APIRouter:
    """Return the addresses.

    Args:
        training: does the work.
    """
    router = APIRouter()
    router.include_router(recording_routes(training.sets, training.corpora))
    router.include_router(_plan_routes(training))
    router.include_router(_run_routes(training))

    @router.get("/train")
    async def train(request: Request) -> HTMLResponse:
        return page(request, "train.html.j2", sizes=SIZES, stages=stages("")[1:])

    return router


def _plan_routes(training: Training) -> APIRouter:
    """Return the addresses of what can be chosen, and of what to expect."""
    router, speeds = APIRouter(prefix="/train"), training.speeds

    @router.get("/starts")
    async def starts() -> list[dict[str, str]]:
        return await run_in_threadpool(start_models, training.library)

    @router.post("/estimate")
    async def estimated(request: TrainRequest) -> dict[str, Any]:
        settings = training.settings(request)
        speed, other = speeds.known(settings), training.runs.running()
        found = {} if speed is None else estimate(settings.minutes, speed, settings.start, size=settings.size)
        return found | {"updates_per_second": speed, "busy": other.name if other else ""}

    @router.post("/speed")
    async def measure(request: TrainRequest) -> dict[str, Any]:
        training.check_ready(request.recordings)
        if (other := training.runs.running()) is not None:
            raise BusyError(f"{other.name} is trained now, so the speed can't be measured: wait, or pause it")
        return {"updates_per_second": await speeds.measure(training.settings(request))}

    return router


def _run_routes(training: Training) -> APIRouter:
    """Return the addresses of runs."""
    router, runs = APIRouter(prefix="/train/runs"), training.runs

    @router.get("")
    async def all_runs() -> list[dict[str, Any]]:
        return runs.facts()

    @router.post("", status_code=201)
    async def start(request: TrainRequest) -> dict[str, Any]:
        return training.facts(await training.start(request))

    @router.get("/{name}")
    async def facts(name: str) -> dict[str, Any]:
        return training.facts(runs.get(name))

    @router.post("/{name}/pause")
    async def pause(name: str) -> dict[str, Any]:
        runs.pause(run := runs.get(name))
        return training.facts(run)

    @router.post("/{name}/go-on")
    async def go_on(name: str) -> dict[str, Any]:
        training.speeds.cancel()
        runs.go_on(run := runs.get(name))
        return training.facts(run)

    @router.delete("/{name}")
    async def forget(name: str) -> list[dict[str, Any]]:
        runs.forget(runs.get(name))
        return runs.facts()

    @router.get("/{name}/clips/{file}")
    async def clip(name: str, file: str) -> FileResponse:
        path = runs.get(name).folder / "clips" / file
        if not CLIP.fullmatch(file) or not path.is_file():
            raise MissingError("this clip is not there any more")
        return FileResponse(path, media_type="audio/wav")

    return router
