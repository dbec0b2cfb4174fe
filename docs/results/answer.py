"""The answer to the protocol: its primary comparisons, corrected together, and a short table of all arms.

    python docs/results/answer.py docs/results/protocol.json violin=FOLDER digits=FOLDER --out answer.json

Each FOLDER is that of a finished `partita compare`. Every name must be a primary comparison of the protocol,
with its arm, score, margin and seeds. Exploratory comparisons are named with a plus: `+plain=FOLDER`.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from partita import storage
from partita.errors import PartitaError
from partita.evaluation.statistics.holm import holm_correction

LEVEL = 0.05
SHOWN = (
    *("mmd_timbre", "frechet_timbre", "mmd_log_mel", "frechet_log_mel", "told_apart", "bits_per_sample"),
    *("hnr_from_real_db", "voiced_share", "seam_from_real_db", "level_drift_from_real_db"),
    *("spectrum_drift_from_real_db", "periodicity_drift_from_real", "runaway_share", "nearest_training_db"),
)
PAIR = (
    "a",
    "b",
    "score",
    "difference",
    "low",
    "high",
    "p",
    "detectable",
    "seeds_needed",
    "verdict",
    "sentence",
)


def compared(folder: Path) -> dict[str, Any]:
    """Return the scores of a finished comparison.

    Raises:
        PartitaError: seeds are missing.
    """
    found: dict[str, Any] = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    if found["missing"]:
        raise PartitaError(f"{folder} lacks {found['missing']} seeds: run the same comparison again to go on")
    return found


def check(name: str, planned: dict[str, Any], found: dict[str, Any]) -> None:
    """Raise an error unless a comparison is the one of the protocol."""
    first = found["pairs"][0]
    done = {
        "arm": first["a"],
        "against": first["b"],
        "score": first["score"],
        "margin": first["margin"],
        "seeds": len(found["seeds"]),
    }
    for key, value in done.items():
        if planned[key] != value:
            raise PartitaError(f"`{key}` of {name} is {value}, but {planned[key]} in the protocol")


def short(found: dict[str, Any]) -> dict[str, Any]:
    """Return the primary comparison, the controls, and the scores of all arms."""
    first, *others = found["pairs"]
    same_score = [pair for pair in others if pair["score"] == first["score"]]
    arms = {
        arm: {
            name: {
                key: scores[name][key] for key in ("value", "low", "high", "values") if key in scores[name]
            }
            for name in SHOWN
            if name in scores
        }
        for arm, scores in found["arms"].items()
    }
    real = {
        name: score["real"]["value"]
        for name, score in found["arms"]["likelihood"].items()
        if name in SHOWN and score.get("real")
    }
    return {
        "primary": {key: first.get(key) for key in PAIR},
        "others_in_this_score": [{key: pair.get(key) for key in PAIR} for pair in same_score],
        "arms": arms,
        "real": real,
        "temperatures": found["temperatures"],
        "updates": {arm: [one["steps"] for one in each] for arm, each in found["training"].items()},
        "warnings": found["warnings"],
        "settings": found["made"]["settings"],
        "versions": found["made"]["versions"],
    }


def main() -> None:
    """Collect, correct and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("protocol", type=Path)
    parser.add_argument("comparisons", nargs="+", help="NAME=FOLDER, or +NAME=FOLDER")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    protocol = json.loads(asked.protocol.read_text(encoding="utf-8"))
    folders = dict(one.split("=", 1) for one in asked.comparisons)
    parts, values = {}, {}
    for name, folder in folders.items():
        found = compared(Path(folder))
        if not name.startswith("+"):
            check(name, protocol["primary"][name], found)
            values[name] = found["pairs"][0]["p"]
        parts[name.lstrip("+")] = short(found) | {"exploratory": name.startswith("+")}
    if missing := sorted(protocol["primary"].keys() - values.keys()):
        raise PartitaError(
            f"the protocol also has the primary comparison {', '.join(missing)}: give its folder"
        )
    for name, corrected in zip(values, holm_correction(list(values.values())), strict=True):
        parts[name]["primary"]["p_of_all_primary"] = corrected
        parts[name]["primary"]["significant"] = corrected < LEVEL
    storage.write_json(asked.out, {"question": protocol["question"], "comparisons": parts})


if __name__ == "__main__":
    main()
