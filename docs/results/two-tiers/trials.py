"""What makes the sample tier play better, each setting alone, at equal time: trained, then drawn and scored.

    python docs/results/two-tiers/trials.py CORPUS --out FOLDER [--minutes 12] [--from RUN --critic RUN]

Every trial is one training on one CPU core, without a frame tier. Its clips are given the features of the
test split. Without `--from` the trials differ in what they change of a new run; with it, in how they go on
from RUN: by likelihood, or with a judge of clips that the network draws itself. Each trial writes a file of
its own when it is finished, and a finished trial is not repeated. Trials that run at the same time share the
machine, so start as many as it has free cores.
"""

import argparse
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import soundfile
from scoring import CLIPS, SECONDS, as_given, distances, excerpts, sound_scores

from partita import Corpus, load, storage
from partita.runs.versions import versions

NEW: dict[str, list[str]] = {
    "default": [],
    "no augmentation": ["--augment", "off"],
    "no noise on the past": ["--input-noise", "0"],
    "no other levels of the past": ["--input-gain-db", "0"],
    "none of the three": ["--augment", "off", "--input-noise", "0", "--input-gain-db", "0"],
    "samples one period earlier": ["--period-taps", "5"],
}
"""Settings of new runs."""
GOING_ON: dict[str, list[str]] = {
    "likelihood": ["--arm", "likelihood"],
    "report": ["--arm", "report"],
    "pathwise": ["--arm", "pathwise"],
    "policy": ["--arm", "policy"],
    "ddo": ["--arm", "ddo"],
}
"""Settings of runs that start from another one."""
SMOOTHINGS = (0.0, 3.0)


def train(name: str, flags: list[str], asked: argparse.Namespace) -> Path:
    """Train one trial, and return its run."""
    run: Path = asked.out / name.replace(" ", "-")
    trained = Path(f"{run}.trained")
    if trained.exists() and trained.read_text() == f"{asked.minutes:g}":
        return run
    Path(f"{run}.json").unlink(missing_ok=True)  # of a trial of another length
    shutil.rmtree(run, ignore_errors=True)  # what an interrupted trial left
    command = [sys.executable, "-m", "partita", "train", asked.corpus, "--out", str(run)]
    command += ["--minutes", str(asked.minutes), "--threads", "1", "--frames.every", "0"]
    command += ["--patience", "0", "--validations", "4", "--preview-clips", "0", "--no-tensorboard", *flags]
    if asked.start is not None:
        command += ["--from", str(asked.start)]
    with Path(f"{run}.log").open("w", encoding="utf-8") as log:
        subprocess.run(command, check=True, stdout=log, stderr=subprocess.STDOUT)
    trained.write_text(f"{asked.minutes:g}")
    return run


def score(run: Path, corpus: Corpus, clips_to: Path) -> dict[str, Any]:
    """Draw clips given features, with each smoothing, and return their scores."""
    model = load(run)
    rate = corpus.sample_rate
    real = excerpts(corpus, "test", model, before=rate)
    found: dict[str, Any] = {"step": model.step}
    for smoothing in SMOOTHINGS:
        clips = model.draw(
            SECONDS, clips=CLIPS, prompt=real["past"], features=real["features"], seed=1,
            temperature=1.0, smoothing=smoothing,
        )  # fmt: skip
        found[f"smoothing {smoothing:g}"] = (
            sound_scores(list(clips), rate)
            | as_given(clips, real, model)
            | distances(clips, real["sound"], rate)
        )
        for i, clip in enumerate(clips[:3]):
            clips_to.mkdir(parents=True, exist_ok=True)
            soundfile.write(clips_to / f"{smoothing:g}-{i}.wav", clip, rate, subtype="PCM_16")
    return found


def main() -> None:
    """Train and score all trials, and write one file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--from", dest="start", type=Path)
    parser.add_argument("--critic", type=Path, help="run whose likelihood judges clips, in one more trial")
    parser.add_argument("--at-once", type=int, default=1, help="trials that run at the same time")
    parser.add_argument("--only", nargs="*", help="names of the trials to run")
    asked = parser.parse_args()
    trials = dict(NEW if asked.start is None else GOING_ON)
    if asked.critic is not None:
        trials["critic"] = ["--arm", "critic", "--critic.run", str(asked.critic)]
    trials = {name: flags for name, flags in trials.items() if not asked.only or name in asked.only}
    asked.out.mkdir(parents=True, exist_ok=True)
    corpus = Corpus.open(asked.corpus)

    def trial(name: str) -> tuple[str, dict[str, Any]]:
        run = train(name, trials[name], asked)
        kept = Path(f"{run}.json")
        if not kept.exists():
            storage.write_json(kept, score(run, corpus, Path(f"{run}-clips")) | {"flags": trials[name]})
        return name, json.loads(kept.read_text(encoding="utf-8"))

    with ThreadPoolExecutor(asked.at_once) as pool:
        found = dict(pool.map(trial, trials))
    settings = {"minutes": asked.minutes, "clips": CLIPS, "seconds": SECONDS, "versions": versions()}
    storage.write_json(asked.out / "trials.json", settings | {"trials": found})


if __name__ == "__main__":
    main()
