"""The addresses of uploaded files."""

from typing import Any, Literal
from urllib.parse import unquote

from fastapi import APIRouter, Header
from starlette.requests import Request
from starlette.responses import FileResponse

from partita.app.uploads.decode import SOUND
from partita.app.uploads.store import UploadStore


def upload_routes(store: UploadStore) -> APIRouter:
    """Return the addresses.

    Args:
        store: keeps the files.
    """
    router = APIRouter(prefix="/uploads")

    @router.post("/{kind}")
    async def add(
        kind: Literal["sound", "score"], request: Request, x_file_name: str = Header("recording.wav")
    ) -> dict[str, Any]:
        upload = await store.add(request.stream(), title=unquote(x_file_name), kind=kind)
        return {"upload": upload.name, "title": upload.title, "seconds": round(upload.seconds, 3)}

    @router.get("")
    async def all_uploads() -> list[dict[str, Any]]:
        return [
            {"upload": one.name, "title": one.title, "kind": one.kind, "seconds": round(one.seconds, 3)}
            for one in store.uploads()
        ]

    @router.get("/{name}.wav")
    async def sound(name: str) -> FileResponse:
        return FileResponse(store.get(name, SOUND), media_type="audio/wav")

    return router
