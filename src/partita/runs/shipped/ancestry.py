"""The runs that a run was started from, in the section `start` of its config.

With `train --from MODEL` a run begins with the weights of another one, and so with what that one has learnt
from. The nearest model comes first; its own ancestors follow.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from partita.digests import file_digest
from partita.runs.checkpoint_state import read_state
from partita.runs.config import from_table
from partita.runs.folder import RunFolder

START, MODELS = "start", "models"


@dataclass(frozen=True, kw_only=True)
class Ancestor:
    """A model that a run was started from.

    Args:
        name: the name of its folder.
        step: generator updates of the checkpoint.
        weights: digest of the file of its weights.
        corpus: fingerprint of the corpus that it was trained on.
    """

    name: str
    step: int
    weights: str
    corpus: str


def start_section(run: RunFolder, weights: Path) -> dict[str, Any]:
    """Return the section `start` of a run that begins with the weights of another one.

    Args:
        run: the run that it begins from.
        weights: the file of the weights, in a checkpoint of that run.

    Raises:
        PartitaError: the config of that run is damaged.
    """
    config = run.config()
    parent = Ancestor(
        name=run.path.absolute().name,
        step=read_state(weights.parent)["step"],
        weights=file_digest(weights),
        corpus=config["corpus"]["fingerprint"],
    )
    return {MODELS: [asdict(one) for one in (parent, *ancestors(config))]}


def ancestors(config: Mapping[str, Any]) -> list[Ancestor]:
    """Return the models that a run was started from, the nearest first.

    Args:
        config: the run's config.

    Raises:
        PartitaError: the section is damaged.

    >>> ancestors({"training": {}})
    []
    """
    entries = config.get(START, {}).get(MODELS, [])
    return [from_table(Ancestor, entry, where=f"config.toml [{START}]") for entry in entries]
