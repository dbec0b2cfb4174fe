"""The report page: valid, self-contained, escaped HTML with all clips, images and scores."""

import base64
import io
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread

from partita.reports.report import ReportData, render_report, write_report

VOID = {"meta", "link", "img", "br", "hr", "input", "path", "rect", "line", "circle"}


class Page(HTMLParser):
    """The elements of a page with their attributes and text, and the tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def page(data: ReportData) -> Page:
    return Page(render_report(data))


def content(address: str | None, kind: str) -> bytes:
    assert address is not None
    head, _, body = address.partition(",")
    assert head == f"data:{kind};base64"
    return base64.b64decode(body, validate=True)


def test_tags_match_and_ids_are_unique(page: Page) -> None:
    assert page.wrong == []
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    references = [a["href"] for a in page.all("a")]
    assert {str(reference).removeprefix("#") for reference in references} <= set(ids)


def test_nothing_is_loaded_from_elsewhere(page: Page, data: ReportData) -> None:
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "data", "poster", "action", "xlink:href"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:", "#")), (tag, name, value)
    html = render_report(data)
    assert "http:" not in html
    assert "https:" not in html
    assert "@import" not in html
    assert "url(" not in html.replace("url(#frame-", "")


def test_the_content_security_policy_forbids_loading(page: Page) -> None:
    (policy,) = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in str(policy)


def test_every_clip_decodes_to_its_sound(page: Page, data: ReportData) -> None:
    sounds = page.all("audio")
    assert len(sounds) == 3 * 3  # prompts shown x (real and two arms)
    expected = [data.real.waveforms, *(arm.clips for arm in data.arms)]
    for number, attributes in enumerate(sounds):
        row, column = divmod(number, 3)
        sound, rate = soundfile.read(io.BytesIO(content(attributes["src"], "audio/flac")))
        assert rate == data.real.sample_rate
        clip = np.concatenate([data.real.prompt_waveforms[row], expected[column][row]])
        loud = 10 ** (-1 / 20)  # prompt and continuation are normalised to one peak
        np.testing.assert_allclose(sound, clip * loud / np.abs(clip).max(), atol=1e-4)
        assert "controls" in attributes  # plays without scripts


def test_the_page_says_that_clips_are_normalised_to_one_peak(page: Page) -> None:
    text = " ".join(" ".join(page.text).split())
    assert "is scaled to a peak of -1 dBFS" in text
    assert "Spectrograms and scores use the clips before this scaling" in text


def test_every_picture_is_a_png_with_words_for_it(page: Page) -> None:
    pictures = page.all("img")
    assert len(pictures) == 9
    for attributes in pictures:
        image = imread(io.BytesIO(content(attributes["src"], "image/png")), format="png")
        assert image.shape[0] == 128
        assert image.std() > 0.05
        assert str(attributes["alt"]).startswith("Spectrogram of prompt")
    assert all(svg.get("aria-label") or svg.get("aria-hidden") for svg in page.all("svg"))


def test_names_are_escaped(page: Page) -> None:
    assert len(page.all("script")) == 1
    assert not page.all("b")
    text = " ".join(page.text)
    for name in (
        "<script>alert(1)</script>.wav",
        "<b>report</b>",
        "Tones & <noises>",
        "echo </code><script>",
    ):
        assert name in text


def test_the_page_has_scores_curves_and_a_caution(page: Page) -> None:
    text = " ".join(" ".join(page.text).split())
    for words in (
        "4.500",
        "4.000 to 5.000",
        "Fréchet distance",
        "It proves nothing about the adversary",
        "chance: 2 ln 2",
    ):
        assert words in text
    labels = [str(svg.get("aria-label")) for svg in page.all("svg")]
    assert any("likelihood, validation, from 6 to 5.5" in label for label in labels)


def test_warnings_are_shown_once(page: Page) -> None:
    assert sum("Warning" in text for text in page.text) == 1


def test_a_page_without_curves_and_commands_is_valid(data: ReportData) -> None:
    bare = replace(
        data, arms=[replace(data.arms[0], metrics=[], facts=[])], recordings=[], commands=[], facts=[]
    )
    page = Page(render_report(bare))
    assert page.wrong == page.open == []
    assert not any("Learning" in text for text in page.text)


def test_the_report_replaces_an_older_file(tmp_path: Path, data: ReportData) -> None:
    target = tmp_path / "new" / "report.html"
    assert write_report(target, data) == target
    target.write_text("old", encoding="utf-8")
    write_report(target, data)
    assert target.read_text(encoding="utf-8").lstrip().startswith("<!doctype html>")
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]
