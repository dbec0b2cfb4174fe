"""The arena's configuration: arms with settings, training configs, and the refusal of wrong values."""

from pathlib import Path
from typing import Any

import pytest

from partita.errors import PartitaError
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arm_spec import ArmSpec
from partita.runs.config import to_table
from partita.training.config.arms import ARMS
from partita.training.config.train import RolloutConfig, TrainConfig

OUT = Path("arena")


def plan(**changes: Any) -> ArenaConfig:
    return ArenaConfig(**({"out": OUT} | changes))


@pytest.mark.parametrize("arm", ARMS)
def test_the_arena_has_every_arm_of_training(arm: str) -> None:
    assert plan(arms=(arm,)).arm_training(ArmSpec(arm), seed=0, steps_before=100).arm == arm


def test_a_setting_may_be_a_list() -> None:
    spec = ArmSpec.parse('policy:adversary.discriminators=["spectral", "patchgan"],adversary.weight=2')
    config = spec.train_config(TrainConfig(steps=1, rollout=RolloutConfig(prompt_tail=1024)))
    assert config.adversary is not None
    assert tuple(config.adversary.discriminators) == ("spectral", "patchgan")
    assert config.adversary.weight == 2.0
    assert ArmSpec.parse(spec.name) == spec


def test_the_old_and_the_new_name_of_a_setting_are_one_arm() -> None:
    arms = ("policy:rollout.seam=512", "policy:rollout.prompt_tail=512", "policy:rollout.prompt_tail=256")
    assert [spec.name for spec in plan(arms=arms).arm_specs] == [arms[0], arms[2]]


def test_settings_are_applied_to_an_arm() -> None:
    spec = ArmSpec.parse("report:adversary.weight=0.3, adversary.loss=least-squares,grad_clip=0")
    config = spec.train_config(TrainConfig(steps=1))
    assert (config.adversary.weight, config.adversary.loss, config.grad_clip) == (0.3, "least-squares", 0.0)  # type: ignore[union-attr]
    assert ArmSpec.parse(spec.name) == spec
    assert "/" not in spec.folder and ":" not in spec.folder


@pytest.mark.parametrize(
    "words",
    [
        "critic:minutes=9",
        "report:steps=5",
        "policy:seed=3",
        "likelihood:threads=4",
        "likelihood:adversary.weight=0.1",
        "report:match=norm",
        "policy:rollout.route=gumbel",
        "report-0:adversary.weight=0.3",
        "corrected:critic.learning_rate=0",
        "oracle:critic.run=runs/large",
        "critic:arm=likelihood",
        "likelihood:quantizer.kind=linear",
        "likelihood:batch=1",
        "likelihood:compile=true",
        "report:log_every=1",
        "start:grad_clip=0.5",
    ],
)
def test_settings_that_an_arm_or_all_arms_fix_are_refused(words: str) -> None:
    # regression: training applied the arm again, so that such a setting changed only the name
    with pytest.raises(
        PartitaError, match=f"`{words.partition(':')[2].partition('=')[0]}` in the arm {words}"
    ):
        plan(arms=(words,))


def test_no_two_arms_share_a_folder() -> None:
    # regression: a/b and a_b shared one
    names = ["critic:critic.run=a/b", "critic:critic.run=a_b", f"critic:critic.run=/{'long/' * 90}run"]
    folders = {ArmSpec.parse(name).folder for name in names}
    assert len(folders) == 3
    assert all(len(folder.encode()) < 256 and "/" not in folder for folder in folders)


def test_the_path_of_a_named_critic_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    config = ArmSpec.parse("critic:critic.run=runs/large").train_config(TrainConfig(steps=1))
    assert config.critic is not None and config.critic.run == str(tmp_path / "runs" / "large")


def test_students_are_given_nothing_whatever_their_corpus_has() -> None:
    config = plan()
    assert config.start_training(0).condition == ("none",)
    assert all(
        config.arm_training(spec, seed=0, steps_before=1).condition == ("none",) for spec in config.arm_specs
    )


def test_arms_of_a_seed_differ_only_in_the_arm() -> None:
    config = plan(arms=("likelihood", "report"))
    one, other = (to_table(config.arm_training(spec, seed=3, steps_before=50)) for spec in config.arm_specs)
    assert {name for name in other if other[name] != one.get(name)} == {"arm", "adversary"}
    assert config.arm_training(config.arm_specs[0], seed=4, steps_before=50).seed != one["seed"]


def test_arms_continue_at_the_learning_rate_of_the_student() -> None:
    config = plan()
    short, long = (
        config.arm_training(ArmSpec("likelihood"), seed=0, steps_before=n).learning_rate for n in (1, 1200)
    )
    assert short == pytest.approx(TrainConfig().learning_rate, rel=0.01)
    assert long == pytest.approx(0.5 * short, rel=0.01)  # the rate falls as 1 / sqrt(1 + steps / 400)


def test_the_judge_of_a_steered_arm_is_trained_like_an_arm() -> None:
    config = plan(arms=("likelihood", "steer:particles=4"), steps=7)
    training = config.arm_training(config.arm_specs[1], seed=0, steps_before=1)
    assert (training.arm, training.steps) == ("policy-0", 7)
    assert config.arm_specs[1].steering_config().particles == 4


def test_charged_likelihood_includes_the_critics_time() -> None:
    config = plan(arms=("likelihood-charged",), minutes=2.0, critic_minutes=9.0)
    assert config.arm_training(config.arm_specs[0], seed=0, steps_before=1).minutes == 11.0
    for words in ("likelihood-charged", "likelihood-charged:minutes=30"):
        with pytest.raises(PartitaError, match=f"{words} has a budget in time, but `steps` is 5"):
            plan(arms=(words,), steps=5)
    with pytest.raises(PartitaError, match="the time of `critic_steps` 7 is unknown"):
        plan(arms=("likelihood-charged",), critic_steps=7)
    with pytest.raises(PartitaError, match="minutes=1 has less than the 2 minutes of other arms: give more"):
        plan(arms=("likelihood-charged:minutes=1",), minutes=2.0)
    given = plan(arms=("likelihood-charged:minutes=30",), critic_steps=7)  # regression: refused
    assert given.arm_training(given.arm_specs[0], seed=0, steps_before=1).minutes == 30.0


def test_the_time_of_a_named_critic_must_be_given() -> None:
    # regression: the time of a critic that was not used was charged
    arms = ("critic:critic.run=runs/large", "likelihood-charged")
    with pytest.raises(PartitaError, match="likelihood-charged:minutes="):
        plan(arms=arms, minutes=2.0)
    config = plan(arms=(arms[0], f"{arms[1]}:minutes=30"), minutes=2.0)
    assert config.arm_training(config.arm_specs[1], seed=0, steps_before=1).minutes == 30.0


def test_arms_that_need_a_critic_get_its_run() -> None:
    config = plan(arms=("likelihood", "critic", "critic-0", "oracle", "critic:critic.run=runs/large"))
    needed = [config.needs_critic(spec) for spec in config.arm_specs]
    assert needed == [False, True, True, True, False]
    run = Path("/runs/large")
    for spec in config.arm_specs[1:4]:
        training = config.arm_training(spec, seed=0, steps_before=1, critic=run)
        assert training.critic is not None
        assert training.critic.run == str(run)
    assert config.arm_training(config.arm_specs[3], seed=0, steps_before=1, critic=run).arm == "critic"


def test_fresh_test_students_share_nothing_with_earlier_ones() -> None:
    earlier, fresh = ArenaConfig(out=OUT, seeds=8), ArenaConfig(out=OUT, seeds=8, first_seed=8)
    assert fresh.choice_seeds == earlier.choice_seeds
    assert not set(fresh.test_seeds) & set(earlier.all_seeds)
    with pytest.raises(PartitaError, match="first_seed"):
        ArenaConfig(out=OUT, seeds=8, first_seed=993)  # they would be validation students


def test_validation_and_test_seeds_are_different() -> None:
    config = plan(seeds=1000, validation_seeds=3)
    assert not set(config.choice_seeds) & set(config.test_seeds)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arms": ("reprot",)}, "'reprot' is not an arm"),
        ({"arms": ()}, "`arms` is empty"),
        (
            {"arms": ("report:clip=1.0,grad_clip=2.0",)},
            "`clip` in .* is the old name of `grad_clip`: give one",
        ),
        ({"arms": ("report:adversary.weigth=1",)}, "`weigth` .* is not a setting"),
        ({"arms": ("report:adversary.weight",)}, "write name=value"),
        ({"arms": ("likelihood:clip.norm=1",)}, "is not a setting"),
        ({"arms": ("critic:critic=runs/large",)}, "`critic` in the arm"),
        ({"arms": ("critic:critic.run=3",)}, "`run` in the arm"),
        ({"arms": ("steer",), "judge": "critic:critic.wait=3"}, "`wait` .* is not a setting"),
        ({"arms": ("steer:particles=0",)}, "`particles` is 0"),
        ({"steps": 1, "minutes": 1.0}, "both `minutes` and `steps`"),
        ({"start_steps": 1, "start_minutes": 1.0}, "both `start_minutes`"),
        ({"temperatures": (0.0,)}, "`temperatures` is 0"),
        ({"samples": 10}, "`samples` is 10: give at least 256"),
        ({"validation_seeds": 0}, "`validation_seeds` is 0"),
        ({"judge": "likelihood"}, "`judge` is 'likelihood'"),
        ({"judge": "polcy-0", "arms": ("report",)}, "'polcy-0' is not an arm"),
        ({"judge": "critic-0"}, "`judge` is 'critic-0'"),
        ({"judge": "policy-0:adversary.loss=hinge"}, "its logits must be log-ratios"),
        (
            {"judge": 'policy-0:adversary.discriminators=["spectral"],rollout.prompt_tail=1024'},
            "only discriminator is `patchgan`",
        ),
        ({"minutes": 0.0}, "`minutes` is 0"),
        ({"start_minutes": 0.0}, "`start_minutes` is 0"),
        ({"student_size": "huge"}, "huge"),
    ],
)
def test_wrong_values_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PartitaError, match=message):
        plan(**changes)


def test_settings_may_have_their_names_of_older_versions() -> None:
    spec = ArmSpec.parse("report:adversary.listen_above=0.55,rollout.seam=128")
    assert spec.name == "report:adversary.listen_above=0.55,rollout.seam=128"
    config = spec.train_config(TrainConfig(steps=1))
    assert config.adversary is not None
    assert (config.adversary.min_accuracy, config.rollout.prompt_tail) == (0.55, 128)
    with pytest.raises(PartitaError, match=r"`keep_checkpoints` .* must be the same for all arms"):
        ArmSpec.parse("report:keep=3").train_config(TrainConfig(steps=1))
