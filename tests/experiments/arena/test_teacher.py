"""Models that a call names are checked before anything is written."""

import json
from pathlib import Path

import pytest

from partita.errors import PartitaError
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.teacher import refuse_missing


def test_a_critic_may_be_missing_once_its_arm_is_finished(tmp_path: Path) -> None:
    config = ArenaConfig(out=tmp_path, arms=("critic:critic.run=/nowhere",), validation_seeds=1, seeds=1)
    with pytest.raises(PartitaError, match="nowhere"):
        refuse_missing(config)
    folder, (spec,) = ArenaFolder(tmp_path), config.arm_specs
    folder.save_result(spec, 1000, {"arm": spec.name, "seed": 1000, "diverged": "lost"})
    other = "critic:critic.run=/elsewhere"
    chosen = {
        "critic": {"settings": other, "temperature": 1.0, "validation": 0.5, "among": [spec.name, other]}
    }
    folder.choices.write_text(json.dumps({"seeds": [1000], "arms": chosen}))
    refuse_missing(config)
    chosen["critic"]["settings"] = spec.name
    folder.choices.write_text(json.dumps({"seeds": [1000], "arms": chosen}))
    with pytest.raises(PartitaError, match="nowhere"):
        refuse_missing(config)
