"""The evaluation of one model: scores, clips, warnings and errors."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.evaluation.evaluate import EvaluateConfig, evaluate, evaluate_with_clips
from partita.runs.loading import LoadedModel

QUICK = EvaluateConfig(clips=4, seconds=0.25, prompt_seconds=0.1)
SCORES = (
    "bits_per_sample", "frechet_log_mel", "frechet_real_halves",
    "level_dbfs", "silence_share", "clipped_share", "spectral_flatness",
)  # fmt: skip


def test_every_score_has_an_interval_and_is_json(loaded: LoadedModel, corpus: Corpus) -> None:
    scores = json.loads(json.dumps(evaluate(loaded, corpus, QUICK), allow_nan=False))
    for name in SCORES:
        assert scores[name]["low"] <= scores[name]["value"] <= scores[name]["high"], name
    assert scores["level_dbfs"]["real"]["value"] > -40
    assert scores["about"]["corpus_fingerprint"] == corpus.fingerprint
    assert scores["about"]["model"] == "toy"
    assert scores["warnings"]  # 4 short clips are too few


def test_longer_clips_have_a_seam_and_a_coverage(loaded: LoadedModel, corpus: Corpus) -> None:
    longer = EvaluateConfig(clips=4, seconds=1.2, prompt_seconds=0.1)
    scores = evaluate(loaded, corpus, longer)
    assert abs(scores["seam_db"]["real"]["value"]) < scores["seam_db"]["value"]  # noise follows tones
    assert "coverage" not in scores  # four patches of half of the clips are too few


def test_scores_are_the_same_for_the_same_seed(loaded: LoadedModel, corpus: Corpus) -> None:
    first = evaluate(loaded, corpus, QUICK)
    assert evaluate(loaded, corpus.path, QUICK) == first
    other = evaluate(loaded, corpus, replace(QUICK, seed=1))
    assert other["frechet_log_mel"] != first["frechet_log_mel"]
    assert other["bits_per_sample"]["value"] == first["bits_per_sample"]["value"]


def test_progress_reports_every_step(loaded: LoadedModel, corpus: Corpus) -> None:
    steps: list[tuple[str, float]] = []
    evaluate_with_clips(loaded, corpus, QUICK, progress=lambda what, share: steps.append((what, share)))
    names = list(dict.fromkeys(what for what, _ in steps))
    assert names == ["checking the corpus", "bits per sample", "drawing clips", "comparing clips"]
    assert steps[-1] == ("comparing clips", 1.0)


def test_a_short_split_gets_fewer_and_shorter_clips_that_do_not_overlap(
    loaded: LoadedModel, corpus: Corpus, quantizer: Quantizer
) -> None:
    found = evaluate_with_clips(loaded, corpus, EvaluateConfig(clips=16, seconds=2.0, prompt_seconds=0.5))
    about = found.scores["about"]
    assert (about["clips"], len(found.clips)) == (4, 4)
    assert 4 * (about["clip_seconds"] + about["opening_seconds"]) < 0.6 * 9.21
    assert any("too short for 16 clips of 2 s" in warning for warning in found.scores["warnings"])
    (segment,) = corpus.segments("test")
    sound = quantizer.encode_int16(corpus.samples[segment.offset : segment.offset + segment.length]).tobytes()
    rows = zip(found.real.prompts, found.real.continuations, strict=True)
    clips = [np.concatenate(row).tobytes() for row in rows]
    positions = sorted(sound.index(clip) for clip in clips)
    assert np.diff(positions).min() >= len(clips[0])


def test_clips_that_fit_cause_no_warning(loaded: LoadedModel, corpus: Corpus) -> None:
    scores = evaluate(loaded, corpus, QUICK)
    assert scores["about"]["clip_seconds"] == QUICK.seconds
    assert not any("too short" in warning for warning in scores["warnings"])


def test_another_corpus_than_that_of_the_training_causes_a_warning(
    loaded: LoadedModel, corpus: Corpus
) -> None:
    def has_warning(fingerprint: str) -> bool:
        trained = replace(loaded, config={"corpus": {"fingerprint": fingerprint}})
        return any("trained on another corpus" in one for one in evaluate(trained, corpus, QUICK)["warnings"])

    assert has_warning("0123")
    assert not has_warning(corpus.fingerprint)


def test_invalid_arguments_are_refused(loaded: LoadedModel, corpus: Corpus) -> None:
    with pytest.raises(PartitaError, match=r"`sample_rate` 8000 but the corpus .* has 2000"):
        evaluate(replace(loaded, sample_rate=8000), corpus, QUICK)
    with pytest.raises(PartitaError, match="`split` is 'tset'"):
        evaluate(loaded, corpus, replace(QUICK, split="tset"))
    with pytest.raises(PartitaError, match="`clips` is 3"):
        EvaluateConfig(clips=3)
    with pytest.raises(PartitaError, match="`seconds` is -1"):
        EvaluateConfig(seconds=-1)


def test_a_damaged_corpus_is_not_scored(loaded: LoadedModel, corpus: Corpus, tmp_path: Path) -> None:
    damaged = shutil.copytree(corpus.path, tmp_path / "corpus")
    data = bytearray((damaged / corpus.store.name).read_bytes())
    data[-1] ^= 1
    (damaged / corpus.store.name).write_bytes(data)
    with pytest.raises(PartitaError, match="is damaged"):
        evaluate(loaded, damaged, QUICK)
