"""The content of the demo's page, collected from the corpus, the runs and the scores.

This file trains, draws and scores nothing; `reports` renders the page.
"""

import shlex
from pathlib import Path
from typing import Any

from partita.data.corpus import Corpus
from partita.evaluation.evaluate import Evaluation
from partita.experiments.demo.config import ARMS, AUTO, START, DemoConfig, divide_minutes
from partita.experiments.run_facts import arm_facts, corpus_facts, network_facts, recordings_of, scoring_facts
from partita.reports.next_steps import model_steps
from partita.reports.report import ArmReport, ReportData
from partita.reports.sound_words import advice, sounds_like
from partita.runs.folder import RunFolder
from partita.training.interleaved import machine_share, unequal_shares

SUMMARIES = {
    "likelihood": "Likelihood training to the end: predict each sample from the real samples before it.",
    "report": (
        "Likelihood training with an adversary after the common start: a PatchGAN discriminator learns to"
        " tell the model’s output from real sound, and the model learns to deceive it. Each sample of that"
        " output is drawn given the real past. The adversary has a low weight, as the report advises."
    ),
}
TIERS = (
    " The model has two tiers. One draws frames, about 100 a second: how loud, of what colour and how high"
    " the sound is. The other draws the samples that fit them. Both continue real sound."
)
SYNTHETIC = "synthetic violin studies, composed and rendered by Partita; no recording of a person"


def report_data(
    config: DemoConfig, folder: Path, corpus: Corpus, evaluations: dict[str, Evaluation], minutes: float
) -> ReportData:
    """Return the content of the demo's page.

    Args:
        config: the demo's.
        folder: the demo's folder.
        corpus: the training and test sound.
        evaluations: the evaluation of each arm, by its name.
        minutes: time of all training.
    """
    start_minutes, arm_minutes = divide_minutes(minutes)
    start = RunFolder.open(folder / "runs" / START).records()
    first = next(iter(evaluations.values()))
    return ReportData(
        title=f"Two models of {_subject(config)}",
        sentences=_sentences(config, corpus, evaluations, minutes),
        lead=(
            f"One model was trained by likelihood for {start_minutes:.1f} minutes. Two copies of it were"
            f" then trained for {arm_minutes:.1f} minutes each, in turns and on the same windows in the same"
            " order: one by likelihood alone, one with an adversary as well. The adversary is the idea that"
            " this page tests. Listen first, then read the numbers."
            + (TIERS if "frame_bits_per_sample" in first.scores else "")
        ),
        real=first.real,
        arms=_arms(folder, start, evaluations),
        steps=model_steps(folder / "runs" / ARMS[0], folder / "corpus", folder),
        facts=_facts(config, folder, corpus, first.scores["about"]),
        recordings=recordings_of(corpus),
        commands=_commands(config, folder, first.scores["about"]),
    )


def _sentences(
    config: DemoConfig, corpus: Corpus, evaluations: dict[str, Evaluation], minutes: float
) -> tuple[str, str, str]:
    """Return what the page is, how the clips sound, and what to do next."""
    start_minutes, arm_minutes = divide_minutes(minutes)
    sound = f"{corpus.seconds('train') / 60:.1f} minutes of {_sound(config)}"
    first, *others = evaluations.values()
    like = sounds_like(first.scores)
    same = all(sounds_like(one.scores) == like for one in others)
    heard = f"The clips of {ARMS[0]} are {like}."
    if same:
        heard = f"The clips of both models are {like}."
    elif others:
        heard = f"The clips of {ARMS[0]} are {like}; those of {ARMS[1]} are {sounds_like(others[0].scores)}."
    return (
        f"Two models learnt from {sound} for {start_minutes + arm_minutes:.1f} minutes each, one of them with"
        " an adversary at the end, and both continue moments of it that they were not trained on.",
        heard,
        advice(first.scores),
    )


def _arms(folder: Path, start: list[dict[str, Any]], evaluations: dict[str, Evaluation]) -> list[ArmReport]:
    """Return the part of each arm, with the records of the common start before its own."""
    busy = unequal_machine_share(folder)
    reports = []
    for arm, found in evaluations.items():
        run = RunFolder.open(folder / "runs" / arm)
        about = found.scores["about"]
        temperature = f"{about['temperature']:g}, chosen on the validation split"
        if about["features"]:
            temperature = (
                f"{about['temperature']:g} for the samples, {about['frame_temperature']:g} for the frames"
            )
        reports.append(
            ArmReport(
                name=arm,
                summary=SUMMARIES[arm],
                scores=found.scores | {"warnings": [*found.scores["warnings"], *([busy] if busy else [])]},
                clips=found.clips,
                metrics=concatenate_records(start, run.records()),
                facts=[
                    ("common start", f"{_length(start)[0]:,} updates"),
                    *arm_facts(run),
                    ("temperature", temperature),
                ],
            )
        )
    return reports


def unequal_machine_share(folder: Path) -> str | None:
    """Return a warning if the machine was busier while one arm trained than the other, else None.

    Args:
        folder: the demo's folder.
    """
    runs = {arm: RunFolder.open(folder / "runs" / arm) for arm in ARMS}
    return unequal_shares({arm: machine_share(run.records()) for arm, run in runs.items()})


def concatenate_records(start: list[dict[str, Any]], arm: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the metrics of the start followed by those of an arm, with its steps and seconds shifted.

    Args:
        start: the records of the common start.
        arm: the records of the arm.

    >>> one, other = ({"kind": "train", "step": step, "seconds": step / 2} for step in (9, 1))
    >>> concatenate_records([one], [other])[1]
    {'kind': 'train', 'step': 10, 'seconds': 5.0}
    """
    steps, seconds = _length(start)
    later = [
        record
        | {"step": record["step"] + steps}
        | ({"seconds": record["seconds"] + seconds} if "seconds" in record else {})
        for record in arm
    ]
    return [record for record in start if record.get("kind") != "final"] + later


def _length(records: list[dict[str, Any]]) -> tuple[int, float]:
    """Return the last step and second in a run's records."""
    training = [record for record in records if record.get("kind") == "train"]
    last = training[-1] if training else {"step": 0, "seconds": 0.0}
    return int(last["step"]), float(last["seconds"])


def _facts(config: DemoConfig, folder: Path, corpus: Corpus, about: dict[str, Any]) -> list[tuple[str, str]]:
    run = RunFolder.open(folder / "runs" / str(about["model"]))
    return [
        ("sound", SYNTHETIC if config.recordings is None else str(config.recordings)),
        *corpus_facts(corpus),
        *network_facts(run, corpus.sample_rate),
        *scoring_facts(about),
        ("seed", f"{config.seed}, for all parts"),
    ]


def _commands(config: DemoConfig, folder: Path, about: dict[str, Any]) -> list[str]:
    where = "" if config.recordings is None else f" --recordings {shlex.quote(str(config.recordings))}"
    size = "" if config.size is None else f" --size {config.size}"
    demo_start = "" if config.start_from == AUTO else f" --from {shlex.quote(config.start_from)}"
    rate = "" if config.sample_rate == DemoConfig().sample_rate else f" --sample-rate {config.sample_rate}"
    place = shlex.quote(str(folder))
    likelihood = f"{place}/runs/likelihood"
    return [
        f"partita demo{where} --minutes {config.minutes:g}{size}{rate}{demo_start} --seed {config.seed}"
        f" --out {place}",
        "",
        "# repeat the scores on this page",
        f"partita evaluate {likelihood} {place}/corpus --json {evaluate_options(about)}",
    ]


def evaluate_options(about: dict[str, Any]) -> str:
    """Return the options of `partita evaluate` that repeat the scores of the page.

    Args:
        about: the settings that an evaluation reports.
    """
    options = {
        "clips": about["clips"],
        "seconds": about["clip_seconds"],
        "prompt-seconds": about["opening_seconds"],
        "bits-seconds": about["bits_seconds"],
        "temperature": about["temperature"],
        "seed": about["seed"],
    }
    return " ".join(f"--{name} {value}" for name, value in options.items() if value is not None)


def _subject(config: DemoConfig) -> str:
    return "synthetic violin studies" if config.recordings is None else config.recordings.resolve().name


def _sound(config: DemoConfig) -> str:
    return _subject(config) if config.recordings is None else f"sound in {_subject(config)}"
