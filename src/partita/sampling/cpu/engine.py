"""The CPU engine: it splits clips into groups, which threads draw with the compiled kernel.

How clips are split does not change any sample. This file does not know prompts or blocks; `stream.py` asks it
for the next samples.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from partita.models.heads.base import MOST_LOG_SCALE, MOST_MEAN, DensityHead
from partita.models.heads.choice import CATEGORICAL, LOGISTIC, make_head
from partita.models.heads.logistic import DEVIATION, NEAREST
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.sampling.conditions import condition_table
from partita.sampling.config import SamplingConfig
from partita.sampling.cpu.bias_spans import BiasSpan, bias_spans
from partita.sampling.cpu.categorical import DrawRule
from partita.sampling.cpu.clip_group import ClipGroup, constant_start
from partita.sampling.cpu.densities import DensityRule
from partita.sampling.cpu.kernel import prepare_numba
from partita.sampling.cpu.packing import bias_columns, pack, padded_channels
from partita.sampling.frame_sources import FrameSource

ResultT = TypeVar("ResultT")

LARGEST_GROUP = 24
"""The most clips in a group: more would read the weights less often, but exceed the caches."""


def draw_rule(config: SamplingConfig, network: WaveNetConfig) -> DrawRule:
    """Return the settings of the draw in the form that the compiled code takes.

    Args:
        config: how to draw.
        network: the shape of the network.

    >>> from partita.models.sizes import SIZES
    >>> int(draw_rule(SamplingConfig(top_k=300), SIZES["tiny"]).top_k)
    0
    """
    top_k = config.top_k if config.top_k is not None and config.top_k < network.classes else 0
    top_p = config.top_p if config.top_p is not None else 1.0
    low, high = np.uint64(config.seed & 0xFFFFFFFF), np.uint64(config.seed >> 32)
    padded = padded_channels(network.outputs)
    smoothed = config.smoothing and network.head == CATEGORICAL
    steps = np.arange(-padded, padded) if smoothed else np.zeros(0)
    window = np.exp(-0.5 * (steps / (config.smoothing or 1.0)) ** 2).astype(np.float32)
    scale, density = np.float32(1.0 / config.temperature), density_rule(config, network)
    return DrawRule(scale, np.int64(top_k), float(top_p), low, high, density, window)


def density_rule(config: SamplingConfig, network: WaveNetConfig) -> DensityRule:
    """Return the settings of a draw from a density; 0 classes for a network without one.

    Args:
        config: how to draw.
        network: the shape of the network.
    """
    head = make_head(network.head, classes=network.classes, mixtures=network.mixtures)
    density = isinstance(head, DensityHead)
    return DensityRule(
        classes=np.int64(network.classes if density else 0),
        mixtures=np.int64(network.mixtures if network.head == LOGISTIC else 0),
        temperature=float(config.temperature),
        least=head.least_log_scale if isinstance(head, DensityHead) else 0.0,
        most=MOST_LOG_SCALE,
        farthest=MOST_MEAN,
        nearest=NEAREST,
        deviation=DEVIATION,
        window=2.0 * config.smoothing / (network.classes - 1),
    )


def split_clips(clips: int, threads: int) -> list[range]:
    """Split clips into groups: as many groups as threads, or a multiple of that for many clips.

    >>> split_clips(5, 2)
    [range(0, 2), range(2, 5)]
    """
    count = min(clips, threads * -(-clips // (threads * LARGEST_GROUP)))
    return [range(i * clips // count, (i + 1) * clips // count) for i in range(count)]


class CPUEngine:
    """Clips that are drawn on the CPU, by the compiled kernel.

    Args:
        model: the model; its weights are copied.
        history: (clips, receptive_field) classes before the first sample.
        config: how to draw.
        numbers: (clips,) int64, the clip numbers, by which `uniforms.uniforms` addresses the draws; by
            default 0, 1, 2, ...
        conditions: the frames of the clips; needed if the model has a condition, otherwise ignored.

    Raises:
        PartitaError: the model has a condition, and `conditions` is missing or does not fit.

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
        conditions: FrameSource | None = None,
    ) -> None:
        prepare_numba()  # now, so that the first block comes sooner
        self.position = 0
        # the kernel is compiled for contiguous rows
        self._history: NDArray[np.int64] | None = np.ascontiguousarray(history, np.int64)
        self._classes = model.config.classes
        self._rule = draw_rule(config, model.config)
        numbers = np.arange(len(history)) if numbers is None else numbers
        ranges = split_clips(len(history), config.thread_count)
        single_clips = {len(clips) == 1 for clips in ranges}
        packed = {single: pack(model, 1 if single else 2, config.precision) for single in single_clips}
        self._table = condition_table(
            model,
            conditions,
            clips=len(history),
            bias=next(iter(packed.values())).bias,
            columns=bias_columns(model.config),
        )
        self._rows = [slice(clips.start, clips.stop) for clips in ranges]
        self._groups = [ClipGroup(packed[rows.stop - rows.start == 1], numbers[rows]) for rows in self._rows]
        workers = min(config.thread_count, len(ranges))
        self._pool = ThreadPoolExecutor(workers, "partita-sampling") if workers > 1 else None

    def take(self, steps: int, probabilities: NDArray[np.float32] | None = None) -> NDArray[np.uint16]:
        """Draw the next samples.

        Args:
            steps: samples per clip.
            probabilities: (clips, steps, classes), filled with the probabilities that were drawn from.

        Returns:
            (clips, steps) classes.
        """
        self._process_history()
        first, parts = self.position, []
        for span in bias_spans(self._table, first, first + steps):
            here = slice(span.start - first, span.stop - first)
            parts.append(self._draw(span, None if probabilities is None else probabilities[:, here]))
        self.position += steps
        return np.concatenate(parts, 1)

    def _draw(self, span: BiasSpan, probabilities: NDArray[np.float32] | None) -> NDArray[np.uint16]:
        """Draw the samples of one span; see `take`."""
        drawn, wanted = (
            np.empty((self._rows[-1].stop, span.stop - span.start), np.uint16),
            probabilities is not None,
        )
        known = np.empty((self._rows[-1].stop, 0), np.int64)

        def draw(group: ClipGroup, rows: slice) -> NDArray[np.float32]:
            return group.advance(
                self._rule, known[rows], span.start, drawn[rows], biases=span.of(rows), with_masses=wanted
            )

        masses = self._map(draw)
        if probabilities is not None:
            whole = np.concatenate(masses)[..., : self._classes]
            probabilities[:] = whole / whole.sum(-1, keepdims=True)
        return drawn

    def score(self, given: NDArray[np.int64]) -> NDArray[np.float64]:
        """Continue every clip with given samples and return their log-probabilities.

        Args:
            given: (clips, steps) classes.

        Returns:
            (clips, steps) log p(x_t | x_<t) in nats, at temperature 1 and before top-k and top-p.

        >>> import torch
        >>> from partita.models.sizes import SIZES
        >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
        >>> clips = CPUEngine(model, np.full((2, model.receptive_field), 128), SamplingConfig())
        >>> bool((clips.score(np.array([[128, 129], [5, 250]])) < 0).all())
        True
        """
        self._process_history()
        values, first = np.empty(given.shape), self.position
        for span in bias_spans(self._table, first, first + given.shape[1]):
            self._score(span, given, values, first)
        self.position += given.shape[1]
        return values

    def _score(
        self, span: BiasSpan, given: NDArray[np.int64], values: NDArray[np.float64], first: int
    ) -> None:
        """Fill the log-probabilities of one span; see `score`."""
        here = slice(span.start - first, span.stop - first)

        def score(group: ClipGroup, rows: slice) -> None:
            group.score(self._rule, given[rows, here], values[rows, here], span.of(rows))

        self._map(score)

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        """Replace the past of some clips with that of others; each clip keeps its own number and its frames.

        Args:
            targets: (n,) rows of the clips to overwrite, each at most once.
            sources: (n,) rows of the clips to copy; none of them is a target.
        """
        if self._history is not None and self._table is None:
            self._history = self._history.copy()
            self._history[targets] = self._history[sources]
            return
        self._process_history()  # with the frames of the sources
        starts = np.array([rows.start for rows in self._rows])
        to, origin = (np.searchsorted(starts, rows, "right") - 1 for rows in (targets, sources))

        def copy(group: ClipGroup, rows: slice) -> None:
            mine = starts[to] == rows.start
            for other in np.unique(origin[mine]):
                both = mine & (origin == other)
                group.copy(targets[both] - rows.start, self._groups[other], sources[both] - starts[other])

        self._map(copy)

    def _process_history(self) -> None:
        """Process the samples before the first drawn one, unless this is done."""
        history, self._history = self._history, None
        if history is None:
            return
        start, constant = self.position - history.shape[1] + 1, None
        if self._table is not None:
            # together for all groups, so that the same samples remain in each
            same = constant_start(history)
            constant = self._table.constant_samples(start, start + same - 1) if same > 1 else 0
        opening = next(bias_spans(self._table, start, start + 1))

        def skip(group: ClipGroup, rows: slice) -> NDArray[np.int64]:
            return group.skip_constant_start(
                self._rule, history[rows], biases=opening.of(rows), constant=constant
            )

        rest = self._map(skip)
        longest = max(known.shape[1] for known in rest)
        for span in bias_spans(self._table, self.position - longest + 1, self.position):
            self._process(span, rest)

    def _process(self, span: BiasSpan, rest: list[NDArray[np.int64]]) -> None:
        """Process the known samples of one span, and the one before it, which is the newest so far."""
        known = {rows.start: one for rows, one in zip(self._rows, rest, strict=True)}
        nothing = np.empty((self._rows[-1].stop, 0), np.uint16)

        def process(group: ClipGroup, rows: slice) -> None:
            mine = known[rows.start]
            first = max(0, mine.shape[1] - (self.position - span.start) - 1)
            last = mine.shape[1] - (self.position - span.stop)
            part = np.ascontiguousarray(mine[:, first:last])
            group.advance(self._rule, part, 0, nothing[rows], biases=span.of(rows))

        self._map(process)

    def _map(self, function: Callable[[ClipGroup, slice], ResultT]) -> list[ResultT]:
        """Return the function's result for every group and its rows, computed on the threads."""
        run = map if self._pool is None else self._pool.map
        return list(run(function, self._groups, self._rows))
