"""What all students of an arena share: the teacher, its training clips and the critic.

Each of them is made when it is first needed, and loaded when it exists.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from partita.data.corpus import Corpus, read_index
from partita.errors import DivergedError, PartitaError
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.teacher import TeacherData, student_training, teachers_corpus
from partita.experiments.arm_spec import ArmSpec
from partita.experiments.trained_once import log_training, trained_once
from partita.experiments.training_facts import training_facts
from partita.runs.folder import RunFolder, is_finished
from partita.runs.loading import load
from partita.runs.weights import find_checkpoint, weights_digest
from partita.training.config.train import TrainConfig
from partita.training.interleaved import PlannedRun, machine_share, train_in_turns, unequal_shares
from partita.training.train import finished_run, refuse_other_corpus


class ArenaContext:
    """The configuration, the folder and the shared models of an arena.

    Args:
        config: what the arena compares.
        folder: the arena's folder, locked.
        log: called with one line for each stage.
    """

    def __init__(self, config: ArenaConfig, folder: ArenaFolder, log: Callable[[str], None]) -> None:
        self.config, self.folder, self.log = config, folder, log

    @property
    def teacher_run(self) -> Path:
        """The teacher's run."""
        return self.config.teacher or self.folder.teacher

    @cached_property
    def teacher_data(self) -> TeacherData:
        """The teacher, trained if it is missing.

        Raises:
            PartitaError: the students of another arena are to be copied and are not here yet.
        """
        config = self.config
        if self.folder.lacks_copied_students:
            raise PartitaError(
                f"the arena in {self.folder.path} was started with the students of another arena, which were"
                " not copied yet: give that arena by `--students` again"
            )
        corpus = teachers_corpus(config, self.folder, self.log)
        corpus.verify()
        if config.teacher is None:
            log_training(self.log, self.folder.teacher, "the teacher")
            finished_run(corpus, self.folder.teacher, config.teacher_training(), quiet=True)
        return TeacherData(load(self.teacher_run), corpus, config.threads)

    @cached_property
    def clips(self) -> Corpus:
        """The corpus of the teacher's clips that the students learn from, drawn if it is missing."""
        if read_index(self.folder.clips) is None:
            config = self.config
            self.log(f"the teacher draws {config.train_samples:,} samples for the students to learn from")
            self.teacher_data.write_training_corpus(
                self.folder.clips,
                clips=config.train_clips,
                samples=config.train_clip_samples,
                seed=config.stream("clips"),
            )
        return Corpus.open(self.folder.clips)

    def train(
        self, path: Path, training: TrainConfig, name: str, *, start_from: Path | None = None
    ) -> RunFolder:
        """Return a finished run on the teacher's clips, trained or resumed if necessary.

        Args:
            path: the run folder.
            training: the training config of a new run.
            name: the run's name in messages.
            start_from: the run whose weights a new run starts from.
        """
        corpus, config = self.clips, student_training(training, self.teacher_data.teacher)
        log_training(self.log, path, name)
        return finished_run(corpus, path, config, start_from=start_from, quiet=True)

    def train_in_turns(
        self, runs: Mapping[Path, tuple[str, TrainConfig]], *, start_from: Path
    ) -> dict[Path, DivergedError]:
        """Train several runs on the teacher's clips in turns.

        Args:
            runs: the name and the training config of each run, by its folder.
            start_from: the run whose weights all new runs start from.

        Returns:
            The errors of the runs that diverged, by their folders.
        """
        corpus, teacher = self.clips, self.teacher_data.teacher
        planned = []
        for path, (name, training) in runs.items():
            log_training(self.log, path, name)
            refuse_other_corpus(corpus, path)
            config = student_training(training, teacher)
            planned.append(PlannedRun(path=path, config=config, start_from=start_from))
        errors = train_in_turns(corpus, planned, quiet=True)
        finished = {name: RunFolder.open(path) for path, (name, _) in runs.items() if path not in errors}
        steps = (f"{name}: {training_facts(run)['steps']:,} updates" for name, run in finished.items())
        self.log("; ".join(steps))
        if warning := unequal_shares({name: machine_share(run.records()) for name, run in finished.items()}):
            self.log(warning)
        return errors

    def uses_shared_critic(self, spec: ArmSpec) -> bool:
        """Return whether an arm uses the critic that this arena trains: not the teacher, not a named run."""
        return self.config.needs_critic(spec) and not spec.is_oracle

    def provided_critic(self, spec: ArmSpec) -> Path | None:
        """Return the run of the critic that the arena provides for an arm, trained now if it is missing.

        Args:
            spec: the arm.

        Returns:
            None if the arm has no critic or names its run.
        """
        if spec.is_oracle:
            return self.teacher_run
        return self.critic() if self.uses_shared_critic(spec) else None

    @property
    def critic_is_finished(self) -> bool:
        """Whether the critic exists and its training is finished."""
        return is_finished(self.folder.critic)

    def critic(self) -> Path:
        """Return the critic's run, trained now if it is missing.

        Raises:
            DivergedError: its training diverged, now or in an earlier call; it is not repeated.
        """
        training = self.config.critic_training()
        return trained_once(
            lambda: self.train(self.folder.critic, training, "the critic"), self.folder.critic_error
        ).path

    def critic_run(self, spec: ArmSpec) -> Path:
        """Return the run of an arm's critic, whether the arena provides it or the arm names it."""
        provided = self.provided_critic(spec)
        training = self.config.arm_training(spec, seed=0, steps_before=1, critic=provided).critic
        assert training is not None and training.run is not None
        return Path(training.run)

    def critic_facts(self, spec: ArmSpec) -> dict[str, Any]:
        """Return the training time of an arm's critic and a digest of its weights, fit for JSON.

        The time is that of the critic's own run, not of a run that it started from. An arm without a trained
        critic has neither value.
        """
        spec = self.config.judge_of(spec)
        training = self.config.arm_training(spec, seed=0, steps_before=1)
        if spec.is_oracle or training.critic is None:
            return {}
        critic = self.critic_run(spec)
        run, _ = find_checkpoint(critic)
        weights = weights_digest(critic)
        return {"critic_seconds": training_facts(run)["seconds"], "critic_weights": weights}

    def refuse_other_critic(self, spec: ArmSpec, result: dict[str, Any]) -> None:
        """Raise an error if the named critic of an arm has other weights than for an earlier result.

        Args:
            spec: the arm.
            result: its earlier result.

        Raises:
            PartitaError: the run that the arm names was trained again, or further, since then.
        """
        before = result.get("training", {}).get("critic_weights")
        if before is None or not self.config.names_critic(spec):
            return
        run = self.critic_run(self.config.judge_of(spec))
        if run.exists() and weights_digest(run) != before:
            raise PartitaError(
                f"the critic {run} has changed since {spec.name} was first trained with it: restore it, or"
                " give another folder with `--out`"
            )
