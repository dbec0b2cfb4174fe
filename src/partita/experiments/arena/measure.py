"""The evaluation of one student against the teacher, the facts of a run's training, and results from files.

The divergences are computed at several temperatures, each with an interval. All arms and temperatures of a
seed share the prompts and the random numbers of the draws, so that arms can be compared clip by clip. This
file trains nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.spectrogram import log_mel
from partita.digests import verify_digest
from partita.evaluation.metrics.divergence import ClipDivergences, Clips, divergences, log_ratios
from partita.evaluation.metrics.judge_agreement import judge_agreement, judge_rewards
from partita.evaluation.metrics.steered import steered_kl_bound
from partita.evaluation.metrics.two_sample import FOLDS, two_sample_auc
from partita.evaluation.statistics.scores import block_mean
from partita.evaluation.statistics.trimmed import trimmed_mean
from partita.experiments.arena.selection import BOUND
from partita.experiments.arm_spec import STEER, ArmSpec
from partita.models.wavenet import WaveNet
from partita.runs.folder import RunFolder
from partita.runs.loading import LoadedModel
from partita.sampling.config import SamplingConfig
from partita.sampling.smc.sampler import Steering
from partita.sampling.stream import draw
from partita.tables import Table, read_json

AGREEMENT_CLIPS = 64  # for the agreement of a judge with the exact log-ratio
# for the two-sample classifier, and for steered arms, which draw several particles for each clip
STEERED_CLIPS = 64
BANDS, WINDOW, HOP = 24, 512, 128  # of the classifier's spectrograms
RESULT_REMEDY = "remove the file, and it is made again"
ERRORS = ("diverged", "start_diverged")
SHARES = ("heard", "told_right", "machine_share")

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class StudentEvaluator:
    """Evaluates all arms of a seed against the teacher.

    Args:
        teacher: the loaded model whose distribution is the data's.
        clips: prompts with the teacher's continuations.
        seed: of the students' draws and of the bootstrap. It must differ from the seed of `clips`, or the
            draws would repeat the random numbers of the prompts.
        threads: for drawing; None is one for each core.
    """

    teacher: LoadedModel
    clips: Clips
    seed: int
    threads: int | None = None

    def curve(self, student: WaveNet, temperatures: Sequence[float]) -> list[dict[str, Any]]:
        """Return the divergences in both directions for each temperature, in bits per sample, fit for JSON.

        Args:
            student: the model.
            temperatures: of its distribution, both where it draws clips and where it is scored.

        Raises:
            PartitaError: a divergence is not finite.
        """
        forward = divergences(self.teacher.wavenet, student, self.clips, temperatures)
        points = []
        for number, temperature in enumerate(temperatures):
            clips = self.continuations(student, temperature)
            (reverse,) = divergences(self.teacher.wavenet, student, clips, (temperature,))
            scores = self._scores(forward[number], reverse) | self._two_sample_score(clips)
            points.append({"temperature": temperature} | scores)
        return points

    def steered_curve(
        self, student: WaveNet, steering: Steering, temperatures: Sequence[float]
    ) -> list[dict[str, Any]]:
        """Return an upper bound on KL(steered || teacher) for each temperature, in bits per sample.

        There is no bound in the other direction, since the probability of a given clip under steering is not
        computable.

        Args:
            student: the model that is steered.
            steering: the judge and how it steers.
            temperatures: of the student's distribution.
        """
        past, steps = self.clips.past[:STEERED_CLIPS], self.clips.sound.shape[1]
        points = []
        for temperature in temperatures:
            config = SamplingConfig(temperature=temperature, seed=self.seed, threads=self.threads)
            steered = steered_kl_bound(
                self.teacher.wavenet,
                student,
                steering,
                past,
                steps,
                config,
                zero_class=self.teacher.quantizer.zero_class,
            )
            scores = self._mean(BOUND, steered.bound) | self._runaway(steered.sums)
            points.append({"temperature": temperature} | scores | self._two_sample_score(steered.clips))
        return points

    def agreement(self, run: RunFolder, loaded: LoadedModel) -> dict[str, Any] | None:
        """Return the correlation of a run's judge with the exact log-ratio, fit for JSON.

        Args:
            run: the finished run.
            loaded: its model, which draws the clips.

        Returns:
            The correlation with its interval, or None if the run has no judge.
        """
        few = self.continuations(loaded.wavenet, 1.0, AGREEMENT_CLIPS)
        judged = judge_rewards(run, loaded, few)
        if judged is None or not judged.size:
            return None
        exact = log_ratios(self.teacher.wavenet, loaded.wavenet, few)[:, -judged.shape[1] :]
        found = judge_agreement(judged, exact, seed=self.seed)
        return None if found is None else found.as_json()

    def continuations(self, student: WaveNet, temperature: float, count: int | None = None) -> Clips:
        """Return the student's continuations of the prompts.

        Args:
            student: the model.
            temperature: of its distribution.
            count: of prompts, the first ones; by default all.
        """
        clips = self.clips.first(count)
        config = SamplingConfig(temperature=temperature, seed=self.seed, threads=self.threads)
        sound = draw(
            student,
            clips=len(clips.past),
            steps=clips.sound.shape[1],
            prompt=clips.past,
            config=config,
            zero_class=self.teacher.quantizer.zero_class,
            conditions=clips.frame_source(self.teacher.model.config.condition),
        )
        return Clips(clips.past, sound, clips.conditions)

    def _scores(self, forward: ClipDivergences, reverse: ClipDivergences) -> dict[str, Any]:
        return (
            self._mean("kl_sum", forward.forward + reverse.reverse)
            | self._mean("kl_forward", forward.forward)
            | self._mean("kl_reverse", reverse.reverse)
            | self._mean(BOUND, reverse.reverse[:STEERED_CLIPS])
            | self._mean("jensen_shannon", 0.5 * (forward.shannon + reverse.shannon), trimmed=False)
            | self._mean("kl_forward_of_draws", forward.log_ratio, trimmed=False)
            | self._mean("kl_reverse_of_draws", -reverse.log_ratio, trimmed=False)
            | self._runaway(reverse)
        )

    def _mean(self, name: str, bits: Floats, *, trimmed: bool = True) -> dict[str, Any]:
        samples = self.clips.sound.shape[1]
        counts = np.full(len(bits), samples)
        found = {name: block_mean(bits, counts, seed=self.seed).as_json()}
        if trimmed:
            found[f"{name}_trimmed"] = trimmed_mean(bits / samples, seed=self.seed).as_json()
        return found

    def _runaway(self, drawn: ClipDivergences) -> dict[str, Any]:
        """Return the share of clips that are less probable for the teacher than uniform noise."""
        noise = math.log2(self.teacher.quantizer.classes) * self.clips.sound.shape[1]
        away = (drawn.surprise > noise).astype(np.float64)
        return {"runaway_share": block_mean(away, np.ones(len(away)), seed=self.seed).as_json()}

    def _two_sample_score(self, drawn: Clips) -> dict[str, Any]:
        """Return how well a new classifier separates both kinds of clips; empty if they are few."""
        fake, real = (self._spectra(clips.sound[:STEERED_CLIPS]) for clips in (drawn, self.clips))
        if len(real) < FOLDS:
            return {}
        return {"told_apart": two_sample_auc(fake, real, seed=self.seed).as_json()}

    def _spectra(self, sound: NDArray[Any]) -> list[NDArray[np.float32]]:
        rate = self.teacher.sample_rate
        return [
            log_mel(clip, rate, n_mels=BANDS, n_fft=WINDOW, hop_length=HOP)
            for clip in self.teacher.quantizer.decode(sound)
        ]


def read_result(path: Path, spec: ArmSpec, seed: int) -> dict[str, Any]:
    """Return the result of an arm from its file, with every value checked.

    Args:
        path: the file.
        spec: the arm.
        seed: the student's.

    Raises:
        PartitaError: the file is damaged, or belongs to another arm or student.
    """
    table = verify_digest(read_json(path, remedy=RESULT_REMEDY))
    if table.text("arm") != spec.name:
        table.reject("arm", f"must be {spec.name!r}")
    if table.integer("seed") != seed:
        table.reject("seed", f"must be {seed}")
    error = next((name for name in ERRORS if name in table.values), None)
    if error is not None:
        table.text(error)
        return table.values
    _check_facts(table.table("start"))
    table.table("start").boolean("flat")
    _check_facts(table.table("training"))
    if table.values.get("agreement") is not None:
        _check_score(table, "agreement")
    if not table.tables("curve"):
        table.reject("curve", "must have a point for each temperature")
    for point in table.tables("curve"):
        _check_point(point, required=BOUND if spec.arm == STEER else "kl_sum")
    return {"agreement": None} | table.values


def _check_facts(facts: Table) -> None:
    facts.integer("steps", minimum=0)
    facts.number("seconds", minimum=0.0)
    for name in (*SHARES, "critic_seconds"):
        facts.optional(name, lambda key: facts.number(key, minimum=0.0))
    facts.optional("critic_weights", facts.text)


def _check_point(point: Table, *, required: str) -> None:
    point.number("temperature", minimum=0.01)
    for name in point.values.keys() | {required}:
        if name != "temperature":
            _check_score(point, name)


def _check_score(table: Table, name: str) -> None:
    for part in ("value", "low", "high"):
        table.table(name).number(part)
