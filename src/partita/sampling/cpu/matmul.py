"""Products of clips with packed matrices, cut into blocks that fit the registers.

The order in which an output is summed does not depend on the number of clips: along the rows in equal chains,
then over the chains. So a clip is the same, to the last bit, in a group of any size. The blocks themselves
are in `ops/llvm/narrow_matmul.py`; `packing.py` chooses their sizes.
"""

from typing import Any, NamedTuple

import numpy as np

from partita.ops.llvm.narrow_matmul import multiply
from partita.ops.numba_cache import compiled

CACHED_ROWS = 64
"""Rows of weights that stay in the first-level cache while all columns use them."""

RECTIFY = np.float32(0.0)
"""The lower bound of the outputs behind a rectifier."""

UNBOUNDED = np.float32(-np.inf)
"""The lower bound of the outputs without a rectifier."""


class Matrix(NamedTuple):
    """A packed weight matrix, or one matrix per layer, and how its product is cut into blocks."""

    address: Any
    """The address of the first weight."""
    weight_bytes: Any
    """Bytes per weight. Anything but float32 works for a single column only."""
    layer_bytes: Any
    """Bytes from one layer's matrix to the next one's."""
    rows: Any
    """The number of inputs."""
    panels: Any
    """The number of outputs, divided by 16."""
    chains: Any
    """Partial sums per output that are computed side by side."""
    block: Any
    """Panels that are stored next to each other."""
    scales: Any
    """For int8 weights the address of the scales: 16 per panel, followed by their inverses."""


class MatrixRows(NamedTuple):
    """Consecutive rows of one layer's matrix."""

    matrix: Any
    layer: Any
    first: Any
    count: Any


class Columns(NamedTuple):
    """One vector per clip: the address of the first vector, and the floats from one to the next."""

    address: Any
    step: Any


@compiled(error_model="numpy")
def multiply_column(rows: Any, start: Any, x: Any, y: Any, least: Any) -> None:
    """Compute y = max(least, start + x W) for a single column.

    Args:
        rows: MatrixRows, the rows of W.
        start: Columns, the biases or an earlier partial sum.
        x: Columns, the inputs.
        y: Columns, receives the outputs.
        least: float32, `RECTIFY` or `UNBOUNDED`.
    """
    m = rows.matrix
    done = 0
    while done < m.panels:
        panels = min(m.block, m.panels - done)
        w = (
            m.address
            + rows.layer * m.layer_bytes
            + 16 * m.weight_bytes * (done * m.rows + rows.first * panels)
        )
        scales = m.scales + 128 * (rows.layer * m.panels + done)
        multiply(
            0, panels, 1, m.chains, 0, m.weight_bytes, start.address + 64 * done, 0, x.address, 0, w, scales,
            rows.count, y.address + 64 * done, 0, least,
        )  # fmt: skip
        done += panels


@compiled(error_model="numpy")
def multiply_columns(rows: Any, start: Any, x: Any, y: Any, least: Any, columns: Any, most: Any) -> None:
    """Compute y = max(least, start + x W) for several columns, a few rows at a time for all of them.

    Args:
        rows: as for `multiply_column`.
        start: as for `multiply_column`.
        x: as for `multiply_column`.
        y: as for `multiply_column`.
        least: as for `multiply_column`.
        columns: the number of columns.
        most: the most columns that share a block of registers.
    """
    m, depth = rows.matrix, rows.count
    tiles = (columns + most - 1) // most
    chunk = depth // m.chains
    if m.chains == 1 and tiles > 1:
        chunk = min(depth, CACHED_ROWS)
    for done in range(0, m.panels, m.block):
        w = m.address + rows.layer * m.layer_bytes + 64 * (done * m.rows + rows.first * m.block)
        for k in range(0, depth, chunk):
            floor = least if k + chunk >= depth else UNBOUNDED
            for tile in range(tiles):
                first, last = tile * columns // tiles, (tile + 1) * columns // tiles
                source = start.address + 64 * done + 4 * first * start.step
                source_step, add = start.step, 0
                target = y.address + 64 * done + 4 * first * y.step
                if k > 0:
                    source, source_step, add = target, y.step, 1 if m.chains > 1 else 0
                multiply(
                    1, m.block, last - first, 1, add, 4, source, source_step,
                    x.address + 4 * (k + first * x.step), x.step, w + 64 * k * m.block, 0,
                    min(chunk, depth - k), target, y.step, floor,
                )  # fmt: skip


@compiled(error_model="numpy")
def product(rows: Any, start: Any, x: Any, y: Any, least: Any, columns: Any, most: Any) -> None:
    """Compute y = max(least, start + x W); the arguments are those of `multiply_columns`."""
    if most == 1:
        multiply_column(rows, start, x, y, least)
    else:
        multiply_columns(rows, start, x, y, least, columns, most)
