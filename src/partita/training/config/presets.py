"""Configs by name, and from TOML files."""

from pathlib import Path

from partita.models.discriminators.patchgan import PatchGANConfig
from partita.runs.config import from_table
from partita.runs.config_formats import upgrade_training
from partita.tables import read_toml
from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, TrainConfig

NAMES = ("report",)


def report() -> TrainConfig:
    """Return the training settings that the report published.

    They are the size `wide`, Adam with a learning rate of 0.001 for generator and discriminator, batch
    normalisation, a batch of 16 and 10 epochs. In an epoch every training sample is a target once; the base
    code had 16 targets among about 3,070 positions of a window. The learning-rate schedule, gradient
    clipping, the EMA and early stopping are off.

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
    """Return the config that a name or a file stands for.

    Args:
        name: "report", or a TOML file of settings, or the `config.toml` of a run. Settings may have their
            names of format 1, see `partita.runs.config_formats`.

    Raises:
        PartitaError: the file can't be read, a key is not a setting, both the old and the new name of a
            setting are given, or a value is out of its range.

    >>> named_config("report").optimizer
    'adam'
    """
    if str(name) in NAMES:
        return report()
    table, where = read_toml(Path(name), remedy="give `report`, or a TOML file of settings"), str(name)
    if "training" in table.values and "versions" in table.values:  # a config of a run
        table, where = table.table("training"), f"{name} [training]"
    config = from_table(TrainConfig, upgrade_training(table.values, where=where), where=where)
    return config if config.arm == "likelihood" else with_arm(config, config.arm)
