"""The training loop, one for every arm: windows to the step, numbers to the metrics, now and then a score
and a checkpoint.

It does not know what the losses are, nor how a run begins or is found again.
"""

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from copy import deepcopy
from typing import Any

import torch

from partita.data.corpus import Corpus
from partita.data.verify import BackgroundCheck
from partita.data.windows import TrainingWindows, WindowBatch
from partita.errors import DivergedError
from partita.models.wavenet import WaveNet
from partita.runs import metrics
from partita.runs.checkpoint import Checkpoint
from partita.runs.folder import RunFolder
from partita.runs.loading import load_weights, weights_path
from partita.training.config.train import TrainConfig
from partita.training.diverged import diverged, non_finite_tensor
from partita.training.monitoring.diagnostics import trouble
from partita.training.monitoring.discriminator_monitor import DiscriminatorMonitor
from partita.training.monitoring.preview_clips import draw_clips, write_clips
from partita.training.monitoring.progress import ProgressDisplay
from partita.training.monitoring.scoring import Scoring
from partita.training.monitoring.tensorboard import TensorBoardWriter
from partita.training.schedule import Pace, learning_rate
from partita.training.state import TrainerState
from partita.training.time_budget import CLIPS_SECONDS, training_budget
from partita.training.train_step import StepInfo, TrainStep

LISTEN_EVERY = 5  # validations from one drawing of clips to the next
LISTEN_SHARE = 0.05  # of the time so far that drawing clips along the way may take


class Trainer:
    """A run in the making.

    Args:
        run: its folder.
        corpus: what it learns from.
        check: the comparison of the corpus with its digests.
        config: its resolved config.
        train_step: generator, optimizer, adversary.
        windows: the stream of training windows.
        state: where it is.
        display: what a person sees.
        board: TensorBoard.
    """

    def __init__(
        self,
        *,
        run: RunFolder,
        corpus: Corpus,
        check: BackgroundCheck,
        config: TrainConfig,
        train_step: TrainStep,
        windows: TrainingWindows,
        state: TrainerState,
        display: ProgressDisplay,
        board: TensorBoardWriter,
    ) -> None:
        self.run, self.corpus, self.config = run, corpus, config
        self.train_step, self.windows, self.state = train_step, windows, state
        self.display, self.board, self._check = display, board, check
        self._scoring = Scoring(corpus, config, train_step)
        self._listening: list[float] = []
        self._watch = DiscriminatorMonitor(critic=self.config.critic is not None)
        for record in metrics.read(run.metrics_path):  # of an earlier sitting: what it said is said
            if record.get("kind") == "train":
                self._watch.hear(record["step"], record)
        self._saved_at = time.monotonic()

    @property
    def budget(self) -> float | None:
        """Seconds after which training stops, or None: what is left of `minutes` is for the final score."""
        return training_budget(self.config)

    @property
    def fits_pace(self) -> bool:
        """Whether the schedule is fitted to the budget, in place of a given number of steps."""
        return self.config.steps is None and self.config.epochs is None

    def done(self) -> bool:
        """Whether the run is over: steps made, budget spent, or patience lost."""
        state, steps = self.state, self.state.pace.steps()
        if steps is not None and state.step >= steps:
            return True
        if self.config.patience and state.stale >= self.config.patience:
            return True
        return self.budget is not None and state.seconds >= self.budget and state.step > 0

    def until(self, stop: Callable[[], bool]) -> bool:
        """Train until the run is over (True) or until `stop` says so, after a step (False); either way it is
        saved. Time counts while this runs: a run may be paused, and other work done, between two calls."""
        self._clock = time.monotonic() - self.state.seconds
        while not self.done():
            self.step()
            self._check.raise_if_damaged()
            if self.done():
                break
            if stop():
                self.save()
                return False
        self.finish()
        return True

    def step(self) -> None:
        """Make one update, and whatever is due after it."""
        state = self.state
        self._update(self.windows.next())
        self._tick()
        if self.fits_pace:
            self._fit_first()
        if state.step % self.config.log_every == 0:
            self._log()
        if state.every and state.step % state.every == 0 and not self.done():
            self._validate()
            if state.step // state.every % LISTEN_EVERY == 0 and self._may_listen():
                self._listen()
            self._tick()
            if self.fits_pace:
                assert self.budget is not None
                state.pace.fit(state.step, state.seconds, self.budget)
            self.save()
        elif time.monotonic() - self._saved_at > 60.0 * self.config.checkpoint_minutes:
            self.save()

    def _update(self, batch: WindowBatch) -> None:
        begun = time.perf_counter()
        state, device = self.state, self.train_step.compute.device
        classes = torch.from_numpy(batch.classes).to(device, non_blocking=True)
        valid = torch.from_numpy(batch.valid).to(device, non_blocking=True)
        update = self._next_update()
        try:
            tensors = self.train_step.update(classes, valid, update)
        except FloatingPointError as error:
            raise self._diverged(str(error), step=update.step, clips=batch.names) from error
        values = torch.stack([value.double() for value in tensors.values()]).tolist()
        numbers = dict(zip(tensors, values, strict=True))
        state.step += 1
        state.meter.add(numbers, targets=int(batch.valid.sum()), seconds=time.perf_counter() - begun)

    def _next_update(self) -> StepInfo:
        state, config = self.state, self.config
        progress, steps = state.pace.progress(state.step), state.pace.steps()
        warmup = config.warmup if steps is None else min(config.warmup, steps // 10)
        rate = learning_rate(
            state.step,
            progress,
            peak=config.learning_rate,
            warmup=warmup,
            floor=config.lr_floor,
            decay_steps=config.lr_decay_steps,
        )
        return StepInfo(step=state.step + 1, learning_rate=rate, progress=progress)

    def _diverged(self, what: str, *, step: int, clips: list[str] | None = None) -> DivergedError:
        return diverged(what, step=step, saved=self.run.steps()[-1], config=self.config, clips=clips)

    def _tick(self) -> None:
        self.state.seconds = time.monotonic() - self._clock

    def _fit_first(self) -> None:
        state, budget = self.state, self.budget
        assert budget is not None
        if state.step == 2:
            state.pace.begin(state.step, state.seconds)
        if state.pace.is_due(state.step, state.seconds, budget):
            state.pace.fit(state.step, state.seconds, budget)
            state.every = interval(state.pace, self.config)

    def _log(self) -> None:
        state = self.state
        numbers = state.meter.take()
        self._demand_finite(numbers, "a number of the record")
        now = {"learning_rate": self._next_update().learning_rate, "seconds": round(state.seconds, 2)}
        self._record({"kind": "train", "step": state.step, **numbers, **now})
        self._notice(numbers)
        self.display.show(
            step=state.step,
            steps=None if self.fits_pace else state.pace.steps(),
            seconds=state.seconds,
            progress=state.progress(self.budget),
            left=state.seconds_left(self.budget),
            numbers=numbers,
        )
        if (remark := self._watch.hear(state.step, numbers)) is not None:
            self.display.say(remark)

    def _notice(self, numbers: dict[str, float]) -> None:
        """Say what is wrong with the generator's own clips, once when it begins."""
        words = trouble(numbers) or ""
        kind = words.split(":", 1)[0]
        if kind and kind != self.state.trouble:
            self.run.log({"kind": "trouble", "step": self.state.step, "words": words})
            self.display.say(f"step {self.state.step}: {words}")
        self.state.trouble = kind

    def _validate(self) -> None:
        """Score the average and the raw weights on a bounded part of the validation split, always the same
        part."""
        if not self._scoring.samples or self.state.last_scored == self.state.step:
            return
        with self.display.busy("scoring"):
            scores = self._scoring.scores(None if self.fits_pace else self.state.every)
        self._demand_finite(scores, "the validation score")
        self.state.score(scores.get("bits_average", scores["bits"]))
        self._record({"kind": "validation", "step": self.state.step, **scores})

    def _demand_finite(self, numbers: dict[str, float], what: str) -> None:
        if not all(map(math.isfinite, numbers.values())):
            raise self._diverged(what, step=self.state.step)

    def _record(self, record: dict[str, Any]) -> None:
        self.run.log(record)
        with self.run.disk_faults():
            self.board.record(record)

    def _listen(self) -> None:
        """Draw clips, and keep them as files and on the board."""
        if not (self.config.preview_clips and self._scoring.samples):
            return
        begun = time.monotonic()
        step, rate = self.state.step, self.corpus.sample_rate
        with self.display.busy("drawing clips"):
            clips = draw_clips(self._drawable(), self.corpus, self.config)
        with self.run.disk_faults():
            write_clips(self.run.clips_path, clips, step=step, sample_rate=rate)
            self.board.clips(clips, step=step, sample_rate=rate)
        self._listening.append(time.monotonic() - begun)

    def _may_listen(self) -> bool:
        """Whether another drawing of clips keeps within its share of the time."""
        expected = self._listening[-1] if self._listening else CLIPS_SECONDS
        return sum(self._listening) + expected <= LISTEN_SHARE * self.state.seconds

    def _drawable(self) -> WaveNet:
        """Return the network that draws, on the CPU, where the sampler is."""
        model = self.train_step.best_model
        return model if self.train_step.compute.device.type == "cpu" else deepcopy(model).cpu()

    def save(self, *, finished: bool = False, chosen: int | None = None) -> None:
        """Write a checkpoint of this moment."""
        entries = {"windows": self.windows.state(), "position": self.state.as_json(), "finished": finished}
        entries |= {"step": self.state.step, "chosen": chosen}
        checkpoint = Checkpoint(tensors=self.train_step.tensors(), state=entries)
        if (what := non_finite_tensor(checkpoint.tensors)) is not None:
            raise self._diverged(what, step=self.state.step)
        with self.display.busy("saving"):
            self.run.save(checkpoint, keep=self.config.keep_checkpoints, best=self.state.best_step)
        self._saved_at = time.monotonic()

    def finish(self) -> None:
        """Score the end, choose the checkpoint that stands for the run, score that one, and save."""
        with self.display.busy("checking the corpus") if self._check.running else nullcontext():
            self._check.finish()
        state = self.state
        if state.meter.steps:
            self._log()
        self._validate()
        chosen, model = state.step, self.train_step.best_model
        if (
            self.config.patience
            and state.best_bits is not None
            and state.best_bits != state.last_bits
            and state.best_step in self.run.steps()  # it may have gone with a damaged newer checkpoint
        ):
            assert state.best_step is not None
            chosen, model = state.best_step, deepcopy(model)
            load_weights(model, weights_path(self.run.checkpoint_path(chosen)))
        if self._scoring.samples:
            self._score_the_end(model, chosen)
        self._listen()
        self.save(finished=True, chosen=chosen)

    def _score_the_end(self, model: WaveNet, chosen: int) -> None:
        """Score the chosen weights on the whole validation split, or on as much as the budget leaves time
        for."""
        self._tick()
        with self.display.busy("scoring all held-out sound"):
            bits, share = self._scoring.last(model, spent=self.state.seconds)
        self._demand_finite({"bits": bits}, "the final score")
        record = {"kind": "final", "step": self.state.step, "chosen": chosen, "bits": bits}
        self._record(record if share == 1.0 else record | {"share": round(share, 6)})
        on = "held-out sound" if share == 1.0 else f"1/{round(1.0 / share)} of the held-out sound"
        self.display.say(f"{bits:.3f} bits a sample on {on}, at step {chosen}")


def interval(pace: Pace, config: TrainConfig) -> int:
    """Return the steps from one validation to the next."""
    return max(1, (pace.steps() or 1) // config.validations)
