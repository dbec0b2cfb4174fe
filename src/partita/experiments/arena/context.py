"""What all students of an arena share: the teacher, its clips, the critic. Each is made when it is needed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from partita.data.corpus import Corpus, read_index
from partita.digests import with_digest, without_digest
from partita.errors import DivergedError, PartitaError
from partita.experiments.arena.arm_spec import ArmSpec
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.teacher import Truth, teachers_corpus
from partita.experiments.arena.training_facts import training_facts
from partita.runs.folder import RunFolder, is_finished
from partita.runs.loading import find_checkpoint, load, weights_path
from partita.storage import digest, write_json
from partita.tables import read_json
from partita.training.config.train import TrainConfig
from partita.training.interleaved import PlannedRun, machine_share, train_in_turns, unequal_shares
from partita.training.train import finished_run, refuse_other_corpus


class ArenaContext:
    """The ground of an arena.

    Args:
        config: what is asked for.
        home: the folder, taken.
        say: told what is being done.
    """

    def __init__(self, config: ArenaConfig, home: ArenaFolder, say: Callable[[str], None]) -> None:
        self.config, self.home, self.say = config, home, say

    @property
    def teacher(self) -> Path:
        """The teacher's run."""
        return self.config.teacher or self.home.teacher

    @cached_property
    def truth(self) -> Truth:
        """The teacher, loaded or trained; where another arena's is to come, none is made."""
        config = self.config
        if self.home.waits_for_students:
            raise PartitaError(
                f"the arena in {self.home.path} was begun with another's students, which have not come here"
                " yet: name that arena by `--students` again"
            )
        corpus = teachers_corpus(config, self.home, self.say)
        corpus.verify()
        if config.teacher is None:
            self._announce(self.home.teacher, "the teacher")
            finished_run(corpus, self.home.teacher, config.teacher_training(), quiet=True)
        return Truth(load(self.teacher), corpus, config.threads)

    @cached_property
    def clips(self) -> Corpus:
        """The corpus of the teacher's clips."""
        if read_index(self.home.clips) is None:
            config = self.config
            self.say(f"the teacher draws {config.train_samples:,} samples for the students to learn from")
            self.truth.training_corpus(
                self.home.clips,
                clips=config.train_clips,
                samples=config.train_clip_samples,
                seed=config.stream("clips"),
            )
        return Corpus.open(self.home.clips)

    def train(
        self, path: Path, training: TrainConfig, name: str, *, start_from: Path | None = None
    ) -> RunFolder:
        """Return a finished run on the teacher's clips.

        Args:
            path: its folder.
            training: how it is trained, if it is not there.
            name: what to call it.
            start_from: the run whose weights it starts from.
        """
        corpus, quantizer = self.clips, self.truth.teacher.quantizer
        self._announce(path, name)
        config = replace(training, quantizer=quantizer)
        return finished_run(corpus, path, config, start_from=start_from, quiet=True)

    def train_in_turns(
        self, runs: Mapping[Path, tuple[str, TrainConfig]], *, start_from: Path
    ) -> dict[Path, DivergedError]:
        """Train runs on the teacher's clips in turns, and return the errors of those that diverged.

        Args:
            runs: what to call each run and how it is trained, by its folder.
            start_from: the run whose weights all start from.
        """
        corpus, quantizer = self.clips, self.truth.teacher.quantizer
        planned = []
        for path, (name, training) in runs.items():
            self._announce(path, name)
            refuse_other_corpus(corpus, path)
            config = replace(training, quantizer=quantizer)
            planned.append(PlannedRun(path=path, config=config, start_from=start_from))
        astray = train_in_turns(corpus, planned, quiet=True)
        done = {name: RunFolder.open(path) for path, (name, _) in runs.items() if path not in astray}
        steps = (f"{name}: {training_facts(run)['steps']:,} updates" for name, run in done.items())
        self.say("; ".join(steps))
        if words := unequal_shares({name: machine_share(run.records()) for name, run in done.items()}):
            self.say(words)
        return astray

    def trains_critic(self, entry: ArmSpec) -> bool:
        """Return whether the critic that is trained here judges an arm: one that wants a critic, names none,
        and is not the oracle."""
        return self.config.wants_critic(entry) and not entry.is_oracle

    def critic_of(self, entry: ArmSpec) -> Path | None:
        """Return the run that judges an arm's clips, trained now if it is not there; None where none does or
        the arm names one."""
        if entry.is_oracle:
            return self.teacher
        return self.critic() if self.trains_critic(entry) else None

    @property
    def has_critic(self) -> bool:
        """Whether the critic's training has come to its end."""
        return is_finished(self.home.critic)

    def critic(self) -> Path:
        """Return the critic's run, trained now if it is not there.

        Raises:
            DivergedError: it went astray, now or before: then it is not tried again.
        """
        if self.home.astray.is_file():
            said = read_json(self.home.astray, remedy="remove it, and the critic is tried again")
            raise DivergedError(without_digest(said).text("diverged"))
        try:
            return self.train(self.home.critic, self.config.critic_training(), "the critic").path
        except DivergedError as error:
            write_json(self.home.astray, with_digest({"diverged": str(error)}))
            raise

    def critic_run(self, entry: ArmSpec) -> Path:
        """Return the run that judges an arm that has a critic, whether it is named or not."""
        given = self.critic_of(entry)
        training = self.config.arm_training(entry, seed=0, steps_before=1, critic=given).critic
        assert training is not None and training.run is not None
        return Path(training.run)

    def charge(self, entry: ArmSpec) -> dict[str, Any]:
        """Return what an arm took beside its own training: what its critic's run did, whether it was trained
        here or named, but not what that run may have begun from; and what tells that critic from others."""
        entry = self.config.judging(entry)
        training = self.config.arm_training(entry, seed=0, steps_before=1)
        if entry.is_oracle or training.critic is None:
            return {}
        run, checkpoint = find_checkpoint(self.critic_run(entry))
        weights = digest(weights_path(checkpoint))
        return {"critic_seconds": training_facts(run)["seconds"], "critic_weights": weights}

    def refuse_other_critic(self, entry: ArmSpec, result: dict[str, Any]) -> None:
        """Raise an error where a result was made with other weights of a critic that is named.

        Raises:
            PartitaError: the run that the arm names has been trained anew, or further, since.
        """
        before = result.get("training", {}).get("critic_weights")
        if before is None or not self.config.names_critic(entry):
            return
        run = self.critic_run(self.config.judging(entry))
        if run.exists() and digest(weights_path(find_checkpoint(run)[1])) != before:
            raise PartitaError(
                f"the critic {run} is not the one that {entry.name} began with: name that, or begin anew in"
                " another folder with `--out`"
            )

    def _announce(self, path: Path, name: str) -> None:
        if not path.exists():
            self.say(f"{name}: training")
        elif not is_finished(path):
            self.say(f"{name}: going on with its training")
