"""An arm as it enters the arena: its name, and the settings that differ from the arm's own.

`report:adversary.weight=0.3,adversary.ramp=0.1` is the arm `report` with two settings changed;
`steer:strength=0.5` changes how is steered. Values are TOML's, and words need no quotes. Beside the arms that
`train` knows there are, here alone,

- `steer`: the model of a twin of weight 0, which is likelihood continued, steered by its discriminator;
- `oracle`: `critic` with the teacher as the critic, whose reward is exact;
- `start`: the student as it is where the arms part, with which likelihood continued is compared;
- `likelihood-charged`: likelihood for as long as an arm and the critic's training take together, or for
  the `minutes` that it is given.

What all arms must have alike, time and seeds for example, is no setting of one.

Trains nothing.
"""

import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from partita.errors import PartitaError
from partita.runs.config import from_table, to_table
from partita.runs.config_formats import renamed
from partita.sampling.config import SteeringConfig
from partita.training.config.arms import ARMS, with_arm
from partita.training.config.train import TrainConfig

STEER, ORACLE, CRITIC, CHARGED, START = "steer", "oracle", "critic", "likelihood-charged", "start"
ALIKE = {
    *("arm", "seed", "steps", "epochs", "minutes", "patience", "batch", "targets", "quantizer"),
    *("device", "precision", "threads", "size", "network", "compile"),
    *("validations", "log_every", "preview_clips", "tensorboard", "checkpoint_minutes", "keep_checkpoints"),
}
READABLE = 200  # bytes of a folder's name that are the entry's own


def known_arms() -> tuple[str, ...]:
    """Return the names of all arms that may enter.

    >>> "steer" in known_arms(), "likelihood" in known_arms()
    (True, True)
    """
    return (*ARMS, START, CHARGED, STEER, *((ORACLE,) if CRITIC in ARMS else ()))


@dataclass(frozen=True)
class ArmSpec:
    """An arm with its settings.

    Args:
        arm: one of `known_arms`.
        changes: (path, value) pairs, the path's parts joined by dots.

    >>> entry = ArmSpec.read("report:adversary.weight=0.3")
    >>> entry.name, entry.training(TrainConfig(steps=1)).adversary.weight
    ('report:adversary.weight=0.3', 0.3)
    """

    arm: str
    changes: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, words: str) -> "ArmSpec":
        """Return the entry that is meant.

        Raises:
            PartitaError: no such arm, or a change that is not `name=value`.
        """
        arm, _, rest = words.partition(":")
        if arm not in known_arms():
            raise PartitaError(f"{arm!r} is no arm: choose among {', '.join(known_arms())}")
        changes = []
        for change in filter(None, re.split(r",(?![^\[]*\])", rest)):  # a comma in a list parts no settings
            path, equals, value = change.partition("=")
            if not (equals and path and value):
                raise PartitaError(f"{change!r} in {words!r} is no setting: write name=value")
            changes.append((path.strip(), value.strip()))
        return cls(arm, tuple(changes))

    @property
    def name(self) -> str:
        """The words that `read` takes."""
        return (
            self.arm + ":" * bool(self.changes) + ",".join(f"{path}={value}" for path, value in self.changes)
        )

    @property
    def is_oracle(self) -> bool:
        """Whether the teacher itself judges."""
        return self.arm == ORACLE

    @property
    def folder(self) -> str:
        """The name as a file name, which no other entry has.

        >>> ArmSpec.read("report:adversary.weight=1").folder
        'report,adversary.weight=1'
        """
        plain = self.name.replace(":", ",", 1).replace("/", "_")
        if "/" not in self.name and len(os.fsencode(plain)) <= READABLE:
            return plain
        short = os.fsencode(plain)[:READABLE].decode(errors="ignore")
        return f"{short},{sha256(os.fsencode(self.name)).hexdigest()[:8]}"

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """The (path, value) pairs of `changes`, old names of settings replaced by the current ones.

        >>> ArmSpec.read("policy:rollout.seam=1024").settings
        (('rollout.prompt_tail', '1024'),)
        """
        return tuple((renamed(path), value) for path, value in self.changes)

    def sets(self, path: str) -> bool:
        """Return whether it changes a setting."""
        return path in dict(self.settings)

    @property
    def besides_weights(self) -> tuple[tuple[str, str], ...]:
        """The settings that are no weights, sorted: those that a twin of weight 0 must have alike."""
        changes = sorted(dict(self.settings).items())
        return tuple((path, value) for path, value in changes if path.rpartition(".")[2] != "weight")

    def training(self, config: TrainConfig, *, critic: Path | None = None) -> TrainConfig:
        """Return the config with the arm and its settings laid over it.

        Args:
            config: what all arms share.
            critic: the run that judges, for an arm that wants one and does not name it.

        Raises:
            PartitaError: a setting that there is not or that all arms must have alike, one that the arm
                decides itself, or a value out of its range.
        """
        base = {ORACLE: CRITIC, CHARGED: "likelihood", START: "likelihood"}.get(self.arm, self.arm)
        table = self._laid_over(to_table(with_arm(config, base)))
        where = f"the arm {self.name}"
        for path in self._refused():
            raise PartitaError(f"`{path}` in {where} is not its own to set: leave it out")
        if wants_critic(table) and critic is not None:
            table["critic"]["run"] = str(critic.absolute())
        found: TrainConfig = from_table(TrainConfig, table, where=where)
        if found.critic is not None and found.critic.run is not None:
            run = str(Path(found.critic.run).absolute())
            found = replace(found, critic=replace(found.critic, run=run))
        again = to_table(with_arm(found, base))  # as whoever trains it will do
        for path, _ in self.settings:
            if _at(again, path) != _at(to_table(found), path):
                raise PartitaError(f"`{path}` in {where} is what makes it that arm: leave it out")
        return found

    def _refused(self) -> Iterator[str]:
        """Yield the settings that would make arms unequal, or another arm of this one."""
        for path, _ in self.settings:
            judge = "critic.run" if self.is_oracle else None
            alike = path.partition(".")[0] in ALIKE and (self.arm, path) != (CHARGED, "minutes")
            if self.arm == START or path == judge or alike:
                yield path

    def steering(self) -> SteeringConfig:
        """Return how the arm `steer` steers.

        Raises:
            PartitaError: as for `training`.

        >>> ArmSpec.read("steer:strength=0.5").steering().strength
        0.5
        """
        return from_table(SteeringConfig, self._laid_over({}), where=f"the arm {self.name}")

    def _laid_over(self, table: dict[str, Any]) -> dict[str, Any]:
        for path, value in self.settings:
            *folders, name = path.split(".")
            inner = table
            for folder in folders:
                inner = inner.setdefault(folder, {})
                if not isinstance(inner, dict):
                    raise PartitaError(f"{path!r} in {self.name!r} is no setting: {folder} holds no others")
            inner[name] = _value(value)
        return table


def wants_critic(table: dict[str, Any]) -> bool:
    """Return whether a training's table asks for a critic and names none.

    >>> wants_critic({"critic": {}}), wants_critic({"critic": {"run": "runs/large"}}), wants_critic({})
    (True, False, False)
    """
    critic = table.get("critic")
    return isinstance(critic, dict) and "run" not in critic


def _at(table: dict[str, Any], path: str) -> Any:
    """Return what stands at a path of a table, None where nothing does."""
    inner: Any = table
    for name in path.split("."):
        inner = inner.get(name) if isinstance(inner, dict) else None
    return inner


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
