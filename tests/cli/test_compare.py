"""`partita compare`: its options, what it prints, and its mistakes in one line."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from partita.cli.compare import GROUPS, read
from partita.cli.main import main
from partita.data.corpus import Corpus
from partita.experiments.compare import run as run_module
from partita.experiments.compare.config import CompareConfig

QUICK = [
    *("--arms", "report-0", "--seeds", "1", "--steps", "2", "--size", "tiny", "--condition", "none"),
    *("--base-steps", "2", "--targets", "256", "--batch", "1", "--threads", "1", "--temperatures", "1.0"),
    *("--clips", "4", "--seconds", "0.3", "--prompt-seconds", "0.1", "--bits-seconds", "0.5"),
    *("--long-clips", "0", "--device", "cpu", "--precision", "float32"),
]


def test_the_help_lists_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--help"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    named = set(re.findall(r"^ {2}(--[a-z-]+)", out, re.MULTILINE))
    options = {field.name.replace("_", "-").replace("start-from", "from") for field in fields(CompareConfig)}
    assert named == {f"--{name}" for name in options | {"json"}}
    assert {name for names in GROUPS.values() for name in names} == named | {"CORPUS"}


def test_options_that_take_several_values_may_be_repeated() -> None:
    words = ["corpus", "--arms", "report", "--out", "there", "--arms=again", "--temperatures", "1.0", "0.9"]
    config = read(words).config
    assert [spec.name for spec in config.arm_specs] == ["likelihood", "report", "again"]
    assert (config.out, config.temperatures) == (Path("there"), (1.0, 0.9))


def test_scores_are_one_json_object_and_else_the_findings_and_the_page(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "comparison"
    words = ["compare", str(home / "corpus"), "--out", str(out), *QUICK]
    assert main([*words, "--json"]) == 0
    said = capsys.readouterr()
    scores = json.loads(said.out)
    assert said.out.count("\n") == 1
    assert scores == json.loads((out / "scores.json").read_text())
    assert {"likelihood", "report-0"} < set(scores["arms"])
    assert (out / "report.html").is_file()
    assert "compare: the base: training" in said.err
    assert "compare: seed 0, report-0: scoring" in said.err

    (out / "report.html").unlink()
    assert main(words) == 0  # finished: it is only shown again
    said = capsys.readouterr()
    assert said.out == f"{out / 'report.html'}\n"
    assert (out / "report.html").is_file()
    assert "training" not in said.err.replace("two trainings", "")
    sentences, warnings = said.err.splitlines()[:3], said.err.splitlines()[3:]
    assert "is undecided" in sentences[0] or "are equal" in sentences[0]
    assert warnings == [f"warning: {warning}" for warning in scores["warnings"]] != []
    assert main([*words, "--seed", "1"]) == 2
    assert "was started with `seed` 0, now it is 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["corpus"], "--out"),
        (["corpus", "--out", "there", "--arms", "reprot"], "'reprot' is not an arm: choose one of"),
        (["corpus", "--out", "there", "--steps", "3", "--minutes", "1"], "both `minutes` and `steps`"),
        (["corpus", "--out", "there", "--from", "base", "--size", "tiny"], "`size` is given, but the base"),
        (["corpus", "--out", "there", "--seeds", "many"], "`--seeds` is 'many': give a whole number"),
        (["corpus", "--out", "there", "--primary-arm", "gumbel"], "`primary_arm` is 'gumbel': give one of"),
        (["corpus", "--out", "there", "--workers", "2"], "`threads` is not set: give the threads"),
        (["nowhere", "--out", "there"], "nowhere is not a corpus: make one with `partita prepare`"),
        (["corpus", "--out", "there", "--from", "nowhere"], "nowhere does not exist: give a run folder"),
        (["corpus", "--out", "corpus"], "corpus exists and is not the folder of a comparison: give another"),
        (["corpus", "--out", "there", "--step", "3"], "--step"),
    ],
    ids=str,
)
def test_a_mistake_is_one_line(
    words: list[str],
    message: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def started(*_: Any) -> None:
        pytest.fail("the comparison was started")

    monkeypatch.setattr(run_module, "_run", started)
    monkeypatch.chdir(home)
    assert main(["compare", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.startswith("partita compare: ") and err.count("\n") == 1
    assert not (home / "there").exists()


def test_ctrl_c_says_how_to_continue(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "_run", interrupted)
    assert main(["compare", str(home / "corpus"), "--out", str(tmp_path / "there"), *QUICK]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("partita compare: stopped; finished parts are saved: run the same command again")


@pytest.mark.slow
def test_a_model_that_ships_is_compared_with_what_it_becomes(
    stand_in: str, etude_corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = QUICK.index("--size")
    words = [*QUICK[:at], *QUICK[QUICK.index("--targets") :], "--from", stand_in, "--arms", "start"]
    assert main(["compare", str(etude_corpus.path), "--out", str(tmp_path / "out"), *words, "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["training"]["start"] == [{"steps": 0, "seconds": 0.0}]
    assert {pair["family"] for pair in scores["pairs"]} == {"primary", "continued", "noised"}
    for arm in ("likelihood", "report-0", "start"):  # all are drawn with the frame tier of the base
        assert scores["arms"][arm]["bits_per_sample"]["upper_bound"] is True
    assert scores["arms"]["report-0"] == scores["arms"]["likelihood"]
