"""The addresses of the page that trains models."""

from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse

from partita.app.train.estimate import estimate, stages
from partita.app.train.names import clean_name
from partita.app.train.recording_routes import recording_routes
from partita.app.train.run import CLIP
from partita.app.train.runs import keep_corpus
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
    router, runs = APIRouter(), training.runs
    router.include_router(recording_routes(training.sets, training.corpora))

    @router.get("/train")
    async def train(request: Request) -> HTMLResponse:
        return page(request, "train.html.j2", sizes=SIZES, stages=stages("")[1:])

    @router.get("/train/starts")
    async def starts() -> list[dict[str, str]]:
        return await run_in_threadpool(start_models, training.library)

    @router.post("/train/estimate")
    async def estimated(request: TrainRequest) -> dict[str, Any]:
        settings = training.settings(request)
        speed, other = training.speeds.known(settings), runs.running()
        found = {} if speed is None else estimate(settings.minutes, speed, settings.start, size=settings.size)
        return found | {"updates_per_second": speed, "busy": other.name if other else ""}

    @router.post("/train/speed")
    async def measure(request: TrainRequest) -> dict[str, Any]:
        training.check_ready(request.recordings)
        if (other := runs.running()) is not None:
            raise BusyError(f"{other.name} is trained now, so the speed can't be measured: wait, or pause it")
        return {"updates_per_second": await training.speeds.measure(training.settings(request))}

    @router.get("/train/runs")
    async def all_runs() -> list[dict[str, Any]]:
        return runs.facts()

    @router.post("/train/runs", status_code=201)
    async def start(request: TrainRequest) -> dict[str, Any]:
        training.check_ready(request.recordings)
        corpus = await run_in_threadpool(keep_corpus, training.corpora.path(request.recordings))
        settings = training.settings(request).on(corpus)
        training.speeds.cancel()
        name = clean_name(request.name) or request.recordings
        return training.facts(runs.start(settings, name=name, recordings=request.recordings))

    @router.get("/train/runs/{name}")
    async def facts(name: str) -> dict[str, Any]:
        return training.facts(runs.get(name))

    @router.post("/train/runs/{name}/pause")
    async def pause(name: str) -> dict[str, Any]:
        runs.pause(run := runs.get(name))
        return training.facts(run)

    @router.post("/train/runs/{name}/go-on")
    async def go_on(name: str) -> dict[str, Any]:
        runs.go_on(run := runs.get(name))
        return training.facts(run)

    @router.delete("/train/runs/{name}")
    async def forget(name: str) -> list[dict[str, Any]]:
        runs.forget(runs.get(name))
        return runs.facts()

    @router.get("/train/runs/{name}/clips/{file}")
    async def clip(name: str, file: str) -> FileResponse:
        path = runs.get(name).folder / "clips" / file
        if not CLIP.fullmatch(file) or not path.is_file():
            raise MissingError("this clip is not there any more")
        return FileResponse(path, media_type="audio/wav")

    return router
