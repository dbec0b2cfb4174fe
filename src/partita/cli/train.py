"""`partita train`: train a model on a corpus, or resume a run that was interrupted."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import AvoidSubcommands, Positional

from partita.cli.arguments import parse, value_of, with_new_names
from partita.cli.help import asks_for_help, help_page
from partita.errors import PartitaError
from partita.models.choice import GAN_NAME, IAF_NAME, MAF_NAME
from partita.runs.config_formats import renamed
from partita.terminal import print_line, print_note
from partita.training.config.arms import with_arm
from partita.training.config.model_kinds import UNUSED, flow_like, gan_of
from partita.training.config.presets import named_config
from partita.training.config.train import TrainConfig

BUDGETS = ("steps", "epochs", "minutes")
USAGE = """partita train CORPUS --out RUN [OPTIONS]
       partita train --resume RUN"""
GROUPS = {
    "data": ("CORPUS", "--resume", "--from", "--config"),
    "size and time": (
        *("--size", "--minutes", "--steps", "--epochs", "--targets", "--batch", "--seed"),
        *("--device", "--precision", "--threads"),
    ),
    "model": (
        *("--model", "--maf.flows", "--maf.bins"),
        *("--gan.latents", "--gan.channels", "--gan.layers", "--gan.factors"),
        *("--student-of", "--iaf.flows", "--iaf.layers", "--iaf.channels", "--iaf.kl-weight"),
        "--iaf.spectral-weight",
    ),
    "conditions": ("--condition", "--augment", "--period-taps"),
    "optimizer": (
        *("--optimizer", "--learning-rate", "--warmup", "--lr-decay-steps", "--lr-floor"),
        *("--weight-decay", "--grad-clip", "--ema-decay"),
    ),
    "adversary": (
        *("--arm", "--adversary.weight", "--adversary.warmup", "--adversary.discriminators"),
        *("--adversary.loss", "--adversary.feature-weight", "--adversary.updates"),
        *("--adversary.learning-rate", "--adversary.min-accuracy"),
        *("--critic.run", "--critic.weight", "--critic.learning-rate"),
        *("--ratio.weight", "--ratio.beta", "--ratio.refresh"),
    ),
    "output": (
        *("--out", "--validations", "--patience", "--checkpoint-minutes", "--keep-checkpoints"),
        *("--preview-clips", "--preview-seconds", "--log-every", "--[no-]tensorboard"),
    ),
}
"""The everyday options, which `--help` shows; `--help-all` shows the others too."""
HIDDEN = {f"--{name}".replace("_", "-") for name in UNUSED}
GAN_GROUPS = {title: tuple(name for name in names if name not in HIDDEN) for title, names in GROUPS.items()}
"""The same for a GAN, without the options that have no effect on it."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """Train a model on a corpus, or resume a run that was interrupted.

    `--config` and `--arm` choose the settings; other options change single ones. This page shows the chosen
    settings, so `partita train --arm report --help` shows the adversary's options too. `--help-all` shows
    every option of the chosen arm. Ctrl-C saves the run and stops.
    """

    corpus: Positional[Path | None] = None
    """Corpus, made by `partita prepare`; with `--resume` only if it has moved."""
    out: Path | None = None
    """Folder of the new run; it must not exist, or be empty."""
    config: str | None = None
    """Settings to start from: `report` (as the report published them), a TOML file, or a run's
    config.toml."""
    start_from: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    """Model to start from with its weights, for example to fine-tune it on other recordings: a run, or the
    name of a model that ships. Other options may change the networks' shapes, the quantizer and the
    conditions, which are by default the model's."""
    student_of: Path | None = None
    """WaveNet that teaches a student, which draws many times faster. It is a run, or the name of a model that
    ships. The student is given what its teacher is given, and has its frame tier. Add `--arm report` for an
    adversary."""
    resume: Path | None = None
    """Interrupted run to go on with, from its newest checkpoint."""
    settings: Annotated[AvoidSubcommands[TrainConfig], tyro.conf.arg(name="")] = field(
        default_factory=TrainConfig
    )

    def run(self) -> None:
        """Train, then print the path of the run on standard output, and what `partita doctor` says first."""
        from partita.training.train import resume, train

        if self.resume is not None:
            self._refuse_settings()
            device = None if self.settings.device == "auto" else self.settings.device
            self._end(resume(self.resume, corpus=self.corpus, device=device))
        elif self.corpus is None or self.out is None:
            raise PartitaError(
                "a corpus or `--out` is missing: give both, `partita train CORPUS --out RUN`, or go on with a"
                " run, `partita train --resume RUN`"
            )
        else:
            self._end(train(self.corpus, self.out, self.settings, start_from=self.start_from))

    def _end(self, run: Path) -> None:
        """Print the run's path, and on standard error what is most important about it."""
        from partita.doctor import first_line

        print_line(run)
        with suppress(PartitaError):  # the run is there, whatever its metrics are like
            print_note(first_line(run))

    def _refuse_settings(self) -> None:
        device = TrainConfig(device=self.settings.device)
        if self != Command(resume=self.resume, corpus=self.corpus, settings=device):
            raise PartitaError(
                "`--resume` goes on with the run's own settings: leave out every option but `--device`, and"
                " give the corpus only if it has moved"
            )


def read(arguments: Sequence[str]) -> Command:
    """Return the subcommand with the given arguments; `--config` and `--arm` decide its defaults."""
    arguments = with_new_names(arguments, prog="partita train", renamed=renamed)
    config, arm = value_of(arguments, "--config"), value_of(arguments, "--arm")
    settings = TrainConfig() if config is None else named_config(config)
    if value_of(arguments, "--model") == GAN_NAME and settings.model != GAN_NAME:
        settings = gan_of(settings)
    if any(value_of(arguments, f"--{name}") for name in BUDGETS):  # it replaces the budget of the config
        settings = replace(settings, steps=None, epochs=None, minutes=None)
    if (start := value_of(arguments, "--from")) is not None and config is None:
        settings = _like_start(settings, start, arguments)
    if (teacher := value_of(arguments, "--student-of")) is not None:
        settings = _like_teacher(settings, teacher, arguments)
    if value_of(arguments, "--model") == MAF_NAME:
        settings = flow_like(settings)
    settings = settings if arm is None else with_arm(settings, arm)
    default = Command(settings=settings)
    whole = "--help-all" in arguments
    if whole or asks_for_help(arguments):
        groups = GROUPS if settings.gan is None else GAN_GROUPS
        print_line(help_page(default, groups, usage=USAGE, whole=whole))
        raise SystemExit
    _refuse_options_of_other_arms(arguments, settings)
    return parse(Command, arguments, prog="partita train", default=default)


def _like_start(settings: TrainConfig, start: str, arguments: Sequence[str]) -> TrainConfig:
    """Return the settings with the shapes, the quantizer and the conditions of the model to start from."""
    from partita.training.start.like_model import like_model

    settings = like_model(settings, start)
    return settings if value_of(arguments, "--size") is None else replace(settings, network=None)


def _like_teacher(settings: TrainConfig, teacher: str, arguments: Sequence[str]) -> TrainConfig:
    """Return the settings of a student, which is given what its teacher is given."""
    from partita.training.start.like_model import student_like

    if value_of(arguments, "--from") is not None:
        raise PartitaError(
            "`--from` and `--student-of` are given: a run that starts from a student keeps its teacher, so"
            " leave `--student-of` out"
        )
    if value_of(arguments, "--size") is not None:
        raise PartitaError(
            "`--size` is that of a WaveNet: a student has the size that `--iaf.flows`, `--iaf.layers` and"
            " `--iaf.channels` say, so leave `--size` out"
        )
    if value_of(arguments, "--model") not in (None, IAF_NAME):
        raise PartitaError("`--student-of` trains the model `iaf`: leave `--model` out")
    return student_like(settings, teacher)


def _refuse_options_of_other_arms(arguments: Sequence[str], settings: TrainConfig) -> None:
    """Refuse an option of a judge that the chosen arm does not have."""
    for word in arguments:
        name = word.partition("=")[0]
        if name.startswith("--adversary.") and settings.adversary is None:
            raise PartitaError(f"`{name}` needs an arm with an adversary: add for example `--arm report`")
        if name.startswith("--critic.") and settings.critic is None:
            raise PartitaError(f"`{name}` needs an arm with a critic: add `--arm critic`")
        if name.startswith("--ratio.") and settings.ratio is None:
            raise PartitaError(f"`{name}` needs the ratio objective: add `--arm ddo`")
