"""Clips for evaluation: real clips, continuations of their prompts, and the number that fits."""

from dataclasses import replace

import numpy as np
import pytest

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.evaluation.clips import draw_continuations, fit_clips, real_clips
from partita.models.wavenet import WaveNet


def test_real_clips_are_parts_of_the_split(corpus: Corpus, quantizer: Quantizer) -> None:
    real = real_clips(corpus, "test", clips=4, seconds=0.5, prompt_seconds=0.1, seed=0, quantizer=quantizer)
    assert real.prompts.shape == (4, 200)
    assert real.waveforms.shape == (4, 1000)
    (segment,) = corpus.segments("test")
    sound = quantizer.encode_int16(corpus.samples[segment.offset : segment.offset + segment.length])
    for prompt, continuation in zip(real.prompts, real.continuations, strict=True):
        clip = np.concatenate([prompt, continuation]).tobytes()
        assert clip in sound.tobytes()


def test_clips_continue_their_own_prompts(corpus: Corpus, network: WaveNet, quantizer: Quantizer) -> None:
    real = real_clips(corpus, "test", clips=4, seconds=0.1, prompt_seconds=0.1, seed=0, quantizer=quantizer)
    clips = draw_continuations(network, real, seed=0)
    assert clips.shape == real.waveforms.shape
    assert np.abs(clips).max() <= 1
    fewer = replace(real, prompts=real.prompts[:2], continuations=real.continuations[:2])
    np.testing.assert_array_equal(draw_continuations(network, fewer, seed=0), clips[:2])
    assert (draw_continuations(network, real, seed=1) != clips).any()


@pytest.mark.parametrize(
    "lengths", [[3.0], [9.21], [4.0] * 3, [7.9] * 10, [2.0] * 30, [0.1] * 50, [30.0], [5000.0]]
)
def test_clips_are_reduced_until_they_fit_and_then_unchanged(lengths: list[float]) -> None:
    clips, seconds, prompt = fit_clips(lengths, clips=16, seconds=3.0, prompt_seconds=1.0)
    assert 4 <= clips <= 16
    assert 0.2 < seconds <= 3.0
    assert 0 < prompt <= 1.0
    again = fit_clips(lengths, clips=clips, seconds=seconds, prompt_seconds=prompt)
    assert again == (clips, seconds, prompt)
    if max(lengths) > 1:
        assert clips * (seconds + prompt) <= 0.6 * sum(lengths)


def test_a_prompt_without_samples_is_refused(corpus: Corpus, quantizer: Quantizer) -> None:
    with pytest.raises(PartitaError, match="`prompt_seconds` is 0"):
        real_clips(corpus, "test", clips=4, seconds=1, prompt_seconds=0, seed=0, quantizer=quantizer)
