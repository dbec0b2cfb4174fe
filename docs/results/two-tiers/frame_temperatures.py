"""How long drawn pitches last at each temperature of the frames, beside real ones.

    python docs/results/two-tiers/frame_temperatures.py RUN CORPUS --out frame-temperatures.json

No sound is drawn: pitch and periodicity are those of the frames. `steady_seconds` is how long the steady
pitch lasts that a voiced frame is in, on average. `held_share` is the share of clips that hold one for 7 s.
`note_share_95` and `note_share_most` are a quantile, and the largest, of the share that the note of a voiced
frame has of the last 3 s; see `sampling/frames/holding.py`. `without_limit` draws without the penalty on it.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scoring import parser_of

from partita import Corpus, load, storage
from partita.audio.features.layout import FrameLayout
from partita.audio.features.pitch import VOICED
from partita.data.frames.excerpts import segment_frames
from partita.models.frame_tier.model import ANY_HOLD
from partita.runs.versions import versions
from partita.sampling.frames.holding import own_shares
from partita.sampling.frames.sampler import FrameSampler
from partita.training.monitoring.frame_temperature import (
    STEADY,
    choose_frame_temperature,
    steady_seconds,
)

CLIPS, SECONDS, HELD_SECONDS = 96, 10.0, 7.0


def pitch_scores(clips: Iterable[NDArray[Any]], layout: FrameLayout, hop_s: float) -> dict[str, float]:
    """Return how long pitches last in frames, and the changes of pitch in a second of voiced frames."""
    held, shares, changes, pairs = [], [], 0, 0
    for frames in clips:
        pitch, voiced = frames[:, layout.bands], frames[:, layout.bands + 1] >= VOICED
        both = voiced[1:] & voiced[:-1]
        moved = np.abs(np.diff(pitch)) >= STEADY
        edges = np.flatnonzero(np.concatenate([[True], moved | ~both, [True]]))
        held.append(np.diff(edges).max() * hop_s >= HELD_SECONDS)
        shares.append(own_shares(pitch[voiced]))
        changes, pairs = changes + int((moved & both).sum()), pairs + int(both.sum())
    return {
        "clips": len(held),
        "steady_seconds": round(steady_seconds(clips, layout, hop_s=hop_s), 3),
        "held_share": round(float(np.mean(held)), 3),
        "changes_per_second": round(changes / max(1, pairs) / hop_s, 2),
        "note_share_95": round(float(np.quantile(np.concatenate(shares), 0.95)), 3),
        "note_share_most": round(float(np.concatenate(shares).max()), 3),
    }


def main() -> None:
    """Draw and measure frames at each temperature, and write the file."""
    parser = parser_of(__doc__)
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.7, 0.8, 0.85, 0.9, 1.0, 1.1])
    asked = parser.parse_args()
    model, corpus = load(asked.run), Corpus.open(asked.corpus)
    assert model.frames is not None and model.model.config.condition is not None
    layout = model.frames.config.layout
    hop_s = layout.hop_length / model.sample_rate
    count, real = round(SECONDS / hop_s), []
    for segment in corpus.segments("train"):
        frames = segment_frames(corpus, segment, model.model.config.condition)
        real += [frames[i : i + count] for i in range(0, len(frames) - count, count)]

    def drawn(temperature: float) -> dict[str, float]:
        assert model.frames is not None
        clips = FrameSampler(model.frames, clips=CLIPS, seed=1, temperature=temperature).take(count)
        return {"temperature": temperature} | pitch_scores(clips, layout, hop_s)

    rows = [drawn(one) for one in asked.temperatures]
    choice = choose_frame_temperature(model.frames, corpus, seed=0)
    at = model.frame_temperature if choice is None else choice.temperature
    rows += [drawn(at)]
    model.frames.hold.fill_(ANY_HOLD)
    found = {"run": model.name, "step": model.step, "by_rule": choice and choice.temperature}
    found |= {"seconds": SECONDS, "real": pitch_scores(real, layout, hop_s), "drawn": rows}
    found |= {"without_limit": drawn(at)}
    storage.write_json(asked.out, found | {"versions": versions()})


if __name__ == "__main__":
    main()
