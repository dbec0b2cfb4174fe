"""The page of a comparison: complete without other files, its text escaped, with clips or without."""

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from partita.audio.quantizer import Quantizer
from partita.evaluation.clips import RealClips
from partita.experiments.arm_spec import ArmSpec
from partita.experiments.compare.config import KNOWN_ARMS, CompareConfig
from partita.experiments.compare.folder import CompareFolder
from partita.experiments.compare.measure import Measured
from partita.experiments.compare.page import write_compare_page
from partita.experiments.compare.scores import build_scores
from partita.experiments.compare.seed_task import KEPT_CLIPS, keep_clips, kept_clips
from partita.experiments.compare.sentences import sentences

RATE, CLIPS = 8000, 6
CORPUS = Path("my corpus")
STRANGE = "report:x=<b>1</b>"
LOW, HIGH = [0.1, 0.2, 0.1, 0.3, 0.2, 0.1, 0.2, 0.3], [0.5, 0.7, 0.6, 0.8, 0.9, 0.6, 0.5, 0.7]


@pytest.fixture
def scores(results_of: Callable[..., Any]) -> dict[str, Any]:
    """Scores of three arms; one has HTML in its name, and one warning is HTML."""
    results = results_of({"likelihood": HIGH, "report": LOW, "again": HIGH})
    results["report"][0]["training"]["told_right"] = 0.75
    config = CompareConfig(out=Path("comparison"), steps=1234, arms=("report", "again"))
    found = build_scores(config, results, warnings=["the sound is <i>known</i>"])
    settings = {"steps": 1234, "base": "trained here by likelihood", "corpus": "0123456789abcdef"}
    found |= {"made": {"settings": settings, "versions": {"torch": "2.9"}}}
    strange: dict[str, Any] = json.loads(json.dumps(found).replace("report", STRANGE))
    return strange


def compared(out: Path) -> CompareConfig:
    return CompareConfig(out=out, steps=1234, arms=("report", "again"))


def keep(folder: CompareFolder, *arms: str) -> None:
    """Keep clips of arms, noises, after prompts of real sound."""
    rng, quantizer = np.random.default_rng(0), Quantizer()
    classes = rng.integers(0, 256, (CLIPS, RATE))
    real = RealClips(
        prompts=classes[:, : RATE // 4],
        continuations=classes[:, RATE // 4 :],
        quantizer=quantizer,
        sample_rate=RATE,
    )
    for arm in arms:
        clips = rng.uniform(-0.5, 0.5, real.continuations.shape).astype(np.float32)
        spec = ArmSpec.parse(arm, known=KNOWN_ARMS)
        keep_clips(folder, spec, Measured(result={}, real=real, clips=clips))


def test_the_page_is_complete_and_its_text_is_escaped(scores: dict[str, Any], tmp_path: Path) -> None:
    page = write_compare_page(compared(tmp_path), CORPUS, scores)
    text = page.read_text()
    assert page == tmp_path / "report.html"
    assert not re.search(r'(src|href)="(?!data:|#|clips/)', text), "the page needs no other file"
    assert "<b>1</b>" not in text and "<i>known</i>" not in text
    assert "report:x=&lt;b&gt;1&lt;/b&gt;" in text and "&lt;i&gt;known&lt;/i&gt;" in text
    assert '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';' in text
    for shown in ("1,234 updates", "torch 2.9", "trained here by likelihood", "<dd>75%</dd>", "fingerprint"):
        assert shown in text, shown
    for sentence in sentences(scores):
        assert sentence in html.unescape(text)


def test_the_tables_name_every_arm_and_every_comparison(scores: dict[str, Any], tmp_path: Path) -> None:
    text = write_compare_page(compared(tmp_path), CORPUS, scores).read_text()
    table = text.split('<section id="scores">')[1].split("</section>")[0]
    for arm in ("likelihood", "report:x=&lt;b&gt;1&lt;/b&gt;", "again"):
        assert arm in table, arm
    for row in ("Bits per sample, at most", "MMD, log-mel", "Told apart"):
        assert row in table, row
    pairs = text.split('<section id="pairs">')[1].split("</section>")[0]
    rows = pairs.split("<tbody")[1].count("<tr")
    assert rows == len(scores["pairs"]) > 1
    assert "<span>Told apart<" in pairs and "told_apart" not in pairs
    assert len(re.findall('<tr [^>]*class="primary"', pairs)) == 1


def test_a_page_without_clips_has_nothing_to_play(scores: dict[str, Any], tmp_path: Path) -> None:
    text = write_compare_page(compared(tmp_path), CORPUS, scores).read_text()
    assert "<audio" not in text and 'id="listen"' not in text and 'href="#listen"' not in text


def test_the_clips_of_all_arms_can_be_played(scores: dict[str, Any], tmp_path: Path) -> None:
    folder = CompareFolder(tmp_path)
    keep(folder, "likelihood", STRANGE)
    assert (
        "<audio" not in write_compare_page(compared(tmp_path), CORPUS, scores).read_text()
    )  # those of an arm are missing
    keep(folder, "likelihood", STRANGE, "again")
    text = write_compare_page(compared(tmp_path), CORPUS, scores).read_text()
    assert len(re.findall(r'src="data:audio/flac;base64,[A-Za-z0-9+/=]{100,}"', text)) == 4 * KEPT_CLIPS
    assert len(list(kept_clips(folder, "real"))) == KEPT_CLIPS < CLIPS
    assert "same 0.2 s of held-out sound" in text
    assert not re.search(r'(src|href)="(?!data:|#|clips/)', text)


def test_one_seed_gives_a_page_with_dashes(results_of: Callable[..., Any], tmp_path: Path) -> None:
    config = CompareConfig(out=tmp_path, minutes=2.5, arms=("report",), seeds=1)
    found = build_scores(config, results_of({"likelihood": HIGH[:1], "report": LOW[:1]}))
    settings = {"steps": None, "minutes": 2.5, "base": "runs/base", "corpus": "0123456789abcdef"}
    found |= {"made": {"settings": settings, "versions": {}}}
    text = write_compare_page(config, CORPUS, found).read_text()
    assert "2.5 minutes" in text and "runs/base" in text and "Means over 1 seed," in text
    assert "<span>–</span>" in text and "None" not in text
