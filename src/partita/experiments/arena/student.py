"""One student in the arena: its start, what each arm makes of it, and what is measured then.

What students share, the teacher and its clips, is in `arena_ground.py`.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from partita.errors import DivergedError
from partita.experiments.arena.arm_spec import START, STEER, ArmSpec
from partita.experiments.arena.context import ArenaContext
from partita.experiments.arena.measure import Measuring
from partita.experiments.arena.training_facts import training_facts
from partita.runs.folder import RunFolder
from partita.runs.loading import LoadedModel, load
from partita.runs.scorer import load_scorer
from partita.sampling.smc.sampler import Scorer, Steering
from partita.sampling.smc.scorers import RatioScorer
from partita.training.config.train import TrainConfig

UNTRAINED = {"steps": 0, "seconds": 0.0}  # the arm `start`, from where the arms part


class Student:
    """A student of one seed; nothing is trained or drawn before it is needed.

    Args:
        ground: what all students share.
        seed: its own.
    """

    def __init__(self, ground: ArenaContext, seed: int) -> None:
        self.ground, self.config, self.home, self.seed = ground, ground.config, ground.home, seed
        self._diverged: dict[Path, DivergedError] = {}

    def train_arms(self, asked: Sequence[tuple[ArmSpec, Sequence[float]]]) -> None:
        """Train the arms whose results are missing, in turns, where they have equal time.

        Arms of equal steps are the same however they are trained, and are left to `result`, which has one in
        memory at a time.

        Args:
            asked: arms, each with the temperatures to measure it at.
        """
        if self.config.steps is not None:
            return
        missing = [entry for entry, temperatures in asked if self._kept(entry, temperatures) is None]
        if not missing or self._astray:
            return
        planned: dict[Path, tuple[str, TrainConfig]] = {}
        for entry in missing:
            if entry.arm != START:
                with suppress(DivergedError):  # of a critic: `result` finds it again, and says so
                    path, name, training = self._plan(entry)
                    planned[path] = name, training
        if not planned:
            return
        self._diverged = self.ground.train_in_turns(planned, start_from=self.start.path)

    def result(self, entry: ArmSpec, temperatures: Sequence[float]) -> dict[str, Any]:
        """Return what an arm measures, fit for JSON: from its file, or made now and kept.

        An arm whose numbers were finite no more has "diverged", which says how, and no curve; where that was
        before the arms parted it has "start_diverged" instead, and the student tells nothing about arms.

        Args:
            entry: the arm.
            temperatures: to measure it at; what lies there and lacks one of them is measured anew.
        """
        kept = self._kept(entry, temperatures)
        if kept is not None:
            return kept
        try:
            result = self._astray or self._measured(entry, temperatures)
        except DivergedError as error:  # an arm that went astray must not keep the others from their scores
            result = {"diverged": str(error)}
        result = {"arm": entry.name, "seed": self.seed} | result
        self.home.keep(entry, self.seed, result)
        return result

    def _kept(self, entry: ArmSpec, temperatures: Sequence[float]) -> dict[str, Any] | None:
        """Return the result that lies there, if it has all that is asked for."""
        kept = self.home.result(entry, self.seed)
        if kept is None:
            return None
        self.ground.refuse_other_critic(entry, kept)
        return kept if _covers(kept, temperatures) else None

    @cached_property
    def _astray(self) -> dict[str, Any]:
        """What to say of the student if it went astray before the arms parted, else nothing."""
        try:
            _ = self.start
        except DivergedError as error:
            return {"start_diverged": str(error)}
        return {}

    def _measured(self, entry: ArmSpec, temperatures: Sequence[float]) -> dict[str, Any]:
        run = self._arm(entry)
        self.ground.say(f"student {self.seed}, {entry.name}: measuring")
        loaded = load(run.path)
        return {
            "start": training_facts(self.start),
            "training": UNTRAINED if entry.arm == START else training_facts(run) | self.ground.charge(entry),
            "agreement": self.measuring.agreement(run, loaded),
            "curve": self._curve(entry, run, loaded, temperatures),
        }

    @cached_property
    def start(self) -> RunFolder:
        """The student that has learnt by likelihood, before the arms part."""
        training = self.config.start_training(self.seed)
        return self.ground.train(self.home.start(self.seed), training, f"student {self.seed}")

    @cached_property
    def measuring(self) -> Measuring:
        """What all arms are measured with: clips of the teacher."""
        config, truth = self.config, self.ground.truth
        seed = config.stream(f"measure {self.seed}")
        clips = truth.measuring_clips(
            clips=config.clips,
            samples=config.clip_samples,
            field=config.start_training(self.seed).network_shape.receptive_field,
            seed=seed,
        )
        return Measuring(
            teacher=truth.teacher,
            truth=clips,
            seed=config.stream(f"draws {self.seed}"),
            threads=config.threads,
        )

    def _arm(self, entry: ArmSpec) -> RunFolder:
        """Return what became of the student under an arm; of `steer`, under the one that is steered."""
        if entry.arm == START:
            return self.start
        path, name, training = self._plan(entry)
        if path in self._diverged:
            raise self._diverged[path]
        return self.ground.train(path, training, name, start_from=self.start.path)

    def _plan(self, entry: ArmSpec) -> tuple[Path, str, TrainConfig]:
        """Return the folder, the name and the training of an arm's run; of `steer`, of the steered one's."""
        entry = self.config.steered_entry if entry.arm == STEER else entry
        training = self.config.arm_training(
            entry,
            seed=self.seed,
            steps_before=training_facts(self.start)["steps"],
            critic=self.ground.critic_of(entry),
        )
        return self.home.run(entry, self.seed), f"student {self.seed}, {entry.name}", training

    def _curve(
        self, entry: ArmSpec, run: RunFolder, loaded: LoadedModel, temperatures: Sequence[float]
    ) -> Sequence[dict[str, Any]]:
        if entry.arm != STEER:
            return self.measuring.curve(loaded.model, temperatures)
        steering = Steering(scorer=self._steering_judge(run, loaded), config=entry.steering())
        return self.measuring.steered_curve(loaded.model, steering, temperatures)

    def _steering_judge(self, run: RunFolder, loaded: LoadedModel) -> Scorer:
        """Return who steers: the run's own discriminator, or the log-ratio of a larger model and this one."""
        judge = self.config.judge_entry
        if self.config.steered_entry == judge:
            return load_scorer(run.path, loaded)
        better = load(self.ground.critic_run(judge)).model
        return RatioScorer(better, loaded.model, threads=self.config.threads)


def _covers(result: dict[str, Any], temperatures: Sequence[float]) -> bool:
    """Return whether all that is asked for was measured; of an arm that went astray there is no more."""
    measured = {point["temperature"] for point in result.get("curve", ())}
    return "diverged" in result or "start_diverged" in result or measured.issuperset(temperatures)
