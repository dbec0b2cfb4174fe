"""The discriminator of a run, ready to judge what is being drawn. Does not know how it was trained."""

from dataclasses import fields
from pathlib import Path

from partita.errors import PartitaError
from partita.models.discriminators.base import Discriminator
from partita.models.discriminators.ensemble import EnsembleConfig, make_discriminator
from partita.models.discriminators.patchgan import PatchGAN
from partita.runs.checkpoint_state import SUFFIX
from partita.runs.config import from_table
from partita.runs.folder import CONFIG, REMEDY, RunFolder
from partita.runs.loading import LoadedModel, find_checkpoint, load_network
from partita.sampling.smc.scorers import DiscriminatorScorer
from partita.tables import Table

WINDOW = 2048
"""Samples that a judge hears: each is heard again with every block, so a training window costs too much."""


def load_scorer(path: str | Path, model: LoadedModel, *, window: int = WINDOW) -> DiscriminatorScorer:
    """Load the discriminator of a run, or of one checkpoint of a run, as a judge of what a model draws.

    Args:
        path: a run folder, or a folder in its `checkpoints`; the model's own run, or another one.
        model: who draws; its classes become the sound that is heard.
        window: samples that are heard at once; no more than in the discriminator's training, unless its
            windows were shorter than a patch.

    Raises:
        PartitaError: no run, a run that was trained without an adversary, with another than a PatchGAN, with
            the hinge loss, or at another sample rate; a damaged file, or a config of a newer version.

    >>> from partita.runs.loading import load
    >>> load_scorer("nowhere", load("nowhere"))
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: nowhere does not exist: give a run folder, made by `partita train`
    """
    run, checkpoint = find_checkpoint(path)
    config = run.config()
    training = Table(config["training"], str(run.path / CONFIG), REMEDY, "training.")
    if "adversary" not in training.values:
        raise PartitaError(
            f"{run.path} has no discriminator, it was trained without an adversary: give a run that was"
            " trained with one, for example `--arm report`, by `--judge RUN`"
        )
    rate = config["corpus"]["sample_rate"]
    if rate != model.sample_rate:
        raise PartitaError(
            f"the discriminator of {run.path} hears {rate} Hz, the model draws {model.sample_rate} Hz: give"
            " a run of the same rate by `--judge RUN`"
        )
    loss = training.table("adversary").text("loss", default="log")
    panel = _panel(run)
    if panel.discriminators != ("patchgan",) or loss == "hinge":
        raise PartitaError(
            f"the discriminator of {run.path} can't steer: only a lone `patchgan`, whose patches end at known"
            " samples, with a loss of `log` or `least-squares`, whose logits are ratios, can; give such a run"
            " by `--judge RUN`"
        )
    discriminator = load_discriminator(run, checkpoint)
    assert isinstance(discriminator, PatchGAN)
    hop = 1 << panel.patchgan.layers
    window = max(6, min(window, training.integer("targets", least=1)) // hop) * hop
    squares = loss == "least-squares"
    return DiscriminatorScorer(discriminator, model.quantizer, window=window, least_squares=squares)


def load_discriminator(run: RunFolder, checkpoint: Path) -> Discriminator:
    """Load the discriminator of a run that was trained with an adversary, of whatever kind.

    Args:
        run: the run.
        checkpoint: one of its checkpoints.

    Raises:
        PartitaError: a damaged file, or a config of a newer version.
    """
    panel = _panel(run)
    return load_network(lambda: make_discriminator(panel), checkpoint / f"adversary{SUFFIX}")


def _panel(run: RunFolder) -> EnsembleConfig:
    """Return which discriminators a run has, and their shapes."""
    training = Table(run.config()["training"], str(run.path / CONFIG), REMEDY, "training.")
    shapes = {field.name for field in fields(EnsembleConfig)}
    adversary = training.table("adversary").values
    table = {name: value for name, value in adversary.items() if name in shapes}
    return from_table(EnsembleConfig, table, where=f"{run.path / CONFIG} [training.adversary]")
