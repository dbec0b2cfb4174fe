"""What students share: a critic is trained once and must not change, and copied students are awaited."""

from pathlib import Path
from typing import Any

import pytest
from arena_runs import stub_run, take

from partita.errors import DivergedError, PartitaError
from partita.experiments.arena import context as context_module
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.context import ArenaContext
from partita.experiments.arena.folder import ArenaFolder


def plan(**changes: Any) -> ArenaConfig:
    return ArenaConfig(**({"out": Path("arena")} | changes))


def test_an_arena_that_waits_for_copied_students_trains_no_teacher(tmp_path: Path) -> None:
    config = plan(out=tmp_path / "arena", students=tmp_path / "another")
    folder = ArenaFolder(config.out)
    take(folder, config)
    with pytest.raises(PartitaError, match="give that arena by `--students` again"):
        _ = ArenaContext(config, folder, print).teacher_data


def test_a_critic_that_diverged_is_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Path] = []

    def train(self: ArenaContext, path: Path, *rest: object, **named: object) -> None:
        tried.append(path)
        raise DivergedError("the loss is not finite at step 3")

    monkeypatch.setattr(ArenaContext, "train", train)
    for _ in range(2):
        with pytest.raises(DivergedError, match="at step 3"):
            ArenaContext(plan(), ArenaFolder(tmp_path), print).critic()
    assert len(tried) == 1


def test_another_critic_at_the_same_path_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = stub_run(tmp_path, monkeypatch, context_module)
    monkeypatch.setattr(context_module, "find_checkpoint", lambda path: (path, path))
    monkeypatch.setattr(context_module, "training_facts", lambda run: {"seconds": 3.0})
    config = plan(arms=(f"critic:critic.run={weights}",))
    context, (spec,) = ArenaContext(config, ArenaFolder(tmp_path), print), config.arm_specs
    facts = context.critic_facts(spec)
    assert facts["critic_seconds"] == 3.0
    context.refuse_other_critic(spec, {"training": facts})
    weights.write_bytes(b"another")
    with pytest.raises(PartitaError, match="has changed since critic:critic"):
        context.refuse_other_critic(spec, {"training": facts})
