"""Every system of the report on the scores of `partita compare`, over several seeds, in one table.

    python docs/results/systems/systems.py CORPUS --out scores.json NAME=RUN[,RUN...] ...

Each NAME is a system with one run for each training seed. A system with one run is drawn with as many seeds
as the others have runs. The temperature of each run is chosen on the validation split by `mmd_log_mel`, as
`compare` does; all numbers are from the test split. For each score the file has the mean over the seeds, and
the smallest and the largest value.
"""

import argparse
from pathlib import Path
from typing import Any

from partita import Corpus, load, storage
from partita.experiments.compare.config import CompareConfig
from partita.experiments.compare.measure import Measure
from partita.runs.versions import versions

SCORES = (
    *("mmd_timbre", "mmd_log_mel", "frechet_log_mel", "told_apart", "median_hnr_db", "voiced_share"),
    *(
        "level_drift_db",
        "spectrum_drift_from_real_db",
        "seam",
        "coverage",
        "runaway_share",
        "bits_per_sample",
    ),
)


def summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the mean, the smallest and the largest of each score over the seeds, and that of real sound."""
    found: dict[str, Any] = {}
    for name in SCORES:
        scores = [one["scores"][name] for one in results if name in one["scores"]]
        if not scores:
            continue
        values = [score["value"] for score in scores]
        found[name] = {"value": sum(values) / len(values), "low": min(values), "high": max(values)}
        if "real" in scores[0]:
            found[name]["real"] = scores[0]["real"]["value"]
    return found


def main() -> None:
    """Measure every system, and write the file after each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("systems", nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int)
    asked = parser.parse_args()
    corpus = Corpus.open(asked.corpus)
    config = CompareConfig(
        out=asked.out, seeds=3, temperatures=(1.0, 0.8, 0.6), clips=32, seconds=3.0, long_seconds=10.0,
        threads=asked.threads,
    )  # fmt: skip
    systems = {name: runs.split(",") for name, runs in (one.split("=") for one in asked.systems)}
    count, found = max(map(len, systems.values())), dict[str, Any]()
    for name, runs in systems.items():
        results = []
        for seed in range(count):
            loaded = load(runs[seed % len(runs)])
            results.append(Measure(config, corpus, seed)(loaded, noised=False).result)
        temperatures = [one["temperature"] for one in results]
        found[name] = {"runs": len(runs), "seeds": count, "temperatures": temperatures} | summary(results)
        storage.write_json(
            asked.out, {"systems": found, "corpus": corpus.fingerprint, "versions": versions()}
        )


if __name__ == "__main__":
    main()
