"""The report page: valid, self-contained, escaped HTML with all clips, images and scores."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread

from partita.evaluation.score_ranges import range_of
from partita.generated_folders import is_generated
from partita.reports.report import ReportData, render_report, write_report

VOID = {"meta", "link", "img", "br", "hr", "input", "path", "rect", "line", "circle"}
LOCAL = ("data:", "#", "clips/")


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
    references = [a["href"] for a in page.all("a") if "download" not in a]
    assert {str(reference).removeprefix("#") for reference in references} <= set(ids)


def test_nothing_is_loaded_from_elsewhere(page: Page, data: ReportData) -> None:
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "data", "poster", "action", "xlink:href"):
            value = attributes.get(name)
            assert value is None or value.startswith(LOCAL), (tag, name, value)
    html = render_report(data).replace('xmlns="http://www.w3.org/2000/svg"', "")
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
    assert len(pictures) == 9  # one for each player
    for attributes in pictures:
        image = imread(io.BytesIO(content(attributes["src"], "image/png")), format="png")
        assert image.shape[0] == 128
        assert image.std() > 0.05
        assert str(attributes["alt"]).startswith("Spectrogram of prompt")
    assert all(svg.get("aria-label") or svg.get("aria-hidden") for svg in page.all("svg"))


def test_names_are_escaped(page: Page) -> None:
    assert len(page.all("script")) == 2
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
    assert any("common start, validation, from 6 to 5.5" in label for label in labels)


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
    assert {path.name for path in target.parent.iterdir()} == {"report.html", "clips"}


def test_three_sentences_come_first(page: Page, data: ReportData) -> None:
    words = " ".join(" ".join(page.text).split())
    places = [words.index(sentence) for sentence in data.sentences]
    assert places == sorted(places)
    assert places[-1] < words.index("Each row starts with the same prompt")


def test_every_download_names_a_file_beside_the_page(tmp_path: Path, data: ReportData) -> None:
    path = write_report(tmp_path / "page" / "report.html", data)
    page = Page(path.read_text(encoding="utf-8"))
    links = [attributes for attributes in page.all("a") if "download" in attributes]
    assert len(links) == len(page.all("audio")) == 3 * 3
    for link, player in zip(links, page.all("audio"), strict=True):
        file = path.parent / str(link["href"])
        assert file.is_file() and file.name == link["download"]
        saved, rate = soundfile.read(file)
        played, _ = soundfile.read(io.BytesIO(content(player["src"], "audio/flac")))
        assert rate == data.real.sample_rate
        np.testing.assert_allclose(saved, played, atol=1e-3)
    assert is_generated(path.parent / "clips")  # a corpus is not made of them by mistake


def test_a_page_stays_small_and_what_does_not_fit_is_a_link(
    data: ReportData, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Page(render_report(data))
    size = max(len(str(audio["src"])) for audio in whole.all("audio"))
    monkeypatch.setattr("partita.reports.listening.EMBEDDED_BYTES", 4 * size)
    page = Page(render_report(data))
    assert 0 < len(page.all("audio")) < 9
    assert len([a for a in page.all("a") if "download" in a]) == 9
    assert page.wrong == page.open == []


def test_long_clips_of_many_arms_make_a_page_under_10_mb(data: ReportData) -> None:
    rng = np.random.default_rng(0)
    real = replace(data.real, continuations=rng.integers(0, 256, (5, 200_000)))
    clips = rng.uniform(-1, 1, (5, 200_000)).astype(np.float32)
    arms = [replace(data.arms[0], name=f"arm {number}", clips=clips) for number in range(6)]
    html = render_report(replace(data, real=real, arms=arms))
    assert len(html.encode()) < 10_000_000


def test_what_to_do_next_is_beside_the_players(page: Page) -> None:
    (aside,) = page.all("aside")
    assert aside["aria-labelledby"] == "next"
    text = " ".join(" ".join(page.text).split())
    assert "Draw <more>" in text
    assert "partita generate 'a run' --seconds 20 --out more.wav" in text


def test_every_figure_is_a_vector_graphic_with_a_title(data: ReportData) -> None:
    html = render_report(data)
    figures = re.findall(r"<svg (.*?)>(.*?)</svg>", html, re.DOTALL)
    assert len(figures) > 6
    for attributes, body in figures:
        assert "<title>" in body or 'aria-hidden="true"' in attributes
    for chart in re.findall(r'<figure class="chart">.*?</figure>', html, re.DOTALL):
        assert "<img" not in chart and "<svg" in chart and "<title>" in chart


def test_every_interval_contains_its_value_and_is_in_its_range(data: ReportData) -> None:
    for arm in data.arms:
        for name, score in arm.scores.items():
            if isinstance(score, dict) and "low" in score:
                low, high = range_of(name)
                assert low <= score["low"] <= score["value"] <= score["high"] <= high, name


@pytest.mark.parametrize(
    "words", ["prefers-color-scheme: dark", "@media print", "max-width: 52rem", 'lang="en"']
)
def test_the_page_has_styles_for_dark_screens_paper_and_phones(words: str, data: ReportData) -> None:
    assert words in render_report(data)
