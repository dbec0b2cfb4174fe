"""Groups of clips on threads: the compiled sampler's work, cut up in a way that changes no sample.

This file does not know prompts or blocks; `stream.py` asks it for the next samples.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.cpu.clip_group import Group
from partita.sampling.cpu.kernel import Rule
from partita.sampling.cpu.packing import pack
from partita.sampling.cpu.settling import settle

ResultT = TypeVar("ResultT")

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


class CPUEngine:
    """Clips on the CPU, drawn by the compiled kernel.

    Args:
        model: the weights, copied.
        history: (clips, receptive_field) classes before the first sample.
        config: how to draw.
        numbers: (clips,) int64, the numbers behind the draws, which `draws.uniforms` knows; None is 0, 1, 2
            and so on.

    >>> import torch
    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> clips = CPUEngine(model, np.full((3, model.receptive_field), 128), SamplingConfig(threads=2))
    >>> clips.take(4).shape
    (3, 4)
    """

    def __init__(
        self,
        model: WaveNet,
        history: NDArray[np.int64],
        config: SamplingConfig,
        *,
        numbers: NDArray[np.int64] | None = None,
    ) -> None:
        self.position = 0
        # rows with gaps would compile the kernel once more
        self._history: NDArray[np.int64] | None = np.ascontiguousarray(history, np.int64)
        self._classes = model.config.classes
        self._rule = rule_of(config, model.config.classes)
        numbers = np.arange(len(history)) if numbers is None else numbers
        ranges = groups_for(len(history), config.thread_count)
        alone = {len(clips) == 1 for clips in ranges}
        packed = {single: pack(model, 1 if single else 2, config.precision) for single in alone}
        self._rows = [slice(clips.start, clips.stop) for clips in ranges]
        self._groups = [Group(packed[rows.stop - rows.start == 1], numbers[rows]) for rows in self._rows]
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
        drawn = np.empty((self._rows[-1].stop, steps), np.int16)
        known = self._known()

        def work(group: Group, rows: slice) -> NDArray[np.float32]:
            past = settle(group, self._rule, known[rows])
            return group.advance(self._rule, past, self.position, drawn[rows], watch=seen is not None)

        powers = self._each(work)
        self.position += steps
        if seen is not None:
            whole = np.concatenate(powers)[..., : self._classes]
            seen[:] = whole / whole.sum(-1, keepdims=True)
        return drawn

    def score(self, given: NDArray[np.int64]) -> NDArray[np.float64]:
        """Let every clip go on with samples that are given in place of drawn.

        Args:
            given: (clips, steps) classes.

        Returns:
            (clips, steps) log p(x_t | x_<t) of each, in nats, at temperature 1 and before top-k and top-p.

        >>> import torch
        >>> from partita.models.sizes import SIZES
        >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
        >>> clips = CPUEngine(model, np.full((2, model.receptive_field), 128), SamplingConfig())
        >>> bool((clips.score(np.array([[128, 129], [5, 250]])) < 0).all())
        True
        """
        values = np.empty(given.shape)
        if given.shape[1] == 0:
            return values
        known = self._known()

        def work(group: Group, rows: slice) -> None:
            past = settle(group, self._rule, known[rows])
            group.score(self._rule, past, given[rows], values[rows])

        self._each(work)
        self.position += given.shape[1]
        return values

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        """Let clips go on as others would: queues and newest sample are copied, the numbers of draws are not.

        Args:
            targets: (n,) rows of the clips that are overwritten, each once.
            sources: (n,) rows of the clips that they become; no target is among them.
        """
        if self._history is not None:
            self._history = self._history.copy()
            self._history[targets] = self._history[sources]
            return
        starts = np.array([rows.start for rows in self._rows])
        here, there = (np.searchsorted(starts, rows, "right") - 1 for rows in (targets, sources))

        def work(group: Group, rows: slice) -> None:
            mine = starts[here] == rows.start
            for other in np.unique(there[mine]):
                both = mine & (there == other)
                group.copy(targets[both] - rows.start, self._groups[other], sources[both] - starts[other])

        self._each(work)

    def _known(self) -> NDArray[np.int64]:
        """Return what the clips have yet to take in: the whole past at first, then nothing."""
        known = np.zeros((self._rows[-1].stop, 0), np.int64) if self._history is None else self._history
        self._history = None
        return known

    def _each(self, work: Callable[[Group, slice], ResultT]) -> list[ResultT]:
        """Return what the work on every group and its rows gives, spread over the threads."""
        spread = map if self._pool is None else self._pool.map
        return list(spread(work, self._groups, self._rows))
