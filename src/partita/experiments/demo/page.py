"""The content of the demo's page, collected from the corpus, the runs and the scores.

This file trains, draws and scores nothing; `reports` renders the page.
"""

import shlex
from pathlib import Path
from typing import Any

from partita.data.corpus import SPLITS, Corpus
from partita.evaluation.evaluate import Evaluation
from partita.experiments.demo.config import ARMS, AUTO, START, DemoConfig, divide_minutes
from partita.models.frame_tier.config import FrameModelConfig
from partita.models.frame_tier.model import FrameModel
from partita.models.sizes import WaveNetConfig, name_of
from partita.models.wavenet import WaveNet
from partita.progress import format_duration
from partita.reports.report import ArmReport, ReportData
from partita.runs.checkpoint_state import read_state
from partita.runs.config import from_table
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
        lead=(
            f"One model was trained by likelihood for {start_minutes:.1f} minutes. Two copies of it were"
            f" then trained for {arm_minutes:.1f} minutes each, in turns and on the same windows in the same"
            " order: one by likelihood alone, one with an adversary as well. The adversary is the idea that"
            " this page tests. Listen first, then read the numbers."
            + (TIERS if "frame_bits_per_sample" in first.scores else "")
        ),
        real=first.real,
        arms=_arms(folder, start, evaluations),
        facts=_facts(config, folder, corpus, first.scores["about"]),
        recordings=_recordings(corpus),
        commands=_commands(config, folder, first.scores["about"]),
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


def _recordings(corpus: Corpus) -> list[tuple[str, str, str]]:
    """Return the name, the split and the length of each recording."""
    return [
        (
            str(one["source"]),
            str(one["split"]),
            format_duration(sum(s["length"] for s in one["segments"]) / corpus.sample_rate),
        )
        for one in corpus.index["recordings"]
    ]


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


def arm_facts(run: RunFolder) -> list[tuple[str, str]]:
    """Return (name, value) pairs about a run: updates, time, speed, the chosen checkpoint and its bits."""
    records = run.records()
    training = [record for record in records if record.get("kind") == "train"]
    scored = [record for record in records if record.get("kind") == "validation"]
    facts = [("updates", f"{read_state(run.newest_checkpoint())['step']:,}")]
    if training:
        rates = sorted(float(record["samples_per_second"]) for record in training)
        facts.append(("time", format_duration(float(training[-1]["seconds"]))))
        facts.append(("speed", f"{rates[len(rates) // 2]:,.0f} predicted samples/s"))
    chosen = int(run.chosen_checkpoint().name.removeprefix("step-"))
    facts.append(("weights", f"moving average (EMA) at step {chosen:,}, chosen on the validation split"))
    bits = {record["step"]: record.get("bits_average", record["bits"]) for record in scored}
    frames = {record["step"]: record["frame_bits"] for record in scored if "frame_bits" in record}
    if chosen in frames:
        parts = f"{frames[chosen]:.3f} for the frames and {bits[chosen]:.3f} for the samples given them"
        facts.append(("validation", f"at most {frames[chosen] + bits[chosen]:.3f} bits per sample: {parts}"))
    elif chosen in bits:
        facts.append(("validation", f"{bits[chosen]:.3f} bits per sample"))
    return facts


def _facts(config: DemoConfig, folder: Path, corpus: Corpus, about: dict[str, Any]) -> list[tuple[str, str]]:
    table = RunFolder.open(folder / "runs" / str(about["model"])).config()
    quantizer, versions, training = table["quantizer"], table["versions"], table["training"]
    shape = from_table(WaveNetConfig, table["network"], where="config.toml [network]")
    size = name_of(shape.plain) or "own shape"
    weights = sum(parameter.numel() for parameter in WaveNet(shape).parameters())
    reach = shape.receptive_field / corpus.sample_rate
    scored = min(about["bits_seconds"] or about["split_seconds"], about["split_seconds"])
    return [
        ("sound", SYNTHETIC if config.recordings is None else str(config.recordings)),
        ("splits", ", ".join(f"{split} {format_duration(corpus.seconds(split))}" for split in SPLITS)),
        ("samples", f"{corpus.sample_rate:,} Hz, {quantizer['kind']}, {quantizer['classes']} classes"),
        (
            "network",
            f"{size}: {shape.blocks} × {shape.layers} layers, {weights / 1000:,.0f} k weights",
        ),
        *_frame_tier_facts(table),
        (
            "receptive field",
            f"{shape.receptive_field:,} samples, {1000 * reach:.0f}\u00a0ms",
        ),
        ("each update", f"{training['batch']} × {training['targets']:,} predicted samples"),
        (
            "bits per sample",
            f"on about {format_duration(scored)} of {format_duration(about['split_seconds'])} of test sound",
        ),
        (
            "Fréchet distance",
            f"on {about['clips']} clips of {about['clip_seconds']:g} s",
        ),
        ("seed", f"{config.seed}, for all parts"),
        ("corpus", f"fingerprint {corpus.fingerprint[:16]}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
    ]


def _frame_tier_facts(table: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what the frame tier is, from the config of a run; empty without one."""
    if "frames" not in table:
        return []
    shape = from_table(FrameModelConfig, table["frames"], where="config.toml [frames]")
    weights = sum(parameter.numel() for parameter in FrameModel(shape).parameters())
    columns = f"{shape.layout.bands} bands and pitch every {shape.layout.hop_length} samples"
    layers = f"{shape.recurrent_layers} recurrent layers of {shape.recurrent_channels} channels"
    return [("frame tier", f"{columns}; {layers}, {weights / 1000:,.0f} k weights")]


def _commands(config: DemoConfig, folder: Path, about: dict[str, Any]) -> list[str]:
    where = "" if config.recordings is None else f" --recordings {shlex.quote(str(config.recordings))}"
    size = "" if config.size is None else f" --size {config.size}"
    start = "" if config.start_model is None else f" --from {shlex.quote(config.start_model)}"
    demo_start = "" if config.start_from == AUTO else f" --from {shlex.quote(config.start_from)}"
    rate = "" if config.sample_rate == DemoConfig().sample_rate else f" --sample-rate {config.sample_rate}"
    place = shlex.quote(str(folder))
    likelihood = f"{place}/runs/likelihood"
    return [
        f"partita demo{where} --minutes {config.minutes:g}{size}{rate}{demo_start} --seed {config.seed}"
        f" --out {place}",
        "",
        "# train one arm for longer, score it, and draw more music",
        f"partita train {place}/corpus --out longer{start or f' --size {config.network_size}'} --minutes 120",
        f"partita evaluate longer {place}/corpus",
        "partita generate longer --seconds 20 --out music.wav",
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
