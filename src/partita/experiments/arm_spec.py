"""The specification of an arm in an experiment: its name and the settings that differ from its defaults.

`report:adversary.weight=0.3,adversary.ramp=0.1` is the arm `report` with two changed settings;
`steer:strength=0.5` changes the steering. Values are written as in TOML; strings need no quotes. Experiments
know all arms of `partita train` and some more:

- `steer`: continued likelihood training (the model of a twin of weight 0), steered when clips are drawn;
- `oracle`: `critic` with the teacher as the critic, so that the reward is exact;
- `start`: the model before the arms are trained, which shows what continued likelihood training gains;
- `likelihood-charged`: likelihood training with the time of an arm and of the critic's training together, or
  with its own `minutes`;
- `again`: likelihood training with other seeds, which shows how much two trainings differ by chance.

The arena has the first four, a comparison of recordings `start` and `again`.

A setting that must be the same for all arms, for example time or seed, is refused. This file trains nothing.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from partita.checks import did_you_mean
from partita.errors import PartitaError
from partita.runs.config import from_table, to_table
from partita.runs.config_formats import refuse_both_names, renamed
from partita.sampling.config import SteeringConfig
from partita.training.config.arms import ARMS, with_arm
from partita.training.config.train import TrainConfig

STEER, ORACLE, CRITIC, CHARGED, START = "steer", "oracle", "critic", "likelihood-charged", "start"
AGAIN = "again"
SHARED = {
    *("arm", "seed", "steps", "epochs", "minutes", "patience", "batch", "targets", "quantizer"),
    *("device", "precision", "threads", "size", "network", "compile", "condition", "frames"),
    *("input_noise", "input_gain_db", "augment", "augmentation", "period_taps"),
    *("validations", "log_every", "preview_clips", "tensorboard", "checkpoint_minutes", "keep_checkpoints"),
}
"""Settings that all arms must have in common."""
MAX_READABLE_BYTES = 200  # of a folder's name; a longer name is cut and ends with a hash


def known_arms() -> tuple[str, ...]:
    """Return the names of all arms of the arena.

    >>> "steer" in known_arms(), "likelihood" in known_arms()
    (True, True)
    """
    return (*ARMS, START, CHARGED, STEER, *((ORACLE,) if CRITIC in ARMS else ()))


@dataclass(frozen=True)
class ArmSpec:
    """An arm with its changed settings.

    Args:
        arm: the name of an arm.
        changes: (path, value) pairs; the parts of a path are joined by dots.

    >>> spec = ArmSpec.parse("report:adversary.weight=0.3")
    >>> spec.name, spec.train_config(TrainConfig(steps=1)).adversary.weight
    ('report:adversary.weight=0.3', 0.3)
    """

    arm: str
    changes: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str, *, known: Sequence[str] | None = None) -> "ArmSpec":
        """Return the specification that a text describes.

        Args:
            text: the name of an arm, with settings after a colon if some are changed.
            known: the names of the experiment's arms; by default those of the arena.

        Raises:
            PartitaError: the arm is unknown, a change is not `name=value`, or both the old and the new name
                of a setting are given.
        """
        arm, _, rest = text.partition(":")
        names = known_arms() if known is None else known
        if arm not in names:
            listed = f"{', '.join(names)}{did_you_mean(arm, names)}"
            raise PartitaError(f"{arm!r} is not an arm: choose one of {listed}")
        changes = []
        for change in filter(None, re.split(r",(?![^\[]*\])", rest)):  # a comma inside a list does not split
            path, equals, value = change.partition("=")
            if not (equals and path and value):
                raise PartitaError(f"{change!r} in {text!r} is not a setting: write name=value")
            changes.append((path.strip(), value.strip()))
        refuse_both_names([path for path, _ in changes], where=repr(text))
        return cls(arm, tuple(changes))

    @property
    def name(self) -> str:
        """The text that `parse` reads."""
        return (
            self.arm + ":" * bool(self.changes) + ",".join(f"{path}={value}" for path, value in self.changes)
        )

    @property
    def is_oracle(self) -> bool:
        """Whether the teacher is the critic."""
        return self.arm == ORACLE

    @property
    def folder(self) -> str:
        """A folder name for this arm, different for every specification.

        >>> ArmSpec.parse("report:adversary.weight=1").folder
        'report,adversary.weight=1'
        """
        plain = self.name.replace(":", ",", 1).replace("/", "_")
        if "/" not in self.name and len(os.fsencode(plain)) <= MAX_READABLE_BYTES:
            return plain
        short = os.fsencode(plain)[:MAX_READABLE_BYTES].decode(errors="ignore")
        return f"{short},{sha256(os.fsencode(self.name)).hexdigest()[:8]}"

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """The changed settings, with old names replaced by the current ones.

        >>> ArmSpec.parse("policy:rollout.seam=1024").settings
        (('rollout.prompt_tail', '1024'),)
        """
        return tuple((renamed(path), value) for path, value in self.changes)

    def changes_setting(self, path: str) -> bool:
        """Return whether the setting at a path is changed."""
        return path in dict(self.settings)

    @property
    def changes_except_weights(self) -> tuple[tuple[str, str], ...]:
        """The changed settings without weights, sorted, in which an arm and its twin must agree."""
        changes = sorted(dict(self.settings).items())
        return tuple((path, value) for path, value in changes if path.rpartition(".")[2] != "weight")

    def train_config(self, config: TrainConfig, *, critic: Path | None = None) -> TrainConfig:
        """Return a training config with the arm and its changed settings applied.

        Args:
            config: the settings that all arms share.
            critic: the run of the critic, for an arm that needs one and does not name one.

        Raises:
            PartitaError: a setting is unknown, must be the same for all arms, is fixed by the arm, or has a
                value out of its range.
        """
        plain = dict.fromkeys((CHARGED, START, AGAIN), "likelihood")
        base = {ORACLE: CRITIC, **plain}.get(self.arm, self.arm)
        table = self._apply_changes(to_table(with_arm(config, base)))
        where = f"the arm {self.name}"
        for path, rule in self._forbidden():
            raise PartitaError(f"`{path}` in {where} {rule}: leave it out")
        if needs_critic(table) and critic is not None:
            table["critic"]["run"] = str(critic.absolute())
        found: TrainConfig = from_table(TrainConfig, table, where=where)
        if found.critic is not None and found.critic.run is not None:
            run = str(Path(found.critic.run).absolute())
            found = replace(found, critic=replace(found.critic, run=run))
        trained = to_table(with_arm(found, base))  # training applies the arm to the config again
        for path, _ in self.settings:
            if _value_at(trained, path) != _value_at(to_table(found), path):
                raise PartitaError(f"`{path}` in {where} is fixed by the arm: leave it out")
        return found

    def charged_config(self, config: TrainConfig, *, critic: TrainConfig) -> TrainConfig:
        """Return the config of likelihood training with the time of the critic's training added.

        Args:
            config: the settings that all arms share.
            critic: the training config of the critic.

        Raises:
            PartitaError: the arms have no budget in time, the critic's time is unknown, or this arm has less
                time than the other arms; or as for `train_config`.
        """
        if config.minutes is None:
            raise PartitaError(
                f"{self.name} has a budget in time, but `steps` is {config.steps}: use `--minutes`, or leave"
                f" out {CHARGED}"
            )
        if critic.minutes is None and not self.changes_setting("minutes"):
            raise PartitaError(
                f"the time of `critic_steps` {critic.steps} is unknown: give {CHARGED}:minutes=MINUTES"
            )
        charged = self.train_config(replace(config, minutes=config.minutes + (critic.minutes or 0.0)))
        if charged.minutes is None or charged.minutes < config.minutes:
            raise PartitaError(
                f"{self.name} has less than the {config.minutes:g} minutes of other arms: give more"
            )
        return charged

    def _forbidden(self) -> Iterator[tuple[str, str]]:
        """Yield the changed settings that this arm may not change, each with the rule that it breaks."""
        for path, _ in self.settings:
            if self.arm == START:
                yield path, "has no effect, since the arm is not trained"
            if self.is_oracle and path == "critic.run":
                yield path, "is the teacher's run"
            if path.partition(".")[0] in SHARED and (self.arm, path) != (CHARGED, "minutes"):
                yield path, "must be the same for all arms"

    def steering_config(self) -> SteeringConfig:
        """Return how the arm `steer` is steered.

        Raises:
            PartitaError: as for `train_config`.

        >>> ArmSpec.parse("steer:strength=0.5").steering_config().strength
        0.5
        """
        return from_table(SteeringConfig, self._apply_changes({}), where=f"the arm {self.name}")

    def _apply_changes(self, table: dict[str, Any]) -> dict[str, Any]:
        for path, value in self.settings:
            *tables, name = path.split(".")
            inner = table
            for part in tables:
                inner = inner.setdefault(part, {})
                if not isinstance(inner, dict):
                    raise PartitaError(
                        f"{path!r} in {self.name!r} is not a setting: {part} has no settings inside, leave it"
                        " out"
                    )
            inner[name] = _parse_value(value)
        return table


def needs_critic(table: dict[str, Any]) -> bool:
    """Return whether the table of a training config has a critic but does not name its run.

    >>> needs_critic({"critic": {}}), needs_critic({"critic": {"run": "runs/large"}}), needs_critic({})
    (True, False, False)
    """
    critic = table.get("critic")
    return isinstance(critic, dict) and "run" not in critic


def _value_at(table: dict[str, Any], path: str) -> Any:
    """Return the value at a path of a table, or None."""
    inner: Any = table
    for name in path.split("."):
        inner = inner.get(name) if isinstance(inner, dict) else None
    return inner


def _parse_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
