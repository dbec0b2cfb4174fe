"""The demo's words and facts on its page, gathered from the corpus and the runs. Trains and draws nothing."""

import shlex
from pathlib import Path
from typing import Any

from partita.data.corpus import SPLITS, Corpus
from partita.evaluation.evaluate import Evaluation
from partita.experiments.demo.config import ARMS, START, DemoConfig, shares
from partita.models.sizes import size_named
from partita.models.wavenet import WaveNet
from partita.progress import format_duration
from partita.reports.report import ArmReport, ReportData
from partita.runs.checkpoint_state import read_state
from partita.runs.folder import RunFolder
from partita.training.interleaved import machine_share, unequal_shares

SUMMARIES = {
    "likelihood": "Likelihood alone to the end: predict each sample from the real ones before it.",
    "report": (
        "After the common start an adversary besides: a PatchGAN that tries to tell its output, each sample"
        " drawn given the real past, from real sound. Its weight is low, as the report advises."
    ),
}
SYNTHETIC = "synthetic studies for solo violin, composed and sounded by Partita itself; no person plays"


def report_data(
    config: DemoConfig, home: Path, corpus: Corpus, evaluations: dict[str, Evaluation], minutes: float
) -> ReportData:
    """Return the demo's page.

    Args:
        config: what was asked for.
        home: the demo's folder.
        corpus: what was learnt from.
        evaluations: of each arm, by its name.
        minutes: of all training.
    """
    together, apart = shares(minutes)
    start = RunFolder.open(home / "runs" / START).records()
    first, busy = next(iter(evaluations.values())), busy_while(home)
    return ReportData(
        title=f"Two models learn {_subject(config)}",
        lead=(
            f"One network learnt these recordings by likelihood for {together:.1f} minutes, then went on in"
            f" two ways, in turns, {apart:.1f} minutes each, hearing the same in the same order as far as"
            " each got: by likelihood alone, or having to deceive a discriminator as well, which is the idea"
            " under test. Listen first, then read the numbers."
        ),
        real=first.real,
        arms=[
            ArmReport(
                name=arm,
                summary=SUMMARIES[arm],
                scores=found.scores | {"warnings": [*found.scores["warnings"], *([busy] if busy else [])]},
                clips=found.clips,
                metrics=joined(start, RunFolder.open(home / "runs" / arm).records()),
                facts=[
                    ("common start", f"{_length(start)[0]:,} updates"),
                    *arm_facts(RunFolder.open(home / "runs" / arm)),
                    (
                        "temperature",
                        f"{found.scores['about']['temperature']:g}, chosen on validation",
                    ),
                ],
            )
            for arm, found in evaluations.items()
        ],
        facts=_facts(config, home, corpus, first.scores["about"]),
        recordings=_recordings(corpus),
        commands=_commands(config, home, first.scores["about"]),
    )


def busy_while(home: Path) -> str | None:
    """Return a warning where the machine was busier while one arm trained than while the other did.

    Args:
        home: the demo's folder.
    """
    runs = {arm: RunFolder.open(home / "runs" / arm) for arm in ARMS}
    return unequal_shares({arm: machine_share(run.records()) for arm, run in runs.items()})


def _recordings(corpus: Corpus) -> list[tuple[str, str, str]]:
    """Return each recording's name, its split and how long it is."""
    return [
        (
            str(one["source"]),
            str(one["split"]),
            format_duration(sum(s["length"] for s in one["segments"]) / corpus.sample_rate),
        )
        for one in corpus.index["recordings"]
    ]


def joined(start: list[dict[str, Any]], arm: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the records of the whole way to an arm: those of the start, then its own, counted on.

    >>> one, other = ({"kind": "train", "step": step, "seconds": step / 2} for step in (9, 1))
    >>> joined([one], [other])[1]
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
    """Return the steps and the seconds that a run's records reach."""
    training = [record for record in records if record.get("kind") == "train"]
    last = training[-1] if training else {"step": 0, "seconds": 0.0}
    return int(last["step"]), float(last["seconds"])


def arm_facts(run: RunFolder) -> list[tuple[str, str]]:
    """Return what was done to train a run: updates, time, speed, the checkpoint that stands for it."""
    records = run.records()
    training = [record for record in records if record.get("kind") == "train"]
    scored = [record for record in records if record.get("kind") == "validation"]
    facts = [("updates", f"{read_state(run.newest())['step']:,}")]
    if training:
        rates = sorted(float(record["samples_per_second"]) for record in training)
        facts.append(("time", format_duration(float(training[-1]["seconds"]))))
        facts.append(("speed", f"{rates[len(rates) // 2]:,.0f} predicted samples/s"))
    chosen = int(run.chosen().name.removeprefix("step-"))
    facts.append(("weights heard", f"those of step {chosen:,}, averaged over the steps before"))
    bits = {record["step"]: record.get("bits_average", record["bits"]) for record in scored}
    if chosen in bits:
        facts.append(("validation", f"{bits[chosen]:.3f} bits per sample"))
    return facts


def _facts(config: DemoConfig, home: Path, corpus: Corpus, about: dict[str, Any]) -> list[tuple[str, str]]:
    table = RunFolder.open(home / "runs" / str(about["model"])).config()
    quantizer, versions, training = table["quantizer"], table["versions"], table["training"]
    shape = size_named(config.network_size)
    weights = sum(parameter.numel() for parameter in WaveNet(shape).parameters())
    reach = shape.receptive_field / corpus.sample_rate
    scored = min(about["bits_seconds"] or about["split_seconds"], about["split_seconds"])
    return [
        ("sound", SYNTHETIC if config.recordings is None else str(config.recordings)),
        ("splits", ", ".join(f"{split} {format_duration(corpus.seconds(split))}" for split in SPLITS)),
        ("samples", f"{corpus.sample_rate:,} Hz, {quantizer['kind']}, {quantizer['classes']} classes"),
        (
            "network",
            f"{config.network_size}: {shape.blocks} × {shape.layers} layers, {weights / 1000:,.0f} k weights",
        ),
        (
            "sees",
            f"the last {shape.receptive_field:,} samples, {1000 * reach:.0f}\u00a0ms",
        ),
        ("each update", f"{training['batch']} × {training['targets']:,} predicted samples"),
        (
            "bits scored on",
            f"about {format_duration(scored)} of the {format_duration(about['split_seconds'])} held out for"
            " the test",
        ),
        (
            "distance from",
            f"{about['clips']} clips of {about['clip_seconds']:g} s",
        ),
        ("seed", f"{config.seed}, one for everything"),
        ("corpus", f"fingerprint {corpus.fingerprint[:16]}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
    ]


def _commands(config: DemoConfig, home: Path, about: dict[str, Any]) -> list[str]:
    where = "" if config.recordings is None else f" --recordings {shlex.quote(str(config.recordings))}"
    size = "" if config.size is None else f" --size {config.size}"
    rate = "" if config.sample_rate == DemoConfig().sample_rate else f" --sample-rate {config.sample_rate}"
    place = shlex.quote(str(home))
    likelihood = f"{place}/runs/likelihood"
    return [
        f"partita demo{where} --minutes {config.minutes:g}{size}{rate} --seed {config.seed} --out {place}",
        "",
        "# one arm for longer, its scores, and more of its music",
        f"partita train {place}/corpus --out longer --size {config.network_size} --minutes 120",
        f"partita evaluate longer {place}/corpus",
        "partita generate longer --seconds 20 --out music.wav",
        "",
        "# the scores on this page, again",
        f"partita evaluate {likelihood} {place}/corpus --json {scored_as(about)}",
    ]


def scored_as(about: dict[str, Any]) -> str:
    """Return the options of `partita evaluate` that score what the page's scores were taken from."""
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
