"""The offline page: self-contained, without the key, and with a policy that allows its own script alone."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from listening import ARMS, sealed_trials

from partita.app.blind.folder import BlindTest
from partita.app.blind.offline import export_offline, offline_page
from partita.errors import PartitaError


class Parts(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: dict[str, list[str]] = {}
        self.attributes: list[tuple[str, str, str]] = []
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._open = tag
        self.texts.setdefault(tag, []).append("")

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open][-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


@pytest.fixture
def page(blind_test: BlindTest) -> str:
    return offline_page(blind_test.session(next(iter(blind_test.listeners))))


def data_of(page: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Parts(page).texts["script"][0])
    return found


def test_the_page_asks_for_nothing_outside_itself(page: str) -> None:
    without_clips = re.sub(r"data:audio/wav;base64,[\w+/=]+", "", page)
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\(", without_clips)
    for _, name, value in Parts(page).attributes:
        if name in ("src", "href", "action", "srcset"):
            assert value.startswith("data:")


def test_the_policy_allows_exactly_the_script_and_the_style_of_the_page(page: str) -> None:
    parts = Parts(page)
    (policy,) = [value for tag, name, value in parts.attributes if tag == "meta" and "default-src" in value]
    for kind, text in (("script", parts.texts["script"][1]), ("style", parts.texts["style"][0])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy


def test_all_clips_are_data_urls_of_one_length_and_what_is_served(blind_test: BlindTest, page: str) -> None:
    session = blind_test.session(next(iter(blind_test.listeners)))
    clips = data_of(page)["clips"]
    assert set(clips) == session.clips and len({len(url) for url in clips.values()}) == 1
    for clip, url in clips.items():
        kind, _, data = url.partition(",")
        assert kind == "data:audio/wav;base64" and base64.b64decode(data) == session.clip(clip)


def test_no_arm_and_nothing_of_the_key_is_in_the_page(blind_test: BlindTest, page: str) -> None:
    one, other = blind_test.listeners
    without_clips = re.sub(r"data:audio/wav;base64,[\w+/=]+", "", page)
    key = blind_test._key()
    listed = data_of(page)
    for name in (
        *(arm for arm in ARMS if arm != "real"),
        key.salt,
        str(key.seed),
        other,
        "repeat",
        "0/0",
        "pair",
    ):
        assert name not in without_clips, name
    assert "real" not in json.dumps(listed["manifest"])
    others = {
        clip
        for trial in sealed_trials(blind_test).values()
        if trial.listener == other
        for clip in trial.digests
    }
    assert not others & set(listed["clips"]) and one in without_clips


def test_a_page_can_be_made_again_and_a_place_that_can_not_be_written_is_named(
    blind_test: BlindTest, tmp_path: Path
) -> None:
    session = blind_test.session(next(iter(blind_test.listeners)))
    path = export_offline(session, tmp_path / "page.html")
    assert export_offline(session, path) == path and path.read_text().startswith("<!doctype html>")
    with pytest.raises(PartitaError, match="can't be written"):
        export_offline(session, tmp_path / "nowhere" / "page.html")
