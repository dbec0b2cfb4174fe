"""Compile the GPU's kernels without a GPU and print what they need, as one line of JSON.

    python ahead.py SHAPE PRECISION CAPABILITY [OWN TOP_K TOP_P SMOOTH WATCH]

SHAPE is a JSON object of the fields of `WaveNetConfig`, and `condition` in it of those of `FrameLayout`. The
others are 1 or 0, 0 by default; OWN is for clips that have their own biases.

A process of its own, since Triton's interpreter, in which the other tests run, and its compiler don't share
one.
"""

import json
import subprocess
import sys
import tempfile
from typing import Any

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from partita.audio.features.layout import FrameLayout
from partita.models.sizes import WaveNetConfig
from partita.sampling.gpu.engine import WARPS
from partita.sampling.gpu.kernel import draw_steps, take_in
from partita.sampling.gpu.packing import shape_of

SHARED = {80: 163 * 1024, 86: 99 * 1024, 90: 227 * 1024}
SIZES = ("bias_size", "row_size", "ring_size", "workspace_size")
NUMBERS = dict.fromkeys(("steps", "count", "period_size", *SIZES), "i32")
POINTERS = {
    "drawn": "*i16",
    "newest": "*i32",
    "known": "*i32",
    "numbers": "*i64",
    "bias_rows": "*i64",
    "lines": "*i32",
    "clock": "*i64",
    "rule": "*fp64",
}
MATRICES = {"dilated", "residual", "skip", "end1", "end2"}


def compiled(kernel: Any, constants: dict[str, Any], precision: str, capability: int) -> Any:
    """Compile as a launch would: addresses and sizes are multiples of 16."""
    matrix = "*fp32" if precision == "float32" else "*bf16"
    types = {name: matrix if name in MATRICES else "*fp32" for name in kernel.arg_names} | NUMBERS | POINTERS
    signature = {name: "constexpr" if name in constants else types[name] for name in kernel.arg_names}
    even = [["tt.divisibility", 16]]
    attributes = {
        (place,): even
        for place, name in enumerate(kernel.arg_names)
        if signature[name].startswith("*") or name in SIZES
    }
    source = ASTSource(kernel, signature, constexprs=constants, attrs=attributes)
    return triton.compile(source, target=GPUTarget("cuda", capability, 32), options={"num_warps": WARPS})


def needs(kernel: Any) -> dict[str, int]:
    """Return the shared memory, registers and bytes of stack, where registers are spilled to, of a kernel."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(kernel.asm["cubin"])
        file.flush()
        command = [triton.knobs.nvidia.cuobjdump.path, "--dump-resource-usage", file.name]
        words = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    found = dict(word.split(":") for word in words if word.startswith(("REG:", "STACK:")))
    return {"shared": kernel.metadata.shared, "registers": int(found["REG"]), "stack": int(found["STACK"])}


def main(fields: str, precision: str, capability: str, *flags: str) -> None:
    own, *others = [flag == "1" for flag in flags] or [False] * 5
    shared = SHARED[int(capability)]
    named = json.loads(fields)
    if named["condition"] is not None:
        named["condition"] = FrameLayout(**named["condition"])
    shape = shape_of(WaveNetConfig(**named), precision, shared, own_biases=own)
    rule = dict(zip(("TOP_K", "TOP_P", "SMOOTH", "WATCH"), others, strict=True))
    kernels = {
        "draw_steps": compiled(draw_steps, shape.of_steps() | rule, precision, int(capability)),
        "take_in": compiled(take_in, shape.of_layers(), precision, int(capability)),
    }
    pipelined = kernels["draw_steps"].asm["ptx"].count("cp.async.cg")
    print(json.dumps({name: needs(kernel) for name, kernel in kernels.items()} | {"pipelined": pipelined}))


main(*sys.argv[1:])
