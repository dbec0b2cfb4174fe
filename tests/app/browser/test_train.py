"""The page that trains models, in a browser: from recordings to a model, by keyboard, without violations."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from browser_pages import BY_AXE, REFUSED, browser, page_of, too_wide, violations
from page_server import PageServer, serving

pytestmark = pytest.mark.browser
LONG_MS = 300_000


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    """A server of its own, so that trainings disturb no other page."""
    with serving(tmp_path_factory.mktemp("training")) as server:
        yield server


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two recordings in folders, and files that are none."""
    folder, rng = tmp_path_factory.mktemp("given"), np.random.default_rng(0)
    seconds = np.arange(12 * 8000) / 8000
    for number in (1, 2):
        (folder / f"disc {number}").mkdir()
        tone = 0.5 * np.sin(2 * np.pi * 220 * number * seconds) + 0.01 * rng.standard_normal(len(seconds))
        soundfile.write(folder / f"disc {number}" / "take.wav", tone, 8000)
    (folder / "broken.wav").write_bytes(b"RIFF????")
    (folder / ".hidden").write_text("hidden")
    return folder


def press(page: Any, locator: str) -> None:
    """Press a button by keyboard."""
    page.locator(locator).focus()
    page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]
)
def test_the_empty_page_has_no_violation(training: PageServer, opened: Any, width: int, scheme: str) -> None:
    with page_of(opened, f"{training.address}train", width=width, scheme=scheme, allowed=BY_AXE) as page:
        page.locator("#set-status", has_text="No recordings yet").wait_for()
        assert violations(page) == [] and not too_wide(page)


def test_from_recordings_to_a_model_that_plays(training: PageServer, opened: Any, recordings: Path) -> None:
    with page_of(opened, f"{training.address}train", allowed=BY_AXE) as page:
        page.set_default_timeout(LONG_MS)
        page.locator("#set-status", has_text="No recordings yet").wait_for()
        page.locator("#folder").set_input_files(recordings)
        page.locator("#set-status", has_text="2 recordings kept, 1 skipped").wait_for()
        assert "broken.wav: not an audio file" in page.inner_text("#skipped")
        page.locator("#kept-title").click()
        assert [line.split(",")[0] for line in page.locator("#kept span").all_inner_texts()] == [
            "broken.wav",
            "take-2.wav",
            "take.wav",
        ]
        page.locator("#size-tiny").focus()
        page.keyboard.press("Space")
        page.locator("#expect", has_text="updates. Expect").wait_for()
        assert "after" in page.inner_text("#milestones")

        page.fill("#name", "tones")
        page.fill("#minutes", "1")
        press(page, "#go")
        page.locator("#run-status", has_text="Training").wait_for()
        page.reload()
        page.locator("#run-status", has_text="Training").wait_for()
        assert page.inner_text("#run-title") == "tones" and page.input_value("#minutes") == "1"
        press(page, "#pause")
        page.locator("#run-status", has_text="Paused").wait_for()
        page.locator("#go-on:focus").wait_for()
        assert violations(page) == []
        page.keyboard.press("Enter")
        page.locator("#run-status", has_text="Done").wait_for()
        assert violations(page) == [] and page.locator("#curve path, #curve circle").count()
        sound = page.locator("#clips audio").first
        assert page.request.get(sound.evaluate("(audio) => audio.src")).body()[:4] == b"RIFF"
        press(page, "#play")
        page.locator("#about", has_text="16 kHz").wait_for()
        assert page.input_value("#model") == "tones"


def test_what_is_refused_is_said(training: PageServer, opened: Any, tmp_path: Path) -> None:
    with page_of(opened, f"{training.address}train", allowed=REFUSED) as page:
        page.locator("#set-status", has_text="kept").or_(page.get_by_text("No recordings yet")).wait_for()
        if page.locator("#new-set").is_visible():
            page.click("#new-set")
            page.keyboard.type("words")
            page.keyboard.press("Enter")
            page.locator("#set-status", has_text="No recordings yet").wait_for()
        text = tmp_path / "diary.txt"
        text.write_text("no sound")
        page.locator("#files").set_input_files(text)
        page.locator("#set-error", has_text="can't be used").wait_for()
        page.click("#go")
        page.locator("#train-error", has_text="can't be used").wait_for()
        assert (
            page.locator("#runs li").count() == 0 or page.locator("#runs li", has_text="words").count() == 0
        )


def test_a_server_that_is_gone_is_said(opened: Any, tmp_path: Path) -> None:
    with (
        serving(tmp_path / "page") as server,
        page_of(opened, f"{server.address}train", allowed="ERR_CONNECTION_REFUSED") as page,
    ):
        page.locator("#set-status", has_text="No recordings yet").wait_for()
        server.process.terminate()
        server.process.wait(30)
        page.locator("#files").set_input_files({"name": "a.wav", "mimeType": "audio/wav", "buffer": b"RIFF"})
        page.locator("#set-error", has_text="can't be reached").wait_for()
        assert page.locator("#progress-part").is_hidden()
