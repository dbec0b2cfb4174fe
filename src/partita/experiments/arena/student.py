"""One student of the arena: its training before the arms, its runs under the arms, and their evaluation.

What all students share, the teacher, its clips and the critic, is in `context.py`.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from partita.errors import DivergedError
from partita.experiments.arena.context import ArenaContext
from partita.experiments.arena.measure import StudentEvaluator
from partita.experiments.arm_spec import START, STEER, ArmSpec
from partita.experiments.training_facts import training_facts
from partita.runs.folder import RunFolder
from partita.runs.loading import LoadedModel, load
from partita.runs.scorer import load_scorer
from partita.sampling.smc.sampler import Scorer, Steering
from partita.sampling.smc.scorers import RatioScorer
from partita.training.config.train import TrainConfig

UNTRAINED = {"steps": 0, "seconds": 0.0}  # training facts of the arm `start`


class Student:
    """The student of one seed; it is trained, and clips are drawn, when they are first needed.

    Args:
        context: what all students share.
        seed: the student's.
    """

    def __init__(self, context: ArenaContext, seed: int) -> None:
        self.context, self.config, self.folder, self.seed = context, context.config, context.folder, seed
        self._diverged: dict[Path, DivergedError] = {}

    def train_arms(self, specs: Sequence[tuple[ArmSpec, Sequence[float]]]) -> None:
        """Train the arms whose results are missing, in turns, if arms have equal time.

        Arms of equal steps do not depend on what else is trained. `result` trains them one by one, so that
        only one is in memory at a time.

        Args:
            specs: the arms, each with the temperatures of its evaluation.
        """
        if self.config.steps is not None:
            return
        missing = [spec for spec, temperatures in specs if self._saved_result(spec, temperatures) is None]
        if not missing or self._start_error:
            return
        planned: dict[Path, tuple[str, TrainConfig]] = {}
        for spec in missing:
            if spec.arm != START:
                with suppress(DivergedError):  # of the critic: `result` meets it again and reports it
                    path, name, training = self._plan(spec)
                    planned[path] = name, training
        if planned:
            self._diverged = self.context.train_in_turns(planned, start_from=self.start.path)

    def result(self, spec: ArmSpec, temperatures: Sequence[float]) -> dict[str, Any]:
        """Return the evaluation of an arm, fit for JSON: read from its file, or made now and saved.

        If an arm diverged, its result has the message under "diverged" and no curve. If the student diverged
        before the arms, the result has "start_diverged" instead and is not a result of the arm.

        Args:
            spec: the arm.
            temperatures: of the evaluation; a saved result that lacks one of them is replaced.
        """
        saved = self._saved_result(spec, temperatures)
        if saved is not None:
            return saved
        try:
            result = self._start_error or self._evaluate(spec, temperatures)
        except DivergedError as error:  # the other arms are still evaluated
            result = {"diverged": str(error)}
        result = {"arm": spec.name, "seed": self.seed} | result
        self.folder.save_result(spec, self.seed, result)
        return result

    def _saved_result(self, spec: ArmSpec, temperatures: Sequence[float]) -> dict[str, Any] | None:
        """Return the saved result of an arm if it has all temperatures, else None."""
        saved = self.folder.result(spec, self.seed)
        if saved is None:
            return None
        self.context.refuse_other_critic(spec, saved)
        return saved if _has_all(saved, temperatures) else None

    @cached_property
    def _start_error(self) -> dict[str, Any]:
        """The result of every arm if the student diverged before the arms, else an empty table."""
        try:
            _ = self.start
        except DivergedError as error:
            return {"start_diverged": str(error)}
        return {}

    def _evaluate(self, spec: ArmSpec, temperatures: Sequence[float]) -> dict[str, Any]:
        run = self._arm_run(spec)
        self.context.log(f"student {self.seed}, {spec.name}: measuring")
        loaded = load(run.path)
        facts = UNTRAINED if spec.arm == START else training_facts(run) | self.context.critic_facts(spec)
        return {
            "start": training_facts(self.start),
            "training": facts,
            "agreement": self.evaluator.agreement(run, loaded),
            "curve": self._curve(spec, run, loaded, temperatures),
        }

    @cached_property
    def start(self) -> RunFolder:
        """The finished run of likelihood training before the arms."""
        training = self.config.start_training(self.seed)
        return self.context.train(self.folder.start(self.seed), training, f"student {self.seed}")

    @cached_property
    def evaluator(self) -> StudentEvaluator:
        """The evaluation that all arms of this student share, with clips of the teacher."""
        config, data = self.config, self.context.teacher_data
        seed = config.stream(f"measure {self.seed}")
        clips = data.evaluation_clips(
            clips=config.clips,
            samples=config.clip_samples,
            field=config.start_training(self.seed).network_shape.receptive_field,
            seed=seed,
        )
        return StudentEvaluator(
            teacher=data.teacher,
            clips=clips,
            seed=config.stream(f"draws {self.seed}"),
            threads=config.threads,
        )

    def _arm_run(self, spec: ArmSpec) -> RunFolder:
        """Return the finished run of an arm; for `steer` that of the model that is steered."""
        if spec.arm == START:
            return self.start
        path, name, training = self._plan(spec)
        if path in self._diverged:
            raise self._diverged[path]
        return self.context.train(path, training, name, start_from=self.start.path)

    def _plan(self, spec: ArmSpec) -> tuple[Path, str, TrainConfig]:
        """Return the folder, the name and the training config of an arm's run; `steer` has its model's."""
        spec = self.config.steered_spec if spec.arm == STEER else spec
        training = self.config.arm_training(
            spec,
            seed=self.seed,
            steps_before=training_facts(self.start)["steps"],
            critic=self.context.provided_critic(spec),
        )
        return self.folder.run(spec, self.seed), f"student {self.seed}, {spec.name}", training

    def _curve(
        self, spec: ArmSpec, run: RunFolder, loaded: LoadedModel, temperatures: Sequence[float]
    ) -> Sequence[dict[str, Any]]:
        if spec.arm != STEER:
            return self.evaluator.curve(loaded.wavenet, temperatures)
        steering = Steering(scorer=self._steering_judge(run, loaded), config=spec.steering_config())
        return self.evaluator.steered_curve(loaded.wavenet, steering, temperatures)

    def _steering_judge(self, run: RunFolder, loaded: LoadedModel) -> Scorer:
        """Return the run's own discriminator, or the log-ratio of a larger model and this one."""
        judge = self.config.judge_spec
        if self.config.steered_spec == judge:
            return load_scorer(run.path, loaded)
        larger = load(self.context.critic_run(judge)).wavenet
        return RatioScorer(larger, loaded.wavenet, threads=self.config.threads)


def _has_all(result: dict[str, Any], temperatures: Sequence[float]) -> bool:
    """Return whether a result has all temperatures, or is that of a run that diverged."""
    evaluated = {point["temperature"] for point in result.get("curve", ())}
    return "diverged" in result or "start_diverged" in result or evaluated.issuperset(temperatures)
