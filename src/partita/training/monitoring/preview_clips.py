"""Clips along the way: what the model sounds like at a step, from the same prompts with the same draws every
time."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from partita import storage
from partita.data.corpus import Corpus
from partita.data.prompts import prompts
from partita.filenames import for_c
from partita.generated_folders import mark_generated
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.stream import draw
from partita.training.config.train import TrainConfig


def draw_clips(model: WaveNet, corpus: Corpus, config: TrainConfig) -> NDArray[np.float32]:
    """Continue real prompts of held-out sound.

    Args:
        model: what to draw from; it is not changed.
        corpus: prompts come from its validation split.
        config: how many clips, how long, and the seed.

    Returns:
        (clips, samples) float32 in [-1, 1], without the prompts.
    """
    given = prompts(
        corpus,
        "validation",
        count=config.preview_clips,
        length=model.receptive_field,
        seed=config.seed,
        quantizer=config.quantizer,
    )
    classes = draw(
        model,
        clips=config.preview_clips,
        steps=max(1, round(config.preview_seconds * corpus.sample_rate)),
        prompt=given,
        config=SamplingConfig(seed=config.seed, threads=config.threads),
        zero_class=config.quantizer.zero_class,
    )
    return config.quantizer.decode(classes)


def write_clips(folder: Path, clips: NDArray[np.float32], *, step: int, sample_rate: int) -> list[Path]:
    """Write each clip as `step-000400-1.wav`, 16 bits, and return the paths."""
    folder.mkdir(exist_ok=True)
    mark_generated(folder, "Clips drawn from a model in training.")
    paths = [folder / f"step-{step:06d}-{number}.wav" for number in range(1, len(clips) + 1)]
    for path, clip in zip(paths, clips, strict=True):
        with storage.replacing(path) as part:
            soundfile.write(for_c(part), clip, sample_rate, format="WAV", subtype="PCM_16")
    return paths
