"""Give a new run the weights of another model, after checking that they fit, and describe that model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.models.sizes import name_of
from partita.runs.loading import LoadedModel, find_checkpoint, load, weights_path
from partita.runs.shipped.ancestry import start_section
from partita.runs.shipped.known_sound import known_sound_warnings
from partita.training.config.train import TrainConfig
from partita.training.train_step import TrainStep


@dataclass(frozen=True, kw_only=True)
class Start:
    """What a new run remembers of the model that it starts from.

    Args:
        section: the section `start` of its config.
        warnings: where the test split of its corpus is known to the model.
    """

    section: dict[str, Any]
    warnings: tuple[str, ...]


def load_start(train_step: TrainStep, config: TrainConfig, corpus: Corpus, start_from: str | Path) -> Start:
    """Load the weights of another model into a train step.

    Args:
        train_step: the train step of the new run.
        config: its config.
        corpus: its corpus.
        start_from: a run, one of its checkpoints, or the name of a model that ships.

    Raises:
        PartitaError: there is no such model, or its sample rate, its shape or its quantizer is another one.
    """
    run, checkpoint = find_checkpoint(start_from)
    loaded = load(checkpoint)
    _refuse_other(loaded, config, corpus, start_from)
    train_step.begin_from(dict(loaded.model.state_dict()))
    warnings = known_sound_warnings(loaded, corpus, "test") if corpus.segments("test") else []
    return Start(
        section=start_section(run, weights_path(checkpoint)),
        warnings=tuple(f"warning: {warning}" for warning in warnings),
    )


def _refuse_other(loaded: LoadedModel, config: TrainConfig, corpus: Corpus, start_from: str | Path) -> None:
    """Raise an error unless a model fits the config and the corpus."""
    network, quantizer = loaded.model.config, loaded.quantizer
    if loaded.sample_rate != corpus.sample_rate:
        raise PartitaError(
            f"{start_from} has `sample_rate` {loaded.sample_rate} but the corpus {corpus.path} has"
            f" {corpus.sample_rate}: prepare the recordings again, `partita prepare RECORDINGS --out CORPUS"
            f" --sample-rate {loaded.sample_rate}`"
        )
    if network != config.network_shape:
        name = name_of(network)
        remedy = f"`--size {name}`" if name else "that shape, with `--config` and the run's config.toml"
        raise PartitaError(
            f"the network of {start_from} has another shape than the one to be trained: give {remedy}"
        )
    if quantizer != config.quantizer:
        raise PartitaError(
            f"{start_from} has {quantizer.classes} {quantizer.kind} classes, not {config.quantizer.classes}"
            f" {config.quantizer.kind}: give `--quantizer.kind {quantizer.kind}` and `--quantizer.classes"
            f" {quantizer.classes}`"
        )
