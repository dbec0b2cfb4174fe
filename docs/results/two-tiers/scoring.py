"""Excerpts of a corpus, and the scores of clips beside them, for the scripts in this folder."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita import Corpus
from partita.audio.features.extraction import features_of
from partita.data.frames.excerpts import segment_frames
from partita.data.notes import Note
from partita.evaluation.metrics.distances.noise_scale import distances_in_noise
from partita.evaluation.metrics.drift import clip_flags, drift_scores, level_by_second
from partita.evaluation.metrics.harmonicity import harmonicity
from partita.evaluation.statistics.scores import Score, block_mean
from partita.runs.loading import LoadedModel

CLIPS, SECONDS = 8, 10
FLOOR = 1e-10  # power of silence
Waveforms = NDArray[np.float32]


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the arguments that the scripts share: a run, a corpus, and the file to write."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run")
    parser.add_argument("corpus")
    parser.add_argument("--out", type=Path, required=True)
    return parser


def plain(score: Score) -> dict[str, float]:
    """Return a score as JSON holds it."""
    return {"value": round(score.value, 4), "low": round(score.low, 4), "high": round(score.high, 4)}


def sound_scores(clips: Sequence[NDArray[Any]], rate: int) -> dict[str, Any]:
    """Return harmonicity, drift, level, and the level's change from the first second to the last."""
    scores = harmonicity(clips, rate) | drift_scores(clips, rate)
    levels = np.array([level_by_second(clip, rate) for clip in clips])
    changes = levels[:, -1] - levels[:, 0]
    scores["level_change_db"] = block_mean(changes, np.ones(len(changes)), seed=0)
    return {name: plain(score) for name, score in scores.items()} | {
        "level_by_second_db": [round(float(level), 1) for level in levels.mean(0)],
        "flags": {str(i): names for i, clip in enumerate(clips) if (names := clip_flags(clip, rate).names)},
    }


def distances(generated: Waveforms, real: Waveforms, rate: int, **other: Any) -> dict[str, Any]:
    """Return every distance to real sound, and the noise that it amounts to."""
    found = distances_in_noise(list(generated), list(real), rate, seed=0, **other)
    return {
        name: {"distance": plain(one.distance), "real": plain(one.real), "noise_db": plain(one.noise_db)}
        for name, one in found.items()
    }


def excerpts(corpus: Corpus, split: str, model: LoadedModel, before: int) -> dict[str, Any]:
    """Return evenly spaced excerpts of a split: the sound before, the sound, its features and its notes."""
    layout = model.model.config.condition
    assert layout is not None
    hop, rate = layout.hop_length, corpus.sample_rate
    length = SECONDS * rate // hop * hop
    segments = [one for one in corpus.segments(split) if one.length > length + before + hop]
    found: dict[str, list[Any]] = {"past": [], "sound": [], "features": [], "notes": []}
    for i in range(CLIPS):
        segment = segments[i % len(segments)]
        start = (before + (segment.length - length - before) * (i + 1) // (CLIPS + 2)) // hop * hop
        samples = corpus.samples[segment.offset : segment.offset + segment.length] / np.float32(32768)
        found["past"].append(samples[start - before : start])
        found["sound"].append(samples[start : start + length])
        frames = segment_frames(corpus, segment, layout)[:, : layout.feature_columns]
        found["features"].append(frames[start // hop : (start + length) // hop + 4])
        found["notes"].append(notes_between(corpus.notes(segment), start / rate, (start + length) / rate))
    return {name: rows if name == "notes" else np.stack(rows) for name, rows in found.items()}


def notes_between(notes: Sequence[Note], start: float, stop: float) -> list[Note]:
    """Return the notes that sound in a stretch, in seconds from its start."""
    return [
        Note(max(0.0, note.start_s - start), min(stop, note.end_s) - start, note.midi_pitch)
        for note in notes
        if note.end_s > start and note.start_s < stop
    ]


def as_given(clips: Waveforms, real: dict[str, Any], model: LoadedModel) -> dict[str, Any]:
    """Return how clips keep to the features that they were given: pitch within 50 cents, and level.

    The pitch is by the tracker that the features come from, in frames that are voiced in both. The level is
    that of the clip less that of the real sound, dB, with the least and the greatest of the clips.
    """
    layout = model.model.config.condition
    assert layout is not None
    given = real["features"][..., layout.bands : layout.feature_columns]
    near, both, levels = [], [], []
    for clip, features, sound in zip(clips, given, real["sound"], strict=True):
        found = features_of(clip, sample_rate=model.sample_rate, layout=layout)[:, layout.bands :]
        frames = min(len(found), len(features))
        voiced = (found[:frames, 1] > 0.5) & (features[:frames, 1] > 0.5)
        near.append((np.abs(found[:frames, 0] - features[:frames, 0])[voiced] <= 0.5).sum())
        both.append(voiced.sum())
        levels.append(10 * np.log10((np.mean(clip**2) + FLOOR) / (np.mean(sound**2) + FLOOR)))
    some = np.array(both) > 0
    return {
        "pitch_as_given": plain(block_mean(np.array(near)[some], np.array(both)[some], seed=0)),
        "level_above_real_db": {
            "value": round(float(np.mean(levels)), 2),
            "least": round(float(min(levels)), 2),
            "greatest": round(float(max(levels)), 2),
        },
    }


def given_scores(
    model: LoadedModel, real: dict[str, Any], *, temperature: float, smoothing: float
) -> tuple[Waveforms, dict[str, Any]]:
    """Return clips that are given the features of real excerpts, and their scores.

    Args:
        model: the model.
        real: see `excerpts`.
        temperature: of the samples.
        smoothing: of the draws, in classes.
    """
    clips = model.draw(
        SECONDS, clips=CLIPS, prompt=real["past"], features=real["features"], seed=1,
        temperature=temperature, smoothing=smoothing,
    )  # fmt: skip
    rate = model.sample_rate
    scores = sound_scores(list(clips), rate) | as_given(clips, real, model)
    return clips, scores | distances(clips, real["sound"], rate)
