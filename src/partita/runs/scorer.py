"""Load the discriminator of a run, for example as a scorer for steering."""

from dataclasses import fields
from pathlib import Path

from partita.audio.quantizer import Quantizer
from partita.errors import PartitaError
from partita.models.discriminators.base import Discriminator
from partita.models.discriminators.ensemble import EnsembleConfig, make_discriminator
from partita.models.discriminators.patchgan import PatchGAN
from partita.models.discriminators.trunk import TrunkShape
from partita.models.sizes import WaveNetConfig
from partita.runs.checkpoint_state import SUFFIX
from partita.runs.config import from_table
from partita.runs.config_file import REMEDY
from partita.runs.folder import CONFIG, RunFolder
from partita.runs.loading import LoadedModel
from partita.runs.shipped.folder import CARD
from partita.runs.weights import find_checkpoint, load_network
from partita.sampling.smc.scorers import DiscriminatorScorer
from partita.tables import Table

WINDOW = 2048
"""Samples that the discriminator processes per block; a window as long as in training would be slow."""


def load_scorer(path: str | Path, model: LoadedModel, *, window: int = WINDOW) -> DiscriminatorScorer:
    """Load the discriminator of a run, or of one checkpoint of a run, as a scorer for steering.

    Args:
        path: as for `load`: the model's own run or another one.
        model: the model that draws.
        window: samples that the discriminator processes at once, at most as many as in its training unless
            those are too few for one patch.

    Raises:
        PartitaError: there is no run; it was trained without an adversary, with other discriminators than a
            single PatchGAN, with the hinge loss or at another sample rate; a file is damaged, or the config
            is of a newer version.

    >>> from partita.runs.loading import load
    >>> load_scorer("nowhere", load("nowhere"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: nowhere does not exist: give a run folder, made by `partita train`...
    """
    run, checkpoint = find_checkpoint(path)
    config = run.config()
    training = Table(config["training"], str(run.path / CONFIG), REMEDY, "training.")
    if "adversary" not in training.values:
        raise PartitaError(
            f"{run.path} was trained without an adversary, so it has no discriminator: with `--judge RUN`,"
            " give a run that was trained with one, for example by `--arm report`"
        )
    if not (checkpoint / f"adversary{SUFFIX}").is_file() and (run.path / CARD).is_file():
        raise PartitaError(
            f"{run.path.name} ships without the discriminator that it was trained with: with `--judge RUN`,"
            " give a run that was trained with one, for example by `--arm report`"
        )
    rate = config["corpus"]["sample_rate"]
    if rate != model.sample_rate:
        raise PartitaError(
            f"the discriminator of {run.path} was trained at {rate} Hz, but the model draws"
            f" {model.sample_rate} Hz: give a run of the same sample rate with `--judge RUN`"
        )
    loss = training.table("adversary").text("loss", default="log")
    ensemble = _ensemble_config(run)
    if ensemble.discriminators != ("patchgan",) or loss == "hinge":
        raise PartitaError(
            f"the discriminator of {run.path} can't steer: with `--judge RUN`, give a run whose only"
            " discriminator is a `patchgan`, trained with the loss `log` or `least-squares`"
        )
    discriminator = load_discriminator(run, checkpoint)
    assert isinstance(discriminator, PatchGAN)
    hop = 1 << ensemble.patchgan.layers
    window = max(6, min(window, training.integer("targets", minimum=1)) // hop) * hop
    squares = loss == "least-squares"
    return DiscriminatorScorer(discriminator, model.quantizer, window=window, least_squares=squares)


def load_discriminator(run: RunFolder, checkpoint: Path) -> Discriminator:
    """Load the discriminator of a run, of any kind.

    Args:
        run: a run that was trained with an adversary.
        checkpoint: one of its checkpoints.

    Raises:
        PartitaError: a file is damaged, or the config is of a newer version.
    """
    ensemble, shape = _ensemble_config(run), _trunk_shape(run)
    file = checkpoint / f"adversary{SUFFIX}"
    return load_network(lambda: make_discriminator(ensemble, trunk_shape=shape), file)


def _trunk_shape(run: RunFolder) -> TrunkShape:
    """Return what a discriminator with layers of the generator needs to know of it."""
    config, where = run.config(), str(run.path / CONFIG)
    network = from_table(WaveNetConfig, config["network"], where=f"{where} [network]")
    quantizer = from_table(Quantizer, config["quantizer"], where=f"{where} [quantizer]")
    return TrunkShape(network, tuple(map(float, quantizer.table)))


def _ensemble_config(run: RunFolder) -> EnsembleConfig:
    """Return the config of a run's discriminators."""
    training = Table(run.config()["training"], str(run.path / CONFIG), REMEDY, "training.")
    shapes = {field.name for field in fields(EnsembleConfig)}
    adversary = training.table("adversary").values
    table = {name: value for name, value in adversary.items() if name in shapes}
    return from_table(EnsembleConfig, table, where=f"{run.path / CONFIG} [training.adversary]")
