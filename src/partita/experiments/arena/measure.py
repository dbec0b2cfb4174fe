"""One student measured against the teacher: a curve over temperature, each point with its intervals.

The same prompts and the same numbers behind the draws serve all arms and temperatures of a seed, so arms
compare clip by clip. This file does not train.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.spectrogram import log_mel
from partita.evaluation.metrics.divergence import ClipDivergences, Clips, divergences, log_ratios
from partita.evaluation.metrics.judge_agreement import judge_agreement, judge_rewards
from partita.evaluation.metrics.steered import steered_kl_bound
from partita.evaluation.metrics.two_sample import FOLDS, two_sample_auc
from partita.evaluation.statistics.scores import block_mean
from partita.evaluation.statistics.trimmed import trimmed_mean
from partita.experiments.arena.selection import BOUND
from partita.models.wavenet import WaveNet
from partita.runs.folder import RunFolder
from partita.runs.loading import LoadedModel
from partita.sampling.config import SamplingConfig
from partita.sampling.smc.sampler import Steering
from partita.sampling.stream import draw

JUDGED = 64  # clips that judges are compared on
FEW = 64  # clips that steered arms are measured on, each as dear as its particles; a classifier hears as many
BANDS, WINDOW, HOP = 24, 512, 128  # of the spectra that a fresh classifier hears

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """What all arms of a seed are measured with.

    Args:
        teacher: the model that is the data, loaded.
        truth: prompts, and how the teacher went on.
        seed: of the students' draws, another one than that of the prompts, whose numbers they would else
            repeat, and of the bootstrap.
        threads: to draw with; None is one for each core.
    """

    teacher: LoadedModel
    truth: Clips
    seed: int
    threads: int | None = None

    def curve(self, student: WaveNet, temperatures: Sequence[float]) -> list[dict[str, Any]]:
        """Return for each temperature the divergences both ways, in bits a sample, fit for JSON.

        Args:
            student: the model to measure.
            temperatures: of its conditionals, which draw its clips and are scored.

        Raises:
            PartitaError: a divergence is not finite.
        """
        forward = divergences(self.teacher.model, student, self.truth, temperatures)
        points = []
        for number, temperature in enumerate(temperatures):
            clips = self._drawn(student, temperature)
            (reverse,) = divergences(self.teacher.model, student, clips, (temperature,))
            scores = self._scores(forward[number], reverse) | self._two_sample_auc(clips)
            points.append({"temperature": temperature} | scores)
        return points

    def steered_curve(
        self, student: WaveNet, steering: Steering, temperatures: Sequence[float]
    ) -> list[dict[str, Any]]:
        """Return for each temperature of the student a bound on KL(steered || teacher), in bits a sample.

        Forward there is none: how probable a given clip is under steering is not computable.
        """
        past, steps = self.truth.past[:FEW], self.truth.sound.shape[1]
        points = []
        for temperature in temperatures:
            config = SamplingConfig(temperature=temperature, seed=self.seed, threads=self.threads)
            steered = steered_kl_bound(
                self.teacher.model,
                student,
                steering,
                past,
                steps,
                config,
                zero_class=self.teacher.quantizer.zero_class,
            )
            scores = self._mean(BOUND, steered.bound) | self._runaway(steered.sums)
            points.append({"temperature": temperature} | scores | self._two_sample_auc(steered.clips))
        return points

    def agreement(self, run: RunFolder, loaded: LoadedModel) -> dict[str, Any] | None:
        """Return how far the judge of a run agrees with the exact log-ratio along the student's own clips,
        fit for JSON; None where nobody judged.

        Args:
            run: the finished run.
            loaded: its model, whose clips are judged.
        """
        few = self._drawn(loaded.model, 1.0, JUDGED)
        judged = judge_rewards(run, loaded, few)
        if judged is None or not judged.size:
            return None
        exact = log_ratios(self.teacher.model, loaded.model, few)[:, -judged.shape[1] :]
        found = judge_agreement(judged, exact, seed=self.seed)
        return None if found is None else found.as_json()

    def _drawn(self, student: WaveNet, temperature: float, most: int | None = None) -> Clips:
        """Return what the student draws after the first prompts, or after all."""
        past, steps = self.truth.past[:most], self.truth.sound.shape[1]
        config = SamplingConfig(temperature=temperature, seed=self.seed, threads=self.threads)
        sound = draw(
            student,
            clips=len(past),
            steps=steps,
            prompt=past,
            config=config,
            zero_class=self.teacher.quantizer.zero_class,
        )
        return Clips(past, sound)

    def _scores(self, forward: ClipDivergences, reverse: ClipDivergences) -> dict[str, Any]:
        return (
            self._mean("kl_sum", forward.forward + reverse.reverse)
            | self._mean("kl_forward", forward.forward)
            | self._mean("kl_reverse", reverse.reverse)
            | self._mean(BOUND, reverse.reverse[:FEW])
            | self._mean("jensen_shannon", 0.5 * (forward.shannon + reverse.shannon), trimmed=False)
            | self._mean("kl_forward_of_draws", forward.log_ratio, trimmed=False)
            | self._mean("kl_reverse_of_draws", -reverse.log_ratio, trimmed=False)
            | self._runaway(reverse)
        )

    def _mean(self, name: str, bits: Floats, *, trimmed: bool = True) -> dict[str, Any]:
        samples = self.truth.sound.shape[1]
        counts = np.full(len(bits), samples)
        found = {name: block_mean(bits, counts, seed=self.seed).as_json()}
        if trimmed:
            found[f"{name}_trimmed"] = trimmed_mean(bits / samples, seed=self.seed).as_json()
        return found

    def _runaway(self, drawn: ClipDivergences) -> dict[str, Any]:
        """Return the share of clips that the teacher finds less probable than noise of equally likely
        classes."""
        noise = math.log2(self.teacher.quantizer.classes) * self.truth.sound.shape[1]
        away = (drawn.surprise > noise).astype(np.float64)
        return {"runaway_share": block_mean(away, np.ones(len(away)), seed=self.seed).as_json()}

    def _two_sample_auc(self, drawn: Clips) -> dict[str, Any]:
        """Return how well a fresh classifier tells drawn clips from the teacher's; too few say nothing."""
        fake, real = (self._spectra(clips.sound[:FEW]) for clips in (drawn, self.truth))
        if len(real) < FOLDS:
            return {}
        return {"told_apart": two_sample_auc(fake, real, seed=self.seed).as_json()}

    def _spectra(self, sound: NDArray[Any]) -> list[NDArray[np.float32]]:
        rate = self.teacher.sample_rate
        return [
            log_mel(clip, rate, n_mels=BANDS, n_fft=WINDOW, hop_length=HOP)
            for clip in self.teacher.quantizer.decode(sound)
        ]
