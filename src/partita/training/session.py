"""Open a training session: threads, display, TensorBoard files and signal handling around a trainer.

This file does not create runs and does not restore them.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from partita.data.corpus import Corpus
from partita.data.verify import BackgroundCheck
from partita.device import thread_limit
from partita.signals import Interrupted, deferred_signals
from partita.training.memory import keep_freed_memory
from partita.training.monitoring.progress import ProgressDisplay
from partita.training.monitoring.tensorboard import TensorBoardWriter
from partita.training.state import TrainingRun
from partita.training.steps.learner import Learner
from partita.training.trainer import Trainer


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """Options of a training session.

    They do not affect the weights.

    Args:
        quiet: show nothing on standard error.
        corpus_check: a check of the corpus that is running already; by default the session starts one.
    """

    quiet: bool = False
    corpus_check: BackgroundCheck | None = None

    def checking(self, corpus: Corpus) -> AbstractContextManager[BackgroundCheck]:
        """Return a context manager that yields the given corpus check, or a new one that ends with the block.

        Args:
            corpus: the corpus to check.
        """
        return BackgroundCheck(corpus) if self.corpus_check is None else nullcontext(self.corpus_check)


@contextmanager
def session(run: TrainingRun, check: BackgroundCheck, *, quiet: bool = False) -> Iterator[Trainer]:
    """Yield the trainer of a run; while the block runs, PyTorch uses the config's number of threads.

    Args:
        run: the run, whose folder no other process writes to.
        check: the check of its corpus.
        quiet: show nothing on standard error.
    """
    begun = time.monotonic()
    keep_freed_memory()
    with thread_limit(run.config.threads):
        display = ProgressDisplay(run.folder.path.name, quiet=quiet)
        tensorboard = TensorBoardWriter(run.folder.path, step=run.state.step, on=run.config.tensorboard)
        with closing(tensorboard):
            display.say(_summary(run.corpus, run.train_step))
            for note in run.notes:
                display.say(note)
            run.state.seconds += time.monotonic() - begun  # importing TensorBoard takes seconds of the budget
            yield Trainer(run, check=check, display=display, tensorboard=tensorboard)


def run_until_done(trainer: Trainer, stop: Callable[[], bool] | None) -> Path:
    """Train until the run is finished, a signal arrives or `stop` returns True; return the run's folder.

    Args:
        trainer: the run's trainer.
        stop: called after each step, if given.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; the run is saved and can be resumed.
    """
    with deferred_signals() as request, trainer.display:
        finished = trainer.train_until(
            lambda: request.signal_name is not None or (stop is not None and stop())
        )
    path = trainer.folder.path
    if request.signal_name is not None:
        rest = "the run is finished" if finished else f"go on with `partita train --resume {path}`"
        raise Interrupted(f"stopped by {request.signal_name} and saved at step {trainer.state.step}: {rest}")
    return path


def _summary(corpus: Corpus, train_step: Learner[Any]) -> str:
    tier = train_step.frame_tier
    networks = [train_step.generator, *([] if tier is None else [tier.model])]
    counts = [sum(parameter.numel() for parameter in network.parameters()) for network in networks]
    weights = " + ".join(f"{count:,}" for count in counts)
    precision = "bfloat16" if train_step.compute.bfloat16 else "float32"
    minutes = corpus.seconds("train") / 60
    return (
        f"training {weights} weights on {minutes:.1f} minutes of sound"
        f" ({train_step.compute.device}, {precision})"
    )
