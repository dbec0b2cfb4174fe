"""All scores of one model on held-out sound, each with its interval: what `partita evaluate` prints.

Prediction (bits per sample) and generation (the clips' spectra and health) are scored apart, since a model
can be good at one and poor at the other. This file compares no two models and writes no page.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.spectrogram import log_mel
from partita.checks import check_choice, check_range
from partita.data.corpus import SPLITS, Corpus
from partita.device import DEVICES, check_threads, compute_device
from partita.errors import PartitaError
from partita.evaluation.clips import MIN_CLIPS, RealClips, draw_continuations, fit_clips, real_clips
from partita.evaluation.metrics.bits import bits_per_sample
from partita.evaluation.metrics.frechet import split_half_distances
from partita.evaluation.metrics.signal_stats import signal_statistics
from partita.evaluation.statistics.scores import Score
from partita.runs.loading import LoadedModel, load


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """What to score and how much of it."""

    split: str = "test"
    """Held-out sound to score on: `test` for what is reported, `validation` for choices."""
    clips: int = 16
    """Clips drawn for the distance and the health measures, each from another prompt; fewer, with a warning,
    where the held-out sound has no room for as many without overlap."""
    seconds: float = 3.0
    """Length of each clip, without its prompt; shorter, with a warning, where there is no room."""
    prompt_seconds: float = 1.0
    """Real sound that each clip continues; shorter as the clips are."""
    bits_seconds: float | None = None
    """Score the bits on at most so much sound, spread evenly; without it on all of the split."""
    temperature: float = 1.0
    """Temperature of the clips; the bits are always those of the model as it is."""
    seed: int = 0
    """Of the prompts, the draws and the intervals."""
    threads: int | None = None
    """Threads for drawing; all cores by default."""
    device: str = "auto"
    """Where bits are scored: `cpu`, `cuda`, or `auto`, a GPU where there is one. Clips come from the CPU."""

    def __post_init__(self) -> None:
        """Refuse words that mean nothing, and numbers that leave nothing to score."""
        check_choice("split", self.split, SPLITS)
        check_choice("device", self.device, DEVICES)
        check_threads(self.threads)
        check_range("temperature", self.temperature, 0.01, 100.0)
        if self.clips < MIN_CLIPS:
            raise PartitaError(
                f"`clips` is {self.clips}: give at least {MIN_CLIPS}, half of them are compared with the"
                " others"
            )
        for name in ("seconds", "prompt_seconds", "bits_seconds"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise PartitaError(f"`{name}` is {value}: give a positive time in seconds")


def fit_config(config: EvaluateConfig, lengths: Sequence[float]) -> EvaluateConfig:
    """Return the config with as many clips, as long, as held-out sound has room for; see `fit_clips`.

    >>> fit_config(EvaluateConfig(), [20.0, 20.0]).clips
    6
    """
    clips, seconds, prompt_seconds = fit_clips(
        lengths, clips=config.clips, seconds=config.seconds, prompt_seconds=config.prompt_seconds
    )
    return replace(config, clips=clips, seconds=seconds, prompt_seconds=prompt_seconds)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A model's scores and the clips they were taken from.

    Args:
        scores: fit for JSON.
        real: the prompts and what really followed.
        clips: (clips, samples) the model's continuations.
    """

    scores: dict[str, Any]
    real: RealClips
    clips: NDArray[np.float32]


def evaluate(
    run: str | Path | LoadedModel,
    corpus: str | Path | Corpus,
    config: EvaluateConfig | None = None,
    *,
    progress: Callable[[str, float], None] | None = None,
) -> dict[str, Any]:
    """Score a model on held-out sound.

    Args:
        run: a run folder, a checkpoint, or a loaded model.
        corpus: a prepared corpus, or its folder.
        config: what to score.
        progress: called with what is being done and the share of it that is done.

    Returns:
        A dict fit for JSON: for each score {"value", "low", "high"}, for the health measures also "real", the
        same three for the real sound; under "about" how they were made; under "warnings" what to beware of.

    Raises:
        PartitaError: the model and the corpus don't fit each other, or there is nothing to score on.
    """
    return evaluate_with_clips(run, corpus, config, progress=progress).scores


def evaluate_with_clips(
    run: str | Path | LoadedModel,
    corpus: str | Path | Corpus,
    config: EvaluateConfig | None = None,
    *,
    progress: Callable[[str, float], None] | None = None,
) -> Evaluation:
    """Score a model as `evaluate` does, and keep the clips, to listen to."""
    asked = config or EvaluateConfig()
    corpus = corpus if isinstance(corpus, Corpus) else Corpus.open(corpus)
    loaded = run if isinstance(run, LoadedModel) else load(run)
    tell = progress or _silently
    tell("checking the corpus", 0.0)
    check_model_fits_corpus(loaded, corpus, asked.split)
    config = fit_config(asked, corpus.segment_seconds(asked.split))
    real = choose_real_clips(loaded, corpus, config)
    bits = _bits(loaded, corpus, config, tell)
    tell("drawing clips", 0.0)
    clips = draw_continuations(
        loaded.model, real, seed=config.seed, temperature=config.temperature, threads=config.threads
    )
    tell("comparing clips", 1.0)
    scores = {"bits_per_sample": bits.as_json(), **clip_scores(clips, real, seed=config.seed)}
    scores["warnings"] += _warnings(loaded, corpus, asked, config)
    scores["about"] = _about(loaded, corpus, config)
    return Evaluation(scores=scores, real=real, clips=clips)


def choose_real_clips(loaded: LoadedModel, corpus: Corpus, config: EvaluateConfig) -> RealClips:
    """Return the prompts that a fitted config asks for and what really followed, in the model's classes."""
    return real_clips(
        corpus,
        config.split,
        clips=config.clips,
        seconds=config.seconds,
        prompt_seconds=config.prompt_seconds,
        seed=config.seed,
        quantizer=loaded.quantizer,
    )


def _bits(
    loaded: LoadedModel, corpus: Corpus, config: EvaluateConfig, tell: Callable[[str, float], None]
) -> Score:
    """Score the bits on the device asked for; the model comes back to where it was."""
    before = next(loaded.model.parameters()).device
    try:
        return bits_per_sample(
            loaded.model.to(compute_device(config.device, "float32").device),
            corpus,
            config.split,
            loaded.quantizer,
            seed=config.seed,
            seconds=config.bits_seconds,
            progress=lambda share: tell("bits per sample", share),
        )
    finally:
        loaded.model.to(before)


def clip_scores(clips: NDArray[np.float32], real: RealClips, *, seed: int) -> dict[str, Any]:
    """Return the scores of clips against the real continuations of the same prompts, fit for JSON.

    Args:
        clips: (clips, samples), float in [-1, 1], one for each prompt.
        real: the prompts and what really followed.
        seed: of the intervals.
    """
    rate, waveforms = real.sample_rate, real.waveforms
    distances = split_half_distances(
        [log_mel(clip, rate) for clip in clips], [log_mel(clip, rate) for clip in waveforms], seed=seed
    )
    scores: dict[str, Any] = {
        "frechet_log_mel": distances.generated.as_json(),
        "frechet_real_halves": distances.real_halves.as_json(),
    }
    theirs = signal_statistics(waveforms, rate, seed=seed)
    for name, score in signal_statistics(clips, rate, seed=seed).items():
        scores[name] = {**score.as_json(), "real": theirs[name].as_json()}
    scores["warnings"] = [distances.warning] if distances.warning else []
    return scores


def check_model_fits_corpus(loaded: LoadedModel, corpus: Corpus, split: str) -> None:
    """Refuse to score a model on sound of another rate, on none, or on damaged sound.

    Raises:
        PartitaError: the corpus has another sample rate than the model, or nothing in that split, or the
            samples of that split's recordings are not those that were prepared.
    """
    if loaded.sample_rate != corpus.sample_rate:
        raise PartitaError(
            f"the model {loaded.name} has `sample_rate` {loaded.sample_rate} but the corpus {corpus.path} has"
            f" {corpus.sample_rate}: prepare the recordings again with `--sample-rate {loaded.sample_rate}`"
        )
    if not corpus.segments(split):
        raise PartitaError(
            f"the corpus {corpus.path} has no sound in its split {split!r}: prepare it again, or"
            " choose another split"
        )
    corpus.verify(splits=(split,))


def _warnings(
    loaded: LoadedModel, corpus: Corpus, asked: EvaluateConfig, config: EvaluateConfig
) -> list[str]:
    """Return what to beware of that is not the numbers' own: too little sound, or sound learnt from."""
    found = []
    if config != asked:
        found.append(
            f"the split {config.split!r}, {corpus.seconds(config.split):.1f} s, has no room for {asked.clips}"
            f" clips of {asked.seconds:g} s with prompts of {asked.prompt_seconds:g} s that do not overlap:"
            f" {config.clips} of {config.seconds:g} s with prompts of {config.prompt_seconds:g} s were"
            " drawn; hold out more sound"
        )
    trained_on = loaded.config.get("corpus", {}).get("fingerprint")
    if trained_on not in (None, corpus.fingerprint):
        found.append(
            f"{loaded.name} was not trained on this corpus but on another, or on an earlier state of it: the"
            f" split {config.split!r} may hold sound that it was trained on"
        )
    return found


def _about(loaded: LoadedModel, corpus: Corpus, config: EvaluateConfig) -> dict[str, Any]:
    return {
        "model": loaded.name,
        "corpus_fingerprint": corpus.fingerprint,
        "sample_rate": corpus.sample_rate,
        "split": config.split,
        "split_seconds": corpus.seconds(config.split),
        "bits_seconds": config.bits_seconds,
        "clips": config.clips,
        "clip_seconds": config.seconds,
        "opening_seconds": config.prompt_seconds,
        "temperature": config.temperature,
        "seed": config.seed,
    }


def _silently(_what: str, _share: float) -> None:
    """Show no progress."""
