"""All scores of one model on held-out sound, each with its interval, as `partita evaluate` prints them.

Bits per sample measure prediction; the scores of drawn clips (`clip_scores.py`) measure generation. A model
can be good at one and poor at the other. This file compares no models and writes no page.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.checks import check_choice, check_range
from partita.data.corpus import SPLITS, Corpus
from partita.device import DEVICES, check_threads
from partita.errors import PartitaError
from partita.evaluation.clip_scores import clip_scores, given_features_scores
from partita.evaluation.clips import MIN_CLIPS, RealClips, draw_continuations, fit_clips, real_clips
from partita.evaluation.code_length import code_length
from partita.models.choice import Density
from partita.models.frame_tier.model import FrameModel
from partita.runs.loading import LoadedModel, load
from partita.runs.shipped.known_sound import known_sound_warnings


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """Settings of an evaluation: which sound to score and how much of it."""

    split: str = "test"
    """Split to score on: `test` for reported scores, `validation` for choices."""
    clips: int = 16
    """Number of clips to draw and to compare with real ones, each from another prompt; fewer, with a warning,
    if the held-out sound is too short for as many without overlap."""
    seconds: float = 3.0
    """Length of each clip without its prompt, in seconds; shorter, with a warning, if the held-out sound is
    too short."""
    prompt_seconds: float = 1.0
    """Length of each prompt, in seconds; shortened together with the clips."""
    bits_seconds: float | None = None
    """Compute the bits on at most this many seconds, spread evenly over the split; by default on all."""
    temperature: float | None = None
    """Sampling temperature of the clips; by default the model's own, which is 1 for a model that is given
    nothing. The bits are always computed at temperature 1."""
    frame_temperature: float | None = None
    """Temperature of the frame tier, for a model that has one; by default the model's own."""
    seed: int = 0
    """Seed of the prompts, the draws and the intervals."""
    threads: int | None = None
    """CPU threads for drawing; by default all cores."""
    device: str = "auto"
    """Device that computes the bits: `cpu`, `cuda`, or `auto` for a GPU if there is one. Clips are drawn on
    the CPU."""

    def __post_init__(self) -> None:
        """Check all settings."""
        check_choice("split", self.split, SPLITS)
        check_choice("device", self.device, DEVICES)
        check_threads(self.threads)
        if self.temperature is not None:
            check_range("temperature", self.temperature, 0.01, 100.0)
        if self.frame_temperature is not None:
            check_range("frame_temperature", self.frame_temperature, 0.01, 100.0)
        if self.clips < MIN_CLIPS:
            raise PartitaError(
                f"`clips` is {self.clips}: give at least {MIN_CLIPS}, because one half is compared with the"
                " other half"
            )
        for name in ("seconds", "prompt_seconds", "bits_seconds"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise PartitaError(f"`{name}` is {value}: give a positive time in seconds")


def fit_config(config: EvaluateConfig, lengths: Sequence[float]) -> EvaluateConfig:
    """Reduce the number and the length of the clips until they fit into held-out sound; see `fit_clips`.

    Args:
        config: the requested settings.
        lengths: length of each segment of the split, in seconds.

    >>> fit_config(EvaluateConfig(), [20.0, 20.0]).clips
    6
    """
    clips, seconds, prompt_seconds = fit_clips(
        lengths, clips=config.clips, seconds=config.seconds, prompt_seconds=config.prompt_seconds
    )
    return replace(config, clips=clips, seconds=seconds, prompt_seconds=prompt_seconds)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The scores of a model and the clips that they were computed from.

    Args:
        scores: the scores as a dict for JSON; see `evaluate`.
        real: the prompts and their real continuations.
        clips: (clips, samples) the model's continuations, float in [-1, 1].
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
        config: the settings; by default those of `EvaluateConfig`.
        progress: called with the name of the current step and its finished share, 0 to 1.

    Returns:
        A dict for JSON: for each score {"value", "low", "high"}, for most also "real", the same three numbers
        for the real sound; see `code_length` and `clip_scores`. A model with a frame tier draws its features
        after those of the prompts; with the prefix `given_features_` are scores of clips that were given the
        real ones. "about" holds the settings, "warnings" a list of messages.

    Raises:
        PartitaError: the sample rates of the model and the corpus differ, the split is empty, or its sound is
            damaged.
    """
    return evaluate_with_clips(run, corpus, config, progress=progress).scores


def evaluate_with_clips(
    run: str | Path | LoadedModel,
    corpus: str | Path | Corpus,
    config: EvaluateConfig | None = None,
    *,
    progress: Callable[[str, float], None] | None = None,
) -> Evaluation:
    """Score a model like `evaluate`, and also return the clips.

    Args:
        run: see `evaluate`.
        corpus: see `evaluate`.
        config: see `evaluate`.
        progress: see `evaluate`.

    Raises:
        PartitaError: see `evaluate`.
    """
    requested = config or EvaluateConfig()
    corpus = corpus if isinstance(corpus, Corpus) else Corpus.open(corpus)
    loaded = run if isinstance(run, LoadedModel) else load(run)
    report = progress or _ignore_progress
    report("checking the corpus", 0.0)
    check_model_fits_corpus(loaded, corpus, requested.split)
    config = fit_config(requested, corpus.segment_seconds(requested.split))
    real = choose_real_clips(loaded, corpus, config)
    bits = code_length(
        loaded,
        corpus,
        config.split,
        seed=config.seed,
        seconds=config.bits_seconds,
        device=config.device,
        progress=lambda share: report("bits per sample", share),
    )
    report("drawing clips", 0.0)
    clips = _draw(loaded, real, config, frames=loaded.frames)
    alone = None if loaded.frames is None else _draw(loaded, real, config, frames=None)
    report("comparing clips", 1.0)
    scores = {**bits, **clip_scores(clips, real, seed=config.seed, continues=loaded.prompt_samples > 0)}
    if alone is not None:
        scores |= given_features_scores(alone, real, seed=config.seed)
    scores["warnings"] += _warnings(loaded, corpus, requested, config)
    scores["about"] = _about(loaded, corpus, config)
    return Evaluation(scores=scores, real=real, clips=clips)


def _draw(
    loaded: LoadedModel, real: RealClips, config: EvaluateConfig, *, frames: FrameModel | None
) -> NDArray[np.float32]:
    """Draw the continuations as the config says, with frames of the frame tier or the real ones."""
    return draw_continuations(
        loaded.model,
        real,
        frames=frames,
        seed=config.seed,
        temperature=config.temperature or loaded.temperature,
        frame_temperature=_frame_temperature(loaded, config),
        threads=config.threads,
    )


def choose_real_clips(loaded: LoadedModel, corpus: Corpus, config: EvaluateConfig) -> RealClips:
    """Choose the prompts and their real continuations as the config says, in the classes of the model.

    Args:
        loaded: the model, whose quantizer is used.
        corpus: the corpus with the held-out sound.
        config: the settings, as `fit_config` returns them.
    """
    return real_clips(
        corpus,
        config.split,
        clips=config.clips,
        seconds=config.seconds,
        prompt_seconds=config.prompt_seconds,
        seed=config.seed,
        quantizer=loaded.quantizer,
    )


def check_model_fits_corpus(loaded: LoadedModel, corpus: Corpus, split: str) -> None:
    """Check that a split can be scored: same sample rate as the model, not empty, not damaged.

    Args:
        loaded: the model.
        corpus: the corpus.
        split: the split to score.

    Raises:
        PartitaError: the sample rates differ, the split has no sound, or its samples have changed since the
            corpus was prepared.
    """
    if loaded.sample_rate != corpus.sample_rate:
        raise PartitaError(
            f"the model {loaded.name} has `sample_rate` {loaded.sample_rate} but the corpus {corpus.path} has"
            f" {corpus.sample_rate}: prepare the recordings again with `--sample-rate {loaded.sample_rate}`"
        )
    if not corpus.segments(split):
        raise PartitaError(
            f"the corpus {corpus.path} has no sound in the split {split!r}: prepare it again with sound for"
            " this split, or choose another split"
        )
    corpus.verify(splits=(split,))


def _warnings(
    loaded: LoadedModel, corpus: Corpus, requested: EvaluateConfig, config: EvaluateConfig
) -> list[str]:
    """Return warnings if there is too little sound, or if the model may be trained on the split."""
    found = []
    if config != requested:
        found.append(
            f"the split {config.split!r}, {corpus.seconds(config.split):.1f} s, is too short for"
            f" {requested.clips} clips of {requested.seconds:g} s with prompts of"
            f" {requested.prompt_seconds:g} s without overlap: {config.clips} clips of {config.seconds:g} s"
            f" with prompts of {config.prompt_seconds:g} s were drawn; hold out more sound"
        )
    if not isinstance(loaded.model, Density):
        found.append(f"{loaded.name} is of a kind that has no bits per sample")
    if not loaded.prompt_samples:
        found.append(f"{loaded.name} continues no prompts, so there is no seam")
    if _features(loaded) == "real":
        found.append(
            f"{loaded.name} has no frame tier: its clips and bits per sample were given the features of the"
            " real continuations, so they do not compare with those of a model that draws its features"
        )
    return found + known_sound_warnings(loaded, corpus, config.split)


def _about(loaded: LoadedModel, corpus: Corpus, config: EvaluateConfig) -> dict[str, Any]:
    """Return the settings of an evaluation for JSON."""
    return {
        "model": loaded.name,
        "corpus_fingerprint": corpus.fingerprint,
        "sample_rate": corpus.sample_rate,
        "classes": loaded.quantizer.words,
        "split": config.split,
        "split_seconds": corpus.seconds(config.split),
        "bits_seconds": config.bits_seconds,
        "clips": config.clips,
        "clip_seconds": config.seconds,
        "opening_seconds": config.prompt_seconds,
        "temperature": config.temperature or loaded.temperature,
        "frame_temperature": None if loaded.frames is None else _frame_temperature(loaded, config),
        "features": _features(loaded),
        "seed": config.seed,
    }


def _frame_temperature(loaded: LoadedModel, config: EvaluateConfig) -> float:
    return config.frame_temperature or loaded.frame_temperature


def _features(loaded: LoadedModel) -> str | None:
    """Return where the features come from that the clips follow, or None for a model without any."""
    condition = loaded.model.config.condition
    if condition is None or not condition.bands:
        return None
    return "real" if loaded.frames is None else "drawn"


def _ignore_progress(_step: str, _share: float) -> None:
    """Show no progress."""
