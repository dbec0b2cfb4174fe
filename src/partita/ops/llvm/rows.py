"""Copies and sums of rows of floats inside compiled functions.

Addresses are int64, in bytes; strides and columns count floats, and columns are a multiple of 16. This file
does not know what the rows contain.
"""

from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import intrinsic

from partita.ops.llvm.vector import INT, WIDTH, load_vector, store_vector
from partita.ops.numba_cache import compiled


def _elementwise(name: str | None) -> Callable[..., Any]:
    """Return the intrinsic that writes `first OP second` for 16 floats; without OP it copies the first."""

    @intrinsic
    def operate(typingctx: Any, first: Any, second: Any, out: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            zero = INT(0)
            value = load_vector(builder, arguments[0], zero)
            if name is not None:
                value = getattr(builder, name)(value, load_vector(builder, arguments[1], zero))
            store_vector(builder, value, arguments[2], zero)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, types.int64), generate

    made: Callable[..., Any] = operate
    return made


_copy16, _add16 = _elementwise(None), _elementwise("fadd")


@compiled()
def copy_rows(source: int, source_row: int, out: int, out_row: int, rows: int, columns: int) -> None:
    """Copy rows of floats; a `source_row` of 0 repeats one row."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            place = source + 4 * (r * source_row + c)
            _copy16(place, place, out + 4 * (r * out_row + c))


@compiled()
def add_rows(a: int, a_row: int, b: int, b_row: int, out: int, out_row: int, rows: int, columns: int) -> None:
    """Write the sums of two matrices; a row stride of 0 repeats one row."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            _add16(a + 4 * (r * a_row + c), b + 4 * (r * b_row + c), out + 4 * (r * out_row + c))


@compiled()
def add_column_sums(a: int, a_row: int, out: int, rows: int, columns: int) -> None:
    """Add the sum of all rows to one row, from the first row on."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            _add16(a + 4 * (r * a_row + c), out + 4 * c, out + 4 * c)
