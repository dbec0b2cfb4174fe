"""A whole listening test in a browser: made, answered by keyboard, ended, read."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import soundfile
from browser_pages import BY_AXE, browser, level, page_of, too_wide, violations
from page_server import PageServer, serving

pytestmark = pytest.mark.browser
RATE = 16000


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    """A server with a comparison of two arms and real sound."""
    folder, time = tmp_path_factory.mktemp("kept"), np.arange(2 * RATE) / RATE
    for arm, hertz in (("real", 440), ("likelihood", 660)):
        (folder / "clips" / arm).mkdir(parents=True)
        for clip in range(2):
            sound = 0.2 * np.sin(2 * np.pi * hertz * (clip + 1) * time)
            soundfile.write(folder / "clips" / arm / f"{clip}.flac", sound, RATE)
    with serving(tmp_path_factory.mktemp("page"), folder) as server:
        yield server


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    with browser() as opened:
        yield opened


def make(page: Any) -> str:
    """Make a test of the comparison, and return the address of its first listener."""
    page.select_option("#source", index=1)
    page.fill("#listeners", "Ann")
    page.click("#make button[type=submit]")
    page.locator("#status", has_text="ready").wait_for()
    return str(page.locator("tbody a").first.get_attribute("href")).lstrip("/")


def test_a_test_is_made_answered_after_a_reload_ended_and_read(own: PageServer, opened: Any) -> None:
    with page_of(opened, f"{own.address}blind") as page:
        link = make(page)
        with page_of(opened, f"{own.address}{link}", width=390, scheme="dark") as listener:
            listener.click("#start")
            trials = int(listener.inner_text("#count").split()[2])
            for number in range(trials):
                listener.locator("#trial").wait_for()
                listener.keyboard.press("a")
                listener.wait_for_timeout(250)
                assert level(listener) > 0.01
                for key in ("b", "1", "Enter"):
                    listener.keyboard.press(key)
                listener.locator("#count", has_text=f"{number + 1} of").wait_for()
                if number == 0:
                    listener.reload()  # nothing is lost
            listener.on("dialog", lambda dialog: dialog.accept())
            listener.click("#done .end")
            listener.locator("#results li").first.wait_for()
        page.reload()
        page.locator("[data-sentences] li").first.wait_for()
        assert page.locator("[data-state]").first.inner_text().startswith("Ended")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_and_nothing_is_cut(own: PageServer, opened: Any, width: int, scheme: str) -> None:
    with page_of(opened, f"{own.address}blind", width=width, scheme=scheme, allowed=BY_AXE) as page:
        link = make(page)
        assert not too_wide(page)
        assert not violations(page)
    with page_of(opened, f"{own.address}{link}", width=width, scheme=scheme, allowed=BY_AXE) as page:
        page.click("#start")
        page.locator("#trial").wait_for()
        assert not too_wide(page)
        assert not violations(page)
