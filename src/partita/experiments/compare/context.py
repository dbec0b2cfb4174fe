"""What the seeds of a comparison share: the corpus, the base and the critic; each is made when needed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.experiments.arm_spec import START, ArmSpec
from partita.experiments.compare.config import CompareConfig, named_critic
from partita.experiments.compare.folder import CompareFolder
from partita.experiments.trained_once import log_training, trained_once
from partita.experiments.training_facts import training_facts
from partita.models.frame_tier.model import FrameModel
from partita.runs.checkpoint_state import read_state
from partita.runs.folder import RunFolder, is_finished
from partita.runs.loading import LoadedModel, load
from partita.runs.shipped.known_sound import known_sound_warnings
from partita.runs.weights import find_checkpoint, weights_digest
from partita.training.config.train import TrainConfig
from partita.training.interleaved import PlannedRun
from partita.training.train import finished_run


class CompareContext:
    """The configuration, the folder, the corpus and the shared runs of a comparison.

    Args:
        config: what is compared.
        folder: the comparison's folder, locked.
        corpus: its corpus.
        log: called with one line for each stage.
    """

    def __init__(
        self, config: CompareConfig, folder: CompareFolder, corpus: Corpus, log: Callable[[str], None]
    ) -> None:
        self.config, self.folder, self.corpus, self.log = config, folder, corpus, log

    @property
    def base(self) -> str | Path:
        """The run that all arms start from, or the name of a model that ships."""
        return self.config.start_from or self.folder.base

    @property
    def base_is_ready(self) -> bool:
        """Whether the base need not be trained."""
        return self.config.start_from is not None or is_finished(self.folder.base)

    def make_base(self) -> None:
        """Train the base if it is missing, then check the arms against it.

        Raises:
            PartitaError: an arm does not fit the base.
        """
        if self.config.start_from is None:
            log_training(self.log, self.folder.base, "the base")
            finished_run(self.corpus, self.folder.base, self.config.base_training(), quiet=True)
        self.config.check_arms(self._shared)

    @cached_property
    def base_model(self) -> LoadedModel:
        """The base."""
        return load(self.base)

    @cached_property
    def known_sound(self) -> list[str]:
        """Warnings if the base, or a critic that an arm names, may know the sound of the test split."""
        critics = [load(run) for spec in self.config.arm_specs if (run := named_critic(spec))]
        models = (self.base_model, *critics)
        return [line for model in models for line in known_sound_warnings(model, self.corpus, "test")]

    @cached_property
    def _shared(self) -> TrainConfig:
        return self.config.like_base(self.base)

    @property
    def frames(self) -> FrameModel | None:
        """The base's frame tier, with which all arms are drawn."""
        return self.base_model.frames

    @property
    def critic_is_ready(self) -> bool:
        """Whether no critic must be trained."""
        needed = any(self.config.needs_critic(spec) for spec in self.config.arm_specs)
        return not needed or is_finished(self.folder.critic) or self.folder.critic_error.is_file()

    def make_critic(self) -> Path:
        """Return the critic's run, trained now if it is missing.

        Raises:
            DivergedError: its training diverged, now or in an earlier call.
        """
        training = self.config.critic_training(self._shared)
        training = replace(training, frames=replace(training.frames, every=0))

        def train() -> RunFolder:
            log_training(self.log, self.folder.critic, "the critic")
            return finished_run(self.corpus, self.folder.critic, training, quiet=True)

        return trained_once(train, self.folder.critic_error).path

    def critic_of(self, spec: ArmSpec) -> Path | None:
        """Return the run of an arm's critic, which is trained here or named by the arm, or None."""
        if self.config.needs_critic(spec):
            return self.make_critic()
        return named_critic(spec)

    def critic_facts(self, spec: ArmSpec) -> dict[str, Any]:
        """Return the time, the final bits and the weights of an arm's critic, beside the bits of the base."""
        critic = self.critic_of(spec)
        if critic is None:
            return {}
        run, _ = find_checkpoint(critic)
        base, _ = find_checkpoint(self.base)
        bits = {"critic_bits": _final_bits(run), "base_bits": _final_bits(base)}
        return {
            "critic_seconds": training_facts(run)["seconds"],
            "critic_weights": weights_digest(critic),
            **{name: value for name, value in bits.items() if value is not None},
        }

    def refuse_other_critic(self, spec: ArmSpec, result: Mapping[str, Any]) -> None:
        """Raise an error if the named critic of an arm has other weights than for an earlier result.

        Args:
            spec: the arm.
            result: its earlier result.

        Raises:
            PartitaError: the run that the arm names was trained again, or further, since then.
        """
        critic = named_critic(spec)
        before = result.get("training", {}).get("critic_weights")
        if critic is None or before is None or not critic.exists():
            return
        if weights_digest(critic) != before:
            raise PartitaError(
                f"the critic {critic} has changed since {spec.name} was first trained with it: restore it, or"
                " give another folder with `--out`"
            )

    def planned(self, spec: ArmSpec, seed: int) -> PlannedRun:
        """Return the run of an arm: its folder, its config and what it starts from."""
        run, checkpoint = find_checkpoint(self.base)
        training = self.config.arm_training(
            spec,
            self._shared,
            seed=seed,
            steps_before=read_state(run.newest_checkpoint())["step"] or 1,
            critic=self.critic_of(spec),
        )
        return PlannedRun(path=self.folder.run(spec, seed), config=training, start_from=checkpoint)

    def model(self, spec: ArmSpec, seed: int) -> LoadedModel:
        """Return the model of a finished arm, with the base's frame tier."""
        if spec.arm == START:
            return self.base_model
        return replace(
            load(self.folder.run(spec, seed)),
            frames=self.frames,
            chosen_frame_temperature=self.base_model.chosen_frame_temperature,
        )

    def trained(self, specs: Sequence[ArmSpec]) -> list[ArmSpec]:
        """Return the arms that are trained."""
        return [spec for spec in specs if spec.arm != START]


def _final_bits(run: RunFolder) -> float | None:
    """Return the bits per sample on the validation split at the end of a training; None if not known."""
    return next((record.get("bits") for record in reversed(run.records()) if record["kind"] == "final"), None)
