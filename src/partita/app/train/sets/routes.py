"""The addresses of the recordings that a visitor gives for training."""

from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from partita.app.train.sets.preparing import Corpora
from partita.app.train.sets.recordings import FIRST_SET, RecordingSets
from partita.app.web.security import MOST_BYTES


class NewSet(BaseModel):
    """A set to make.

    Args:
        title: what the visitor calls it.
    """

    model_config = ConfigDict(extra="forbid")

    title: str = Field(FIRST_SET, max_length=200)


def recording_routes(sets: RecordingSets, corpora: Corpora) -> APIRouter:
    """Return the addresses.

    Args:
        sets: the recordings.
        corpora: are made of them.
    """
    router = APIRouter(prefix="/train/sets")
    router.include_router(_file_routes(sets, corpora))

    @router.get("")
    async def all_sets() -> dict[str, Any]:
        return {
            "sets": sets.names(),
            "bytes_left": sets.bytes_left(),
            "most_bytes": sets.most_bytes,
            "most_bytes_of_a_file": MOST_BYTES,
        }

    @router.post("", status_code=201)
    async def make(new: NewSet) -> dict[str, str]:
        return {"set": sets.make(new.title)}

    @router.get("/{name}")
    async def facts(name: str) -> dict[str, Any]:
        return await run_in_threadpool(corpora.facts, name)

    @router.delete("/{name}")
    async def remove(name: str) -> dict[str, Any]:
        sets.folder(name)
        await corpora.remove(name)
        await run_in_threadpool(sets.remove_set, name)
        return {"sets": sets.names()}

    @router.post("/{name}/prepare")
    async def prepare(name: str) -> dict[str, Any]:
        corpora.begin(name)
        return await run_in_threadpool(corpora.facts, name)

    return router


def _file_routes(sets: RecordingSets, corpora: Corpora) -> APIRouter:
    """Return the addresses of single recordings."""
    router = APIRouter(prefix="/{name}/files")

    @router.post("")
    async def add(
        name: str,
        request: Request,
        x_file_name: str = Header("recording.wav"),
        content_length: int = Header(0),
    ) -> dict[str, Any]:
        stored = await sets.add(name, request.stream(), title=unquote(x_file_name), expected=content_length)
        return {"name": stored.name, "size": stored.size, "known": stored.known}

    @router.delete("/{file}")
    async def remove_file(name: str, file: str) -> dict[str, Any]:
        sets.remove(name, file)
        return await run_in_threadpool(corpora.facts, name)

    return router
