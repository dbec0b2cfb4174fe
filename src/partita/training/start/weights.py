"""Give a new run the weights of another model, after checking that they fit, and describe that model."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from partita.audio.features.layout import FrameLayout, same_frames
from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.models.choice import kind_of
from partita.models.flows.maf import MAF
from partita.models.frame_tier.config import FrameModelConfig
from partita.models.heads.choice import LOGISTIC
from partita.models.sizes import name_of
from partita.models.wavenet import WaveNet
from partita.runs.loading import LoadedModel, load
from partita.runs.model import shape_table
from partita.runs.shipped.ancestry import start_section
from partita.runs.shipped.known_sound import known_sound_warnings
from partita.runs.weights import find_checkpoint, weights_path
from partita.training.config.train import TrainConfig
from partita.training.monitoring.validation import ValidationScorer
from partita.training.steps.learner import Learner


@dataclass(frozen=True, kw_only=True)
class Start:
    """What a new run remembers of the model that it starts from.

    Args:
        section: the section `start` of its config.
        warnings: where the test split of its corpus is known to the model.
        frame_temperature: the one that was chosen for the frame tier which it starts from, if any.
    """

    section: dict[str, Any]
    warnings: tuple[str, ...]
    frame_temperature: float | None = None


def load_start(
    train_step: Learner[Any], config: TrainConfig, corpus: Corpus, start_from: str | Path
) -> Start:
    """Load the weights of another model into a train step: of both tiers, as far as both have them.

    Args:
        train_step: the train step of the new run.
        config: its config, with resolved conditions.
        corpus: its corpus.
        start_from: a run, one of its checkpoints, or the name of a model that ships.

    Raises:
        PartitaError: there is no such model, or its sample rate, its shape, its quantizer or its conditions
            are others.
    """
    _, checkpoint = find_checkpoint(start_from)
    loaded = load(checkpoint)
    _refuse_other(loaded, config, corpus, start_from)
    train_step.begin_from(dict(loaded.model.state_dict()))
    if train_step.frame_tier is not None and loaded.frames is not None:
        _refuse_other_frame_tier(loaded.frames.config, train_step.frame_tier.model.config, start_from)
        train_step.frame_tier.begin_from(dict(loaded.frames.state_dict()))
        # so that a worse network, early in the run, does not replace that of the model
        scores = ValidationScorer(corpus, config, train_step).frame_scores()
        train_step.frame_tier.keep_if_better(scores.get("frame_bits", math.inf))
    start = start_of(loaded, start_from, corpus)
    return start if train_step.frame_tier is not None else replace(start, frame_temperature=None)


def start_of(loaded: LoadedModel, start_from: str | Path, corpus: Corpus) -> Start:
    """Return what a new run remembers of the model that it starts from, or that teaches it.

    Args:
        loaded: the model.
        start_from: its run, one of its checkpoints, or the name of a model that ships.
        corpus: the corpus of the new run.

    Raises:
        PartitaError: the model is damaged.
    """
    run, checkpoint = find_checkpoint(start_from)
    warnings = known_sound_warnings(loaded, corpus, "test") if corpus.segments("test") else []
    return Start(
        section=start_section(run, weights_path(checkpoint)),
        warnings=tuple(f"warning: {warning}" for warning in warnings),
        frame_temperature=loaded.chosen_frame_temperature,
    )


def _refuse_other_frame_tier(
    shape: FrameModelConfig, wanted: FrameModelConfig, start_from: str | Path
) -> None:
    """Raise an error unless the frame tier of a model has the wanted shape."""
    if shape.layout != wanted.layout:
        raise PartitaError(_other_frames(start_from, shape.layout, wanted.layout))
    if shape != wanted:
        raise PartitaError(
            f"the frame tier of {start_from} has {shape.recurrent_layers} layers of"
            f" {shape.recurrent_channels} channels, the one to be trained {wanted.recurrent_layers} of"
            f" {wanted.recurrent_channels}: give"
            f" `--frames.layers {shape.recurrent_layers}` and `--frames.channels {shape.recurrent_channels}`"
        )


def _refuse_other_kind(loaded: LoadedModel, config: TrainConfig, start_from: str | Path) -> None:
    """Raise an error unless a model is of the kind of the run to be trained, with as many flows."""
    kind = kind_of(loaded.model)
    if kind != config.model:
        raise PartitaError(f"{start_from} is a `{kind}`, not a `{config.model}`: give `--model {kind}`")
    if isinstance(loaded.model, MAF) and config.maf is not None:
        shape = loaded.model.shape
        if (shape.flows, shape.bins) != (config.maf.flows, config.maf.bins):
            raise PartitaError(
                f"{start_from} has {shape.flows} flows of {shape.bins} bins, not {config.maf.flows} of"
                f" {config.maf.bins}: give `--maf.flows {shape.flows}` and `--maf.bins {shape.bins}`"
            )


def _refuse_other(loaded: LoadedModel, config: TrainConfig, corpus: Corpus, start_from: str | Path) -> None:
    """Raise an error unless a model fits the config and the corpus."""
    _refuse_other_kind(loaded, config, start_from)
    network, wanted, quantizer = loaded.model.config, config.network_shape, loaded.quantizer
    if loaded.sample_rate != corpus.sample_rate:
        raise PartitaError(
            f"{start_from} has `sample_rate` {loaded.sample_rate} but the corpus {corpus.path} has"
            f" {corpus.sample_rate}: prepare the recordings again, `partita prepare RECORDINGS --out CORPUS"
            f" --sample-rate {loaded.sample_rate}`"
        )
    if quantizer != config.quantizer:
        raise PartitaError(
            f"{start_from} has {quantizer.words}, not {config.quantizer.words}: give `--quantizer.kind"
            f" {quantizer.kind}` and `--quantizer.classes {quantizer.classes}`"
        )
    own, other = ((one.head, one.mixtures, one.mean_gain) for one in (network, wanted))
    if own != other:
        mixtures = f" and `--mixtures {network.mixtures}`" if network.head == LOGISTIC else ""
        raise PartitaError(
            f"{start_from} has the head `{network.head}`, not `{wanted.head}` of that shape: give `--head"
            f" {network.head}`{mixtures}"
        )
    shape = None if isinstance(loaded.model, WaveNet) else loaded.model.shape
    if shape_table(shape) != shape_table(config.other_shape):
        raise PartitaError(
            f"the network of {start_from} has another shape than the one to be trained, or is of another"
            " kind: leave out the options that change its shape or kind"
        )
    if network.plain != wanted.plain:
        name = name_of(network.plain)
        remedy = f"`--size {name}`" if name else "that shape, with `--config` and the run's config.toml"
        raise PartitaError(
            f"the network of {start_from} has another shape than the one to be trained: give {remedy}"
        )
    if not same_frames(network.condition, wanted.condition):
        raise PartitaError(_other_frames(start_from, network.condition, wanted.condition))
    if network.period_taps != wanted.period_taps:
        raise PartitaError(
            f"{start_from} reads {network.period_taps} samples one period earlier, the run to be trained"
            f" {wanted.period_taps}: give `--period-taps {network.period_taps}`"
        )


def _other_frames(start_from: str | Path, has: FrameLayout | None, wanted: FrameLayout | None) -> str:
    """Return the message for a model that is given other frames than the run to be trained."""
    return (
        f"{start_from} is given {_described(has)}, the run to be trained {_described(wanted)}: give the"
        " same `condition` and `frames.bands`, and a corpus with the same labels"
    )


def _described(layout: FrameLayout | None) -> str:
    """Return the columns of frames in words.

    >>> _described(FrameLayout(hop_length=160, bands=32, labels=("digit=1", "digit=2")))
    '32 bands, pitch and 2 labels (digit=1, digit=2)'
    """
    if layout is None:
        return "no frames"
    parts = [f"{layout.bands} bands", "pitch"] if layout.bands else []
    parts += ["notes"] if layout.notes else []
    parts += [f"{len(layout.labels)} labels ({', '.join(layout.labels)})"] if layout.labels else []
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
