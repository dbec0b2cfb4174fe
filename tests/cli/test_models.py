"""`partita models` lists what ships and shows a card; other commands take a model by its name."""

import json
from pathlib import Path

import pytest
from stand_in import ship

from partita.cli import train as train_command
from partita.cli.main import main
from partita.data.corpus import Corpus


def test_the_list_has_name_size_licence_and_one_line(
    stand_in: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models"]) == 0
    (row,) = capsys.readouterr().out.splitlines()
    assert row.startswith(f"{stand_in}  0.")
    assert row.endswith(" MB  CC BY 3.0  A tiny model for tests.")
    assert main(["models", "--json"]) == 0
    (card,) = json.loads(capsys.readouterr().out)["models"]
    assert (card["name"], card["licence"]) == (stand_in, "CC BY 3.0")


def test_the_card_is_shown_in_plain_words(stand_in: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", stand_in]) == 0
    said = capsys.readouterr().out
    for part in ("Stand-in", "etude-01.wav: Ann, CC BY 3.0", "2 updates", "7.9  [7.8, 8]", "It can't play."):
        assert part in said
    assert main(["models", stand_in, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scores"]["bits_per_sample"]["value"] == 7.9


def test_an_unknown_model_and_an_empty_package_say_what_to_do(
    stand_in: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["models", "viola"]) == 2
    assert f"it has {stand_in}" in capsys.readouterr().err
    ship(tmp_path / "nothing", monkeypatch)
    assert main(["models"]) == 0
    assert "no model ships with this version: train one" in capsys.readouterr().out


def test_generate_and_train_take_the_name(
    stand_in: str, etude_corpus: Corpus, capsys: pytest.CaptureFixture[str], quick: list[str]
) -> None:
    assert main(["generate", stand_in, "--seconds", "0.05", "--out", "x.wav", "--seed", "1"]) == 0
    assert Path("x.wav").stat().st_size > 44
    options = quick[2:]  # without --size, which is the model's
    words = ["train", str(etude_corpus.path), "--out", "run", "--steps", "1", "--from", stand_in, *options]
    assert main(words) == 0
    capsys.readouterr()
    assert main(["generate", "bach-viola", "--seconds", "1", "--out", "y.wav"]) == 2
    assert stand_in in capsys.readouterr().err


def test_other_options_go_before_the_shape_of_the_model(
    stand_in: str, etude_corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(etude_corpus.path), "--out", "run", "--from", stand_in]
    assert train_command.read(words).settings.size == "tiny"
    assert train_command.read([*words, "--size", "small"]).settings.size == "small"
    assert train_command.read(words).settings.condition == ("features",)
    linear = train_command.read([*words, "--quantizer.kind", "linear"]).settings
    assert (linear.size, linear.quantizer.kind) == ("tiny", "linear")
    assert main(["train", *words, "--size", "small"]) == 2
    assert "has another shape than the one to be trained: give `--size tiny`" in capsys.readouterr().err
