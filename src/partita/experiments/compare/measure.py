"""The scores of one arm under one seed: the choice of its temperature, and its clips held against real sound.

The temperature is chosen on the validation split by the primary score, by the same rule for every arm; all
other numbers are from the test split. All arms of a seed continue the same prompts with the same random
numbers. This file trains nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.data.corpus import Corpus
from partita.device import one_blas_thread
from partita.evaluation.clip_scores import clip_scores
from partita.evaluation.clips import MIN_CLIPS, RealClips, draw_continuations
from partita.evaluation.evaluate import EvaluateConfig, choose_real_clips, evaluate_with_clips, fit_config
from partita.evaluation.metrics.distances.noise_scale import distances_alone
from partita.evaluation.metrics.drift_from_real import drift_from_real
from partita.evaluation.metrics.patch_auc import patch_auc
from partita.evaluation.metrics.runaway import runaway_shares
from partita.evaluation.metrics.variety import nearest
from partita.experiments.compare.config import CompareConfig
from partita.experiments.compare.score_names import FROM_REAL
from partita.runs.loading import LoadedModel
from partita.seeds import numpy_stream

NOISE_DBFS = -40.0  # of the control: white noise on the clips of `likelihood`
DURATIONS = (3.0, 10.0, 30.0)  # seconds, of the share of clips that break down
MOST_TRAINING_SECONDS = 600.0  # of the sound in which copies are looked for
SHORTEST_COPY_SECONDS = 0.6

Waveforms = NDArray[np.float32]
Result = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured of an arm under a seed.

    Args:
        result: fit for JSON: `temperature`, `curve`, `scores`, and of the control `noised`.
        real: the prompts and their real continuations.
        clips: (clips, samples) continuations by the arm, float in [-1, 1].
    """

    result: Result
    real: RealClips
    clips: Waveforms


class Measure:
    """Measures the arms of a comparison on one corpus.

    Args:
        config: the comparison.
        corpus: its corpus.
        seed: the number of the seed; prompts, draws and intervals follow from it.
    """

    def __init__(self, config: CompareConfig, corpus: Corpus, seed: int) -> None:
        self.config, self.corpus = config, corpus
        self.seed = config.stream(f"draws {seed}")

    @one_blas_thread()
    def __call__(self, loaded: LoadedModel, *, noised: bool) -> Measured:
        """Return the scores of a model.

        Args:
            loaded: the model, with the frame tier that it is drawn with.
            noised: also score its clips with white noise added, which must come out worse.
        """
        curve = self._curve(loaded)
        primary = self.config.primary_score
        best = min(curve, key=lambda point: (point["validation"][primary], abs(point["temperature"] - 1)))
        plan = replace(self._plan("test"), temperature=best["temperature"])
        found = evaluate_with_clips(loaded, self.corpus, plan)
        scores = _numbers(found.scores) | self._more(found.clips, found.real)
        scores["frechet_log_mel"]["real"] = scores["frechet_real_halves"]
        scores |= self._runaway(loaded, best["temperature"], found.real)
        result = {"temperature": best["temperature"], "curve": curve, "scores": _with_distances(scores)}
        if noised:
            result["noised"] = self._noised(found.clips, found.real)
        about = found.scores["about"]
        result["about"] = {name: about[name] for name in ("clips", "clip_seconds", "opening_seconds")}
        result["warnings"] = self._warnings(loaded, found.scores["warnings"])
        return Measured(result=result, real=found.real, clips=found.clips)

    def _plan(self, split: str) -> EvaluateConfig:
        """Return the evaluation of a split, which has as many clips as fit into its sound."""
        config = self.config
        return EvaluateConfig(
            split=split,
            clips=config.clips,
            seconds=config.seconds,
            prompt_seconds=config.prompt_seconds,
            bits_seconds=config.bits_seconds,
            seed=self.seed,
            threads=config.threads,
            device=config.device,
        )

    def _fitted(self, split: str) -> EvaluateConfig:
        return fit_config(self._plan(split), self.corpus.segment_seconds(split))

    def _warnings(self, loaded: LoadedModel, found: Sequence[str]) -> list[str]:
        """Return what limits the scores of a model; the name of its run says nothing here."""
        warnings = [warning.replace(loaded.name, "the model") for warning in found]
        fitted, wanted = self._fitted("validation"), self._plan("validation")
        if (fitted.clips, fitted.seconds) != (wanted.clips, wanted.seconds):
            warnings.append(
                f"the validation split is short: temperatures were chosen on {fitted.clips} clips of"
                f" {fitted.seconds:g} s"
            )
        return warnings

    def _curve(self, loaded: LoadedModel) -> list[Result]:
        """Return the primary score at each temperature, on both splits; only that of validation chooses."""
        points: list[Result] = [{"temperature": one} for one in self.config.curve]
        for split in ("validation", "test"):
            real = choose_real_clips(loaded, self.corpus, self._fitted(split))
            for point in points:
                clips = self._draw(loaded, real, point["temperature"])
                found = distances_alone(list(clips), list(real.waveforms), real.sample_rate, seed=self.seed)
                point[split] = {name: round(score.value, 6) for name, score in found.items()}
        return points

    def _draw(self, loaded: LoadedModel, real: RealClips, temperature: float) -> Waveforms:
        return draw_continuations(
            loaded.model,
            real,
            frames=loaded.frames,
            seed=self.seed,
            temperature=temperature,
            frame_temperature=loaded.frame_temperature,
            threads=self.config.threads,
        )

    def _more(self, clips: Waveforms, real: RealClips) -> Result:
        """Return the scores that `evaluate` does not have, fit for JSON.

        "real" is the score of one half of the real clips held against the other half: half as many clips, so
        it is a little further from perfect than the same of all clips would be.
        """
        rate, waveforms = real.sample_rate, real.waveforms
        half = len(waveforms) // 2
        pairs = (clips, waveforms), (waveforms[:half], waveforms[half : 2 * half])
        drifts, usual = (drift_from_real(list(a), list(b), rate, seed=self.seed) for a, b in pairs)
        scores = {name: {**score.as_json(), "real": usual[name].as_json()} for name, score in drifts.items()}
        told = [patch_auc(list(a), list(b), rate, seed=self.seed) for a, b in pairs if len(a) >= MIN_CLIPS]
        scores["told_apart"] = told[0].as_json() | ({"real": told[1].as_json()} if len(told) > 1 else {})
        known = self._training_sound
        if known and min(clips.shape[1], max(map(len, known))) > SHORTEST_COPY_SECONDS * rate:
            copies, others = (nearest(list(one), known, rate, seed=self.seed) for one in (clips, waveforms))
            scores["nearest_training_db"] = {**copies.as_json(), "real": others.as_json()}
        return scores

    @cached_property
    def _training_sound(self) -> list[Waveforms]:
        """The sound that the arms learn from, up to a limit."""
        corpus, left, found = self.corpus, round(MOST_TRAINING_SECONDS * self.corpus.sample_rate), []
        for segment in corpus.segments("train"):
            length = min(left, segment.length)
            samples = corpus.samples[segment.offset : segment.offset + length]
            found.append(np.asarray(samples, np.float32) / np.float32(32768))
            left -= length
        return [sound for sound in found if len(sound) > SHORTEST_COPY_SECONDS * corpus.sample_rate]

    def _runaway(self, loaded: LoadedModel, temperature: float, real: RealClips) -> Result:
        """Return the share of long continuations that have broken down after some seconds, fit for JSON."""
        config, rate = self.config, loaded.sample_rate
        count = min(config.long_clips, len(real.prompts))
        if not count:
            return {}
        clips = loaded.draw(
            config.long_seconds,
            clips=count,
            prompt=real.prompt_waveforms[:count] if loaded.prompt_samples else None,
            seed=self.seed,
            temperature=temperature,
            threads=config.threads,
            device="cpu",
        )
        durations = sorted({*(one for one in DURATIONS if one < config.long_seconds), config.long_seconds})
        shares = runaway_shares(list(clips), rate, durations=durations, seed=self.seed)
        found = {f"runaway_share_{seconds:g}_s": share.as_json() for seconds, share in shares.items()}
        return found | {"runaway_share": shares[max(shares)].as_json()}

    def _noised(self, clips: Waveforms, real: RealClips) -> Result:
        """Return the scores of clips with white noise, which have no bits per sample."""
        rng = numpy_stream(self.seed, "compare/noise")
        noise = 10 ** (NOISE_DBFS / 20) * rng.standard_normal(clips.shape)
        noisy = np.clip(clips + noise, -1.0, 1.0).astype(np.float32)
        scores = _numbers(clip_scores(noisy, real, seed=self.seed)) | self._more(noisy, real)
        return _with_distances(scores)


def _numbers(scores: Result) -> Result:
    """Return the scores that have a value."""
    return {name: score for name, score in scores.items() if isinstance(score, dict) and "value" in score}


def _with_distances(scores: Result) -> Result:
    """Add the distance from real sound of each score that is best near its value.

    >>> score = {"value": 9.0, "low": 8.0, "high": 10.0, "real": {"value": 12.0, "low": 11.0, "high": 13.0}}
    >>> _with_distances({"median_hnr_db": score})["hnr_from_real_db"]["value"]
    3.0
    """
    added = {}
    for name, distance in FROM_REAL.items():
        if name in scores and "real" in scores[name]:
            away = abs(scores[name]["value"] - scores[name]["real"]["value"])
            added[distance] = {"value": away, "low": away, "high": away}
    return scores | added
