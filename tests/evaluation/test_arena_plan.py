from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from partita.errors import DivergedError, PartitaError
from partita.evaluation import arena_home, arena_student
from partita.evaluation.arena_entry import Entry
from partita.evaluation.arena_home import ArenaHome
from partita.evaluation.arena_plan import ArenaConfig
from partita.evaluation.arena_student import Student
from partita.runs.config import to_table
from partita.training.arms import ARMS
from partita.training.config import RolloutConfig, TrainConfig

OUT = Path("arena")


def plan(**changes: Any) -> ArenaConfig:
    return ArenaConfig(**({"out": OUT} | changes))


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_of_training_enters(arm: str) -> None:
    assert plan(arms=(arm,)).arm_training(Entry(arm), seed=0, steps_before=100).arm == arm


def test_a_setting_may_be_a_list() -> None:
    entry = Entry.read('policy:adversary.discriminators=["spectral", "patchgan"],adversary.weight=2')
    config = entry.training(TrainConfig(steps=1, rollout=RolloutConfig(seam=1024)))
    assert config.adversary is not None
    assert tuple(config.adversary.discriminators) == ("spectral", "patchgan")
    assert config.adversary.weight == 2.0
    assert Entry.read(entry.name) == entry


def test_settings_are_laid_over_an_arm() -> None:
    entry = Entry.read("report:adversary.weight=0.3, adversary.loss=least-squares,clip=0")
    config = entry.training(TrainConfig(steps=1))
    assert (config.adversary.weight, config.adversary.loss, config.clip) == (0.3, "least-squares", 0.0)  # type: ignore[union-attr]
    assert Entry.read(entry.name) == entry
    assert "/" not in entry.folder and ":" not in entry.folder


def test_arms_of_a_seed_differ_in_the_arm_alone() -> None:
    config = plan(arms=("likelihood", "report"))
    one, other = (to_table(config.arm_training(entry, seed=3, steps_before=50)) for entry in config.entries)
    assert {name for name in other if other[name] != one.get(name)} == {"arm", "adversary"}
    assert config.arm_training(config.entries[0], seed=4, steps_before=50).seed != one["seed"]


def test_arms_take_up_the_rate_where_the_student_left_it() -> None:
    config = plan()
    short, long = (
        config.arm_training(Entry("likelihood"), seed=0, steps_before=n).learning_rate for n in (1, 1200)
    )
    assert short == pytest.approx(TrainConfig().learning_rate, rel=0.01)
    assert long == pytest.approx(0.5 * short, rel=0.01)  # the rate falls as 1 / sqrt(1 + steps / 400)


def test_a_steered_arm_trains_its_judge_for_as_long_as_any() -> None:
    config = plan(arms=("likelihood", "steer:particles=4"), steps=7)
    training = config.arm_training(config.entries[1], seed=0, steps_before=1)
    assert (training.arm, training.steps) == ("policy-0", 7)
    assert config.entries[1].steering().particles == 4


def test_likelihood_is_charged_with_the_critics_time() -> None:
    config = plan(arms=("likelihood-charged",), minutes=2.0, critic_minutes=9.0)
    assert config.arm_training(config.entries[0], seed=0, steps_before=1).minutes == 11.0
    with pytest.raises(PartitaError, match="in minutes, not in steps"):
        plan(arms=("likelihood-charged",), steps=5)


def test_the_teacher_judges_the_oracle_and_a_critic_that_is_trained_here_the_critic() -> None:
    config = plan(arms=("likelihood", "critic", "critic-0", "oracle", "critic:critic.run=runs/large"))
    wanted = [config.wants_critic(entry) for entry in config.entries]
    assert wanted == [False, True, True, True, False]
    run = Path("/runs/large")
    for entry in config.entries[1:4]:
        training = config.arm_training(entry, seed=0, steps_before=1, critic=run)
        assert training.critic is not None
        assert training.critic.run == str(run)
    assert config.arm_training(config.entries[3], seed=0, steps_before=1, critic=run).arm == "critic"


def test_seeds_for_choices_and_for_the_test_are_apart() -> None:
    config = plan(seeds=1000, validation_seeds=3)
    assert not set(config.choice_seeds) & set(config.test_seeds)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arms": ("reprot",)}, "'reprot' is no arm"),
        ({"arms": ()}, "no arm"),
        ({"arms": ("report:adversary.weigth=1",)}, "`weigth` .* is no setting"),
        ({"arms": ("report:adversary.weight",)}, "write name=value"),
        ({"arms": ("likelihood:clip.norm=1",)}, "is no setting"),
        ({"arms": ("steer:particles=0",)}, "`particles` is 0"),
        ({"steps": 1, "minutes": 1.0}, "both `minutes` and `steps`"),
        ({"start_steps": 1, "start_minutes": 1.0}, "both `start_minutes`"),
        ({"temperatures": (0.0,)}, "`temperatures` is 0"),
        ({"samples": 10}, "`samples` is 10: give at least 256"),
        ({"validation_seeds": 0}, "`validation_seeds` is 0"),
        ({"judge": "likelihood"}, "`judge` is 'likelihood'"),
        ({"judge": "critic-0"}, "`judge` is 'critic-0'"),
        ({"student_size": "huge"}, "huge"),
    ],
)
def test_mistakes_are_named_before_anything_is_written(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(PartitaError, match=said):
        plan(**changes)


def test_more_arms_and_seeds_may_be_asked_for_but_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arena_home, "_weights_of", lambda teacher: None)
    home = ArenaHome(tmp_path / "arena")
    home.take(plan(steps=5))
    home.take(plan(steps=5, arms=("report",), seeds=20, validation_seeds=1))
    home.take(plan(steps=5, temperatures=(0.85, 0.9, 0.95, 1.05)))  # 1 is among them anyway
    with pytest.raises(PartitaError, match="was begun with `steps` 5, now it is 6"):
        home.take(plan(steps=6))
    with pytest.raises(PartitaError, match="was begun with `teacher` None"):
        home.take(plan(steps=5, teacher=Path("runs/violin")))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    with pytest.raises(PartitaError, match="is no arena"):
        ArenaHome(tmp_path / "other").take(plan())


def test_a_result_is_there_or_not(tmp_path: Path) -> None:
    home, entry = ArenaHome(tmp_path), Entry.read("report:adversary.weight=0.3")
    assert home.result(entry, 3) is None
    home.keep(entry, 3, {"seed": 3})
    assert home.result(entry, 3) == {"seed": 3}
    assert home.result(Entry("report"), 3) is None


def test_a_student_draws_by_other_numbers_than_the_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each of its samples would hang together with one of the opening that it goes on from."""
    seen: dict[str, Any] = {}

    class Truth:
        teacher = SimpleNamespace(model=None, quantiser=SimpleNamespace(zero_class=128))

        def measuring_clips(self, *, seed: int, **_: object) -> None:
            seen["openings"] = seed

    monkeypatch.setattr(arena_student, "Measuring", lambda **named: seen.setdefault("draws", named["seed"]))
    ground = SimpleNamespace(config=plan(), home=None, truth=Truth())
    for number in (0, 1000):
        seen.clear()
        _ = Student(ground, number).measuring
        assert seen["openings"] != seen["draws"]


def test_an_arm_that_went_astray_is_kept_as_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def astray(self: Student, entry: Entry, temperatures: tuple[float, ...]) -> dict[str, Any]:
        raise DivergedError("the loss is not finite at step 3")

    monkeypatch.setattr(Student, "_measured", astray)
    home, entry = ArenaHome(tmp_path), Entry("gumbel")
    student = Student(SimpleNamespace(config=plan(), home=home), 3)  # type: ignore[arg-type]
    found = {"arm": "gumbel", "seed": 3, "diverged": "the loss is not finite at step 3"}
    assert student.result(entry, (1.0,)) == found
    assert home.result(entry, 3) == found


def test_another_teacher_in_the_same_place_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "weights"
    weights.write_bytes(b"one")
    monkeypatch.setattr(arena_home, "find", lambda path: (None, path))
    monkeypatch.setattr(arena_home, "weights_path", lambda checkpoint: checkpoint)
    config = plan(out=tmp_path / "arena", teacher=weights)
    ArenaHome(config.out).take(config)
    ArenaHome(config.out).take(config)
    weights.write_bytes(b"another")
    with pytest.raises(PartitaError, match="`teacher_weights`"):
        ArenaHome(config.out).take(config)
