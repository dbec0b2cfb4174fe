"""Whether a classifier of real spoken digits names the digit and the speaker of clips drawn with labels.

    python docs/results/two-tiers/digits.py RUN CORPUS --out digits.json [--clips-to FOLDER]

The corpus is prepared with `--labels '{digit}_{speaker}_{_take}'`. The classifier is a small convolutional
network over log-mel frames, trained on the train split alone; its accuracy on real takes of the test split
stands beside that on drawn clips.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from scipy.stats import binomtest
from scoring import parser_of
from torch import Tensor, nn
from torch.nn import functional

from partita import Corpus, load, storage
from partita.audio.features.mel import log_mel
from partita.runs.loading import LoadedModel
from partita.runs.versions import versions

BANDS, FRAMES, SECONDS, EPOCHS = 32, 64, 0.64, 40


class Classifier(nn.Module):
    """Two convolutions over time, the maximum over time, and a linear layer for each label."""

    def __init__(self, digits: int, speakers: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(BANDS, 64, 5, padding=2)
        self.second = nn.Conv1d(64, 64, 5, padding=2)
        self.digit, self.speaker = nn.Linear(128, digits), nn.Linear(128, speakers)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of digits and of speakers from (clips, frames, bands)."""
        hidden = functional.relu(self.first(mel.transpose(1, 2)))
        hidden = functional.dropout(functional.relu(self.second(hidden)), 0.3, self.training)
        pooled = torch.cat([hidden.amax(2), hidden.mean(2)], 1)
        return self.digit(pooled), self.speaker(pooled)


def mel_of(sound: NDArray[Any], rate: int) -> NDArray[np.float32]:
    """Return frames of a take at a level of its own, padded or cut to a fixed length."""
    hop = round(SECONDS * rate / FRAMES)
    scaled = sound / max(1e-6, float(np.sqrt(np.mean(np.square(sound))))) * 0.1
    frames = log_mel(scaled.astype(np.float32), sample_rate=rate, hop_length=hop, bands=BANDS)[:FRAMES]
    return np.pad(frames, ((0, FRAMES - len(frames)), (0, 0)), constant_values=-2.5)


def takes(corpus: Corpus, split: str) -> tuple[Tensor, list[dict[str, str]]]:
    """Return the frames and the labels of a split's takes."""
    rows, labels = [], []
    for segment in corpus.segments(split):
        sound = corpus.samples[segment.offset : segment.offset + segment.length] / 32768.0
        rows.append(mel_of(sound, corpus.sample_rate))
        labels.append(dict(label.split("=", 1) for label in corpus.labels(segment)))
    return torch.from_numpy(np.stack(rows)), labels


def trained(mel: Tensor, digits: Tensor, speakers: Tensor, counts: tuple[int, int]) -> Classifier:
    """Return a classifier after a fixed number of epochs."""
    torch.manual_seed(0)
    model = Classifier(*counts)
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.01)
    for _ in range(EPOCHS):
        for rows in torch.split(torch.randperm(len(mel)), 64):
            shifted = mel[rows].roll(int(torch.randint(-6, 7, ())), 1)
            one, two = model(shifted + 0.1 * torch.randn_like(shifted))
            loss = functional.cross_entropy(one, digits[rows]) + functional.cross_entropy(two, speakers[rows])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
    return model.eval()


def accuracy(right: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the share that is right, with its exact 95% interval (Clopper & Pearson 1934)."""
    interval = binomtest(int(right.sum()), len(right)).proportion_ci()
    numbers = {"value": right.mean(), "low": interval.low, "high": interval.high}
    return {name: round(float(value), 4) for name, value in numbers.items()} | {"clips": len(right)}


def drawn_digits(
    model: LoadedModel, names: dict[str, list[str]], asked: argparse.Namespace
) -> tuple[Tensor, list[dict[str, str]]]:
    """Return the frames and the labels of clips drawn for every digit and speaker."""
    rows, wanted = [], []
    for digit in names["digit"]:
        for speaker in names["speaker"]:
            label = {"digit": digit, "speaker": speaker}
            for number, clip in enumerate(model.draw(SECONDS, clips=asked.each, seed=1, label=label)):
                rows.append(mel_of(clip, model.sample_rate))
                wanted.append(label)
                if asked.clips_to is not None:
                    asked.clips_to.mkdir(parents=True, exist_ok=True)
                    path = asked.clips_to / f"{digit}_{speaker}_{number}.wav"
                    soundfile.write(path, clip, model.sample_rate, subtype="PCM_16")
    return torch.from_numpy(np.stack(rows)), wanted


def main() -> None:
    """Train the classifier, draw clips, and write the file."""
    parser = parser_of(__doc__)
    parser.add_argument("--clips-to", type=Path)
    parser.add_argument("--each", type=int, default=4)
    asked = parser.parse_args()
    corpus, model = Corpus.open(asked.corpus), load(asked.run)
    mel, labels = takes(corpus, "train")
    names = {name: sorted({row[name] for row in labels}) for name in ("digit", "speaker")}

    def indices(rows: list[dict[str, str]], name: str) -> Tensor:
        return torch.tensor([names[name].index(row[name]) for row in rows])

    torch.set_num_threads(1)
    counts = len(names["digit"]), len(names["speaker"])
    classifier = trained(mel, indices(labels, "digit"), indices(labels, "speaker"), counts)
    drawn, wanted = drawn_digits(model, names, asked)
    scores: dict[str, Any] = {"run": model.name, "step": model.step, "temperature": model.temperature}
    for kind, (frames, rows) in {
        "real": takes(corpus, "test"),
        "drawn": (drawn, wanted),
    }.items():
        with torch.no_grad():
            found = dict(zip(("digit", "speaker"), classifier(frames), strict=True))
        scores[kind] = {
            name: accuracy((logits.argmax(1) == indices(rows, name)).numpy())
            for name, logits in found.items()
        }
    scores |= {"chance": {name: round(1 / len(names[name]), 4) for name in names}, "versions": versions()}
    storage.write_json(asked.out, scores)
    print(json.dumps(scores, indent=1))


if __name__ == "__main__":
    main()
