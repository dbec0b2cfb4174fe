"""The addresses of the page that trains models."""

from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse

from partita.app.play.library import Library
from partita.app.train.estimate import estimate, stages
from partita.app.train.names import clean_name
from partita.app.train.preparing import Corpora
from partita.app.train.recordings import RecordingSets
from partita.app.train.run import CLIP, Run
from partita.app.train.runs import Runs, keep_corpus
from partita.app.train.settings import SIZES, RunSettings, TrainRequest
from partita.app.train.speed import Speeds
from partita.app.train.starts import start_models, start_of
from partita.app.web.errors import BusyError, MissingError
from partita.app.web.templating import page
from partita.errors import PartitaError


class Training:
    """What the addresses need.

    Args:
        library: the models to start from.
        sets: the recordings.
        corpora: are made of them.
        runs: are trained on them.
        speeds: of this machine.
        threads: CPU threads that train.
    """

    def __init__(
        self,
        library: Library,
        sets: RecordingSets,
        corpora: Corpora,
        runs: Runs,
        speeds: Speeds,
        threads: int,
    ) -> None:
        self.library, self.sets, self.corpora = library, sets, corpora
        self.runs, self.speeds, self.threads = runs, speeds, threads

    def settings(self, request: TrainRequest) -> RunSettings:
        """Return the settings of a run.

        Args:
            request: what a visitor asks for.

        Raises:
            MissingError: the set or the model to start from is not there.
        """
        self.sets.folder(request.recordings)
        return RunSettings(
            corpus=self.corpora.path(request.recordings),
            minutes=request.minutes,
            size=request.size,
            start=start_of(self.library, request.start),
            threads=self.threads,
        )

    def check_ready(self, name: str) -> None:
        """Raise an error if a set can't be trained on now.

        Args:
            name: of the set.

        Raises:
            PartitaError: it is not prepared, or it has too little sound.
        """
        facts = self.corpora.facts(name)
        if facts["state"] in ("preparing", "waiting"):
            raise BusyError("the recordings are still being prepared: wait until this is done")
        if facts["state"] != "ready":
            words = {"empty": "give recordings first", "changed": "prepare the recordings first"}
            raise PartitaError(words.get(facts["state"], f"the recordings can't be used: {facts['error']}"))
        if facts["too_short"]:
            raise PartitaError(
                f"only {facts['seconds']['train']:.0f} seconds of sound are left for training: give more"
                " recordings, a few minutes at least"
            )

    def facts(self, run: Run) -> dict[str, Any]:
        """Return what the page shows of a run.

        Args:
            run: the run.
        """
        path = run.folder.absolute()
        models = [choice.name for choice in self.library.choices() if choice.path == path]
        return run.facts() | {"model": models[0] if models else ""}


def train_routes(training: Training) -> APIRouter:
    """Return the addresses.

    Args:
        training: does the work.
    """
    router, runs = APIRouter(), training.runs

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
