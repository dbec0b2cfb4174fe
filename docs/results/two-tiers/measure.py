"""What a two-tier model plays: given real features, free, from a score, from a line; each beside real sound.

    python docs/results/two-tiers/measure.py RUN CORPUS --out scores.json [--clips-to FOLDER]

The corpus has a test split that the run has not learnt from. Clips from a score are drawn where the corpus
was prepared with `--notes`, and the run was trained with them. The line is synthetic: a melody on a wind-like
tone, so that its timbre is far from a violin's.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from scoring import CLIPS, SECONDS, Waveforms, as_given, distances, excerpts, parser_of, plain, sound_scores

from partita import Corpus, load, storage
from partita.evaluation.metrics.harmonicity import pitch_track
from partita.evaluation.metrics.pitch_agreement import line_agreement, note_agreement
from partita.runs.loading import LoadedModel
from partita.runs.versions import versions

Asked = argparse.Namespace


def melody(rate: int) -> Waveforms:
    """Return a line of a wind-like tone: odd overtones, slow attacks, breath noise, vibrato; (samples,)."""
    pitches = [62, 65, 69, 67, 65, 64, 62, 57, 60, 64, 62, 62]
    rng, parts = np.random.default_rng(0), []
    for pitch in pitches:
        time = np.arange(int(0.8 * rate)) / rate
        vibrato = 0.2 * np.sin(2 * np.pi * 5 * time) * np.minimum(1.0, 3 * time)
        phase = 2 * np.pi * np.cumsum(440 * 2 ** ((pitch + vibrato - 69) / 12)) / rate
        tone = np.sin(phase) + 0.3 * np.sin(3 * phase) + 0.1 * np.sin(5 * phase)
        envelope = np.minimum(1.0, time / 0.1) * np.minimum(1.0, (time[-1] - time) / 0.1)
        parts.append(envelope * (0.2 * tone + 0.005 * rng.standard_normal(len(time))))
    return np.concatenate(parts).astype(np.float32)


def write_clips(folder: Path, clips: dict[str, Any], rate: int) -> None:
    """Write every clip as a file, in one folder for each kind."""
    for name, waves in clips.items():
        inside = folder / name.replace(" ", "-")
        inside.mkdir(parents=True, exist_ok=True)
        for i, wave in enumerate(waves):
            soundfile.write(inside / f"{i}.wav", wave, rate, subtype="PCM_16")


def drawn_clips(model: LoadedModel, real: dict[str, Any], line: Waveforms, asked: Asked) -> dict[str, Any]:
    """Return the clips of every kind, (clips, samples) each."""
    how: dict[str, Any] = {
        "temperature": asked.temperature or model.temperature,
        "smoothing": asked.smoothing,
        "seed": 1,
    }
    free = how | {"frame_temperature": asked.frame_temperature}
    clips = {
        "given features": model.draw(
            SECONDS, clips=CLIPS, prompt=real["past"], features=real["features"], **how
        ),
        "free": model.draw(SECONDS, clips=asked.free_clips, **free),
        "line": model.draw(like=line, clips=4, **free),
    }
    if takes_notes(model) and any(real["notes"]):
        clips["score"] = np.concatenate([model.draw(SECONDS, notes=notes, **free) for notes in real["notes"]])
    return clips


def takes_notes(model: LoadedModel) -> bool:
    """Return whether the frame tier of a model was trained with notes."""
    assert model.frames is not None
    return model.frames.config.layout.notes


def scores_of(
    clips: dict[str, Any], real: dict[str, Any], other: list[Any], line: Waveforms, model: LoadedModel
) -> Any:
    """Return the scores of every kind of clips, and of the real sound."""
    rate = model.sample_rate
    track = pitch_track(line, rate)
    assert model.frames is not None
    typical = model.frames.starts[:, model.frames.config.layout.bands].numpy()
    octaves = round(float(np.median(typical) - np.nanmedian(track)) / 12)  # as `--like` moves it
    lines = [track + 12 * octaves] * len(clips["line"])

    def in_tune(waves: Any) -> dict[str, Any]:
        scores = real["notes"]
        return {"note_agreement": plain(note_agreement(list(waves[: len(scores)]), scores, rate))}

    scores = {name: sound_scores(list(waves), rate) for name, waves in clips.items()}
    scores["real"] = sound_scores(list(real["sound"]), rate)
    scores["given features"] |= distances(clips["given features"], real["sound"], rate)
    scores["given features"] |= as_given(clips["given features"], real, model)
    scores["free"] |= distances(clips["free"], real["sound"], rate, other_real=other)
    if "score" in clips:
        for name, waves in {"real": real["sound"], "free": clips["free"], "score": clips["score"]}.items():
            scores[name] |= in_tune(waves)
    scores["line"] |= {"octaves": octaves}
    scores["line"] |= {"line_agreement": plain(line_agreement(list(clips["line"]), lines, rate))}
    return scores


def main() -> None:
    """Measure, and write the file."""
    parser = parser_of(__doc__)
    parser.add_argument("--clips-to", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--temperature", type=float)
    parser.add_argument("--smoothing", type=float)
    parser.add_argument("--frame-temperature", type=float)
    parser.add_argument("--free-clips", type=int, default=CLIPS, help="clips that are given nothing")
    asked = parser.parse_args()
    model, corpus = load(asked.run), Corpus.open(asked.corpus)
    rate, line = corpus.sample_rate, melody(corpus.sample_rate)
    real = excerpts(corpus, asked.split, model, before=rate)
    other = list(excerpts(corpus, "train", model, before=rate)["sound"])
    clips = drawn_clips(model, real, line, asked)
    settings = {
        "temperature": asked.temperature or model.temperature,
        "frame_temperature": asked.frame_temperature or model.frame_temperature,
        "smoothing": model.smoothing if asked.smoothing is None else asked.smoothing,
        "clips": CLIPS,
        "free_clips": asked.free_clips,
        "seconds": SECONDS,
    }
    scores = {"run": model.name, "step": model.step}
    scores |= settings | scores_of(clips, real, other, line, model) | {"versions": versions()}
    storage.write_json(asked.out, scores)
    print(json.dumps(scores, indent=1))
    if asked.clips_to is not None:
        write_clips(asked.clips_to, clips | {"real": real["sound"], "the line": line[None]}, rate)


if __name__ == "__main__":
    main()
