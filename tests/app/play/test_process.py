"""The process that draws is started when it is needed, and again after it died."""

import asyncio
from pathlib import Path

import pytest

from partita.app.play.drawing import Draw
from partita.app.play.process import DrawingProcess
from partita.app.play.queue import JobQueue
from partita.app.play.request import DrawRequest
from partita.errors import PartitaError


async def drawn(process: DrawingProcess, draw: Draw, *, then_kill: bool = False) -> bytes:
    sound = b""
    async for kind, value in process.messages(draw):
        if kind == "sound":
            sound += value
            if then_kill:
                process._process.kill()
    return sound


def test_a_process_that_is_killed_gives_an_error_and_the_next_request_gets_a_new_one(etude_run: Path) -> None:
    draw = Draw(model=etude_run, seconds=0.1, sampling={"seed": 1, "threads": 1})

    async def story() -> None:
        process = DrawingProcess()
        try:
            first = await drawn(process, draw)
            endless = Draw(model=etude_run, seconds=600.0, sampling={"threads": 1})
            with pytest.raises(PartitaError, match="the process that draws has ended"):
                await drawn(process, endless, then_kill=True)
            assert await drawn(process, draw) == first
        finally:
            process.end()

    asyncio.run(story())


def test_a_process_that_can_not_be_started_fails_one_clip_and_not_the_queue(etude_run: Path) -> None:
    async def story() -> None:
        process = DrawingProcess()
        queue = JobQueue(process)
        running = asyncio.create_task(queue.run())
        asked = DrawRequest(model="mine", seconds=0.1, seed=1)
        draw = Draw(model=etude_run, seconds=0.1, sampling={"threads": 1})
        started = process._started

        def fails() -> None:
            raise OSError(24, "Too many open files")

        try:
            process._started = fails  # type: ignore[assignment,method-assign]
            first = queue.add(asked, draw, "")
            while not first.finished:
                await asyncio.sleep(0.01)
            process._started = started  # type: ignore[method-assign]
            second = queue.add(asked, draw, "")
            while not second.finished:
                await asyncio.sleep(0.05)
            assert (first.state, second.state) == ("failed", "done")
        finally:
            running.cancel()
            process.end()

    asyncio.run(story())


def test_a_model_whose_folder_disappears_gives_an_error_that_names_it(tmp_path: Path) -> None:
    async def story() -> None:
        process = DrawingProcess()
        try:
            with pytest.raises(PartitaError, match="gone does not exist"):
                await drawn(process, Draw(model=tmp_path / "gone", seconds=0.1))
        finally:
            process.end()

    asyncio.run(story())
