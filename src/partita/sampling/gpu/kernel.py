"""The persistent kernels: each program draws many samples of 16 clips in one launch.

`take_in` runs the layers along known samples; `draw_steps` adds the head and the draw. All tensors are whole
tiles, and each program has its own rings and workspace. The compile-time arguments are the fields of
`packing.Shape`. This file does not know PyTorch or the shape of a model.
"""

import triton
import triton.language as tl

from partita.sampling.gpu.categorical import draw, uniform
from partita.sampling.gpu.layers import broad_layers, narrow_layers, product


@triton.jit
def pass_layers(
    newest: tl.tensor, time: tl.tensor, rings: tl.tensor, embedding: tl.tensor, dilated: tl.tensor,
    bias: tl.tensor, own: tl.tensor, residual: tl.tensor, gates: tl.tensor,
    LAYERS: tl.constexpr, PER_BLOCK: tl.constexpr, SPREAD: tl.constexpr, TAPS: tl.constexpr,
    R: tl.constexpr, U: tl.constexpr, BLOCK_R: tl.constexpr, BLOCK_U: tl.constexpr, ROWS: tl.constexpr,
    STAGES: tl.constexpr, OWN: tl.constexpr, PRECISION: tl.constexpr,
) -> None:  # fmt: skip
    """Process the newest sample of each clip; the arguments are those of `narrow_layers`."""
    tl.debug_barrier()  # the last step's results are read below, and its workspace is overwritten
    if BLOCK_R == R and BLOCK_U == U:
        narrow_layers(
            newest, time, rings, embedding, dilated, bias, own, residual, gates,
            LAYERS, PER_BLOCK, SPREAD, TAPS, R, U, ROWS, STAGES, OWN, PRECISION,
        )  # fmt: skip
    else:
        broad_layers(
            newest, time, rings, embedding, dilated, bias, own, residual, gates,
            LAYERS, PER_BLOCK, SPREAD, TAPS, R, U, BLOCK_R, BLOCK_U, ROWS, OWN, PRECISION,
        )  # fmt: skip
    tl.debug_barrier()


@triton.jit(do_not_specialize=["count"])
def take_in(
    count: tl.tensor, known: tl.tensor, newest: tl.tensor, clock: tl.tensor, biases: tl.tensor,
    bias_rows: tl.tensor, rings: tl.tensor, workspace: tl.tensor, embedding: tl.tensor, dilated: tl.tensor,
    residual: tl.tensor, bias_size: tl.tensor, row_size: tl.tensor, ring_size: tl.tensor,
    workspace_size: tl.tensor,
    LAYERS: tl.constexpr, PER_BLOCK: tl.constexpr, SPREAD: tl.constexpr, TAPS: tl.constexpr,
    R: tl.constexpr, U: tl.constexpr, BLOCK_R: tl.constexpr, BLOCK_U: tl.constexpr, ROWS: tl.constexpr,
    STAGES: tl.constexpr, HOLD: tl.constexpr, OWN: tl.constexpr, PRECISION: tl.constexpr,
) -> None:  # fmt: skip
    """Run the layers along known samples, the last of which becomes the newest.

    Tensors:
        count: the number of known samples, at least 1.
        known: (count, clips) int32.
        newest: (clips,) int32, filled.
        clock: int64; its first number is the time of the sample after the known ones, its last the number of
            samples of the first block before the second known sample, which is the first predicted one.
        biases: float32: the biases of blocks of `HOLD` samples, with `bias_size` numbers from one block to
            the next; in rows of `row_size`: (LAYERS, 2 U) for the layers, then the skip product's (S).
        bias_rows: (clips,) int64: the row of each clip, used if `OWN` is set; otherwise all have the first.
        rings: (programs, ring_size) float32.
        workspace: (programs, workspace_size) float32, workspace.
        embedding, dilated, residual: as for `narrow_layers`.
    """
    program = tl.program_id(0).to(tl.int64)
    clips = tl.num_programs(0).to(tl.int64) * ROWS
    mine = program * ROWS + tl.arange(0, ROWS)
    first, phase = tl.load(clock) - count + 1, tl.load(clock + 5)
    own = tl.load(bias_rows + mine) * row_size
    for t in tl.range(0, count - 1, num_stages=1):
        bias = biases + (phase + t) // HOLD * bias_size
        pass_layers(
            tl.load(known + t * clips + mine), first + t, rings + program * ring_size,
            embedding, dilated, bias, own, residual, workspace + program * workspace_size,
            LAYERS, PER_BLOCK, SPREAD, TAPS, R, U, BLOCK_R, BLOCK_U, ROWS, STAGES, OWN, PRECISION,
        )  # fmt: skip
    tl.store(newest + mine, tl.load(known + (count - 1) * clips + mine))


@triton.jit(do_not_specialize=["steps"])
def draw_steps(
    steps: tl.tensor, drawn: tl.tensor, seen: tl.tensor, newest: tl.tensor, numbers: tl.tensor,
    clock: tl.tensor, rule: tl.tensor, biases: tl.tensor, bias_rows: tl.tensor, rings: tl.tensor,
    workspace: tl.tensor, embedding: tl.tensor, dilated: tl.tensor, residual: tl.tensor, skip: tl.tensor,
    end1: tl.tensor, end1_bias: tl.tensor, end2: tl.tensor, end2_bias: tl.tensor, bias_size: tl.tensor,
    row_size: tl.tensor, ring_size: tl.tensor, workspace_size: tl.tensor,
    LAYERS: tl.constexpr, PER_BLOCK: tl.constexpr, SPREAD: tl.constexpr, TAPS: tl.constexpr,
    R: tl.constexpr, U: tl.constexpr, S: tl.constexpr, E: tl.constexpr, C: tl.constexpr,
    BLOCK_R: tl.constexpr, BLOCK_U: tl.constexpr, BLOCK_G: tl.constexpr, BLOCK_S: tl.constexpr,
    BLOCK_E: tl.constexpr, BLOCK_C: tl.constexpr, BLOCK_K: tl.constexpr, BLOCK_D: tl.constexpr,
    ROWS: tl.constexpr, STAGES: tl.constexpr, HEAD_STAGES: tl.constexpr, HOLD: tl.constexpr,
    OWN: tl.constexpr, PRECISION: tl.constexpr, TOP_K: tl.constexpr, TOP_P: tl.constexpr,
    SMOOTH: tl.constexpr, WATCH: tl.constexpr,
) -> None:  # fmt: skip
    """Draw samples.

    Tensors:
        steps: samples per clip.
        drawn: (steps, clips) int16, filled.
        seen: (steps, clips, C) float32, filled with the masses that were drawn from if `WATCH` is set.
        newest: (clips,) int32: the newest class of each clip, which the layers have not processed yet.
        numbers: (clips,) int64: the clip numbers.
        clock: six int64: the time of the first sample, for the rings; its number, for its uniform; the two
            halves of the seed; top_k; how many samples of the first block are before the first sample.
        rule: three float64: 1 / temperature, top_p, and -1 / (2 smoothing^2).
        skip, end1, end1_bias, end2, end2_bias: (LAYERS * U, S), (S, E), (E), (E, C), (C).
        The other tensors are those of `take_in`.
    """
    program = tl.program_id(0).to(tl.int64)
    clips = tl.num_programs(0).to(tl.int64) * ROWS
    mine = program * ROWS + tl.arange(0, ROWS)
    gates = workspace + program * workspace_size
    skips = gates + ROWS * LAYERS * U
    ends = skips + ROWS * S
    logits = ends + ROWS * E
    masses = logits + ROWS * C
    start, first, top_k = tl.load(clock), tl.load(clock + 1), tl.load(clock + 4)
    low, high, phase = tl.load(clock + 2), tl.load(clock + 3), tl.load(clock + 5)
    number, classes = tl.load(numbers + mine), tl.load(newest + mine)
    own = tl.load(bias_rows + mine) * row_size
    for t in tl.range(0, steps, num_stages=1):  # each step reads what the last one stored
        bias = biases + (phase + t) // HOLD * bias_size
        pass_layers(
            classes, start + t, rings + program * ring_size, embedding, dilated, bias, own, residual, gates,
            LAYERS, PER_BLOCK, SPREAD, TAPS, R, U, BLOCK_R, BLOCK_U, ROWS, STAGES, OWN, PRECISION,
        )  # fmt: skip
        product(
            gates, skip, bias + LAYERS * 2 * U, own, skips,
            LAYERS * U, S, BLOCK_G, BLOCK_S, ROWS, True, HEAD_STAGES, OWN, PRECISION,
        )  # fmt: skip
        product(
            skips, end1, end1_bias, own, ends,
            S, E, BLOCK_K, BLOCK_E, ROWS, True, HEAD_STAGES, False, PRECISION,
        )  # fmt: skip
        product(
            ends, end2, end2_bias, own, logits,
            E, C, BLOCK_K, BLOCK_C, ROWS, False, HEAD_STAGES, False, PRECISION,
        )  # fmt: skip
        place = t * clips + program * ROWS
        classes = draw(
            logits, masses, seen + place * C, uniform(low, high, first + t, number), rule, top_k,
            C, BLOCK_D, ROWS, TOP_K, TOP_P, SMOOTH, WATCH,
        )  # fmt: skip
        tl.store(drawn + place + tl.arange(0, ROWS), classes.to(tl.int16))
    tl.store(newest + mine, classes)
