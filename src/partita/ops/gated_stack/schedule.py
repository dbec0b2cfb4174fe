"""All layers of the gated stack, one thread's share of them, in step with the other threads.

What is done with the rows of one layer is given; this file knows the order of layers and where threads wait.
"""

from collections.abc import Callable

import numpy as np

from partita.ops.barrier import wait_for_all
from partita.ops.numba_cache import compiled, compiled_on_disk

Sizes = tuple[int, int, int, int, int]
Place = tuple[int, int, int]


@compiled()
def share(batch: int, start: int, stop: int, threads: int, thread: int) -> tuple[int, int, int, int]:
    """Return one thread's share of rows start..stop of every clip: first clip, last + 1, first row, last + 1.

    Whole clips where they can be dealt out evenly, which needs no waiting between layers; else a run of rows
    of each.
    """
    if batch % threads == 0:
        each = batch // threads
        return thread * each, (thread + 1) * each, start, stop
    low = start + (stop - start) * thread // threads
    return 0, batch, low, start + (stop - start) * (thread + 1) // threads


def forward_walk(rows: Callable[..., None]) -> Callable[..., None]:
    """Make the way forwards from what is done with the rows of a layer."""

    @compiled_on_disk(of=(rows,))
    def walk(
        h: np.ndarray,
        stream: np.ndarray,
        z: np.ndarray,
        g: np.ndarray,
        weights: np.ndarray,
        starts: np.ndarray,
        dilations: np.ndarray,
        sizes: Sizes,
        place: Place,
    ) -> None:
        """Run one thread's share of all layers.

        Args:
            h, z, g: addresses (layers, batch), as `rows` takes them for each layer; stream: (batch).
            weights: addresses (layers, 4): weights, bias, residual, residual bias.
            starts: first row of each layer's output.
            dilations: of each layer.
            sizes: time, kernel, channels, units, numbers in a row of G.
            place: the thread, of how many, and the address of a barrier's two int64, which are 0.
        """
        count, batch = h.shape
        time, kernel, channels, units, g_row = sizes
        thread, threads, barrier = place
        for layer in range(count):
            last = layer == count - 1
            after = layer if last else layer + 1
            w, b, r, rb = weights[layer]
            clip, end, low, high = share(batch, starts[layer], time, threads, thread)
            for c in range(clip, end):
                rows(
                    h[layer, c], h[after, c], stream[c], z[layer, c], g[layer, c], g_row, starts[-1],
                    w, b, r, rb, low, high, kernel, dilations[layer], channels, units, last,
                )  # fmt: skip
            if batch % threads:
                wait_for_all(barrier, threads)

    made: Callable[..., None] = walk
    return made


def backward_walk(gates: Callable[..., None], hidden: Callable[..., None]) -> Callable[..., None]:
    """Make the way backwards from what is done with the rows of a layer: first its gates, then its input."""

    @compiled_on_disk(of=(gates, hidden))
    def walk(
        h: np.ndarray,
        dh: np.ndarray,
        z: np.ndarray,
        dg: np.ndarray,
        turned: np.ndarray,
        gradients: np.ndarray,
        starts: np.ndarray,
        dilations: np.ndarray,
        sizes: Sizes,
        place: Place,
    ) -> None:
        """Walk one thread's share back through all layers.

        Args:
            h, z, dg: addresses (layers, batch); dh: addresses (batch), as `gates` takes them.
            turned: addresses (layers, 2): the taps' and the residual's weights, transposed.
            gradients: addresses (layers, 4) of this thread's sums: weights, bias, residual, residual bias.
            starts, dilations, sizes, place: as on the way forwards.
        """
        count, batch = h.shape
        time, kernel, channels, units, g_row = sizes
        thread, threads, barrier = place
        for layer in range(count - 1, -1, -1):
            last = layer == count - 1
            taps, residual = turned[layer]
            dw, db, dr, drb = gradients[layer]
            clip, end, low, high = share(batch, starts[layer], time, threads, thread)
            for c in range(clip, end):
                gates(
                    h[layer, c], dh[c], z[layer, c], dg[layer, c], g_row, starts[-1], residual,
                    dw, db, dr, drb, low, high, kernel, dilations[layer], channels, units, last,
                )  # fmt: skip
            if batch % threads:
                wait_for_all(barrier, threads)
            clip, end, low, high = share(batch, starts[layer - 1] if layer else 0, time, threads, thread)
            for c in range(clip, end):
                hidden(
                    dh[c], z[layer, c], taps, low, high, starts[layer], time, kernel, dilations[layer],
                    channels, units,
                )  # fmt: skip
            if batch % threads:
                wait_for_all(barrier, threads)

    made: Callable[..., None] = walk
    return made
