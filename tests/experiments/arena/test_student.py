"""A student: its seeds, and the results of trainings that diverged."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from partita.errors import DivergedError
from partita.experiments.arena import student as student_module
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.context import ArenaContext
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.student import Student
from partita.experiments.arm_spec import ArmSpec

MESSAGE = "the loss is not finite at step 3"


def plan(**changes: Any) -> ArenaConfig:
    return ArenaConfig(**({"out": Path("arena")} | changes))


def test_the_draws_have_another_seed_than_the_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same seed each sample of the student would depend on the random numbers of its prompt."""
    seen: dict[str, Any] = {}

    class Data:
        teacher = None

        def evaluation_clips(self, *, seed: int, **_: object) -> None:
            seen["prompts"] = seed

    monkeypatch.setattr(student_module, "StudentEvaluator", lambda **named: seen.update(draws=named["seed"]))
    context = SimpleNamespace(config=plan(), folder=None, teacher_data=Data())
    for number in (0, 1000):
        seen.clear()
        _ = Student(context, number).evaluator  # type: ignore[arg-type]
        assert seen["prompts"] != seen["draws"]


def diverging(folder: ArenaFolder, diverges: Callable[[Path], bool]) -> ArenaContext:
    """Return a context in which some trainings diverge, and no training takes time."""

    class Context(ArenaContext):
        def train(self, path: Path, *rest: Any, **named: Any) -> Any:
            if diverges(path):
                raise DivergedError(MESSAGE)
            return SimpleNamespace(path=path)

    return Context(plan(steps=5), folder, print)


def test_an_arm_that_diverged_is_saved_as_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(student_module, "training_facts", lambda run: {"steps": 7})
    folder, spec = ArenaFolder(tmp_path), ArmSpec("gumbel")
    student = Student(diverging(folder, lambda path: path.name == "gumbel"), 3)
    found = {"arm": "gumbel", "seed": 3, "diverged": MESSAGE}
    assert student.result(spec, (1.0,)) == found
    saved = folder.result(spec, 3)
    assert saved is not None and {name: saved[name] for name in found} == found


def test_a_student_that_diverged_before_the_arms_is_saved_as_such(tmp_path: Path) -> None:
    student = Student(diverging(ArenaFolder(tmp_path), lambda path: path.name == "start"), 3)
    assert student.result(ArmSpec("gumbel"), (1.0,))["start_diverged"] == MESSAGE
