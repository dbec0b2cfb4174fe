"""Choose the temperatures of both tiers of a run at its end, within its time."""

import time
from dataclasses import dataclass, field, replace
from typing import Any

from partita.data.corpus import Corpus
from partita.models.frame_tier.model import FrameModel
from partita.models.wavenet import WaveNet
from partita.sampling.config import FRAME_TEMPERATURE
from partita.training.config.train import TrainConfig
from partita.training.monitoring.frame_temperature import CLIPS, MOST, SECONDS, choose_frame_temperature
from partita.training.monitoring.temperature import choose_temperature

FRAMES_SHARE = 0.4
"""Share of the time for the frame tier's temperature."""
FRAMES_PER_SECOND = 100


@dataclass(frozen=True)
class ChosenTemperatures:
    """The temperatures that clips of a run are drawn at, as far as they were chosen.

    Args:
        samples: the temperature of the samples.
        frames: that of the frame tier.
        records: what the metrics keep of the choices, by kind.
    """

    samples: float | None = None
    frames: float | None = None
    records: dict[str, dict[str, float]] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        """Return the temperatures by the names that a checkpoint has for them.

        >>> ChosenTemperatures(samples=0.85).state()
        {'temperature': 0.85}
        """
        found = {"temperature": self.samples, "frame_temperature": self.frames}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def sentence(self) -> str:
        """What clips are drawn at.

        >>> ChosenTemperatures(samples=0.85).sentence
        'clips are drawn at temperature 0.85; the frames at 0.85, the default, since none was chosen'
        """
        default = ", the default, since none was chosen"
        samples = f"{self.samples:g}" if self.samples else f"1{default}"
        frames = f"{self.frames:g}" if self.frames else f"{FRAME_TEMPERATURE:g}{default}"
        return f"clips are drawn at temperature {samples}; the frames at {frames}"

    def or_else(self, other: "ChosenTemperatures") -> "ChosenTemperatures":
        """Return these temperatures, and another's where none was chosen here.

        Args:
            other: the other ones, for example those of the model that a run starts from.

        >>> ChosenTemperatures(samples=0.85).or_else(ChosenTemperatures(samples=1.0, frames=0.9)).state()
        {'temperature': 0.85, 'frame_temperature': 0.9}
        """
        samples = other.samples if self.samples is None else self.samples
        return replace(self, samples=samples, frames=other.frames if self.frames is None else self.frames)


def choose_temperatures(
    model: WaveNet,
    frames: FrameModel | None,
    corpus: Corpus,
    config: TrainConfig,
    *,
    steps: int,
    seconds: float,
) -> ChosenTemperatures:
    """Choose the temperature of the sample tier, which is given features, and that of the frame tier.

    Args:
        model: the network of the samples, on any device.
        frames: the frame tier's network, or None for a run without one.
        corpus: the run's corpus.
        config: the run's config.
        steps: updates of the sample tier.
        seconds: the most time that both may take.
    """
    begun = time.monotonic()
    frames_choice = None
    if frames is not None and _frames_seen(config, steps) >= MOST * CLIPS * SECONDS * FRAMES_PER_SECOND:
        share = FRAMES_SHARE * seconds
        frames_choice = choose_frame_temperature(frames, corpus, seed=config.seed, seconds=share)
    left = seconds - (time.monotonic() - begun)
    samples_choice = choose_temperature(model, corpus, config, steps=steps, seconds=left)
    choices = {"temperature": samples_choice, "frame_temperature": frames_choice}
    return ChosenTemperatures(
        samples=None if samples_choice is None else samples_choice.temperature,
        frames=None if frames_choice is None else frames_choice.temperature,
        records={kind: choice.numbers() for kind, choice in choices.items() if choice is not None},
    )


def _frames_seen(config: TrainConfig, steps: int) -> int:
    """Return the frames that the frame tier has learnt from; after few, a choice is not worth its time."""
    tier = config.frames
    return steps // tier.every * tier.batch * tier.length if tier.every else 0
