"""Unpack stored weights (float32, bfloat16, int8) into vectors of floats.

`sampling/precision.py` packs them: a row is (panels, 16) numbers; of bfloat16, two panels are interleaved.
This file does not know products.
"""

from typing import Any

from llvmlite import ir

from partita.ops.llvm.vector import VECTOR, WIDTH, WORDS

FLOAT32, BFLOAT16, INT8 = 4, 2, 1
"""Bytes of a stored weight."""

Value = Any


def unpack(builder: ir.IRBuilder, row: Value, panels: int, stored: int) -> list[Value]:
    """Emit the loads of a row of weights: a vector of 16 floats for each panel.

    Args:
        builder: where to emit.
        row: pointer to the row's first byte.
        panels: how many.
        stored: bytes of each weight; int8 weights are returned without their step applied.
    """

    def part(kind: Any, place: int, align: int) -> Value:
        address = builder.gep(row, [ir.IntType(64)(place)])
        return builder.load(builder.bitcast(address, kind.as_pointer()), align=align)

    if stored == FLOAT32:
        return [part(VECTOR, 64 * p, 64) for p in range(panels)]
    if stored == INT8:
        kind = ir.VectorType(ir.IntType(8), WIDTH)
        return [builder.sitofp(builder.sext(part(kind, 16 * p, 16), WORDS), VECTOR) for p in range(panels)]
    sixteen, upper = ir.Constant(WORDS, [16] * WIDTH), ir.Constant(WORDS, [0xFFFF0000] * WIDTH)
    if panels % 2:
        kind = ir.VectorType(ir.IntType(16), WIDTH)
        words = [builder.zext(part(kind, 32 * p, 32), WORDS) for p in range(panels)]
        return [builder.bitcast(builder.shl(word, sixteen), VECTOR) for word in words]
    found = []
    for p in range(0, panels, 2):
        both = part(WORDS, 32 * p, 64)
        found += [builder.shl(both, sixteen), builder.and_(both, upper)]
    return [builder.bitcast(word, VECTOR) for word in found]
