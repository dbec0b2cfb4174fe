"""The offline page in Chromium: by keyboard and by mouse, in step, after a reload, and read back."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from listening import sealed_trials, write_clips

from partita.app.blind.answer_file import append_answer_file
from partita.app.blind.config import BlindConfig
from partita.app.blind.creation import create_test
from partita.app.blind.folder import BlindTest
from partita.app.blind.offline import export_offline
from partita.app.blind.results import results_of

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
WATCH = """
  window.starts = [];
  window.gains = [];
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (when, offset) {
    window.starts.push([when, offset]);
    start.call(this, when, offset);
  };
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) {
      const meter = new AnalyserNode(this.context, { fftSize: 1024 });
      connect.call(this, meter);
      window.gains.push({ gain: this.gain, meter });
    }
    return connect.call(this, target, ...rest);
  };
  window.level = (index) => {
    const samples = new Float32Array(1024);
    window.gains[index].meter.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / 1024);
  };
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> BlindTest:
    """A test with one listener and three questions: 2 x (3 + 1) trials and 1 x (3 + 1) with a prompt."""
    root = tmp_path_factory.mktemp("offline")
    arms = write_clips(root / "clips", ("real", "policy", "prompts"), seeds=1, items=3, seconds=1.5)
    prompts = arms.pop("prompts")
    config = BlindConfig(
        arms=arms, listeners=("AB",), questions=("better", "abx", "prompt"), prompts=prompts, repeats=1
    )
    return create_test(root / "test", config)


@pytest.fixture
def test(tmp_path: Path, made: BlindTest) -> BlindTest:
    """A copy of the test for one test function."""
    return BlindTest.open(Path(shutil.copytree(made.path, tmp_path / "test")))


@pytest.fixture
def page(browser: Any, test: BlindTest, tmp_path: Path) -> Iterator[Any]:
    """The offline page on a narrow screen; a message in the console or a request fails the test."""
    (token,) = test.listeners
    path = export_offline(test.session(token), tmp_path / "page.html")
    context = browser.new_context(viewport={"width": 390, "height": 844}, accept_downloads=True)
    context.add_init_script(WATCH)
    found = context.new_page()
    problems: list[str] = []
    found.on("console", lambda message: problems.append(message.text))
    found.on("pageerror", lambda error: problems.append(str(error)))
    found.on("request", lambda request: problems.append(request.url) if not local(request.url) else None)
    found.on("dialog", lambda dialog: dialog.accept())
    found.goto(path.as_uri())
    yield found
    context.close()
    assert problems == []


def local(url: str) -> bool:
    return url.startswith(("file:", "data:", "blob:"))


def shown(page: Any) -> list[str]:
    return [button.inner_text() for button in page.locator("[data-clip]:visible").all()]


def answer(page: Any, choice: str) -> None:
    """Answer the trial that is displayed, by keyboard alone."""
    keys = {"A": "a", "B": "b", "X": "x", "Prompt": "p"}
    for name in shown(page):
        page.keyboard.press(keys[name])
    page.keyboard.press(choice)
    before = page.inner_text("#count")
    page.keyboard.press("Enter")
    page.wait_for_function("before => document.getElementById('count').textContent !== before", arg=before)
    page.wait_for_function("document.getElementById('loading').hidden")


def saved(page: Any, folder: Path) -> Path:
    with page.expect_download() as download:
        page.click(".save")
    path = folder / str(download.value.suggested_filename)
    download.value.save_as(path)
    return Path(path)


def test_a_whole_test_by_keyboard_is_saved_and_read_back(page: Any, test: BlindTest, tmp_path: Path) -> None:
    (token,) = test.listeners
    trials = test.session(token).trials
    key = sealed_trials(test)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for number, trial in enumerate(trials):
        assert page.inner_text("#number") == f"Trial {number + 1} of {len(trials)}"
        sealed = key[trial]
        answer(page, "1" if (sealed.x or ("A" if sealed.a == "policy" else "B")) == "A" else "2")
    assert page.is_visible("#done-title")
    page.click(".end")
    assert page.is_visible("#ended-title")
    path = saved(page, tmp_path)
    found = append_answer_file(test, path)
    assert (found.appended, found.ended) == (len(trials), True)
    results = results_of(test.key().trials, test.answers())
    assert [pair.chosen / pair.answers for pair in results.pairs if not pair.is_abx] == [
        0.0,
        0.0,
    ]  # real never won
    assert [pair.chosen / pair.answers for pair in results.pairs if pair.is_abx] == [1.0]
    assert results.consistency.same == results.consistency.repeats == 3
    first = json.loads(path.read_text())["answers"][0]
    assert set(first["plays"].values()) == {1} and first["seconds"] > 0


def test_the_clips_of_a_trial_start_together_and_switching_keeps_the_position(page: Any) -> None:
    page.click("#start")
    page.click('[data-clip="A"]')
    page.wait_for_timeout(300)
    starts = page.evaluate("window.starts")
    assert len(starts) == 2 and starts[0] == starts[1]
    audible = [page.evaluate(f"window.level({index})") for index in (0, 1)]
    assert audible[0] > 0.01 and audible[1] == 0  # sound really arrives, and of one clip only
    before = page.evaluate("Number(document.getElementById('position').value)")
    page.click('[data-clip="B"]')
    page.wait_for_timeout(150)
    assert page.evaluate("window.starts.length") == 2  # nothing was started again
    after = page.evaluate("Number(document.getElementById('position').value)")
    assert 0 < after - before < 1
    audible = [page.evaluate(f"window.level({index})") for index in (0, 1)]
    assert audible[0] == 0 and audible[1] > 0.01
    assert page.get_attribute('[data-clip="B"]', "aria-pressed") == "true"
    assert page.get_attribute('[data-clip="A"]', "aria-pressed") == "false"


def test_no_answer_before_all_clips_were_played(page: Any) -> None:
    page.click("#start")
    assert page.inner_text("#missing") == "Play A and B first."
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.click("#next", force=True)
    assert page.inner_text("#number").startswith("Trial 1 ")
    page.keyboard.press("a")
    assert page.inner_text("#missing") == "Play B first."
    page.keyboard.press("b")
    assert page.inner_text("#missing") == "Choose an answer."
    page.check('input[value="B"]')
    assert page.inner_text("#missing") == ""
    page.click("#next")
    page.wait_for_selector("text=Trial 2 of")


def test_a_reload_loses_nothing(page: Any, test: BlindTest, tmp_path: Path) -> None:
    page.click("#start")
    for choice in "12":
        answer(page, choice)
    page.reload()
    page.wait_for_selector("text=Trial 3 of")
    answer(page, "1")
    content = json.loads(saved(page, tmp_path).read_text())
    (token,) = test.listeners
    assert [(one["trial"], one["choice"]) for one in content["answers"]] == list(
        zip(test.session(token).trials[:3], "ABA", strict=True)
    )
    assert content["ended"] is False


def test_space_and_arrows_move_in_the_sound(page: Any) -> None:
    page.click("#start")
    page.keyboard.press("a")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.wait_for_function("document.getElementById('play').textContent === 'Play'")
    position = page.evaluate("Number(document.getElementById('position').value)")
    assert position >= 1
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("Number(document.getElementById('position').value)") < position
    page.keyboard.press("Space")
    assert page.inner_text("#play") == "Pause"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_page_fits_and_its_text_has_contrast(page: Any, scheme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    page.wait_for_timeout(200)  # colours change over a moment
    for step in ("#start", '[data-clip="A"]'):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CONTRASTS) == []
        page.click(step)
        page.wait_for_timeout(200)
    assert page.evaluate(CONTRASTS) == []
    assert page.evaluate(SMALL_TARGETS) == []


SMALL_TARGETS = """
  [...document.querySelectorAll("button, label")]
    .filter((one) => one.offsetHeight && one.offsetHeight < 44)
    .map((one) => one.outerHTML)
"""
CONTRASTS = """
  (() => {
    const light = (colour) => {
      const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (one) => {
      for (let node = one; node; node = node.parentElement) {
        const colour = getComputedStyle(node).backgroundColor;
        if (!/, 0\\)$/.test(colour)) return colour;
      }
      return "rgb(255, 255, 255)";
    };
    const poor = [];
    for (const one of document.querySelectorAll("body *")) {
      const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
      if (!own || !one.offsetHeight || ["SCRIPT", "NOSCRIPT"].includes(one.tagName)) continue;
      const [low, high] = [light(getComputedStyle(one).color), light(behind(one))].sort((a, b) => a - b);
      if ((high + 0.05) / (low + 0.05) < 4.5) poor.push(one.outerHTML);
    }
    return poor;
  })()
"""


def test_everything_has_a_name_and_a_change_is_announced(page: Any) -> None:
    page.click("#start")
    for role, name in (
        ("button", "A"),
        ("button", "B"),
        ("button", "Play"),
        ("button", "Next"),
        ("slider", "Position"),
        ("radio", "A"),
        ("radio", "B"),
        ("progressbar", "Answered trials"),
        ("group", "Your answer"),
    ):
        assert page.get_by_role(role, name=name, exact=True).count() == 1, (role, name)
    assert page.evaluate("document.activeElement.id") == "question"
    assert page.get_by_role("status").inner_text() == "Play A and B first."
    assert page.locator("html").get_attribute("lang") == "en"
