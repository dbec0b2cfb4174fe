"""What makes the sample tier play better, each setting alone: trained, then drawn and scored.

    python docs/results/two-tiers/trials.py CORPUS --out FOLDER [--steps 2400]
    python docs/results/two-tiers/trials.py CORPUS --out FOLDER --minutes 12 --from RUN --critic RUN

Every trial is one training on one CPU core, without a frame tier. Its clips are given the features of the
test split. Without `--from` the trials differ in what they change of a new run. Their updates cost about the
same, so they have equal updates, which other load does not change. With `--from` they differ in how they go
on from RUN: by likelihood, or with a judge of clips that the network draws itself. Such updates cost more, so
these trials have equal time, and are trained in turns. Each trial writes a file of its own when it is
finished, and a finished trial is not repeated.
"""

import argparse
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import soundfile
from scoring import CLIPS, SECONDS, excerpts, given_scores

from partita import Corpus, load, storage
from partita.experiments.training_facts import training_facts
from partita.runs.folder import RunFolder, is_finished
from partita.runs.versions import versions
from partita.training.config.arms import with_arm
from partita.training.config.tiers import FrameTierConfig
from partita.training.config.train import AdversaryConfig, CriticConfig, RolloutConfig, TrainConfig
from partita.training.interleaved import PlannedRun, train_in_turns
from partita.training.start.like_model import like_model
from partita.training.train import finished_run

Settings = dict[str, Any]
QUIET: Settings = {
    "threads": 1,
    "frames": FrameTierConfig(every=0),
    "patience": 0,
    "validations": 4,
    "preview_clips": 0,
    "tensorboard": False,
}
NEW: dict[str, Settings] = {
    "default": {},
    "noise and other levels": {"input_noise": 1.0, "input_gain_db": 2.0},
    "noise and changed sound": {"input_noise": 1.0, "augment": "on"},
    "other levels and changed sound": {"input_gain_db": 2.0, "augment": "on"},
    "all three": {"input_noise": 1.0, "input_gain_db": 2.0, "augment": "on"},
    "samples one period earlier": {"period_taps": 5},
}
"""Settings of new runs."""
SPECTRAL = AdversaryConfig(weight=0.25, warmup=100, discriminators=("spectral",))
LONGER = RolloutConfig(prompt_tail=1024, initial_length=1024)  # a spectral discriminator needs 1,024 samples
GOING_ON: dict[str, tuple[str, Settings]] = {
    "likelihood": ("likelihood", {}),
    "report": ("report", {}),
    "pathwise": ("pathwise", {}),
    "pathwise, spectral": ("pathwise", {"adversary": SPECTRAL, "rollout": LONGER}),
    "pathwise, spectral, matching": (
        "pathwise",
        {"adversary": replace(SPECTRAL, feature_weight=2.0), "rollout": LONGER},
    ),
    "pathwise, spectral norm": (
        "pathwise",
        {"adversary": AdversaryConfig(weight=0.25, feature_weight=20.0, features="spectrum")},
    ),
    "policy": ("policy", {}),
    "ddo": ("ddo", {}),
}
"""The arm of runs that start from another one, and other settings."""
SMOOTHINGS = (0.0, 3.0)


def run_of(asked: argparse.Namespace, name: str) -> Path:
    """Return the run folder of a trial."""
    found: Path = asked.out / name.replace(", ", "-").replace(" ", "-")
    return found


def train_new(corpus: Corpus, asked: argparse.Namespace, names: list[str]) -> Iterator[str]:
    """Train new runs one after the other, for equal updates, and yield the names of finished ones."""
    for name in names:
        path = run_of(asked, name)
        if path.exists() and not is_finished(path):
            shutil.rmtree(path)  # what an interrupted trial left
        config = TrainConfig(steps=asked.steps, **QUIET, **NEW[name])
        finished_run(corpus, path, config, quiet=True)
        yield name


def train_on(corpus: Corpus, asked: argparse.Namespace, names: list[str]) -> Iterator[str]:
    """Train runs that go on from another one in turns, for equal time, then yield their names."""
    planned = []
    for name in names:
        arm, settings = GOING_ON.get(name, ("critic", {}))
        config = replace(like_model(TrainConfig(minutes=asked.minutes), asked.start), **QUIET, **settings)
        if arm == "critic":
            config = replace(config, critic=CriticConfig(run=str(asked.critic.absolute())))
        config = replace(with_arm(config, arm), learning_rate=asked.learning_rate)
        planned.append(PlannedRun(path=run_of(asked, name), config=config, start_from=asked.start))
    for error in train_in_turns(corpus, planned, quiet=True).values():
        raise error
    yield from names


def score(run: Path, corpus: Corpus, split: str, clips_to: Path) -> dict[str, Any]:
    """Draw clips given features, with each smoothing, and return their scores."""
    model = load(run)
    rate = corpus.sample_rate
    real = excerpts(corpus, split, model, before=rate)
    found: dict[str, Any] = {"step": model.step}
    for smoothing in SMOOTHINGS:
        clips, scores = given_scores(model, real, temperature=1.0, smoothing=smoothing)
        found[f"smoothing {smoothing:g}"] = scores
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
    parser.add_argument("--steps", type=int, default=2400, help="updates of each new run")
    parser.add_argument("--minutes", type=float, default=12.0, help="time of each run that goes on")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="of each run that goes on")
    parser.add_argument("--from", dest="start", type=Path)
    parser.add_argument("--critic", type=Path, help="run whose likelihood judges clips, in one more trial")
    parser.add_argument("--only", nargs="*", help="names of the trials to run")
    parser.add_argument("--split", default="test", help="whose features the clips are given")
    asked = parser.parse_args()
    trials = list(NEW if asked.start is None else GOING_ON) + ["critic"] * (asked.critic is not None)
    trials = [name for name in trials if not asked.only or name in asked.only]
    asked.out.mkdir(parents=True, exist_ok=True)
    corpus, found = Corpus.open(asked.corpus), {}
    for name in (train_new if asked.start is None else train_on)(corpus, asked, trials):
        run = run_of(asked, name)
        kept = Path(f"{run}.json")
        if not kept.exists():
            facts = training_facts(RunFolder.open(run))
            storage.write_json(
                kept, score(run, corpus, asked.split, Path(f"{run}-clips")) | {"training": facts}
            )
        found[name] = json.loads(kept.read_text(encoding="utf-8"))
    settings = {"clips": CLIPS, "seconds": SECONDS, "split": asked.split, "versions": versions()}
    settings |= {"steps": asked.steps} if asked.start is None else {"minutes": asked.minutes}
    storage.write_json(asked.out / "trials.json", settings | {"trials": found})


if __name__ == "__main__":
    main()
