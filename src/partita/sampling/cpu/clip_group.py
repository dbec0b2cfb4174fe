"""The state of clips that go through the layers together, around the compiled kernel.

This file does not know how weights are packed, prompts, or threads.
"""

import numpy as np
from numpy.typing import NDArray

from partita.ops.llvm.matmul import WIDTH
from partita.sampling.cpu.copying import copy_columns
from partita.sampling.cpu.kernel import Rule, State, advance
from partita.sampling.cpu.packing import Packed, aligned

RING = np.dtype([("at", np.int64), ("slots", np.int64), ("slot", np.int64), ("dilation", np.int64)])


class Group:
    """The state of clips that go through the layers together.

    Args:
        packed: the network.
        clips: (clips,) int64, the clips' numbers.
    """

    def __init__(self, packed: Packed, clips: NDArray[np.int64]) -> None:
        n, count = packed.network, len(clips)
        self.packed = packed
        self.clips = clips
        self.newest = np.zeros(count, np.int64)
        self.ring = np.zeros(len(packed.dilations), RING)
        self.ring["dilation"] = packed.dilations
        self.ring["slots"] = (n.taps - 1) * self.ring["dilation"] + 1
        sizes = self.ring["slots"] * count * WIDTH * n.residual.panels
        self.ring["at"] = np.cumsum(sizes) - sizes
        classes = WIDTH * int(n.end2.panels)
        self.room = {
            "rings": aligned(int(sizes.sum())),
            "z": aligned(count * WIDTH * int(n.dilated.panels)),
            "gates": aligned(count * int(n.skip.rows)),
            "skips": aligned(count * WIDTH * int(n.skip.panels)),
            "ends": aligned(count * WIDTH * int(n.end1.panels)),
            "logits": aligned(count * classes),
            "powers": aligned(classes),
            "sums": aligned(int(n.end2.panels)),
        }
        self.state = State(**{name: np.int64(array.ctypes.data) for name, array in self.room.items()})
        self._keys, self._ones = np.zeros(classes, np.int32), np.ones(classes, np.float32)

    def advance(
        self, rule: Rule, known: NDArray[np.int64], time: int, drawn: NDArray[np.int16], *, watch: bool
    ) -> NDArray[np.float32]:
        """Take in known samples, then draw so many as `drawn` has room for.

        Args:
            rule: how to draw.
            known: (clips, k) classes.
            time: the number of the first sample to draw.
            drawn: (clips, steps), filled.
            watch: whether to return the powers that were drawn from.

        Returns:
            (clips, steps or 0, padded classes) float32.
        """
        room = self.room
        seen = np.empty((len(self.clips), drawn.shape[1] if watch else 0, len(self._ones)), np.float32)
        logits = room["logits"].view(np.int32).reshape(len(self.clips), -1)
        advance(
            self.packed.network, self.state, rule, self.ring, self.newest, logits, room["powers"],
            room["sums"], self._keys, self._ones, self.clips, known, time, drawn, seen,
        )  # fmt: skip
        return seen

    def score(
        self, rule: Rule, known: NDArray[np.int64], given: NDArray[np.int64], values: NDArray[np.float64]
    ) -> None:
        """Take in known samples, then given ones, and tell how probable the network took those for.

        Args:
            rule: how a class is drawn, which is thrown away for the one given.
            known: (clips, k) classes.
            given: (clips, steps) classes.
            values: (clips, steps), filled with log-probabilities at temperature 1, in nats.
        """
        logits = self.room["logits"].reshape(len(self.clips), -1)[:, : self.packed.classes]
        rows, drawn = np.arange(len(self.clips)), np.empty((len(self.clips), 1), np.int16)
        for step in range(given.shape[1]):
            self.advance(rule, known if step == 0 else known[:, :0], 0, drawn, watch=False)
            above = logits - logits.max(1, keepdims=True)
            values[:, step] = above[rows, given[:, step]] - np.log(np.exp(above).sum(1))
            self.newest[:] = given[:, step]

    def copy(self, targets: NDArray[np.int64], other: "Group", sources: NDArray[np.int64]) -> None:
        """Give clips, by their place here, all that is known of other ones, by their place in their group.

        Both groups have taken in as many samples. No clip is a target and a source.
        """
        channels = np.int64(WIDTH * int(self.packed.network.residual.panels))
        copy_columns(
            self.ring, other.room["rings"], len(other.clips), sources, self.room["rings"], len(self.clips),
            targets, channels,
        )  # fmt: skip
        self.newest[targets] = other.newest[sources]
