"""A run at work: its trainer with the machine, the board and the display around it, and a signal that stops it.

This file does not begin runs and does not find them again.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import torch

from partita.data.corpus import Corpus
from partita.data.verify import BackgroundCheck
from partita.data.windows import TrainingWindows
from partita.runs.folder import RunFolder
from partita.signals import Interrupted, deferred_signals
from partita.training.config.train import TrainConfig
from partita.training.memory import keep_freed_memory
from partita.training.monitoring.progress import ProgressDisplay
from partita.training.monitoring.tensorboard import TensorBoardWriter
from partita.training.state import TrainerState
from partita.training.train_step import TrainStep
from partita.training.trainer import Trainer


@contextmanager
def session(
    *,
    run: RunFolder,
    corpus: Corpus,
    check: BackgroundCheck,
    config: TrainConfig,
    train_step: TrainStep,
    windows: TrainingWindows,
    state: TrainerState,
    quiet: bool,
    remarks: Sequence[str] = (),
) -> Iterator[Trainer]:
    """Yield a trainer, with the threads that the config asks for while the block runs.

    Args:
        run: the run's folder, which nobody else writes to.
        corpus: what it learns from.
        check: the comparison of the corpus with its digests, which goes on beside the block.
        config: its resolved config.
        train_step: generator, optimizer, adversary.
        windows: the stream of training windows.
        state: where the run is.
        quiet: show nothing on standard error.
        remarks: lines to show at the start.
    """
    begun = time.monotonic()
    keep_freed_memory()
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(config.threads or threads)
        display = ProgressDisplay(run.path.name, quiet=quiet)
        board = TensorBoardWriter(run.board_path, step=state.step, on=config.tensorboard)
        with closing(board):
            display.say(_summary(corpus, train_step))
            for remark in remarks:
                display.say(remark)
            state.seconds += time.monotonic() - begun  # importing TensorBoard takes seconds of the budget
            yield Trainer(
                run=run,
                corpus=corpus,
                check=check,
                config=config,
                train_step=train_step,
                windows=windows,
                state=state,
                display=display,
                board=board,
            )
    finally:
        torch.set_num_threads(threads)


def run_until_done(trainer: Trainer, stop: Callable[[], bool] | None) -> Path:
    """Train until the run is over, or until a signal or `stop` says so; return the run's folder.

    Args:
        trainer: the run.
        stop: asked after each step, if given.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; the run is saved and can go on.
    """
    with deferred_signals() as request, trainer.display:
        finished = trainer.until(lambda: request.signal_name is not None or (stop is not None and stop()))
    if request.signal_name is not None:
        path = trainer.run.path
        rest = "it had come to its end" if finished else f"go on with `partita train --resume {path}`"
        raise Interrupted(f"stopped by {request.signal_name} and saved at step {trainer.state.step}: {rest}")
    return trainer.run.path


def _summary(corpus: Corpus, train_step: TrainStep) -> str:
    weights = sum(parameter.numel() for parameter in train_step.generator.parameters())
    precision = "bfloat16" if train_step.compute.bfloat16 else "float32"
    minutes = corpus.seconds("train") / 60
    return (
        f"{weights:,} weights learn {minutes:.1f} minutes of sound ({train_step.compute.device}, {precision})"
    )
