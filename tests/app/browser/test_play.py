"""The page that plays models, in a browser: sound really arrives, and a reload loses nothing."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_pages import BY_AXE, REFUSED, browser, level, page_of, too_wide, violations
from page_server import PageServer

pytestmark = pytest.mark.browser
MODEL = "etude-run"


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    with browser() as opened:
        yield opened


def draw(page: Any, *, seconds: str, seed: str) -> None:
    page.locator("#about", has_text="kHz").wait_for()
    page.select_option("#model", MODEL)
    page.fill("#seconds", seconds)
    page.fill("#seed", seed)
    page.click("#go")


def test_sound_is_heard_while_it_is_drawn_and_the_clip_can_be_kept(server: PageServer, opened: Any) -> None:
    with page_of(opened, server.address) as page:
        draw(page, seconds="600", seed="5")
        page.locator("#running", has_text="times real time").wait_for()
        levels: list[float] = []
        while page.locator("#stop").is_enabled() and len(levels) < 100 and max(levels, default=0.0) < 0.01:
            page.wait_for_timeout(50)
            levels.append(level(page))
        assert max(levels) > 0.01
        page.click("#stop")
        page.locator("#actions").wait_for()
        assert "stopped" in page.inner_text("#status")
        page.click("#keep")
        page.locator("#kept", has_text="Kept as").wait_for()
        assert Path(page.inner_text("#kept").removeprefix("Kept as ")).is_file()


def test_a_reload_loses_nothing(server: PageServer, opened: Any) -> None:
    with page_of(opened, server.address) as page:
        draw(page, seconds="2", seed="77")
        page.locator("#actions").wait_for()
        command = page.inner_text("#command")
        page.reload()
        page.locator("#actions").wait_for()
        assert page.inner_text("#clip-title") == f"{MODEL}, seed 77"
        assert page.inner_text("#command") == command and "--seed 77" in command
        assert re.match(r"2\.0 s", page.inner_text("#status"))
        page.click("#again")
        page.locator("#again", has_text="Pause").wait_for()
        page.wait_for_timeout(300)
        assert level(page) > 1e-4


def test_a_reload_in_the_middle_finds_the_clip_that_is_drawn(server: PageServer, opened: Any) -> None:
    with page_of(opened, server.address) as page:
        draw(page, seconds="60", seed="78")
        page.locator("#running", has_text=" s").wait_for()
        page.reload()
        page.locator("#clip-title", has_text="seed 78").wait_for()
        page.locator("#stop:enabled").wait_for()
        page.click("#stop")
        page.locator("#actions").wait_for()
        assert page.inner_text("#clip-title") == f"{MODEL}, seed 78"


def test_a_line_is_recorded_from_the_microphone_and_changes_the_clip(server: PageServer, opened: Any) -> None:
    with page_of(opened, server.address) as page:
        page.locator("#about", has_text="kHz").wait_for()
        page.click("#prompt-part summary")
        page.click("#prompt-part [data-record]")
        page.locator("#prompt-part [data-says]", has_text="Recording …").wait_for()
        page.wait_for_timeout(700)
        page.click("#prompt-part [data-record]")
        page.locator("#prompt-part [data-says]", has_text=re.compile(r"recording\.wav, \d\.\d s")).wait_for()
        draw(page, seconds="1", seed="3")
        page.locator("#clip-title", has_text="seed 3").wait_for()
        page.locator("#actions").wait_for()
        assert "--prime recording.wav" in page.inner_text("#command")


def test_a_file_that_is_no_sound_is_refused_in_words(server: PageServer, opened: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("la la la")
    with page_of(opened, server.address, allowed=REFUSED) as page:
        page.locator("#about", has_text="kHz").wait_for()
        page.click("#prompt-part summary")
        page.set_input_files("#prompt-part input[type=file]", tmp_path / "notes.txt")
        page.locator("#error", has_text="notes.txt").wait_for()
        assert page.inner_text("#prompt-part [data-says]").startswith("Drop a recording")


def test_it_works_by_keyboard_alone(server: PageServer, opened: Any) -> None:
    with page_of(opened, server.address) as page:
        page.locator("#about", has_text="kHz").wait_for()
        page.keyboard.press("Tab")
        assert page.evaluate("() => document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("() => document.activeElement.id") == "seconds":
                break
        page.keyboard.press("Control+a")
        page.keyboard.type("1")
        page.keyboard.press("Enter")
        page.locator("#status", has_text=re.compile(r"^1\.0 s, drawn")).wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_and_nothing_is_cut(
    server: PageServer, opened: Any, width: int, scheme: str
) -> None:
    server.draw(model=MODEL)
    with page_of(opened, server.address, width=width, scheme=scheme, allowed=BY_AXE) as page:
        page.locator("#actions").wait_for()
        page.click("#prompt-part summary")
        page.click("form > details:last-of-type summary")
        assert not too_wide(page)
        assert not violations(page)
