"""What the compiled sampler of the frame tier reads and writes. This file computes nothing."""

from typing import Any, NamedTuple

from partita.sampling.cpu.matmul import Matrix


class FrameNetwork(NamedTuple):
    """A packed network; `address` fields end with `_at`, other fields are arrays or numbers."""

    layers: Any
    """The number of recurrent layers."""
    input: Matrix
    """From features and given channels to the first layer's input."""
    input_bias: Any
    """(channels,) float32."""
    bins: Any
    """(semitones, channels) float32: what the pitch's semitones add to the first layer's input."""
    gates: Matrix
    """Of each layer, from its input to the three gates."""
    gates_bias_at: Any
    state: Matrix
    """Of each layer, from its state to the three gates."""
    state_bias_at: Any
    context: Matrix
    """From the last layer's state to the hidden channels of all columns."""
    context_bias_at: Any
    earlier: Any
    """(columns, columns * hidden) float32: what a column adds to the hidden channels of the later ones."""
    column_bins: Any
    """(semitones, columns * hidden) float32: what the pitch's semitones add to those of the bands."""
    output: Any
    """(columns, hidden, 3 * mixtures) float32."""
    output_bias: Any
    """(columns, 3 * mixtures) float32."""
    semitones: Any
    """(hidden, semitones + 2) float32: the logits of the pitch's semitones, one offset, one log deviation."""
    semitones_bias: Any
    """(semitones + 2,) float32."""
    score: Any
    """(hidden, rows) float32: the weight of each row of the score; no rows without a score."""
    score_bias: Any
    """(rows,) float32."""
    carry: Any
    """(columns,) float32."""


class Units(NamedTuple):
    """The units of the columns, in their order here: feature = shift + scale * normalised value."""

    shift: Any
    """(columns,) float32."""
    scale: Any
    """(columns,) float32."""
    step: Any
    """(columns,) float64: the distance between neighbouring values of the grid."""
    low: Any
    """(columns,) float64: the least value that is drawn."""
    high: Any
    """(columns,) float64."""
    lowest: Any
    """The MIDI note number of the first semitone, int64."""
    log_deviations: Any
    """(2,) float64: the bounds of the log deviations."""
    power: Any
    """(4,) float64: band = (ln(power + floor) + shift) / scale; then the largest gain of a loudness."""
    levels: Any
    """(5,) float64: the range of the slow loudness, the share of a frame in it, and of its correction; then
    how far below the range a frame is silence."""
    hold: Any
    """(5,) float64: the largest usual share of a note, the least periodicity of a voiced frame, a frame's
    share in the shares, the penalty on a share of 1 above the usual one, how many bins a note reaches."""


class FrameState(NamedTuple):
    """What a clip keeps from one call to the next."""

    frame: Any
    """(columns,) float32: the newest frame, normalised."""
    states: Any
    """(layers, channels) float32."""
    slow: Any
    """(1,) float64: the slow loudness; NaN before any frame."""
    shares: Any
    """(48,) float64: the share of each bin of the pitch in the last voiced frames."""


class FrameWorkspace(NamedTuple):
    """Intermediate results, which one frame overwrites."""

    inputs: Any
    start: Any
    hidden: Any
    gates: Any
    recurrent: Any
    scratch: Any
    """(2, channels) float32."""
    columns: Any
    mixture: Any
    """(3, mixtures + semitones) float64: logits, means and log deviations."""
    found: Any
    """(3 * mixtures,) float32."""
    semitones: Any
    """(semitones + 2,) float32."""


class FrameAddresses(NamedTuple):
    """The addresses of the arrays of `FrameWorkspace` and `FrameState` that products read or write."""

    inputs: Any
    start: Any
    hidden: Any
    gates: Any
    recurrent: Any
    scratch: Any
    columns: Any
    states: Any


class FramePass(NamedTuple):
    """One pass of a clip through the network. With guidance a clip has two, which read the same frames."""

    state: FrameState
    work: FrameWorkspace
    at: FrameAddresses


class FrameRule(NamedTuple):
    """How frames are drawn."""

    temperature: Any
    """float64: it scales the deviations, and its inverse scales the logits."""
    guidance: Any
    """float64: see `sampling/frames/reference.py`; at 1 there is no second pass."""
    seed_low: Any
    """The lower 32 bits of the seed, uint64."""
    seed_high: Any
    """The upper 32 bits of the seed, uint64."""
    clip: Any
    """The clip's number, by which its uniforms are addressed."""
