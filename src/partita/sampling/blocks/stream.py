"""Clips of a model that makes a block of samples at once: any number of samples is taken from the blocks.

A clip depends only on the model, the prompt, the settings, the seed and the clip's number, not on how many
samples are taken at once. This file does not know any model.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.sampling.config import SamplingConfig
from partita.sampling.stream import Classes


class BlockStream(ABC):
    """Clips that are drawn together; `take` returns their next samples.

    Args:
        clips: the number of clips.
        classes: the number of classes of a sample; class c is the value 2 c / (classes - 1) - 1.
        config: how to draw.

    Raises:
        PartitaError: there is no clip, or the settings are for models with the probabilities of classes.
    """

    def __init__(self, *, clips: int, classes: int, config: SamplingConfig) -> None:
        if clips < 1:
            raise PartitaError(f"`clips` is {clips}: give at least 1")
        check_block_settings(config)
        self.config, self.clips = config, clips
        self.position = 0
        """Samples drawn so far, per clip."""
        self._classes = classes
        self._dtype = np.uint8 if classes <= 256 else np.uint16
        self._left: Classes = np.empty((clips, 0), self._dtype)
        self._missing = 0
        """Samples that the present call of `take` has yet to draw."""

    @abstractmethod
    def _next_values(self) -> NDArray[np.float32]:
        """Return the next block of every clip, (clips, samples), of values that may be outside [-1, 1]."""

    def take(self, steps: int) -> Classes:
        """Draw the next samples of every clip.

        Args:
            steps: samples per clip.

        Returns:
            (clips, steps), uint8 (uint16 for more than 256 classes).
        """
        parts = [self._left]
        self._missing = steps - self._left.shape[1]
        while self._missing > 0:
            parts.append(self._rounded(self._next_values()))
            self._missing -= parts[-1].shape[1]
        drawn = np.concatenate(parts, 1)
        self._left = drawn[:, steps:]
        self.position += steps
        return drawn[:, :steps]

    def _rounded(self, values: NDArray[np.float32]) -> Classes:
        places = np.floor((values.clip(-1.0, 1.0) + 1.0) * (0.5 * (self._classes - 1)) + 0.5)
        return places.astype(self._dtype)


def check_block_settings(config: SamplingConfig) -> None:
    """Refuse settings that need the probability of each class, or a GPU.

    Args:
        config: how to draw.

    Raises:
        PartitaError: top-k, top-p, a GPU or another precision than float32 is wanted.

    >>> check_block_settings(SamplingConfig())
    """
    for name in ("top_k", "top_p"):
        if getattr(config, name) is not None:
            raise PartitaError(
                f"`{name}` keeps some of the classes' probabilities, which this model does not have: leave it"
                " out, and lower the temperature"
            )
    if config.smoothing:
        raise PartitaError(
            f"`smoothing` is {config.smoothing:g}, but this model draws no classes that could be smoothed:"
            " leave it out"
        )
    if config.device == "cuda":
        raise PartitaError("`device` is 'cuda', but this model is drawn from on the CPU: set it to `cpu`")
    if config.precision != "float32":
        raise PartitaError(
            f"`precision` is {config.precision!r}, but this model is drawn from in float32: leave it out"
        )
