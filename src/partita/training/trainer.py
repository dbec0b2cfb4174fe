"""Train a run: feed windows to the train step, log its numbers, and now and then validate and save.

One trainer serves every arm. It does not know the losses, nor how a run is created or restored.
"""

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from copy import deepcopy
from typing import Any

import torch
from torch import nn

from partita.data.verify import BackgroundCheck
from partita.data.windows import WindowBatch
from partita.errors import DivergedError
from partita.models.wavenet import WaveNet
from partita.runs import metrics
from partita.runs.checkpoint import Checkpoint
from partita.runs.weights import FRAME_TIER_FILE, load_weights, weights_path
from partita.training.diverged import diverged, non_finite_tensor
from partita.training.monitoring.chosen_temperatures import ChosenTemperatures, choose_temperatures
from partita.training.monitoring.diagnostics import DiscriminatorMonitor, clip_problem
from partita.training.monitoring.preview_clips import PreviewClips
from partita.training.monitoring.progress import ProgressDisplay, final_sentence
from partita.training.monitoring.tensorboard import TensorBoardWriter
from partita.training.monitoring.validation import ValidationScorer, decisive_score
from partita.training.state import TrainingRun
from partita.training.steps.learner import StepInfo
from partita.training.tiers.conditions import window_conditions
from partita.training.time_budget import temperature_seconds, training_budget

PREVIEW_EVERY = 5  # validations from one drawing of preview clips to the next


class Trainer:
    """Train one run. `train_until` may be called several times, with other work in between.

    Args:
        run: the run.
        check: the check of its corpus, running or finished.
        display: the progress display.
        tensorboard: the TensorBoard files.
    """

    def __init__(
        self,
        run: TrainingRun,
        *,
        check: BackgroundCheck,
        display: ProgressDisplay,
        tensorboard: TensorBoardWriter,
    ) -> None:
        self.folder, self.config, self.state = run.folder, run.config, run.state
        self.train_step, self.windows, self.frame_windows = run.train_step, run.windows, run.frame_windows
        self.display, self._check, self._tensorboard = display, check, tensorboard
        self._corpus = run.corpus
        self._temperatures = ChosenTemperatures(frames=run.frame_temperature)
        self._scorer = ValidationScorer(run.corpus, run.config, run.train_step)
        self._previews = PreviewClips(run.folder, run.corpus, run.config, tensorboard)
        self._monitor = DiscriminatorMonitor(critic=run.config.adversary is None)
        for record in metrics.read(run.folder.metrics_path):  # an earlier session reported these problems
            if record.get("kind") == "train":
                self._monitor.update(record["step"], record)
        self._saved_at = time.monotonic()

    @property
    def budget(self) -> float | None:
        """Seconds after which training stops, or None; the rest of `minutes` is for the final score."""
        return training_budget(self.config)

    @property
    def fits_pace(self) -> bool:
        """Whether the schedule is fitted to a budget in minutes; else the number of steps is known."""
        return self.config.steps is None and self.config.epochs is None

    def done(self) -> bool:
        """Return whether training is over: by its steps, its budget or its patience."""
        state, steps = self.state, self.state.pace.steps()
        if steps is not None and state.step >= steps:
            return True
        if self.config.patience and state.stale >= self.config.patience:
            return True
        return self.budget is not None and state.seconds >= self.budget and state.step > 0

    def train_until(self, stop: Callable[[], bool]) -> bool:
        """Train until the run is finished or `stop` returns True, then save; only this time counts.

        Args:
            stop: called after each step.

        Returns:
            True if the run is finished, False if `stop` ended the training before.
        """
        self._clock_start = time.monotonic() - self.state.seconds
        while not self.done():
            self.step()
            self._check.raise_if_damaged()
            if not self.done() and stop():
                self.save()
                return False
        self.finish()
        return True

    def step(self) -> None:
        """Make one update; then log, validate, draw preview clips and save whenever they are due."""
        state = self.state
        self._update(self.windows.next())
        self._read_clock()
        if self.fits_pace:
            self._fit_first_pace()
        if state.step % self.config.log_every == 0:
            self._log()
        if state.every and state.step % state.every == 0 and not self.done():
            self._validate()
            if state.step // state.every % PREVIEW_EVERY == 0 and self._previews.fit_in(state.seconds):
                self._draw_previews()
            self._read_clock()
            if self.fits_pace and (budget := self.budget) is not None:
                state.pace.fit(state.step, state.seconds, budget)
            self.save()
        elif time.monotonic() - self._saved_at > 60.0 * self.config.checkpoint_minutes:
            self.save()

    def _update(self, batch: WindowBatch) -> None:
        begun = time.perf_counter()
        state, device = self.state, self.train_step.compute.device
        classes = torch.from_numpy(batch.classes).to(device, non_blocking=True)
        valid = torch.from_numpy(batch.valid).to(device, non_blocking=True)
        update, conditions = self._next_update(), window_conditions(batch, device)
        try:
            tensors = self.train_step.update(classes, valid, update, conditions)
            tensors |= self._update_frames(update)
        except FloatingPointError as error:
            raise self._diverged(str(error), step=update.step, windows=batch.names) from error
        values = torch.stack([value.double() for value in tensors.values()]).tolist()
        numbers = dict(zip(tensors, values, strict=True))
        state.step += 1
        state.meter.add(numbers, targets=int(batch.valid.sum()), seconds=time.perf_counter() - begun)

    def _update_frames(self, update: StepInfo) -> dict[str, torch.Tensor]:
        """Update the frame tier, if there is one and it is due."""
        tier = self.train_step.frame_tier
        if tier is None or self.frame_windows is None or (update.step - 1) % tier.config.every:
            return {}
        windows = self.frame_windows.next()
        return tier.update(windows.frames, windows.valid, progress=update.progress)

    def _next_update(self) -> StepInfo:
        step, rate = self.state.step, self.state.learning_rate(self.config)
        return StepInfo(step=step + 1, learning_rate=rate, progress=self.state.pace.progress(step))

    def _read_clock(self) -> None:
        self.state.seconds = time.monotonic() - self._clock_start

    def _fit_first_pace(self) -> None:
        """Fit the pace of a run in minutes for the first time, once enough of the budget is spent."""
        state, budget = self.state, self.budget
        assert budget is not None
        if state.step == 2:
            state.pace.begin(state.step, state.seconds)
        if state.pace.is_due(state.step, state.seconds, budget):
            state.pace.fit(state.step, state.seconds, budget)
            state.every = state.pace.interval(self.config.validations)

    def _log(self) -> None:
        state, numbers = self.state, self.state.meter.take()
        self._check_finite(numbers, "a number of the record")
        now = {"learning_rate": state.learning_rate(self.config), "seconds": round(state.seconds, 2)}
        self._record({"kind": "train", "step": state.step, **numbers, **now})
        self._report_clip_problem(numbers)
        self.display.show(
            step=state.step,
            steps=None if self.fits_pace else state.pace.steps(),
            seconds=state.seconds,
            progress=state.progress(self.budget),
            left=state.seconds_left(self.budget),
            numbers=numbers,
        )
        if (warning := self._monitor.update(state.step, numbers)) is not None:
            self.display.say(warning)

    def _report_clip_problem(self, numbers: dict[str, float]) -> None:
        """Log and show a problem of the drawn clips, once each time it appears."""
        words = clip_problem(numbers) or ""
        kind = words.split(":", 1)[0]
        if kind and kind != self.state.trouble:
            self.folder.log({"kind": "trouble", "step": self.state.step, "words": words})
            self.display.say(f"step {self.state.step}: {words}")
        self.state.trouble = kind

    def _validate(self) -> None:
        """Score the EMA and the raw weights on a part of the validation split, the same part each time."""
        if not self._scorer.scores_windows or self.state.last_scored == self.state.step:
            return
        with self.display.busy("scoring"):
            scores = self._scorer.scores(None if self.fits_pace else self.state.every)
        self._check_finite(scores, "the validation score")
        if self.train_step.frame_tier is not None and "frame_bits" in scores:
            self.train_step.frame_tier.keep_if_better(scores["frame_bits"])
        if (decisive := decisive_score(scores)) is not None:
            self.state.score(decisive)
        self._record({"kind": "validation", "step": self.state.step, **scores})

    def _check_finite(self, numbers: dict[str, float], what: str) -> None:
        if not all(map(math.isfinite, numbers.values())):
            raise self._diverged(what, step=self.state.step)

    def _diverged(self, what: str, *, step: int, windows: list[str] | None = None) -> DivergedError:
        saved = self.folder.steps()[-1]
        return diverged(what, step=step, saved=saved, config=self.config, windows=windows)

    def _record(self, record: dict[str, Any]) -> None:
        self.folder.log(record)
        with self.folder.explain_full_disk():
            self._tensorboard.record(record)

    def _draw_previews(self) -> None:
        if self.config.preview_clips and self._scorer.samples:
            with self.display.busy("drawing clips"):
                self._previews.draw(self.train_step, step=self.state.step, temperatures=self._temperatures)

    def save(self, *, finished: bool = False, chosen: int | None = None) -> None:
        """Save a checkpoint of the current step.

        Args:
            finished: whether the run is finished.
            chosen: the step whose checkpoint represents a finished run.

        Raises:
            DivergedError: a weight is not finite; the earlier checkpoints are unchanged.
            PartitaError: the disk is full; the earlier checkpoints are unchanged.
        """
        entries = {"windows": self.windows.state(), "position": self.state.as_json(), "finished": finished}
        entries |= {"step": self.state.step, "chosen": chosen} | self._temperatures.state()
        if self.frame_windows is not None:
            entries["frame_windows"] = self.frame_windows.state()
        checkpoint = Checkpoint(tensors=self.train_step.tensors(), state=entries)
        if (what := non_finite_tensor(checkpoint.tensors)) is not None:
            raise self._diverged(what, step=self.state.step)
        with self.display.busy("saving"):
            self.folder.save(checkpoint, keep=self.config.keep_checkpoints, best=self.state.best_step)
        self._saved_at = time.monotonic()

    def finish(self) -> None:
        """Validate, choose the checkpoint that represents the run and temperatures, draw clips, and save."""
        with self.display.busy("checking the corpus") if self._check.running else nullcontext():
            self._check.finish()
        if self.state.meter.steps:
            self._log()
        self._validate()
        chosen, model = self._choose_checkpoint()
        if self._scorer.scores_windows:
            self._score_final(model, chosen)
        self._choose_temperatures(model, chosen)
        self._draw_previews()
        self.save(finished=True, chosen=chosen)

    def _choose_checkpoint(self) -> tuple[int, nn.Module]:
        """Return the step that represents the run (with `patience` the best, else the last) and its model."""
        state, model = self.state, self.train_step.best_model
        best = state.best_step if self.config.patience and state.best_bits != state.last_bits else None
        if best is None or best not in self.folder.steps():  # it may be lost with a damaged later checkpoint
            return state.step, model
        model = deepcopy(model)
        load_weights(model, weights_path(self.folder.checkpoint_path(best)))
        return best, model

    def _score_final(self, model: nn.Module, chosen: int) -> None:
        """Score the chosen weights on the validation split, or on as much as the budget leaves time for."""
        self._read_clock()
        with self.display.busy("scoring all held-out sound"):
            scores, share = self._scorer.final_score(model, spent=self.state.seconds)
        self._check_finite(scores, "the final score")
        record = {"kind": "final", "step": self.state.step, "chosen": chosen} | scores
        self._record(record | ({} if share == 1.0 else {"share": round(share, 6)}))
        self.display.say(final_sentence(scores, self.config, share=share, step=chosen))

    def _choose_temperatures(self, model: nn.Module, chosen: int) -> None:
        """Choose the temperatures of a sample tier that is given features and of the frame tier."""
        self._read_clock()
        seconds, steps = temperature_seconds(self.config, spent=self.state.seconds), self.state.step
        if not seconds or not isinstance(model, WaveNet):
            return
        tier = self.train_step.frame_tier
        frames = None if tier is None else deepcopy(tier.best)
        if frames is not None and chosen != steps:
            load_weights(frames, self.folder.checkpoint_path(chosen) / FRAME_TIER_FILE)
        with self.display.busy("choosing temperatures"):
            self._temperatures = choose_temperatures(
                model, frames, self._corpus, self.config, steps=steps, seconds=seconds
            ).or_else(self._temperatures)
        for kind, numbers in self._temperatures.records.items():
            self._record({"kind": kind, "step": steps, "chosen": chosen} | numbers)
        self.display.say(self._temperatures.sentence)
