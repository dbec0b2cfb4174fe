"""Choice of the sampling temperature on the validation split.

The distribution of an under-trained model is too wide, which adds noise to its tones. A lower temperature
reduces the noise; a temperature that is too low makes the sound monotonous or silent. The choice uses only
the validation split, so the test split stays unbiased.
"""

from collections.abc import Sequence
from dataclasses import replace

from partita.audio.spectrogram import log_mel
from partita.data.corpus import Corpus
from partita.evaluation.clips import draw_continuations
from partita.evaluation.evaluate import EvaluateConfig, choose_real_clips, fit_config
from partita.evaluation.metrics.distances.frechet import split_half_distances
from partita.runs.loading import LoadedModel

TEMPERATURES = (1.0, 0.95, 0.9, 0.85, 0.8)
MAX_CLIPS, MAX_SECONDS = 8, 1.5  # enough for a choice, and much cheaper than an evaluation


def choose_temperature(
    loaded: LoadedModel,
    corpus: Corpus,
    config: EvaluateConfig,
    *,
    temperatures: Sequence[float] = TEMPERATURES,
) -> float:
    """Return the temperature with the smallest Frechet distance between drawn and real clips.

    A model that is given features has chosen its temperature at the end of its training, by the real sound
    with these features, which is a closer comparison: this one is returned.

    All temperatures continue the same prompts with the same random numbers. If several temperatures have the
    same distance, the first of them is chosen.

    Args:
        loaded: the model.
        corpus: the corpus, whose validation split provides the prompts.
        config: the number and the length of the clips, up to `MAX_CLIPS` and `MAX_SECONDS`, and the seed; its
            split and temperature are ignored.
        temperatures: the candidates.

    Raises:
        PartitaError: the corpus has no validation split.
    """
    condition = loaded.model.config.condition
    if condition is not None and condition.bands:
        return loaded.temperature
    clips, seconds = min(MAX_CLIPS, config.clips), min(MAX_SECONDS, config.seconds)
    plan = replace(config, split="validation", clips=clips, seconds=seconds)
    plan = fit_config(plan, corpus.segment_seconds("validation"))
    real = choose_real_clips(loaded, corpus, plan)
    reference = [log_mel(clip, real.sample_rate) for clip in real.waveforms]

    def distance(temperature: float) -> float:
        clips = draw_continuations(
            loaded.model, real, seed=plan.seed, temperature=temperature, threads=plan.threads
        )
        frames = [log_mel(clip, real.sample_rate) for clip in clips]
        return split_half_distances(frames, reference, seed=plan.seed).generated.value

    return min(temperatures, key=distance)
