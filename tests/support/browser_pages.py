"""Pages in a real, headless Chromium: without errors in the console, and checked by axe."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import pytest

BY_AXE = "Applying inline style"
"""An error in the console that axe makes: the page forbids the styles that it adds."""
REFUSED = "status of 4"
"""An error in the console for each request that the server refuses."""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = [
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
HEARD = """
async () => {
  window.heard = [];
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target === this.context.destination && this.context instanceof AudioContext && !this.meter) {
      this.meter = new AnalyserNode(this.context, { fftSize: 2048 });
      connect.call(this, this.meter);
      window.heard.push(this.meter);
    }
    return connect.call(this, target, ...rest);
  };
}
"""
"""Measures what goes to the loudspeakers: an analyser beside each node that is connected to them."""
LEVEL = """
() => Math.max(0, ...window.heard.map((meter) => {
  const values = new Float32Array(meter.fftSize);
  meter.getFloatTimeDomainData(values);
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}))
"""


def chromium() -> str:
    """Return the path of Chromium, or skip the test."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.skip("there is no Chromium")
    return found


@contextmanager
def browser() -> Iterator[Any]:
    """Yield a browser."""
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium(), args=OPTIONS)
        yield opened
        opened.close()


@contextmanager
def page_of(
    opened: Any, address: str, *, width: int = 1280, scheme: str = "light", allowed: str = ""
) -> Iterator[Any]:
    """Yield a page, and afterwards assert that its console had no error but those that hold `allowed`."""
    context = opened.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, permissions=["clipboard-write"]
    )
    context.set_default_timeout(90_000)
    page, errors = context.new_page(), list[str]()
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.add_init_script(f"({HEARD})()")
    page.goto(address)
    yield page
    context.close()
    unexpected = [error for error in errors if not allowed or allowed not in error]
    if unexpected:
        raise AssertionError(
            unexpected
        )  # this file is not rewritten by pytest, so `assert` would say nothing


def violations(page: Any) -> list[str]:
    """Return what axe finds wrong with a page, in words."""
    script = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    page.evaluate(script)
    found = page.evaluate("() => axe.run()")["violations"]
    return [f"{one['id']}: {one['help']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def level(page: Any) -> float:
    """Return the root mean square of what goes to the loudspeakers now."""
    return float(page.evaluate(LEVEL))


def too_wide(page: Any) -> bool:
    """Return whether a page must be scrolled sideways."""
    return bool(page.evaluate("() => document.documentElement.scrollWidth > innerWidth"))
