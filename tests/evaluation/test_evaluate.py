import json
from dataclasses import replace

import numpy as np
import pytest

from partita.audio.classes import Quantiser
from partita.audio.corpus import Corpus
from partita.errors import PartitaError
from partita.evaluation.clips import continued, real_clips
from partita.evaluation.evaluate import EvaluateConfig, evaluate, evaluation
from partita.models.wavenet import WaveNet
from partita.runs.loading import LoadedModel

QUICK = EvaluateConfig(clips=4, seconds=0.25, opening_seconds=0.1)
SCORES = (
    "bits_per_sample", "frechet_log_mel", "frechet_real_halves",
    "level_dbfs", "silence_share", "clipped_share", "spectral_flatness",
)  # fmt: skip


def test_every_score_has_its_interval_and_fits_json(loaded: LoadedModel, corpus: Corpus) -> None:
    scores = json.loads(json.dumps(evaluate(loaded, corpus, QUICK), allow_nan=False))
    for name in SCORES:
        assert scores[name]["low"] <= scores[name]["value"] <= scores[name]["high"], name
    assert scores["level_dbfs"]["real"]["value"] > -40
    assert scores["about"]["corpus_fingerprint"] == corpus.fingerprint
    assert scores["about"]["model"] == "toy"
    assert scores["warnings"]  # 4 short clips are too few


def test_scores_are_the_same_for_the_same_seed(loaded: LoadedModel, corpus: Corpus) -> None:
    first = evaluate(loaded, corpus, QUICK)
    assert evaluate(loaded, corpus.path, QUICK) == first
    other = evaluate(loaded, corpus, replace(QUICK, seed=1))
    assert other["frechet_log_mel"] != first["frechet_log_mel"]
    assert other["bits_per_sample"]["value"] == first["bits_per_sample"]["value"]


def test_progress_names_both_stages(loaded: LoadedModel, corpus: Corpus) -> None:
    told: list[tuple[str, float]] = []
    evaluation(loaded, corpus, QUICK, progress=lambda what, share: told.append((what, share)))
    assert {what for what, _ in told} == {"bits per sample", "drawing clips"}
    assert told[-1] == ("drawing clips", 1.0)


def test_real_clips_are_stretches_of_the_split(corpus: Corpus, quantiser: Quantiser) -> None:
    real = real_clips(corpus, "test", clips=4, seconds=0.5, opening_seconds=0.1, seed=0, quantiser=quantiser)
    assert real.openings.shape == (4, 200)
    assert real.waveforms.shape == (4, 1000)
    (segment,) = corpus.segments("test")
    sound = quantiser.encode_int16(corpus.samples[segment.offset : segment.offset + segment.length])
    for opening, continuation in zip(real.openings, real.continuations, strict=True):
        clip = np.concatenate([opening, continuation]).tobytes()
        assert clip in sound.tobytes()


def test_clips_continue_their_own_openings(corpus: Corpus, network: WaveNet, quantiser: Quantiser) -> None:
    real = real_clips(corpus, "test", clips=4, seconds=0.1, opening_seconds=0.1, seed=0, quantiser=quantiser)
    clips = continued(network, real, seed=0)
    assert clips.shape == real.waveforms.shape
    assert np.abs(clips).max() <= 1
    fewer = replace(real, openings=real.openings[:2], continuations=real.continuations[:2])
    np.testing.assert_array_equal(continued(network, fewer, seed=0), clips[:2])
    assert (continued(network, real, seed=1) != clips).any()


def test_mistakes_are_named(loaded: LoadedModel, corpus: Corpus, quantiser: Quantiser) -> None:
    with pytest.raises(PartitaError, match=r"`sample_rate` 8000 but the corpus .* has 2000"):
        evaluate(replace(loaded, sample_rate=8000), corpus, QUICK)
    with pytest.raises(PartitaError, match="`split` is 'tset'"):
        evaluate(loaded, corpus, replace(QUICK, split="tset"))
    with pytest.raises(PartitaError, match="`clips` is 3"):
        EvaluateConfig(clips=3)
    with pytest.raises(PartitaError, match="`seconds` is -1"):
        EvaluateConfig(seconds=-1)
    with pytest.raises(PartitaError, match="`opening_seconds` is 0"):
        real_clips(corpus, "test", clips=4, seconds=1, opening_seconds=0, seed=0, quantiser=quantiser)
