"""Facts about a run, its corpus and its scoring, as the pages show them under "How it was made".

This file trains and scores nothing.
"""

from typing import Any

from partita.data.corpus import SPLITS, Corpus
from partita.models.choice import WAVENET
from partita.models.frame_tier.config import FrameModelConfig
from partita.models.frame_tier.model import FrameModel
from partita.models.sizes import WaveNetConfig, name_of
from partita.models.wavenet import WaveNet
from partita.progress import format_duration
from partita.runs.checkpoint_state import read_state
from partita.runs.config import from_table
from partita.runs.folder import RunFolder

Facts = list[tuple[str, str]]


def corpus_facts(corpus: Corpus) -> Facts:
    """Return (name, value) pairs about a corpus: its splits, its sample rate and its fingerprint."""
    return [
        ("splits", ", ".join(f"{split} {format_duration(corpus.seconds(split))}" for split in SPLITS)),
        ("sample rate", f"{corpus.sample_rate:,} Hz"),
        ("corpus", f"{corpus.path}, fingerprint {corpus.fingerprint[:16]}"),
    ]


def recordings_of(corpus: Corpus) -> list[tuple[str, str, str]]:
    """Return the name, the split and the length of each recording."""
    return [
        (
            str(one["source"]),
            str(one["split"]),
            format_duration(sum(s["length"] for s in one["segments"]) / corpus.sample_rate),
        )
        for one in corpus.index["recordings"]
    ]


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
    bits = {record["step"]: record.get("bits_average", record.get("bits")) for record in scored}
    frames = {record["step"]: record["frame_bits"] for record in scored if "frame_bits" in record}
    if chosen in frames and bits.get(chosen) is not None:
        parts = f"{frames[chosen]:.3f} for the frames and {bits[chosen]:.3f} for the samples given them"
        facts.append(("validation", f"at most {frames[chosen] + bits[chosen]:.3f} bits per sample: {parts}"))
    elif bits.get(chosen) is not None:
        facts.append(("validation", f"{bits[chosen]:.3f} bits per sample"))
    return facts


def network_facts(run: RunFolder, sample_rate: int) -> Facts:
    """Return (name, value) pairs about the networks of a run: shape, classes, windows and versions.

    Args:
        run: the run.
        sample_rate: Hz.
    """
    table = run.config()
    quantizer, versions, training = table["quantizer"], table["versions"], table["training"]
    return [
        ("samples", f"{quantizer['kind']}, {quantizer['classes']} classes"),
        *_network(table, sample_rate),
        *_frame_tier(table),
        *_update(training),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
    ]


def _update(training: dict[str, Any]) -> Facts:
    """Return how much sound an update has; empty for a run whose settings do not say it."""
    if "batch" not in training or "targets" not in training:
        return []
    return [("each update", f"{training['batch']} × {training['targets']:,} predicted samples")]


def _network(table: dict[str, Any], sample_rate: int) -> Facts:
    """Return the shape of a WaveNet, or the name of a network of another kind."""
    kind = str(table["training"].get("model", WAVENET))
    if kind != WAVENET:
        return [("network", kind)]
    shape = from_table(WaveNetConfig, table["network"], where="config.toml [network]")
    weights = sum(parameter.numel() for parameter in WaveNet(shape).parameters())
    reach = 1000 * shape.receptive_field / sample_rate
    size = name_of(shape.plain) or "own shape"
    return [
        ("network", f"{size}: {shape.blocks} × {shape.layers} layers, {weights / 1000:,.0f} k weights"),
        ("receptive field", f"{shape.receptive_field:,} samples, {reach:.0f}\u00a0ms"),
    ]


def _frame_tier(table: dict[str, Any]) -> Facts:
    """Return what the frame tier is, from the config of a run; empty without one."""
    if "frames" not in table:
        return []
    shape = from_table(FrameModelConfig, table["frames"], where="config.toml [frames]")
    weights = sum(parameter.numel() for parameter in FrameModel(shape).parameters())
    columns = f"{shape.layout.bands} bands and pitch every {shape.layout.hop_length} samples"
    layers = f"{shape.recurrent_layers} recurrent layers of {shape.recurrent_channels} channels"
    return [("frame tier", f"{columns}; {layers}, {weights / 1000:,.0f} k weights")]


def scoring_facts(about: dict[str, Any]) -> Facts:
    """Return (name, value) pairs about an evaluation.

    Args:
        about: its settings, as `evaluate` returns them.
    """
    scored = min(about["bits_seconds"] or about["split_seconds"], about["split_seconds"])
    split = f"{format_duration(about['split_seconds'])} of {about['split']} sound"
    return [
        ("bits per sample", f"on about {format_duration(scored)} of {split}"),
        (
            "clips",
            f"{about['clips']} of {about['clip_seconds']:g} s with prompts of {about['opening_seconds']:g} s",
        ),
    ]
