"""An arm as it enters the arena: its name, and the settings that differ from the arm's own.

`report:adversary.weight=0.3,adversary.ramp=0.1` is the arm `report` with two settings changed;
`steer:strength=0.5` changes how is steered. Values are TOML's, and words need no quotes. Beside the arms that
`train` knows there are, here alone,

- `steer`: the model of a twin of weight 0, which is likelihood continued, steered by its discriminator;
- `oracle`: `critic` with the teacher as the critic, whose reward is exact: what no learned one can beat;
- `likelihood-charged`: likelihood for as long as an arm and the critic's training take together.

Trains nothing.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from partita.errors import PartitaError
from partita.runs.config import from_table, to_table
from partita.sampling.config import SteeringConfig
from partita.training.arms import ARMS, with_arm
from partita.training.config import TrainConfig

STEER, ORACLE, CRITIC, CHARGED = "steer", "oracle", "critic", "likelihood-charged"


def known_arms() -> tuple[str, ...]:
    """Return the names of all arms that may enter.

    >>> "steer" in known_arms(), "likelihood" in known_arms()
    (True, True)
    """
    return (*ARMS, CHARGED, STEER, *((ORACLE,) if CRITIC in ARMS else ()))


@dataclass(frozen=True)
class Entry:
    """An arm with its settings.

    Args:
        arm: one of the arms that `train` knows, or `steer`.
        changes: (path, value) pairs, the path's parts joined by dots.

    >>> entry = Entry.read("report:adversary.weight=0.3")
    >>> entry.name, entry.training(TrainConfig(steps=1)).adversary.weight
    ('report:adversary.weight=0.3', 0.3)
    """

    arm: str
    changes: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, words: str) -> "Entry":
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
        """The name as a file name."""
        return self.name.replace(":", ",").replace("/", "_")

    def training(self, config: TrainConfig, *, critic: Path | None = None) -> TrainConfig:
        """Return the config with the arm and its settings laid over it.

        Args:
            config: what all arms share.
            critic: the run that judges, for an arm that wants one and does not name it.

        Raises:
            PartitaError: a setting that there is not, or a value out of its range.
        """
        base = {ORACLE: CRITIC, CHARGED: "likelihood"}.get(self.arm, self.arm)
        table = self._laid_over(to_table(with_arm(config, base)))
        if wants_critic(table) and critic is not None:
            table["critic"]["run"] = str(critic.absolute())
        return from_table(TrainConfig, table, where=f"the arm {self.name}")

    def steering(self) -> SteeringConfig:
        """Return how the arm `steer` steers.

        Raises:
            PartitaError: as for `training`.

        >>> Entry.read("steer:strength=0.5").steering().strength
        0.5
        """
        return from_table(SteeringConfig, self._laid_over({}), where=f"the arm {self.name}")

    def _laid_over(self, table: dict[str, Any]) -> dict[str, Any]:
        for path, value in self.changes:
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
    return "critic" in table and "run" not in table["critic"]


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
