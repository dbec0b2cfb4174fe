"""The arena's folder: which calls may continue an arena, and whose students it may use."""

import json
from pathlib import Path
from typing import Any

import pytest
from arena_runs import settings_file, stub_run, take

from partita.errors import PartitaError
from partita.experiments.arena import folder as folder_module
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.run import arena
from partita.storage import lock_folder


def plan(**changes: Any) -> ArenaConfig:
    return ArenaConfig(**({"out": Path("arena")} | changes))


def test_more_arms_and_seeds_may_be_added_but_other_settings_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ArenaFolder(tmp_path / "arena")
    take(folder, plan(steps=5))
    take(folder, plan(steps=5, arms=("report",), seeds=20, validation_seeds=1))
    take(folder, plan(steps=5, temperatures=(0.85, 0.9, 0.95, 1.05)))  # 1 is always included
    with pytest.raises(PartitaError, match="was started with `steps` 5, now it is 6"):
        take(folder, plan(steps=6))
    with pytest.raises(PartitaError, match="its own students: leave out `--students`"):
        take(folder, plan(steps=5, students=Path("another")))
    teacher = stub_run(tmp_path, monkeypatch, folder_module)
    with pytest.raises(PartitaError, match="was started with `teacher` None"):
        take(folder, plan(steps=5, teacher=teacher))


def test_of_two_arenas_that_start_at_once_the_second_writes_nothing(tmp_path: Path) -> None:
    with lock_folder(tmp_path), pytest.raises(PartitaError, match="another partita is writing to"):
        arena(plan(out=tmp_path, steps=6), log=lambda _line: None)
    assert not list(tmp_path.iterdir())
    with ArenaFolder(tmp_path).lock(plan(steps=5)):
        content = (tmp_path / "arena.json").read_bytes()
        with pytest.raises(PartitaError, match="another partita is writing to"):
            arena(plan(out=tmp_path, steps=6), log=lambda _line: None)
        assert (tmp_path / "arena.json").read_bytes() == content


def test_settings_that_an_older_version_did_not_have_get_their_defaults(tmp_path: Path) -> None:
    timed, equal = ArenaFolder(tmp_path / "timed"), ArenaFolder(tmp_path / "equal")
    take(timed, plan(minutes=1.0, threads=1))
    take(equal, plan(steps=5))
    for folder in (equal, timed):
        content = settings_file(folder)
        del content["settings"]["workers"], content["adopted"]
        (folder.path / "arena.json").write_text(json.dumps(content))
    take(equal, plan(steps=5, students=Path("another")))
    take(timed, plan(minutes=1.0, threads=1))
    with pytest.raises(PartitaError, match="`workers` 1, now it is 2"):
        take(timed, plan(minutes=1.0, workers=2, threads=1))


def test_settings_of_a_newer_version_are_refused(tmp_path: Path) -> None:
    folder = ArenaFolder(tmp_path)
    take(folder, plan(minutes=1.0, threads=1))
    content = settings_file(folder)
    content["settings"]["orchestra"] = 3
    (folder.path / "arena.json").write_text(json.dumps(content))
    with pytest.raises(PartitaError, match="has orchestra, which this version of Partita does not know"):
        take(folder, plan(minutes=1.0, threads=1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, r"`format` .* is 2, must be 1"),
        ({"format": None}, "`format`"),
        ({"settings": [1]}, r"`settings` .* must be a table"),
        ({"adopted": "yes"}, r"`adopted` .* must be true or false"),
        ({"adopted": True, "digest": "0" * 16}, "damaged or was edited"),
    ],
    ids=str,
)
def test_a_damaged_settings_file_is_named_with_the_remedy(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    folder = ArenaFolder(tmp_path / "arena")
    take(folder, plan(steps=5))
    (folder.path / "arena.json").write_text(json.dumps(settings_file(folder) | change))
    with pytest.raises(PartitaError, match=rf"{message}.*: give another folder with `--out`"):
        take(folder, plan(steps=5))
    with pytest.raises(PartitaError, match=message):  # also if another arena would use its students
        folder.refuse_students({})


def test_another_teacher_at_the_same_path_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = stub_run(tmp_path, monkeypatch, folder_module)
    config = plan(out=tmp_path / "arena", teacher=weights)
    take(ArenaFolder(config.out), config)
    take(ArenaFolder(config.out), config)
    weights.write_bytes(b"another")
    with pytest.raises(PartitaError, match="`teacher_weights`"):
        take(ArenaFolder(config.out), config)
