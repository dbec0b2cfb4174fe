"""The config of a model that is made to be shared names no path of the machine that trained it."""

import json

from partita.runs.shipped.export import _portable


def test_teachers_and_critics_keep_their_names_alone() -> None:
    config = {
        "format": 3,
        "corpus": {"path": "/home/me/corpus", "relative": "../corpus", "fingerprint": "f"},
        "training": {
            "critic": {"run": "/home/me/runs/large", "weight": 1.0},
            "iaf": {"teacher": "/home/me/runs/mine", "flows": 3},
        },
    }
    portable = _portable(config, start_is_covered=False)
    assert "/home" not in json.dumps(portable) and "../corpus" not in json.dumps(portable)
    assert portable["training"]["iaf"] == {"teacher": "mine", "flows": 3}
    assert portable["training"]["critic"] == {"run": "large", "weight": 1.0}
    assert config["training"]["iaf"]["teacher"] == "/home/me/runs/mine"  # type: ignore[index]
