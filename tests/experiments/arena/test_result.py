"""Results come back as they were, or are refused with the key and the remedy."""

import json
from pathlib import Path
from typing import Any

import pytest

from partita.errors import PartitaError
from partita.experiments.arena.arm_spec import ArmSpec
from partita.experiments.arena.result import read_result, write_result

ENTRY = ArmSpec("report")
SCORE = {"value": 0.5, "low": 0.4, "high": 0.6}
FACTS = {"steps": 3, "seconds": 0.4, "flat": True, "bits": 4.5}
RESULT: dict[str, Any] = {
    "arm": "report",
    "seed": 3,
    "start": FACTS,
    "training": FACTS | {"heard": 1.0, "critic_weights": "0123"},
    "agreement": None,
    "curve": [{"temperature": 1.0, "kl_sum": SCORE}],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "report" / "0003.json"


def test_a_result_comes_back_as_it_was(path: Path) -> None:
    write_result(path, RESULT)
    assert read_result(path, ENTRY, 3) == RESULT


def test_one_of_an_older_version_has_no_digest(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps(RESULT))
    assert read_result(path, ENTRY, 3) == RESULT


def test_every_flipped_bit_is_refused_or_makes_no_difference(path: Path) -> None:
    write_result(path, RESULT)
    whole, refused = path.read_bytes(), 0
    for place in range(0, 8 * len(whole), 13):
        changed = bytearray(whole)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
        try:
            found = read_result(path, ENTRY, 3)
        except PartitaError as error:
            refused += str(error).endswith("remove it, and it is made anew")
        else:  # in a blank, or in the name of the digest
            refused += {name: found[name] for name in RESULT} == RESULT
    assert refused == len(range(0, 8 * len(whole), 13))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"arm": "policy"}, r"`arm` .* must be 'report'"),
        ({"seed": 4}, r"`seed` .* must be 3"),
        ({"start": {}}, r"`start.steps` is missing"),
        ({"start": {"steps": 1, "seconds": 0.0}}, r"`start.flat` is missing"),
        ({"training": 3}, r"`training` .* must be a table"),
        ({"training": FACTS | {"heard": "all"}}, r"`training.heard` .* must be a number"),
        ({"training": FACTS | {"steps": -1}}, r"`training.steps` .* of at least 0"),
        ({"agreement": 0.5}, r"`agreement` .* must be a table"),
        ({"curve": []}, r"`curve` .* a point for each temperature"),
        ({"curve": [{"temperature": 1.0}]}, r"`curve\[0\].kl_sum` is missing"),
        ({"curve": [{"temperature": "1", "kl_sum": SCORE}]}, r"`curve\[0\].temperature`"),
        ({"curve": [{"temperature": 1.0, "kl_sum": {"value": None}}]}, r"`curve\[0\].kl_sum.value`"),
        ({"diverged": 1}, r"`diverged` .* must be a string"),
    ],
    ids=str,
)
def test_what_is_missing_or_of_another_type_is_named(path: Path, change: dict[str, Any], said: str) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps(RESULT | change))
    with pytest.raises(PartitaError, match=said):
        read_result(path, ENTRY, 3)
