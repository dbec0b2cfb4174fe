"""`partita train`: a model from a corpus, with or without an adversary; or the rest of an interrupted run."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import AvoidSubcommands, Positional

from partita.cli.arguments import parse, peek, with_new_names
from partita.errors import PartitaError
from partita.runs.config_formats import renamed
from partita.terminal import print_line
from partita.training.config.arms import with_arm
from partita.training.config.presets import named_config
from partita.training.config.train import TrainConfig

BUDGETS = ("steps", "epochs", "minutes")


@dataclass(frozen=True, kw_only=True)
class Command:
    """Train a model on a corpus, or go on with a run that was interrupted.

    `--config` and `--arm` choose the settings to start from; the other options override them. The arms are
    `likelihood`, the model alone, `report`, with the report's adversary, `report-formula`, with the norm of
    its formula in place of the likelihood, `policy`, `gumbel` and `pathwise`, whose adversary judges clips
    that the model draws, and `critic`, where a larger model does (`--critic.run RUN`), which in `corrected`
    goes on learning. The help shows the chosen settings: that of `partita train --arm report --help` has the
    adversary's too. Ctrl-C saves and stops.
    """

    corpus: Positional[Path | None] = None
    """A corpus made by `partita prepare`; with `--resume` only if it has moved."""
    out: Path | None = None
    """Folder of the run, new or empty."""
    config: str | None = None
    """`report`, the report's published set-up, a TOML file of settings, or another run's config.toml."""
    start_from: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    """Another run, whose weights to start from: fine-tuning on other recordings."""
    resume: Path | None = None
    """A run that was interrupted, to go on with as if nothing had happened."""
    settings: Annotated[AvoidSubcommands[TrainConfig], tyro.conf.arg(name="")] = field(
        default_factory=TrainConfig
    )

    def run(self) -> None:
        """Train, then say on standard output where the run is."""
        from partita.training.train import resume, train

        if self.resume is not None:
            self._refuse_settings()
            device = None if self.settings.device == "auto" else self.settings.device
            print_line(resume(self.resume, corpus=self.corpus, device=device))
        elif self.corpus is None or self.out is None:
            raise PartitaError(
                "name a corpus and a run to make, `partita train CORPUS --out RUN`, or a run to go on with,"
                " `partita train --resume RUN`"
            )
        else:
            print_line(train(self.corpus, self.out, self.settings, start_from=self.start_from))

    def _refuse_settings(self) -> None:
        device = TrainConfig(device=self.settings.device)
        if self != Command(resume=self.resume, corpus=self.corpus, settings=device):
            raise PartitaError(
                "`--resume` goes on with the run's own settings: leave out everything else but `--device`,"
                " and the corpus if it has moved"
            )


def read(arguments: Sequence[str]) -> Command:
    """Return the command that the arguments ask for; `--config` and `--arm` decide its defaults."""
    arguments = with_new_names(arguments, prog="partita train", renamed=renamed)
    config, arm = peek(arguments, "--config"), peek(arguments, "--arm")
    settings = TrainConfig() if config is None else named_config(config)
    settings = settings if arm is None else with_arm(settings, arm)
    if any(peek(arguments, f"--{name}") for name in BUDGETS):  # a budget given here replaces that one
        settings = replace(settings, steps=None, epochs=None, minutes=None)
    return parse(Command, arguments, prog="partita train", default=Command(settings=settings))
