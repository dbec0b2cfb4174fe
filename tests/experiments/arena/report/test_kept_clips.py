"""The clips of an arena that are kept to be played: all continue the same sound of the teacher."""

from typing import Any

import numpy as np
import pytest
import soundfile

from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.report.kept_clips import COUNT, PROMPT_SECONDS, SECONDS, kept_clips
from partita.experiments.arena.report.page import write_arena_page
from partita.experiments.arena.run import arena
from partita.generated_folders import is_generated

pytestmark = pytest.mark.usefixtures("one_thread")


def test_the_teacher_and_each_arm_have_clips_but_a_steered_one(
    asked: ArenaConfig, whole: dict[str, Any]
) -> None:
    rows, rate, prompt_seconds = kept_clips(ArenaFolder(asked.out), list(whole["arms"]))
    assert [[clip.name for clip in row] for row in rows] == [["teacher", "likelihood"]] * COUNT
    prompt = round(PROMPT_SECONDS * rate)
    for teacher, drawn in rows:
        assert prompt < len(teacher.waveform) == len(drawn.waveform) <= prompt + SECONDS * rate
        gain = np.abs(teacher.waveform[:prompt]).max() / max(np.abs(drawn.waveform[:prompt]).max(), 1e-9)
        np.testing.assert_allclose(teacher.waveform[:prompt], gain * drawn.waveform[:prompt], atol=2e-3)
        assert soundfile.info(asked.out / drawn.file).samplerate == rate
    assert prompt_seconds == PROMPT_SECONDS
    assert is_generated(asked.out / "listen")


def test_a_finished_arena_draws_no_clips_again_and_its_page_plays_them(
    asked: ArenaConfig, whole: dict[str, Any]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in (asked.out / "listen").iterdir()}
    lines: list[str] = []
    arena(asked, log=lines.append)
    assert {path: path.stat().st_mtime_ns for path in (asked.out / "listen").iterdir()} == before
    assert not any("drawing" in line for line in lines)
    page = write_arena_page(asked, whole).read_text(encoding="utf-8")
    assert page.count("<audio") == 2 * COUNT
    for path in before:
        assert path.suffix != ".wav" or f'href="listen/{path.name}"' in page
