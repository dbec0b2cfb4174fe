"""Draw preview clips during training, from the same prompts with the same seed each time."""

import math
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from partita import storage
from partita.data.corpus import Corpus
from partita.data.frames import frames_around
from partita.data.prompts import prompt_places, prompts_at
from partita.filenames import c_library_path
from partita.generated_folders import mark_generated
from partita.models.choice import Model
from partita.models.frame_tier.model import FrameModel
from partita.runs.folder import RunFolder
from partita.sampling.blocks.choice import draw_from, smoothing_of
from partita.sampling.config import FRAME_TEMPERATURE, SamplingConfig
from partita.sampling.given.continuation import continued_frames, known_layout
from partita.training.config.train import TrainConfig
from partita.training.monitoring.chosen_temperatures import ChosenTemperatures
from partita.training.monitoring.tensorboard import TensorBoardWriter
from partita.training.steps.learner import Learner
from partita.training.time_budget import CLIPS_SECONDS

FRAMES_SECONDS = 1.0  # of a prompt, at least, that the frame tier continues
PREVIEW_SHARE = 0.05  # of the time so far that preview clips before the end may take


class PreviewClips:
    """Draw clips from a run's network, and write them to the run's folder and to TensorBoard.

    Args:
        run: the run's folder.
        corpus: the corpus whose validation split gives the prompts.
        config: the run's resolved config.
        tensorboard: the run's TensorBoard files.
    """

    def __init__(
        self, run: RunFolder, corpus: Corpus, config: TrainConfig, tensorboard: TensorBoardWriter
    ) -> None:
        self._run, self._corpus, self._config, self._tensorboard = run, corpus, config, tensorboard
        self._seconds: list[float] = []  # that each drawing took

    def fit_in(self, elapsed: float) -> bool:
        """Return whether another drawing keeps all of them within `PREVIEW_SHARE` of the time.

        Args:
            elapsed: seconds of training so far.
        """
        expected = self._seconds[-1] if self._seconds else CLIPS_SECONDS
        return sum(self._seconds) + expected <= PREVIEW_SHARE * elapsed

    def draw(self, train_step: Learner[Any], *, step: int, temperatures: ChosenTemperatures) -> None:
        """Draw the clips of a step and write them.

        Args:
            train_step: the owner of the networks, on any device; they are copied to the CPU.
            step: the step of the networks' weights.
            temperatures: of both tiers, as far as they were chosen.
        """
        begun = time.monotonic()
        model, tier = train_step.best_model, train_step.frame_tier
        on_cpu = next(model.parameters()).device.type == "cpu"
        clips = draw_clips(
            model if on_cpu else deepcopy(model).cpu(),
            None if tier is None else tier.best,
            self._corpus,
            self._config,
            temperature=temperatures.samples or 1.0,
            frame_temperature=temperatures.frames or FRAME_TEMPERATURE,
        )
        rate = self._corpus.sample_rate
        with self._run.explain_full_disk():
            write_clips(self._run.clips_path, clips, step=step, sample_rate=rate)
            self._tensorboard.clips(clips, step=step, sample_rate=rate)
        self._seconds.append(time.monotonic() - begun)


def draw_clips(
    model: Model,
    frames: FrameModel | None,
    corpus: Corpus,
    config: TrainConfig,
    *,
    temperature: float = 1.0,
    frame_temperature: float = FRAME_TEMPERATURE,
) -> NDArray[np.float32]:
    """Draw continuations of prompts from the validation split.

    Args:
        model: the network, on the CPU. With a condition it follows what the frame tier draws after the frames
            of the prompts.
        frames: the frame tier's network; without it, the network follows the frames of the real sound.
        corpus: the corpus that gives the prompts.
        config: the number of clips, their length and the seed.
        temperature: of the samples.
        frame_temperature: of the frame tier.

    Returns:
        (clips, samples) float32 in [-1, 1], without the prompts.
    """
    steps = max(1, round(config.preview_seconds * corpus.sample_rate))
    layout = known_layout(model, frames)
    hop = 1 if layout is None else layout.hop_length
    least = 0.0 if layout is None else FRAMES_SECONDS * corpus.sample_rate
    length = hop * math.ceil(max(1, model.receptive_field, least) / hop)
    places = prompt_places(
        corpus, "validation", count=config.preview_clips, length=length, seed=config.seed, grid=hop
    )
    source = None
    if layout is not None:
        ends = [stop for _, stop in places]
        before = length // hop
        known = frames_around(corpus, "validation", ends, layout, before=before, after=steps // hop + 1)
        source = continued_frames(
            model, frames, known, before=before, seed=config.seed, temperature=frame_temperature
        )
    classes = draw_from(
        model,
        clips=config.preview_clips,
        steps=steps,
        prompt=prompts_at(corpus, places, length=length, quantizer=config.quantizer),
        config=SamplingConfig(
            seed=config.seed,
            temperature=temperature,
            smoothing=smoothing_of(model),
            threads=config.threads,
        ),
        zero_class=config.quantizer.zero_class,
        conditions=source,
    )
    return config.quantizer.decode(classes)


def write_clips(folder: Path, clips: NDArray[np.float32], *, step: int, sample_rate: int) -> list[Path]:
    """Write each clip as a 16-bit file such as `step-000400-1.wav`, and return the paths.

    Args:
        folder: the folder, made if it is absent.
        clips: (clips, samples) in [-1, 1].
        step: the step, for the file names.
        sample_rate: in Hz.
    """
    folder.mkdir(exist_ok=True)
    mark_generated(folder, "Clips drawn from a model in training.")
    paths = [folder / f"step-{step:06d}-{number}.wav" for number in range(1, len(clips) + 1)]
    for path, clip in zip(paths, clips, strict=True):
        with storage.atomic_file(path) as part:
            soundfile.write(c_library_path(part), clip, sample_rate, format="WAV", subtype="PCM_16")
    return paths
