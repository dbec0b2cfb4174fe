"""The addresses of the page that plays models."""

import io
import re
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from partita import storage
from partita.app.play.describing import describe
from partita.app.play.drawing import Draw
from partita.app.play.job import Job
from partita.app.play.library import Library
from partita.app.play.queue import JobQueue
from partita.app.play.request import DrawRequest
from partita.app.uploads.decode import SCORE, SOUND
from partita.app.uploads.store import UploadStore
from partita.app.web.errors import MissingError
from partita.app.web.templating import page
from partita.sampling.output.plan import free_path
from partita.sampling.output.provenance import clip_comment

Form = Literal["wav", "flac"]
MEDIA: dict[Form, str] = {"wav": "audio/wav", "flac": "audio/flac"}


def play_routes(
    library: Library, queue: JobQueue, uploads: UploadStore, clips: Path, threads: int | None
) -> APIRouter:
    """Return the addresses.

    Args:
        library: the models.
        queue: draws the clips.
        uploads: prompts, lines and scores.
        clips: the folder of the clips that a visitor keeps.
        threads: threads that draw.
    """
    router = APIRouter()

    @router.get("/")
    async def play(request: Request) -> HTMLResponse:
        return page(request, "play.html.j2", models=library.choices())

    @router.get("/play/models/{name:path}")
    async def model(name: str) -> dict[str, Any]:
        choice = library.get(name)
        facts = await run_in_threadpool(describe, choice.path)
        return facts | {"name": name, "title": choice.title, "ships": choice.ships}

    @router.post("/play/jobs", status_code=201)
    async def draw(request: DrawRequest) -> dict[str, Any]:
        choice = library.get(request.model)
        wanted = _draw(request, choice.path, uploads, threads)
        given = filter(None, (request.prompt, request.notes, request.like))
        titles = {name: uploads.title(name) for name in given}
        job = queue.add(request, wanted, request.command(choice.given, titles))
        return job.facts() | {"before": queue.position(job)}

    _add_jobs(router, queue)
    _add_files(router, queue, clips)
    return router


def _draw(request: DrawRequest, model: Path, uploads: UploadStore, threads: int | None) -> Draw:
    """Return what the process is asked to draw."""
    names = ("temperature", "frame_temperature", "top_p", "smoothing", "guidance", "seed")
    files = {
        name: None if given is None else uploads.get(given, kind)
        for name, given, kind in (
            ("prompt", request.prompt, SOUND),
            ("notes", request.notes, SCORE),
            ("like", request.like, SOUND),
        )
    }
    sampling = {name: getattr(request, name) for name in names} | {"threads": threads}
    return Draw(model=model, seconds=request.seconds, label=request.label, sampling=sampling, **files)


def _add_jobs(router: APIRouter, queue: JobQueue) -> None:
    """Add the addresses of clips that are drawn."""

    @router.get("/play/jobs")
    async def jobs() -> list[dict[str, Any]]:
        return [job.facts() for job in reversed(queue.jobs)]

    @router.get("/play/jobs/{name}")
    async def facts(name: str) -> dict[str, Any]:
        job = queue.get(name)
        return job.facts() | {"before": queue.position(job)}

    @router.get("/play/jobs/{name}/sound")
    async def sound(name: str, start: int = 0) -> StreamingResponse:
        blocks = queue.get(name).blocks(max(0, start))
        return StreamingResponse(
            blocks, media_type="application/octet-stream", headers={"cache-control": "no-store"}
        )

    @router.post("/play/jobs/{name}/stop")
    async def stop(name: str) -> dict[str, Any]:
        job = queue.get(name)
        queue.stop(job)
        return job.facts()


def _add_files(router: APIRouter, queue: JobQueue, clips: Path) -> None:
    """Add the addresses that make files of clips."""

    @router.post("/play/jobs/{name}/keep")
    async def keep(name: str) -> dict[str, Any]:
        job = queue.get(name)
        if not job.kept:
            data = await run_in_threadpool(encoded, job, "wav")
            clips.mkdir(parents=True, exist_ok=True)
            path = free_path(
                clips / f"{_file_name(job)}.wav"
            )  # nothing is awaited from here on, so no other clip takes it
            with storage.atomic_file(path) as part:
                part.write_bytes(data)
            job.kept = str(path)
        return job.facts()

    @router.get("/play/jobs/{name}/clip.{form}")
    async def clip(name: str, form: Form) -> Response:
        job = queue.get(name)
        data = await run_in_threadpool(encoded, job, form)
        shown = f'attachment; filename="{_file_name(job)}.{form}"'
        return Response(data, media_type=MEDIA[form], headers={"content-disposition": shown})


def encoded(job: Job, form: Form) -> bytes:
    """Return a clip as a file, with the comment by which Partita knows its clips.

    Args:
        job: a clip with sound.
        form: the format of the file.

    Raises:
        MissingError: it has no sound yet.
    """
    if not job.sound:
        raise MissingError("this clip has no sound yet: wait until it begins")
    samples = np.frombuffer(bytes(job.sound), dtype="<i2")
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", job.sample_rate, 1, "PCM_16", format=form.upper()) as written:
        written.comment = clip_comment(seed=job.request.seed)
        written.write(samples)
    return file.getvalue()


def _file_name(job: Job) -> str:
    """Return a file name without the suffix: the model and the seed."""
    model = re.sub(r"[^A-Za-z0-9_-]", "-", job.request.model)
    return f"{model[:60]}-{job.request.seed}"
