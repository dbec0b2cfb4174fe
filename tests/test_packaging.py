"""The models that ship are in the wheel with their notices, small and undamaged, and can be drawn from."""

import tomllib
from pathlib import Path

import numpy as np

import partita
from partita.runs.loading import load
from partita.runs.shipped.card import shipped_card
from partita.runs.shipped.export import MOST_BYTES, NOTICE
from partita.runs.shipped.folder import SHIPPED, shipped_names

ROOT = Path(__file__).parents[1]


def test_the_wheel_holds_the_folder_of_shipped_models_and_their_notices() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    (package,) = wheel["packages"]
    assert set(wheel) == {"packages"}  # nothing in the package is left out
    installed = Path(partita.__file__).parent  # in a checkout, or in site-packages
    assert SHIPPED.relative_to(installed) == Path("shipped")
    patterns = project["project"]["license-files"]
    notice = Path(package) / "shipped" / "any-model" / NOTICE
    assert any(notice.match(pattern) for pattern in patterns)
    assert "src" in project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]


def test_nothing_in_a_shipped_model_is_ignored_by_git_and_so_left_out_of_the_wheel() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    ends = {pattern.rpartition(".")[2] for pattern in ignored if pattern.startswith("*.")}
    assert not ends & {"safetensors", "json", "jsonl", "toml", "txt"}
    assert not {"shipped", "shipped/", "checkpoints", "checkpoints/"} & set(ignored)


def test_every_model_that_ships_is_small_undamaged_and_draws() -> None:
    for name in shipped_names():
        card = shipped_card(name)
        assert card["bytes"] <= MOST_BYTES, name
        notice = (SHIPPED / name / NOTICE).read_text(encoding="utf-8")
        for recording in card["recordings"]:
            assert recording["attribution"] in notice, name
        clip = load(name).draw(seconds=0.25, seed=0)
        assert np.isfinite(clip).all(), name
