"""The page that puts clips side by side, in a browser: one cursor, equal loudness, instant switching."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from browser_pages import BY_AXE, browser, level, page_of, too_wide, violations
from page_server import PageServer, serving

pytestmark = pytest.mark.browser
RATE = 16000


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison that has kept a clip of two arms and of real sound, at levels 20 dB apart."""
    folder, time = tmp_path_factory.mktemp("kept"), np.arange(6 * RATE) / RATE
    for arm, hertz, peak in (("real", 440, 0.5), ("likelihood", 660, 0.05), ("report", 550, 0.1)):
        (folder / "clips" / arm).mkdir(parents=True)
        soundfile.write(folder / "clips" / arm / "0.flac", peak * np.sin(2 * np.pi * hertz * time), RATE)
    return folder


@pytest.fixture(scope="module")
def own(kept: Path, etude_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    with serving(tmp_path_factory.mktemp("page"), etude_run, kept) as server:
        yield server


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    with browser() as opened:
        yield opened


def show(page: Any) -> None:
    page.locator("#number option").first.wait_for(state="attached")
    page.click("#finished button")
    page.locator(".clip").nth(2).wait_for()


def test_clips_switch_at_once_at_equal_loudness(own: PageServer, opened: Any) -> None:
    with page_of(opened, f"{own.address}compare") as page:
        show(page)
        page.locator("h1").click()
        page.keyboard.press(" ")
        levels = []
        for key in "123":
            page.keyboard.press(key)
            page.wait_for_timeout(400)
            levels.append(level(page))
            assert page.locator(".heard").inner_text().startswith(f"{key}. ")
        assert min(levels) > 0.01
        assert max(levels) / min(levels) < 10 ** (1.0 / 20)  # tones of equal level are 20 dB apart before
        before = float(page.input_value("#position"))
        page.keyboard.press("ArrowRight")
        assert float(page.input_value("#position")) > before + 0.9
        page.keyboard.press(" ")
        cursors = page.evaluate(
            "() => [...document.querySelectorAll('.cursor')].map((one) => one.style.left)"
        )
        assert len(cursors) == 3 and len(set(cursors)) == 1


def test_models_draw_after_the_same_prompt(own: PageServer, opened: Any, etudes: Path) -> None:
    with page_of(opened, f"{own.address}compare") as page:
        page.uncheck("[name=model][value=bach-violin]")
        page.set_input_files("input[type=file]", etudes / "etude-01.wav")
        page.locator("[data-says]", has_text="etude-01.wav").wait_for()
        page.fill("#seconds", "1")
        page.fill("#seed", "9")
        page.click("#draw button[type=submit]")
        page.locator("#status", has_text="Seed 9, after the same prompt").wait_for()
        assert page.locator(".clip").count() == 1
        page.reload()
        page.locator("#status", has_text="Seed 9, after the same prompt").wait_for()
        assert page.locator(".clip").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_and_nothing_is_cut(own: PageServer, opened: Any, width: int, scheme: str) -> None:
    with page_of(opened, f"{own.address}compare", width=width, scheme=scheme, allowed=BY_AXE) as page:
        show(page)
        assert not too_wide(page)
        assert not violations(page)
