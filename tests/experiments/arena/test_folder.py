"""What an arena keeps: settings, results, and what went astray."""

import json
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from partita.errors import DivergedError, PartitaError
from partita.experiments.arena import context as arena_ground
from partita.experiments.arena import folder as arena_home
from partita.experiments.arena import student as arena_student
from partita.experiments.arena.arm_spec import ArmSpec
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.context import ArenaContext
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.run import arena
from partita.experiments.arena.student import Student
from partita.experiments.arena.teacher import refuse_missing
from partita.storage import sole_writer

OUT = Path("arena")


def take(home: ArenaFolder, config: ArenaConfig) -> None:
    with home.take(config):
        pass


def plan(**changes: Any) -> ArenaConfig:
    return ArenaConfig(**({"out": OUT} | changes))


def test_more_arms_and_seeds_may_be_asked_for_but_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arena_home, "_weights_of", lambda teacher: None)
    home = ArenaFolder(tmp_path / "arena")
    take(home, plan(steps=5))
    take(home, plan(steps=5, arms=("report",), seeds=20, validation_seeds=1))
    take(home, plan(steps=5, temperatures=(0.85, 0.9, 0.95, 1.05)))  # 1 is among them anyway
    with pytest.raises(PartitaError, match="was begun with `steps` 5, now it is 6"):
        take(home, plan(steps=6))
    with pytest.raises(PartitaError, match="students of its own: leave out `--students`"):
        take(home, plan(steps=5, students=Path("another")))
    with pytest.raises(PartitaError, match="was begun with `teacher` None"):
        take(home, plan(steps=5, teacher=Path("runs/violin")))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    with pytest.raises(PartitaError, match="is no arena"):
        take(ArenaFolder(tmp_path / "other"), plan())


def test_of_two_arenas_that_start_at_once_the_loser_leaves_nothing(tmp_path: Path) -> None:
    with sole_writer(tmp_path), pytest.raises(PartitaError, match="another partita is writing to"):
        arena(plan(out=tmp_path, steps=6), say=lambda _line: None)
    assert not list(tmp_path.iterdir())
    with ArenaFolder(tmp_path).take(plan(steps=5)):
        note = (tmp_path / "arena.json").read_bytes()
        with pytest.raises(PartitaError, match="another partita is writing to"):
            arena(plan(out=tmp_path, steps=6), say=lambda _line: None)
        assert (tmp_path / "arena.json").read_bytes() == note


def test_settings_that_an_older_arena_knew_nothing_of_are_the_usual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arena_home, "_weights_of", lambda teacher: None)
    home = ArenaFolder(tmp_path / "arena")
    take(home, plan(minutes=1.0, threads=1))
    equal = ArenaFolder(tmp_path / "equal")
    take(equal, plan(steps=5))
    for path in (equal.path, home.path):
        note = json.loads((path / "arena.json").read_text())
        del note["settings"]["workers"], note["adopted"], note["digest"]
        (path / "arena.json").write_text(json.dumps(note))
    take(equal, plan(steps=5, students=Path("another")))
    take(home, plan(minutes=1.0, threads=1))
    with pytest.raises(PartitaError, match="`workers` 1, now it is 2"):
        take(home, plan(minutes=1.0, workers=2, threads=1))
    note["settings"]["orchestra"] = 3
    (home.path / "arena.json").write_text(json.dumps(note))
    with pytest.raises(PartitaError, match="has orchestra, of another version"):
        take(home, plan(minutes=1.0, threads=1))
    (home.path / "arena.json").write_text("[")
    with pytest.raises(PartitaError, match=r"arena\.json is damaged .*give another folder with `--out`"):
        take(home, plan(minutes=1.0, threads=1))


def astray(entry: ArmSpec, seed: int) -> dict[str, Any]:
    return {"arm": entry.name, "seed": seed, "diverged": "lost"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, r"`format` .* is 2, must be 1"),
        ({"format": None}, "`format`"),
        ({"settings": [1]}, r"`settings` .* must be a table"),
        ({"adopted": "yes"}, r"`adopted` .* must be true or false"),
        ({"adopted": True, "digest": "0" * 16}, "damaged or was edited"),
    ],
    ids=str,
)
def test_a_damaged_note_is_named_with_the_remedy(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    home = ArenaFolder(tmp_path / "arena")
    take(home, plan(steps=5))
    note = json.loads((home.path / "arena.json").read_text())
    del note["digest"]
    (home.path / "arena.json").write_text(json.dumps(note | change))
    with pytest.raises(PartitaError, match=rf"{said}.*: give another folder with `--out`"):
        take(home, plan(steps=5))
    with pytest.raises(PartitaError, match=said):  # of students that another arena would take, too
        home.refuse_students({})


def test_a_damaged_result_is_named_with_the_remedy(tmp_path: Path) -> None:
    home, entry = ArenaFolder(tmp_path), ArmSpec("report")
    home.keep(entry, 3, astray(entry, 3))
    path = tmp_path / "results" / "report" / "0003.json"
    path.write_text(path.read_text().replace("lost", "last"))
    with pytest.raises(PartitaError, match=r"damaged or was edited .*: remove it, and it is made anew"):
        home.result(entry, 3)
    path.write_text('{"seed": ')
    with pytest.raises(PartitaError, match=r"0003.json is damaged .*: remove it"):
        home.result(entry, 3)


def test_only_a_critic_that_is_still_to_judge_must_be_there(tmp_path: Path) -> None:
    config = plan(out=tmp_path, arms=("critic:critic.run=/nowhere",), validation_seeds=1, seeds=1)
    with pytest.raises(PartitaError, match="nowhere"):
        refuse_missing(config)
    home, (entry,) = ArenaFolder(tmp_path), config.entries
    home.keep(entry, 1000, astray(entry, 1000))
    other = "critic:critic.run=/elsewhere"
    chosen = {
        "critic": {"settings": other, "temperature": 1.0, "validation": 0.5, "among": [entry.name, other]}
    }
    home.choices.write_text(json.dumps({"seeds": [1000], "arms": chosen}))
    refuse_missing(config)
    chosen["critic"]["settings"] = entry.name
    home.choices.write_text(json.dumps({"seeds": [1000], "arms": chosen}))
    with pytest.raises(PartitaError, match="nowhere"):
        refuse_missing(config)


def test_an_arena_whose_students_are_to_come_makes_no_other_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arena_home, "_weights_of", lambda teacher: None)
    config = plan(out=tmp_path / "arena", students=tmp_path / "another")
    home = ArenaFolder(config.out)
    take(home, config)
    with pytest.raises(PartitaError, match="name that arena by `--students` again"):
        _ = ArenaContext(config, home, lambda line: None).truth


def test_a_result_is_there_or_not(tmp_path: Path) -> None:
    home, entry = ArenaFolder(tmp_path), ArmSpec.read("report:adversary.weight=0.3")
    assert home.result(entry, 3) is None
    home.keep(entry, 3, astray(entry, 3))
    assert home.result(entry, 3) == astray(entry, 3)
    assert home.result(ArmSpec("report"), 3) is None


def test_a_student_draws_by_other_numbers_than_the_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each of its samples would hang together with one of the prompt that it goes on from."""
    seen: dict[str, Any] = {}

    class Truth:
        teacher = SimpleNamespace(model=None, quantizer=SimpleNamespace(zero_class=128))

        def measuring_clips(self, *, seed: int, **_: object) -> None:
            seen["openings"] = seed

    monkeypatch.setattr(arena_student, "Measuring", lambda **named: seen.setdefault("draws", named["seed"]))
    ground = SimpleNamespace(config=plan(), home=None, truth=Truth())
    for number in (0, 1000):
        seen.clear()
        _ = Student(ground, number).measuring
        assert seen["openings"] != seen["draws"]


def test_an_arm_that_went_astray_is_kept_as_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def astray(self: Student, entry: ArmSpec, temperatures: tuple[float, ...]) -> dict[str, Any]:
        raise DivergedError("the loss is not finite at step 3")

    monkeypatch.setattr(Student, "_astray", {})
    monkeypatch.setattr(Student, "_measured", astray)
    home, entry = ArenaFolder(tmp_path), ArmSpec("gumbel")
    student = Student(SimpleNamespace(config=plan(), home=home), 3)  # type: ignore[arg-type]
    found = {"arm": "gumbel", "seed": 3, "diverged": "the loss is not finite at step 3"}
    assert student.result(entry, (1.0,)) == found
    assert home.result(entry, 3) == found


def test_a_student_that_went_astray_before_the_arms_parted_is_kept_as_such(tmp_path: Path) -> None:
    def train(*rest: object, **named: object) -> None:
        raise DivergedError("the loss is not finite at step 3")

    home, entry = ArenaFolder(tmp_path), ArmSpec("gumbel")
    student = Student(SimpleNamespace(config=plan(), home=home, train=train), 3)  # type: ignore[arg-type]
    assert student.result(entry, (1.0,))["start_diverged"] == "the loss is not finite at step 3"


def test_a_critic_that_went_astray_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Path] = []

    def train(self: ArenaContext, path: Path, *rest: object, **named: object) -> None:
        tried.append(path)
        raise DivergedError("the loss is not finite at step 3")

    monkeypatch.setattr(ArenaContext, "train", train)
    for _ in range(2):
        with pytest.raises(DivergedError, match="at step 3"):
            ArenaContext(plan(), ArenaFolder(tmp_path), print).critic()
    assert len(tried) == 1


def run_of_weights_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: ModuleType) -> Path:
    """A file that a module takes for a run, and for its weights."""
    weights = tmp_path / "weights"
    weights.write_bytes(b"one")
    monkeypatch.setattr(reader, "find_checkpoint", lambda path: (path, path))
    monkeypatch.setattr(reader, "weights_path", lambda checkpoint: checkpoint)
    return weights


def test_another_critic_under_the_same_name_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = run_of_weights_alone(tmp_path, monkeypatch, arena_ground)
    monkeypatch.setattr(arena_ground, "training_facts", lambda run: {"seconds": 3.0})
    config = plan(arms=(f"critic:critic.run={weights}",))
    ground, (entry,) = ArenaContext(config, ArenaFolder(tmp_path), print), config.entries
    charged = ground.charge(entry)
    assert charged["critic_seconds"] == 3.0
    ground.refuse_other_critic(entry, {"training": charged})
    weights.write_bytes(b"another")
    with pytest.raises(PartitaError, match="is not the one that critic:critic"):
        ground.refuse_other_critic(entry, {"training": charged})


def test_another_teacher_in_the_same_place_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = run_of_weights_alone(tmp_path, monkeypatch, arena_home)
    config = plan(out=tmp_path / "arena", teacher=weights)
    take(ArenaFolder(config.out), config)
    take(ArenaFolder(config.out), config)
    weights.write_bytes(b"another")
    with pytest.raises(PartitaError, match="`teacher_weights`"):
        take(ArenaFolder(config.out), config)
