"""A result is read as it was written, or refused with a message that names the key and the remedy."""

import json
from pathlib import Path
from typing import Any

import pytest

from partita.errors import PartitaError
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arm_spec import ArmSpec

SPEC = ArmSpec("report")
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
def folder(tmp_path: Path) -> ArenaFolder:
    return ArenaFolder(tmp_path)


@pytest.fixture
def path(folder: ArenaFolder) -> Path:
    """The file of the result, in an existing folder."""
    path = folder.path / "results" / "report" / "0003.json"
    path.parent.mkdir(parents=True)
    return path


def test_a_result_is_read_as_it_was_written(folder: ArenaFolder) -> None:
    assert folder.result(SPEC, 3) is None
    folder.save_result(SPEC, 3, RESULT)
    assert folder.result(SPEC, 3) == RESULT
    other = ArmSpec.parse("report:adversary.weight=0.3")
    assert folder.result(other, 3) is None


def test_a_result_of_an_older_version_has_no_digest(folder: ArenaFolder, path: Path) -> None:
    path.write_text(json.dumps(RESULT))
    assert folder.result(SPEC, 3) == RESULT


def test_every_flipped_bit_is_refused_or_makes_no_difference(folder: ArenaFolder, path: Path) -> None:
    folder.save_result(SPEC, 3, RESULT)
    whole, refused = path.read_bytes(), 0
    for place in range(0, 8 * len(whole), 13):
        changed = bytearray(whole)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
        try:
            found = folder.result(SPEC, 3)
        except PartitaError as error:
            refused += str(error).endswith("remove the file, and it is made again")
        else:  # in a blank, or in the name of the digest
            assert found is not None
            refused += {name: found[name] for name in RESULT} == RESULT
    assert refused == len(range(0, 8 * len(whole), 13))


def test_a_damaged_file_is_named_with_the_remedy(folder: ArenaFolder, path: Path) -> None:
    folder.save_result(SPEC, 3, RESULT)
    path.write_text(path.read_text().replace("4.5", "4.4"))
    with pytest.raises(
        PartitaError, match=r"damaged or was edited .*: remove the file, and it is made again"
    ):
        folder.result(SPEC, 3)
    path.write_text('{"seed": ')
    with pytest.raises(PartitaError, match=r"0003.json is damaged .*: remove the file"):
        folder.result(SPEC, 3)


@pytest.mark.parametrize(
    ("change", "message"),
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
def test_a_missing_or_wrong_value_is_named(
    folder: ArenaFolder, path: Path, change: dict[str, Any], message: str
) -> None:
    path.write_text(json.dumps(RESULT | change))
    with pytest.raises(PartitaError, match=message):
        folder.result(SPEC, 3)
