"""The folder of a comparison: which calls may continue it, and which result files are read."""

import json
from pathlib import Path
from typing import Any

import pytest

from partita.data.corpus import Corpus
from partita.digests import add_digest, file_digest
from partita.errors import PartitaError
from partita.experiments.arm_spec import ArmSpec
from partita.experiments.compare import folder as folder_module
from partita.experiments.compare.config import CompareConfig
from partita.experiments.compare.folder import CompareFolder
from partita.experiments.compare.run import compare
from partita.storage import lock_folder

REPORT, CONTROL = ArmSpec("report"), ArmSpec("likelihood")
FOREIGN = "is not the folder of a comparison: give another folder with `--out`"


@pytest.fixture
def folder(tmp_path: Path) -> CompareFolder:
    return CompareFolder(tmp_path / "comparison")


def plan(**changes: Any) -> CompareConfig:
    settings: dict[str, Any] = {"out": Path("comparison"), "steps": 5}
    return CompareConfig(**settings | changes)


def take(folder: CompareFolder, config: CompareConfig, corpus: Corpus) -> None:
    """Start a comparison in a folder, or continue it, and do nothing."""
    with folder.lock(config, corpus):
        pass


def files_of(folder: CompareFolder) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


def refused(folder: CompareFolder, config: CompareConfig, corpus: Corpus) -> str:
    """Return why a call is refused; check that it changed nothing and that it says what to do."""
    before = files_of(folder)
    assert before, "there is something to leave alone"
    with pytest.raises(PartitaError) as raised:
        take(folder, config, corpus)
    assert files_of(folder) == before
    assert "give another folder with `--out`" in str(raised.value)
    return str(raised.value)


def test_arms_may_be_added_and_the_folder_may_move(folder: CompareFolder, corpus: Corpus) -> None:
    take(folder, plan(), corpus)
    before = files_of(folder)
    take(folder, plan(arms=("report", "critic", "again", "report:adversary.weight=2")), corpus)
    take(folder, plan(arms=("report",), out=Path("moved"), engine="ray"), corpus)
    assert files_of(folder) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 6}, "was started with `steps` 5, now it is 6: use the same value"),
        ({"seeds": 12}, "was started with `seeds` 8, now it is 12"),  # until a result pleases
        ({"seeds": 6}, "was started with `seeds` 8, now it is 6"),
        ({"seed": 1}, "was started with `seed` 0, now it is 1"),
        ({"temperatures": (1.0, 0.9)}, "was started with `temperatures`"),
        ({"clips": 8}, "was started with `clips` 32, now it is 8"),
        (
            {"primary_score": "mmd_timbre"},
            "was started with `primary_score` mmd_log_mel, now it is mmd_timbre",
        ),
        ({"primary_arm": "again"}, "was started with `primary_arm` report, now it is again"),
        ({"arms": ("gumbel", "report")}, "was started with `primary_arm` report, now it is gumbel"),
        ({"margin": 0.1}, "was started with `margin` 0.0, now it is 0.1"),
        ({"critic_size": "tiny"}, "was started with `critic_size` None, now it is tiny"),
    ],
    ids=str,
)
def test_other_settings_are_refused(
    folder: CompareFolder, corpus: Corpus, change: dict[str, Any], message: str
) -> None:
    take(folder, plan(), corpus)
    assert message in refused(folder, plan(**change), corpus)
    take(folder, plan(), corpus)


def test_the_same_settings_may_be_written_in_other_ways(folder: CompareFolder, corpus: Corpus) -> None:
    timed = CompareFolder(folder.path.parent / "timed")
    take(folder, plan(temperatures=(1.0, 0.9)), corpus)
    take(timed, plan(steps=None, threads=1), corpus)
    before = files_of(folder), files_of(timed)
    take(folder, plan(temperatures=(0.9, 1.0, 0.9), primary_arm="report"), corpus)
    take(timed, plan(steps=None, threads=1, minutes=5.0), corpus)
    assert (files_of(folder), files_of(timed)) == before


def test_workers_may_change_since_all_arms_of_a_seed_share_the_machine_alike(
    folder: CompareFolder, corpus: Corpus
) -> None:
    take(folder, plan(threads=1), corpus)
    take(folder, plan(threads=1, workers=2), corpus)
    timed = CompareFolder(folder.path.parent / "timed")
    take(timed, plan(steps=None, threads=1), corpus)
    before = files_of(folder), files_of(timed)
    take(timed, plan(steps=None, threads=1, workers=2), corpus)
    assert (files_of(folder), files_of(timed)) == before


def test_another_corpus_is_refused(folder: CompareFolder, corpus: Corpus) -> None:
    take(folder, plan(), corpus)
    other = Corpus(corpus.path, corpus.index | {"fingerprint": "another"})
    assert other.fingerprint != corpus.fingerprint
    assert f"`corpus` {corpus.fingerprint}, now it is another" in refused(folder, plan(), other)


def test_the_base_may_move_but_another_one_is_refused(
    folder: CompareFolder, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "weights"
    weights.write_bytes(b"one")
    monkeypatch.setattr(folder_module, "weights_digest", lambda path: file_digest(Path(path)))
    config = plan(start_from=str(weights))
    take(folder, config, corpus)
    take(folder, config, corpus)
    moved = tmp_path / "moved"
    moved.write_bytes(weights.read_bytes())
    take(folder, plan(start_from=str(moved)), corpus)
    assert "`base_weights`" in refused(folder, plan(), corpus)
    weights.write_bytes(b"another")
    assert "`base_weights`" in refused(folder, config, corpus)


def test_a_foreign_folder_and_a_file_are_left_alone(folder: CompareFolder, corpus: Corpus) -> None:
    folder.path.mkdir()
    (folder.path / "diary.txt").write_text("dear diary")
    assert FOREIGN in refused(folder, plan(), corpus)
    target = CompareFolder(folder.path / "diary.txt")
    with pytest.raises(PartitaError, match=FOREIGN):
        take(target, plan(), corpus)
    assert target.path.read_text() == "dear diary"


def test_of_two_comparisons_that_start_at_once_the_second_writes_nothing(
    corpus: Corpus, tmp_path: Path
) -> None:
    with lock_folder(tmp_path), pytest.raises(PartitaError, match="another partita is writing to"):
        compare(corpus, plan(out=tmp_path), log=lambda line: None)
    assert not list(tmp_path.iterdir())


def test_results_are_read_as_they_were_written(folder: CompareFolder, results_of: Any) -> None:
    (result,) = results_of({"report": [0.5]})["report"]
    assert folder.result(REPORT, 3) is None
    folder.save_result(REPORT, 3, result | {"seed": 3})
    assert folder.result(REPORT, 3) == result | {"seed": 3}
    assert folder.result(REPORT, 2) is None
    assert folder.result(CONTROL, 3) is None
    folder.save_result(REPORT, 4, {"diverged": "the loss is not finite"})
    assert folder.result(REPORT, 4) == {"arm": "report", "seed": 4, "diverged": "the loss is not finite"}


def edited(folder: CompareFolder, result: dict[str, Any], *, signed: bool) -> None:
    """Write a result file by hand, with a digest that fits or without one."""
    path = folder.path / "results" / "likelihood" / "0003.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(add_digest(result) if signed else result))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"arm": "report"}, "`arm` .* must be 'likelihood'"),
        ({"seed": 4}, "`seed` .* must be 3"),
        ({"scores": None}, "`scores` .* must be a table"),
        ({"scores": {"told_apart": {"low": 0.5}}}, "`scores.told_apart.value` is missing"),
        ({"scores": {"told_apart": {"value": "high"}}}, "`scores.told_apart.value` .* must be a number"),
        ({"noised": None}, "`noised` .* must be a table"),
        ({"training": 3}, "`training` .* must be a table"),
        ({"curve": {}}, "`curve` .* must be a list"),
        ({"warnings": "none"}, "`warnings` .* must be a list"),
        ({"trained_with": None}, "`trained_with` .* must be a list"),
        ({"temperature": "warm"}, "`temperature` .* must be a number"),
        ({"about": []}, "`about` .* must be a table"),
    ],
    ids=str,
)
@pytest.mark.parametrize("signed", [True, False])
def test_a_wrong_value_is_named_with_the_remedy(
    folder: CompareFolder, results_of: Any, change: dict[str, Any], message: str, signed: bool
) -> None:
    (result,) = results_of({"likelihood": [0.5]})["likelihood"]
    edited(folder, result | {"seed": 3} | change, signed=signed)
    with pytest.raises(PartitaError, match=rf"{message}.*: remove the file, and it is made again"):
        folder.result(CONTROL, 3)


def test_a_damaged_or_edited_file_is_named_with_the_remedy(folder: CompareFolder, results_of: Any) -> None:
    (result,) = results_of({"report": [0.5]})["report"]
    folder.save_result(REPORT, 3, result | {"seed": 3})
    path = folder.path / "results" / "report" / "0003.json"
    text = path.read_text()
    assert "0.55" in text
    path.write_text(text.replace("0.55", "0.45"))
    with pytest.raises(PartitaError, match=r"0003.json is damaged or was edited .*: remove the file"):
        folder.result(REPORT, 3)
    path.write_text(text[: len(text) // 2])
    with pytest.raises(PartitaError, match=r"0003.json is damaged .*: remove the file"):
        folder.result(REPORT, 3)
    path.unlink()
    assert folder.result(REPORT, 3) is None
