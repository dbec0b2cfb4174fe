"""What steering gains in an arena: the students of its test, after likelihood, draw steered clips.

Judges are the teacher, whose log-ratio is exact, and a critic that learnt from the students' clips, each with
1 and with K particles, at temperature 1. The bound on KL(steered || data) is exact for one particle; a fresh
classifier, the same for all, says how well it tells the clips from the teacher's. Run it as

    python docs/results/arena/steer.py ARENA --teacher RUN --critic RUN --seeds 8 --out steer.json
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from partita import Corpus, load, storage
from partita.evaluation.metrics.two_sample import FOLDS
from partita.evaluation.statistics.seed_interval import mean_over_seeds
from partita.experiments.arena.measure import STEERED_CLIPS, StudentEvaluator
from partita.experiments.arena.teacher import TeacherData
from partita.runs.versions import versions
from partita.sampling.config import SteeringConfig
from partita.sampling.smc.sampler import Steering
from partita.sampling.smc.scorers import RatioScorer

Asked = argparse.Namespace
SCORES = ("kl_reverse_bound", "told_apart")


def student(given: tuple[Asked, int]) -> dict[str, dict[str, float]]:
    """Return by judge and particles what one student's clips measure."""
    asked, seed = given
    torch.set_num_threads(1)
    teacher, critic = load(asked.teacher), load(asked.critic).model
    model = load(asked.arena / "runs" / f"{seed:04d}" / "likelihood").model
    corpus = Corpus.open(teacher.config["corpus"]["path"])
    clips = TeacherData(teacher, corpus, threads=1).evaluation_clips(
        clips=asked.clips, samples=asked.samples, field=model.receptive_field, seed=5000 + seed
    )
    evaluator = StudentEvaluator(teacher=teacher, clips=clips, seed=6000 + seed, threads=1)
    found = {}
    for name, better in (("exact", teacher.model), ("critic", critic)):
        for particles in (1, asked.particles):
            steering = Steering(
                scorer=RatioScorer(better, model, threads=1),
                config=SteeringConfig(particles=particles, block=asked.block),
            )
            (point,) = evaluator.steered_curve(model, steering, (1.0,))
            found[f"{name}, {particles}"] = {score: point[score]["value"] for score in SCORES}
        print(f"student {seed}: {json.dumps(found)}", flush=True)
    return found


def main() -> None:
    """Measure, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--teacher", "--critic", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("arena", type=Path)
    for name, value in (("seeds", 8), ("clips", 64), ("samples", 1024), ("particles", 16), ("block", 64)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    if not FOLDS <= asked.clips <= STEERED_CLIPS:
        parser.error(f"--clips is {asked.clips}: give {FOLDS} to {STEERED_CLIPS}")
    with ProcessPoolExecutor(asked.workers, mp_context=get_context("spawn")) as pool:
        rows = list(pool.map(student, [(asked, seed) for seed in range(asked.seeds)]))
    cases: dict[str, Any] = {}
    for case in rows[0]:
        cases[case] = {
            score: mean_over_seeds([row[case][score] for row in rows], seed=0).as_json()
            | {"seeds": [row[case][score] for row in rows]}
            for score in rows[0][case]
        }
    for name in ("exact", "critic"):
        pairs = [(row[f"{name}, {asked.particles}"], row[f"{name}, 1"]) for row in rows]
        cases[f"{name}, lower by"] = {
            score: mean_over_seeds([one[score] - other[score] for one, other in pairs], seed=0).as_json()
            for score in rows[0][f"{name}, 1"]
        }
    settings = {name: getattr(asked, name) for name in ("seeds", "clips", "samples", "particles", "block")}
    given = " ".join(f"--{name} {value}" for name, value in settings.items())
    storage.write_json(
        asked.out,
        {
            "unit": "bits a sample; area under the ROC curve",
            "command": f"steer.py ARENA --teacher RUN --critic RUN {given} --out steer.json",
            "versions": versions(),
            **settings,
            "cases": cases,
        },
    )
    print(json.dumps(cases, indent=1))


if __name__ == "__main__":
    main()
