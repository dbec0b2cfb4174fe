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
    newest: tl.tensor, time: tl.tensor, line: tl.tensor, periods: tl.tensor, rings: tl.tensor,
    embedding: tl.tensor, periodic: tl.tensor, dilated: tl.tensor, bias: tl.tensor, own: tl.tensor,
    residual: tl.tensor, gates: tl.tensor,
    LAYERS: tl.constexpr, PER_BLOCK: tl.constexpr, SPREAD: tl.constexpr, TAPS: tl.constexpr,
    R: tl.constexpr, U: tl.constexpr, BLOCK_R: tl.constexpr, BLOCK_U: tl.constexpr, ROWS: tl.constexpr,
    STAGES: tl.constexpr, OWN: tl.constexpr, PRECISION: tl.constexpr, PERIODIC: tl.constexpr,
    CLASSES: tl.constexpr, SLOTS: tl.constexpr,
) -> None:  # fmt: skip
    """Process the newest sample of each clip; the arguments are those of `narrow_layers`.

    `periods` are (ROWS,) addresses of a clip's period and periodicity at the sample to predict.
    """
    tl.debug_barrier()  # the last step's results are read below, and its workspace is overwritten
    period, share = time, time.to(tl.float32)  # not used without PERIODIC
    if PERIODIC > 0:
        period, share = tl.load(periods).to(tl.int64), tl.load(periods + 1)
        tl.store(line + (time & (SLOTS - 1)), newest)
    if BLOCK_R == R and BLOCK_U == U:
        narrow_layers(
            newest, time, line, period, share, rings, embedding, periodic, dilated, bias, own, residual,
            gates, LAYERS, PER_BLOCK, SPREAD, TAPS, R, U, ROWS, STAGES, OWN, PRECISION, PERIODIC, CLASSES,
            SLOTS,
        )  # fmt: skip
    else:
        broad_layers(
            newest, time, line, period, share, rings, embedding, periodic, dilated, bias, own, residual,
            gates, LAYERS, PER_BLOCK, SPREAD, TAPS, R, U, BLOCK_R, BLOCK_U, ROWS, OWN, PRECISION, PERIODIC,
            CLASSES, SLOTS,
        )  # fmt: skip
    tl.debug_barrier()


@triton.jit(do_not_specialize=["count", "period_size"])
def take_in(
    count: tl.tensor, known: tl.tensor, newest: tl.tensor, clock: tl.tensor, biases: tl.tensor,
    periods: tl.tensor, bias_rows: tl.tensor, lines: tl.tensor, rings: tl.tensor, workspace: tl.tensor,
    embedding: tl.tensor, periodic: tl.tensor, dilated: tl.tensor, residual: tl.tensor,
    bias_size: tl.tensor, period_size: tl.tensor, row_size: tl.tensor, ring_size: tl.tensor,
    workspace_size: tl.tensor,
    LAYERS: tl.constexpr, PER_BLOCK: tl.constexpr, SPREAD: tl.constexpr, TAPS: tl.constexpr,
    R: tl.constexpr, U: tl.constexpr, BLOCK_R: tl.constexpr, BLOCK_U: tl.constexpr, ROWS: tl.constexpr,
    STAGES: tl.constexpr, HOLD: tl.constexpr, OWN: tl.constexpr, PRECISION: tl.constexpr,
    PERIODIC: tl.constexpr, CLASSES: tl.constexpr, SLOTS: tl.constexpr,
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
        periods: float32: the period and the periodicity at blocks of `HOLD` samples, with `period_size`
            numbers from one block to the next, in rows of 2; used if `PERIODIC` is not 0.
        bias_rows: (clips,) int64: the row of each clip, used if `OWN` is set; otherwise all have the first.
        lines: (clips, SLOTS) int32: the newest classes, used if `PERIODIC` is not 0.
        rings: (programs, ring_size) float32.
        workspace: (programs, workspace_size) float32, workspace.
        embedding, periodic, dilated, residual: as for `narrow_layers`.
    """
    program = tl.program_id(0).to(tl.int64)
    clips = tl.num_programs(0).to(tl.int64) * ROWS
    mine = program * ROWS + tl.arange(0, ROWS)
    first, phase = tl.load(clock) - count + 1, tl.load(clock + 5)
    row = tl.load(bias_rows + mine)
    for t in tl.range(0, count - 1, num_stages=1):
        block = (phase + t) // HOLD
        pass_layers(
            tl.load(known + t * clips + mine), first + t, lines + mine * SLOTS,
            periods + block * period_size + 2 * row, rings + program * ring_size,
            embedding, periodic, dilated, biases + block * bias_size, row * row_size, residual,
            workspace + program * workspace_size,
            LAYERS, PER_BLOCK, SPREAD, TAPS, R, U, BLOCK_R, BLOCK_U, ROWS, STAGES, OWN, PRECISION, PERIODIC,
            CLASSES, SLOTS,
        )  # fmt: skip
    tl.store(newest + mine, tl.load(known + (count - 1) * clips + mine))


@triton.jit(do_not_specialize=["steps", "period_size"])
def draw_steps(
    steps: tl.tensor, drawn: tl.tensor, seen: tl.tensor, newest: tl.tensor, numbers: tl.tensor,
    clock: tl.tensor, rule: tl.tensor, biases: tl.tensor, periods: tl.tensor, bias_rows: tl.tensor,
    lines: tl.tensor, rings: tl.tensor, workspace: tl.tensor, embedding: tl.tensor, periodic: tl.tensor,
    dilated: tl.tensor, residual: tl.tensor, skip: tl.tensor, end1: tl.tensor, end1_bias: tl.tensor,
    end2: tl.tensor, end2_bias: tl.tensor, bias_size: tl.tensor, period_size: tl.tensor,
    row_size: tl.tensor, ring_size: tl.tensor, workspace_size: tl.tensor,
    LAYERS: tl.constexpr, PER_BLOCK: tl.constexpr, SPREAD: tl.constexpr, TAPS: tl.constexpr,
    R: tl.constexpr, U: tl.constexpr, S: tl.constexpr, E: tl.constexpr, C: tl.constexpr,
    BLOCK_R: tl.constexpr, BLOCK_U: tl.constexpr, BLOCK_G: tl.constexpr, BLOCK_S: tl.constexpr,
    BLOCK_E: tl.constexpr, BLOCK_C: tl.constexpr, BLOCK_K: tl.constexpr, BLOCK_D: tl.constexpr,
    ROWS: tl.constexpr, STAGES: tl.constexpr, HEAD_STAGES: tl.constexpr, HOLD: tl.constexpr,
    OWN: tl.constexpr, PRECISION: tl.constexpr, PERIODIC: tl.constexpr, CLASSES: tl.constexpr,
    SLOTS: tl.constexpr, TOP_K: tl.constexpr, TOP_P: tl.constexpr, SMOOTH: tl.constexpr, WATCH: tl.constexpr,
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
    number, classes, row = tl.load(numbers + mine), tl.load(newest + mine), tl.load(bias_rows + mine)
    own = row * row_size
    for t in tl.range(0, steps, num_stages=1):  # each step reads what the last one stored
        block = (phase + t) // HOLD
        bias = biases + block * bias_size
        pass_layers(
            classes, start + t, lines + mine * SLOTS, periods + block * period_size + 2 * row,
            rings + program * ring_size, embedding, periodic, dilated, bias, own, residual, gates,
            LAYERS, PER_BLOCK, SPREAD, TAPS, R, U, BLOCK_R, BLOCK_U, ROWS, STAGES, OWN, PRECISION, PERIODIC,
            CLASSES, SLOTS,
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
