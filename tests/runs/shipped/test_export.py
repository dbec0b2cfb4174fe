"""What an exported model holds, and what it leaves out; it stays below its bound on bytes."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from stand_in import NAME, QUICK, RATE

from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.digests import file_digest
from partita.errors import PartitaError
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.runs.shipped.ancestry import ancestors
from partita.runs.shipped.export import export_model
from partita.training.train import train


def test_only_the_weights_to_draw_with_are_kept(shipped_folder: Path, etude_run: Path) -> None:
    run = RunFolder.open(shipped_folder / NAME)
    files = {path.name for path in run.newest_checkpoint().iterdir()}
    assert files == {"average.safetensors", "frames-best.safetensors", "state.json"}
    assert run.finished
    shipped, own = load(run.path).model.state_dict(), load(etude_run).model.state_dict()
    assert all(torch.equal(shipped[name], own[name]) for name in own)


def test_no_path_of_the_machine_is_left(shipped_folder: Path, etude_corpus: Corpus) -> None:
    for path in (shipped_folder / NAME).rglob("*"):
        if path.suffix in {".toml", ".json", ".jsonl", ".txt"}:
            assert str(etude_corpus.path.parent.parent) not in path.read_text(), path


def test_the_card_lists_all_files_with_their_digests_and_the_facts_of_the_run(shipped_folder: Path) -> None:
    folder = shipped_folder / NAME
    card = json.loads((folder / "card.json").read_text())
    files = {path for path in folder.rglob("*") if path.is_file() and path.name != "card.json"}
    assert card["files"] == {path.relative_to(folder).as_posix(): file_digest(path) for path in files}
    assert (card["name"], card["steps"], card["sample_rate"]) == (NAME, 2, RATE)
    assert card["seconds"] > 0
    notice = (folder / "NOTICE.txt").read_text()
    assert "CC BY 3.0" in notice
    assert "etude-01.wav: Ann, 2026." in notice


def test_what_is_learnt_leaves_the_test_split_out(shipped_folder: Path) -> None:
    learnt = json.loads((shipped_folder / NAME / "learnt.json").read_text())
    found = {entry["source"]: entry["split"] for entry in learnt["recordings"]}
    assert found == {"etude-01.wav": "train", "etude-02.wav": "train", "etude-03.wav": "validation"}


def test_weights_that_are_too_large_are_rounded_and_beyond_that_refused(
    etude_run: Path, etude_corpus: Corpus, card_content: dict[str, Any], shipped_folder: Path, tmp_path: Path
) -> None:
    whole = sum(path.stat().st_size for path in (shipped_folder / NAME).rglob("*") if path.is_file())
    weights = sum(path.stat().st_size for path in (shipped_folder / NAME).rglob("*.safetensors"))
    bound = whole - weights // 4
    made = export_model(etude_run, card_content, etude_corpus, tmp_path / "half", most_bytes=bound)
    assert sum(path.stat().st_size for path in made.rglob("*") if path.is_file()) < bound
    rounded, own = load(made).model.state_dict(), load(etude_run).model.state_dict()
    assert all(torch.equal(rounded[name], own[name].half().float()) for name in own)
    half, single = (load(path).frames for path in (made, etude_run))
    assert half is not None
    assert single is not None
    for name in ("low", "high", "starts"):  # features, which are on a grid
        assert torch.equal(half.state_dict()[name], single.state_dict()[name]), name
    with pytest.raises(PartitaError, match="even as float16: train a smaller model"):
        export_model(etude_run, card_content, etude_corpus, tmp_path / "none", most_bytes=1000)
    assert [path.name for path in tmp_path.iterdir()] == ["half"]


def test_another_corpus_an_incomplete_card_and_an_existing_folder_are_refused(
    etude_run: Path, etude_corpus: Corpus, card_content: dict[str, Any], etudes: Path, tmp_path: Path
) -> None:
    other = prepare([etudes / "etude-01.wav"], tmp_path / "corpus", PrepareConfig(sample_rate=RATE))
    with pytest.raises(PartitaError, match="give the corpus of the run"):
        export_model(etude_run, card_content, other, tmp_path / "model")
    card = {name: value for name, value in card_content.items() if name != "limits"}
    with pytest.raises(PartitaError, match="`limits` is missing in the card"):
        export_model(etude_run, card, etude_corpus, tmp_path / "model")
    (tmp_path / "model").mkdir()
    with pytest.raises(PartitaError, match="exists: remove it"):
        export_model(etude_run, card_content, etude_corpus, tmp_path / "model")


def test_a_start_whose_sound_is_covered_is_not_named(
    etude_run: Path, etude_corpus: Corpus, card_content: dict[str, Any], tmp_path: Path
) -> None:
    run = train(etude_corpus, tmp_path / "run", QUICK, start_from=etude_run, quiet=True)
    for covered in (False, True):
        made = export_model(
            run, card_content, etude_corpus, tmp_path / f"made-{covered}", start_is_covered=covered
        )
        assert bool(ancestors(load(made).config)) != covered
