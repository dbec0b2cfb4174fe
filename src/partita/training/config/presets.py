"""Whole configs by name, or from a TOML file."""

from pathlib import Path

from partita.models.discriminators.patchgan import PatchGANConfig
from partita.runs.config import from_table
from partita.runs.config_formats import upgrade_training
from partita.tables import read_toml
from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, TrainConfig

NAMES = ("report",)


def report() -> TrainConfig:
    """Return the report's published set-up.

    Size `wide`, Adam with a learning rate of 0.001 for generator and discriminator alike, batch
    normalisation, batch 16, 10 epochs: every training sample is a target once an epoch (the base code had 16
    targets among some 3,070 positions of a window). What it did not have is off: a schedule, clipping, an
    average of the weights, early stopping.

    Source: the report, part II, section 3.

    >>> report().size, report().batch, report().epochs
    ('wide', 16, 10.0)
    """
    return TrainConfig(
        arm="report",
        size="wide",
        epochs=10.0,
        targets=4096,
        batch=16,
        optimizer="adam",
        learning_rate=1e-3,
        warmup=0,
        lr_decay_steps=0,
        lr_floor=1.0,
        grad_clip=0.0,
        ema_decay=0.0,
        patience=0,
        adversary=AdversaryConfig(
            learning_rate=1e-3, beta1=0.9, patchgan=PatchGANConfig(normalisation="batch")
        ),
    )


def named_config(name: str | Path) -> TrainConfig:
    """Return the config of a name, of a TOML file of settings, or of a run's `config.toml`.

    Raises:
        PartitaError: no such file, or a key that is no setting.

    >>> named_config("report").optimizer
    'adam'
    """
    if str(name) in NAMES:
        return report()
    table, where = read_toml(Path(name), remedy="give `report`, or a TOML file of settings"), str(name)
    if "training" in table.values and "versions" in table.values:  # a run's own config
        table, where = table.table("training"), f"{name} [training]"
    config = from_table(TrainConfig, upgrade_training(table.values), where=where)
    return config if config.arm == "likelihood" else with_arm(config, config.arm)
