"""A group of clips that go through the layers together, and its state around the compiled kernel.

This file does not know how weights are packed, what a prompt is, or threads.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from partita.ops.llvm.vector import WIDTH
from partita.sampling.cpu.bias_spans import NO_PERIODS
from partita.sampling.cpu.categorical import ClassArrays, DrawRule
from partita.sampling.cpu.kernel import Biases, ClipState, Steps, Workspace, advance, copy_clips
from partita.sampling.cpu.packing import PackedNetwork
from partita.sampling.weights import aligned_zeros

RING = np.dtype([("at", np.int64), ("slots", np.int64), ("slot", np.int64), ("dilation", np.int64)])
"""One layer's ring buffer: its first float, the slots, the slot of the next sample, the dilation."""


class ClipGroup:
    """Clips that go through the layers together.

    Args:
        packed: the network.
        numbers: (clips,) int64, the clip numbers.
    """

    def __init__(self, packed: PackedNetwork, numbers: NDArray[np.int64]) -> None:
        n, count = packed.network, len(numbers)
        self.packed = packed
        self.numbers = numbers
        self.newest = np.zeros(count, np.int64)
        self.ring = np.zeros(len(packed.dilations), RING)
        self.ring["dilation"] = packed.dilations
        self.ring["slots"] = (n.kernel_size - 1) * self.ring["dilation"] + 1
        sizes = self.ring["slots"] * count * WIDTH * n.residual.panels
        self.ring["at"] = np.cumsum(sizes) - sizes
        self._past = aligned_zeros(int(sizes.sum()))
        classes = WIDTH * int(n.end2.panels)
        self._buffers = {
            "z": aligned_zeros(count * WIDTH * int(n.dilated.panels)),
            "gates": aligned_zeros(count * int(n.skip.rows)),
            "skips": aligned_zeros(count * WIDTH * int(n.skip.panels)),
            "ends": aligned_zeros(count * WIDTH * int(n.end1.panels)),
            "logits": aligned_zeros(count * classes),
            "masses": aligned_zeros(classes),
            "sums": aligned_zeros(int(n.end2.panels)),
        }
        self._line, self._passed = np.zeros((count, packed.slots), np.uint16), np.zeros(1, np.int64)
        self._state = ClipState(
            np.int64(self._past.ctypes.data), self.ring, self.newest, numbers, self._line, self._passed
        )
        addresses = {name: np.int64(array.ctypes.data) for name, array in self._buffers.items()}
        self._workspace = Workspace(aligned_zeros(WIDTH * int(n.residual.panels)), **addresses)
        zero, one = np.int64(0), np.int64(1)
        self._plain = Biases(n.bias, zero, zero, zero, one, NO_PERIODS)
        self._arrays = ClassArrays(
            logits=self._buffers["logits"].view(np.int32).reshape(count, classes),
            masses=self._buffers["masses"],
            sums=self._buffers["sums"],
            keys=np.zeros(classes, np.int32),
            ones=np.ones(classes, np.float32),
            outputs=self._buffers["logits"].reshape(count, classes),
        )

    def advance(
        self,
        rule: DrawRule,
        known: NDArray[np.int64],
        first: int,
        drawn: NDArray[np.uint16],
        *,
        biases: Biases | None = None,
        with_masses: bool = False,
    ) -> NDArray[np.float32]:
        """Process known samples, then draw as many samples as `drawn` has columns.

        Args:
            rule: how to draw.
            known: (clips, k) classes.
            first: the number of the first sample to draw.
            drawn: (clips, steps), filled.
            biases: those of the samples that are predicted, if there is a condition.
            with_masses: whether to return the masses that were drawn from.

        Returns:
            (clips, steps, padded classes) float32, or no steps without `with_masses`.
        """
        shape = (len(self.numbers), drawn.shape[1] if with_masses else 0, len(self._arrays.masses))
        masses = np.empty(shape, np.float32)
        steps = Steps(known, first, drawn, masses, self._plain if biases is None else biases)
        advance(self.packed.network, self._state, self._workspace, self._arrays, rule, steps)
        return masses

    def score(
        self,
        rule: DrawRule,
        given: NDArray[np.int64],
        values: NDArray[np.float64],
        biases: Biases | None = None,
    ) -> None:
        """Compute the log-probabilities of given samples.

        Args:
            rule: required by the kernel; the classes that it draws are discarded.
            given: (clips, steps) classes.
            values: (clips, steps), filled with log-probabilities at temperature 1, in nats.
            biases: those of the given samples, if there is a condition.
        """
        biases, known = self._plain if biases is None else biases, np.empty((len(given), 0), np.int64)
        head, drawn = self.packed.head, np.empty((len(self.numbers), 1), np.uint16)
        outputs = np.empty((given.shape[1], len(given), head.columns), np.float32)
        for step in range(given.shape[1]):
            self.advance(rule, known, 0, drawn, biases=biases._replace(phase=biases.phase + step))
            outputs[step] = self._arrays.outputs[:, : head.columns]
            self.newest[:] = given[:, step]
        nats = head.nats(torch.from_numpy(outputs), torch.from_numpy(given.T.copy()))
        values[:] = -nats.double().numpy().T

    def copy(self, targets: NDArray[np.int64], other: "ClipGroup", sources: NDArray[np.int64]) -> None:
        """Overwrite the past of some clips with that of clips in another group, or in this one.

        Both groups have processed the same number of samples. No clip may be both a target and a source.

        Args:
            targets: (n,) places in this group.
            other: the group to copy from.
            sources: (n,) places in that group.
        """
        channels = np.int64(WIDTH * int(self.packed.network.residual.panels))
        clips = (len(other.numbers), len(self.numbers))
        copy_clips(self.ring, channels, other._past, sources, self._past, targets, clips)
        self.newest[targets], self._line[targets] = other.newest[sources], other._line[sources]

    def skip_constant_start(
        self,
        rule: DrawRule,
        known: NDArray[np.int64],
        *,
        biases: Biases | None = None,
        constant: int | None = None,
    ) -> NDArray[np.int64]:
        """Process the known samples before the first change, in one step per layer, if that is fewer steps.

        The past before a prompt is silence, thousands of equal samples. While the input and the condition are
        constant, so is each layer's output: after one step per layer all slots of that layer's ring have the
        same content. The arithmetic is that of the long way, so the samples drawn later are the same to the
        last bit.

        Args:
            rule: required by the kernel; nothing is drawn.
            known: (clips, k) classes: the whole receptive field before anything is drawn.
            biases: those of the known samples after the first one, if there is a condition.
            constant: how many known samples after the first one have the same biases; None is all.

        Returns:
            (clips, n): the known samples that remain to be processed.
        """
        layers, same = len(self.ring), constant_start(known)
        self._line[:] = known[:, :1]  # what is before the known samples has no effect on what is drawn
        if constant is not None:
            same = min(same, constant + 1)
        if same <= layers + 1:
            return known
        pair, nothing = known[:, :2].copy(), np.empty((len(known), 0), np.uint16)
        for layer in range(layers):
            # the layers process one sample, the other one is the newest
            self.advance(rule, pair, 0, nothing, biases=biases)
            self._fill_ring(layer)
        # groups with silence of any length end at the same slots, since clips are copied between groups
        self.ring["slot"], self._passed[0] = (same - 1) % self.ring["slots"], same - 1
        return np.ascontiguousarray(known[:, same - 1 :])  # the kernel is compiled for contiguous rows

    def _fill_ring(self, layer: int) -> None:
        """Copy the newest slot of a layer's ring to all its slots."""
        ring = self.ring[layer]
        row = len(self.numbers) * WIDTH * int(self.packed.network.residual.panels)
        slots = int(ring["slots"])
        content = self._past[int(ring["at"]) : int(ring["at"]) + slots * row].reshape(slots, row)
        content[:] = content[(int(ring["slot"]) - 1) % slots].copy()


def constant_start(known: NDArray[np.int64]) -> int:
    """Return how many samples pass before any clip's sample differs from its first one.

    >>> constant_start(np.array([[5, 5, 5, 2, 5], [7, 7, 7, 7, 7]]))
    3
    """
    if known.shape[1] == 0:
        return 0
    changed = (known != known[:, :1]).any(0)
    return int(changed.argmax()) if changed.any() else known.shape[1]
