"""Which temperature a model draws best at, judged on the validation split.

An under-trained model spreads its probability too widely and plays noise between its tones; a lower
temperature takes some of that away, a too low one takes the life away and can run into silence. Like every
choice it is made on the validation split, so that the test split stays fresh. This file knows no pages.
"""

from collections.abc import Sequence
from dataclasses import replace

from partita.audio.spectrogram import log_mel
from partita.data.corpus import Corpus
from partita.evaluation.clips import draw_continuations
from partita.evaluation.evaluate import EvaluateConfig, choose_real_clips, fit_config
from partita.evaluation.metrics.frechet import split_half_distances
from partita.runs.loading import LoadedModel

TEMPERATURES = (1.0, 0.95, 0.9, 0.85, 0.8)
CLIPS, SECONDS = 8, 1.5  # at most so many of such a length: enough to choose by, a fraction of what is scored


def choose_temperature(
    loaded: LoadedModel,
    corpus: Corpus,
    config: EvaluateConfig,
    *,
    temperatures: Sequence[float] = TEMPERATURES,
) -> float:
    """Return the temperature whose clips lie nearest to real sound: least Frechet distance of log-mel frames.

    All temperatures continue the same prompts with the same numbers behind their draws; of equals the first
    wins.

    Args:
        loaded: the model.
        corpus: whose validation split gives the prompts.
        config: how many clips and how long, up to `CLIPS` and `SECONDS`, and the seed; its split and
            temperature play no part.
        temperatures: to choose from.

    Raises:
        PartitaError: the corpus has no validation split, or other samples than the model.
    """
    few, short = min(CLIPS, config.clips), min(SECONDS, config.seconds)
    plan = replace(config, split="validation", clips=few, seconds=short)
    plan = fit_config(plan, corpus.segment_seconds("validation"))
    real = choose_real_clips(loaded, corpus, plan)
    theirs = [log_mel(clip, real.sample_rate) for clip in real.waveforms]

    def distance(temperature: float) -> float:
        clips = draw_continuations(
            loaded.model, real, seed=plan.seed, temperature=temperature, threads=plan.threads
        )
        ours = [log_mel(clip, real.sample_rate) for clip in clips]
        return split_half_distances(ours, theirs, seed=plan.seed).generated.value

    return min(temperatures, key=distance)
