"""`partita evaluate` with several models: their scores are those of single evaluations."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from two_tiers import BANDS, one_tier_run, two_tier_run

from partita.audio.features.layout import FrameLayout
from partita.cli.evaluate import command, read
from partita.cli.main import main
from partita.errors import DivergedError, PartitaError
from partita.runs.folder import CONFIG

QUICK = ["--clips", "4", "--seconds", "0.2", "--prompt-seconds", "0.1", "--bits-seconds", "0.5"]
NUMBERS = ("value", "low", "high")


def evaluation(scores: dict[str, Any]) -> SimpleNamespace:
    """Return an evaluation without clips."""
    return SimpleNamespace(scores=scores)


def changed_copy(run: Path, name: str, old: str, new: str) -> None:
    """Copy a run and change its config, whose digest no longer fits and is left out."""
    copy = shutil.copytree(run, run.parent / name)
    text = re.sub(r"^digest = .*\n", "", (copy / CONFIG).read_text(), flags=re.MULTILINE)
    assert old in text
    (copy / CONFIG).write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def place(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus and runs: with two tiers, twice; given real features; without; at another rate; linear."""
    place = tmp_path_factory.mktemp("several")
    shutil.copytree(home / "corpus", place / "corpus")
    two_tier_run(place / "first" / "run")
    two_tier_run(place / "second" / "run", seed=1)
    one_tier_run(place / "given", FrameLayout(hop_length=80, bands=BANDS))
    one_tier_run(place / "plain", None)
    changed_copy(place / "plain", "other-rate", "sample_rate = 8000", "sample_rate = 16000")
    changed_copy(place / "plain", "linear", '"mu-law"', '"linear"')
    return place


@pytest.fixture(autouse=True)
def inside(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("COLUMNS", "250")


def numbers_of(line: str) -> list[str]:
    return re.findall(r"-?\d+\.\d+", line)


def test_several_models_have_the_scores_that_each_has_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = {}
    for name in ("given", "first/run"):
        assert main(["evaluate", name, "corpus", *QUICK, "--json"]) == 0
        alone[name] = json.loads(capsys.readouterr().out)
    assert main(["evaluate", "given", "--json", "first/run", *QUICK, "corpus"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {"models": alone, "warnings": []}
    assert list(json.loads(said.out)["models"]) == ["given", "first/run"]
    assert "1/2 given: comparing clips" in said.err
    assert "2/2 first/run: comparing clips" in said.err

    known = iter(alone.values())
    monkeypatch.setattr(command, "evaluate_with_clips", lambda *_, **__: evaluation(next(known)))
    assert main(["evaluate", "given", "first/run", "corpus", *QUICK]) == 0
    out, err = capsys.readouterr()
    head, features, *rows = out.splitlines()
    assert head.split() == ["given", "first/run", "real"]
    assert features.split() == ["features", "real", "drawn", "-"]
    _check_rows(rows, list(alone.values()))
    assert err.count("given has no frame tier: its clips and bits per sample were given the features") == 1
    assert "warning: given: given has no frame tier" in err
    assert "warning: first/run: run was trained on another corpus" in err


def _check_rows(rows: list[str], models: list[dict[str, Any]]) -> None:
    """Check that the row of each score has the numbers of all models and of the real sound, or dashes."""
    found = {row.split()[0]: row for row in rows}
    names = {name for scores in models for name, score in scores.items() if "value" in score}
    assert names <= {*found}
    for name in names:
        scores = [scores.get(name) for scores in models]
        real = next((score["real"] for score in scores if score is not None and "real" in score), None)
        cells = [*scores, real]
        assert numbers_of(found[name]) == [
            f"{cell[key]:.4f}" for cell in cells if cell is not None for key in NUMBERS
        ], name
        assert found[name].split().count("-") == cells.count(None)


def test_one_model_is_printed_as_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    score = {"value": 4.5, "low": 4.25, "high": 4.75}
    monkeypatch.setattr(
        command,
        "evaluate_with_clips",
        lambda *_, **__: evaluation({"seam_db": score, "warnings": ["careful"]}),
    )
    assert main(["evaluate", "plain", "corpus"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{'seam_db':38} {4.5:10.4f}  [4.2500, 4.7500]\n"
    assert said.err == "warning: careful\n"
    assert main(["evaluate", "plain", "--json", "corpus"]) == 0
    said = capsys.readouterr()
    assert (json.loads(said.out), said.err) == ({"seam_db": score, "warnings": ["careful"]}, "")


def test_a_warning_of_all_models_is_printed_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def scored(loaded: Any, *_: Any, **__: Any) -> SimpleNamespace:
        return evaluation(
            {"seam_db": dict.fromkeys(NUMBERS, 1.0), "warnings": ["few clips", f"of {loaded.name}"]}
        )

    monkeypatch.setattr(command, "evaluate_with_clips", scored)
    assert main(["evaluate", "plain", "given", "corpus"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "warning: all models: few clips",
        "warning: plain: of plain",
        "warning: given: of given",
    ]


def test_models_with_different_classes_cause_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = evaluation({"seam_db": dict.fromkeys(NUMBERS, 1.0), "warnings": []})
    monkeypatch.setattr(command, "evaluate_with_clips", lambda *_, **__: found)
    assert main(["evaluate", "plain", "linear", "corpus"]) == 0
    assert "different classes: their bits per sample do not compare" in capsys.readouterr().err
    assert main(["evaluate", "plain", "linear", "corpus", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["warnings"]) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plain"], "only plain is given, and no corpus: give the models first and the corpus last"),
        (["corpus"], "only corpus is given, and no model: give the models first and the corpus last"),
        (["plain", "given"], "no corpus is given, and given is a model: give the models first"),
        (["corpus", "plain"], "the corpus corpus is not the last argument, and plain is a model: give the"),
        (["plain", "corpus", "given"], "the corpus corpus is not the last argument, and given is a model"),
        (["plain", "nowhere"], "nowhere is not a corpus: make one"),
        (["plain", "given", "plain/", "corpus"], "the model plain/ is given twice: give it once"),
        (["plain", "given", "nowhere", "corpus"], "nowhere does not exist: give a run folder"),
        (
            ["plain", "given", "other-rate", "corpus"],
            "other-rate: the model other-rate has `sample_rate` 16000",
        ),
        (
            ["other-rate", "corpus"],
            "the model other-rate has `sample_rate` 16000 but the corpus corpus has 8000",
        ),
        (["plain", "corpus", "corpus"], "corpus is not a run"),
        ([], "no model and no corpus are given: give the models first"),
        (["plain", "given", "corpus", "--jsn"], "--jsn"),
        (["plain", "given", "corpus", "-j"], "-j"),
        (["plain", "given", "corpus", "--clips"], "`--clips` has no value: give one"),
    ],
)
def test_mistakes_are_one_line_and_are_found_before_a_model_is_scored(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "evaluate_with_clips", lambda *_, **__: pytest.fail("a model was scored"))
    assert main(["evaluate", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
    assert err.startswith("partita evaluate: ")


def test_an_error_while_a_model_is_scored_names_the_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise DivergedError("the bits are not finite")

    monkeypatch.setattr(command, "evaluate_with_clips", broken)
    assert main(["evaluate", "first/run", "second/run", "corpus", "--json"]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", "partita evaluate: first/run: the bits are not finite\n")


@pytest.mark.parametrize(
    "words",
    ["a b c --json --seed 3", "--json --seed=3 a b c", "a --json b --seed 3 c", "--seed 3 --json -- a b c"],
)
def test_options_may_be_anywhere(words: str) -> None:
    found = read(words.split())
    assert (found.models, found.corpus) == (("a", "b"), Path("c"))
    assert (found.json, found.config.seed) == (True, 3)


def test_a_name_that_begins_with_a_dash_follows_two_dashes() -> None:
    assert read(["--", "-a", "c"]).models == ("-a",)
    with pytest.raises(PartitaError, match="-a"):
        read(["-a", "c"])


def test_out_writes_a_page_with_clips_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "my page"
    assert main(["evaluate", "first/run", "plain", "corpus", *QUICK, "--json", "--out", str(out)]) == 0
    said = capsys.readouterr()
    page = (out / "report.html").read_text(encoding="utf-8")
    scores = json.loads(said.out)["models"]
    assert json.loads((out / "scores.json").read_text())["models"] == scores
    assert f"the page is {out / 'report.html'}" in said.err
    assert len(list((out / "clips").glob("*.wav"))) == page.count("<audio") == 3 * 4
    for words in ("first/run", "plain", "What next", "How it was made", "fingerprint", "partita evaluate"):
        assert words in page, words
    own = page.split("<main")[1]
    assert main(["evaluate", "plain", "corpus", *QUICK, "--out", str(out)]) == 0  # an older page is replaced
    assert (out / "report.html").read_text(encoding="utf-8").split("<main")[1] != own


def test_a_folder_that_holds_something_else_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "evaluate_with_clips", lambda *_, **__: pytest.fail("a model was scored"))
    (tmp_path / "report.html").write_text("mine")
    assert main(["evaluate", "plain", "corpus", "--out", str(tmp_path)]) == 2
    assert "is not the folder of an evaluation: give another folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
