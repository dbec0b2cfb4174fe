"""Groups of clips on threads: the compiled sampler's work, cut up in a way that changes no sample.

This file does not know openings or blocks; `stream.py` asks it for the next samples.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.kernel import Rule
from partita.sampling.packing import Group, pack
from partita.sampling.settling import settle

LARGEST_GROUP = 24
"""Clips that go through the layers together: more would read the weights less often, but leave the caches."""


def rule_of(config: SamplingConfig, classes: int) -> Rule:
    """Return the draw's settings as the compiled code takes them.

    >>> int(rule_of(SamplingConfig(top_k=300), 256).top_k)
    0
    """
    top_k = config.top_k if config.top_k is not None and config.top_k < classes else 0
    top_p = config.top_p if config.top_p is not None else 1.0
    low, high = np.uint64(config.seed & 0xFFFFFFFF), np.uint64(config.seed >> 32)
    return Rule(np.float32(1.0 / config.temperature), np.int64(top_k), float(top_p), low, high)


def groups_for(clips: int, threads: int) -> list[range]:
    """Return which clips go together: as many groups as threads, or a multiple of that for many clips.

    >>> groups_for(5, 2)
    [range(0, 2), range(2, 5)]
    """
    count = min(clips, threads * -(-clips // (threads * LARGEST_GROUP)))
    return [range(i * clips // count, (i + 1) * clips // count) for i in range(count)]


class CompiledClips:
    """Clips on the CPU, drawn by the compiled kernel.

    Args:
        model: the weights, copied.
        history: (clips, receptive_field) classes before the first sample.
        config: how to draw.

    >>> import torch
    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> clips = CompiledClips(model, np.full((3, model.receptive_field), 128), SamplingConfig(threads=2))
    >>> clips.take(4).shape
    (3, 4)
    """

    def __init__(self, model: WaveNet, history: NDArray[np.int64], config: SamplingConfig) -> None:
        self.position = 0
        self._history: NDArray[np.int64] | None = history
        self._classes = model.config.classes
        self._rule = rule_of(config, model.config.classes)
        ranges = groups_for(len(history), config.thread_count)
        alone = {len(clips) == 1 for clips in ranges}
        packed = {single: pack(model, 1 if single else 2, config.precision) for single in alone}
        self._groups = [Group(packed[len(clips) == 1], clips) for clips in ranges]
        workers = min(config.thread_count, len(ranges))
        self._pool = ThreadPoolExecutor(workers, "partita-sampling") if workers > 1 else None

    def take(self, steps: int, seen: NDArray[np.float32] | None = None) -> NDArray[np.int16]:
        """Draw the next samples.

        Args:
            steps: samples of each clip.
            seen: (clips, steps, classes), filled with the probabilities that were drawn from.

        Returns:
            (clips, steps).
        """
        clips = sum(len(group.clips) for group in self._groups)
        drawn = np.empty((clips, steps), np.int16)
        known = np.zeros((clips, 0), np.int64) if self._history is None else self._history

        def work(group: Group) -> NDArray[np.float32]:
            rows = slice(group.clips[0], group.clips[-1] + 1)
            past = settle(group, self._rule, known[rows])
            return group.advance(self._rule, past, self.position, drawn[rows], watch=seen is not None)

        powers = list(map(work, self._groups) if self._pool is None else self._pool.map(work, self._groups))
        self._history = None
        self.position += steps
        if seen is not None:
            whole = np.concatenate(powers)[..., : self._classes]
            seen[:] = whole / whole.sum(-1, keepdims=True)
        return drawn
