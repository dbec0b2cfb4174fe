"""What runs in the process that draws: a clip, block by block.

The process keeps the models of the last requests. It sends messages, tuples that begin with their kind, and
ends when the server closes the pipe. This file does not know the server.
"""

import contextlib
import os
import signal
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partita.errors import PartitaError

if TYPE_CHECKING:
    from partita.runs.loading import LoadedModel

MOST_MODELS = 2
"""Models that stay in memory."""
FIRST_BLOCK = 800
"""Samples of the first block: 50 ms at 16 kHz."""


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A request for a clip; see `DrawRequest`.

    Args:
        model: its folder.
        seconds: the length.
        prompt: a recording to continue.
        notes: a score to play.
        like: a line to play.
        label: name -> value.
        sampling: arguments of `SamplingConfig`; None stands for the model's own value.
    """

    model: Path
    seconds: float
    prompt: Path | None = None
    notes: Path | None = None
    like: Path | None = None
    label: dict[str, str] = field(default_factory=dict)
    sampling: dict[str, Any] = field(default_factory=dict)


class Models:
    """The models of the last requests, in memory."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[tuple[Path, float], LoadedModel] = OrderedDict()

    def get(self, path: Path) -> "LoadedModel":
        """Return a model; it is loaded again if its run has a new checkpoint.

        Args:
            path: its folder.

        Raises:
            PartitaError: it is not there any more, or damaged.
        """
        from partita.runs.loading import load

        newest = path / "checkpoints" / "last.txt"
        with contextlib.suppress(OSError):
            key = (path, newest.stat().st_mtime)
            if key in self._loaded:
                self._loaded.move_to_end(key)
                return self._loaded[key]
        model = load(path)
        self._loaded[path, newest.stat().st_mtime if newest.exists() else 0.0] = model
        while len(self._loaded) > MOST_MODELS:
            self._loaded.popitem(last=False)
        return model


def answer_requests(pipe: Connection, stop: Any) -> None:
    """Answer requests until the pipe is closed.

    Args:
        pipe: requests come in, and messages go out: any number of `("rate", Hz)` and `("sound", int16 PCM)`,
            then `("done", facts)` or `("failed", message)`.
        stop: an event, set to end the clip that is drawn.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the server, which ends this process
    models = Models()
    with contextlib.suppress(EOFError, OSError):  # the server is gone
        while True:
            request = pipe.recv()
            try:
                for message in _messages(request, models, stop):
                    pipe.send(message)
            except PartitaError as error:
                pipe.send(("failed", str(error)))
            except MemoryError:
                pipe.send(("failed", "there is not enough memory: give a smaller model or a shorter clip"))
            except Exception as error:
                if os.environ.get("PARTITA_DEBUG"):
                    raise
                pipe.send(("failed", f"drawing failed ({type(error).__name__}): please report it"))


def _messages(request: Draw, models: Models, stop: Any) -> Iterator[tuple[str, Any]]:
    model = models.get(request.model)
    yield "rate", model.sample_rate
    samples = 0
    for block in draw_blocks(request, model):
        yield "sound", block
        samples += len(block) // 2
        if stop.is_set():
            break
    yield "done", {"samples": samples}


def draw_blocks(request: Draw, model: "LoadedModel") -> Iterator[bytes]:
    """Yield a clip as 16-bit little-endian PCM, block by block.

    Args:
        request: what to draw.
        model: the model.

    Raises:
        PartitaError: a file can't be used, or the model can't use what is given.
    """
    from partita.audio.load import read_audio
    from partita.audio.pcm import to_int16
    from partita.sampling.config import SamplingConfig

    prompt = None
    if request.prompt is not None:
        last = max(1, model.prompt_samples)
        prompt = read_audio(request.prompt, model.sample_rate, last_samples=last)
    given = {name: value for name, value in request.sampling.items() if value is not None}
    config = SamplingConfig(**({"temperature": model.temperature, "smoothing": model.smoothing} | given))
    blocks = model.stream(
        request.seconds,
        prompt=prompt,
        given=model.given(label=request.label, notes=request.notes, like=request.like),
        config=config,
        first_block=FIRST_BLOCK,
    )
    for block in blocks:
        yield to_int16(block[0]).astype("<i2").tobytes()
