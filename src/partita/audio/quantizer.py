"""Convert waveform values to classes and back: mu-law companding, as in the WaveNet paper, or a linear scale.

The quantizer maps numbers in [-1, 1] to integers from 0 to classes - 1. It does not read files.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.pcm import INT16_SCALE
from partita.errors import PartitaError


@dataclass(frozen=True, kw_only=True)
class Quantizer:
    """A scalar quantizer with levels that are equally spaced in the companded domain.

        f(x) = sign(x) ln(1 + mu |x|) / ln(1 + mu),  mu = classes - 1      (f(x) = x for "linear")
        class = floor((f(x) + 1) / 2 * (classes - 1) + 1/2)

    Args:
        kind: "mu-law" or "linear".
        classes: number of levels, 2 to 65536.

    Raises:
        PartitaError: `kind` is unknown, or `classes` is out of range.

    Source: van den Oord et al. 2016, "WaveNet", section 2.2: mu-law as in ITU-T G.711, but without the
        standard's approximation by line segments.

    >>> Quantizer().encode(np.array([-1.0, 0.0, 1.0])).tolist()
    [0, 128, 255]
    """

    kind: str = "mu-law"
    classes: int = 256

    def __post_init__(self) -> None:
        if self.kind not in ("mu-law", "linear"):
            raise PartitaError(f'`kind` is {self.kind!r}, must be "mu-law" or "linear": choose one of them')
        if not 2 <= self.classes <= 65536:
            raise PartitaError(f"`classes` is {self.classes}, must be 2 to 65536: 256 is the usual number")

    @property
    def words(self) -> str:
        """Return the classes in words: code lengths compare only between models of the same classes.

        >>> Quantizer(kind="linear", classes=65536).words
        '65,536 linear classes'
        """
        return f"{self.classes:,} {self.kind} classes"

    @property
    def dtype(self) -> type[np.unsignedinteger[Any]]:
        """Return the integer type of classes: uint8 for up to 256 classes, uint16 for more."""
        return np.uint8 if self.classes <= 256 else np.uint16

    def encode(self, waveform: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Return the class of each sample; clip values outside [-1, 1].

        Args:
            waveform: any shape, float in [-1, 1].

        Returns:
            The shape of `waveform`, of the type `dtype`.

        Raises:
            PartitaError: a value is NaN or infinite.

        >>> Quantizer(kind="linear", classes=3).encode(np.array([-1.0, 0.1, 7.0])).tolist()
        [0, 1, 2]
        """
        x = np.asarray(waveform, dtype=np.float64)
        if not np.isfinite(x).all():
            raise PartitaError(
                "`waveform` holds NaN or infinity, must be finite: repair the sound before encoding"
            )
        x = np.clip(x, -1.0, 1.0)
        if self.kind == "mu-law":
            mu = self.classes - 1
            x = np.sign(x) * np.log1p(mu * np.abs(x)) / np.log1p(mu)
        return np.floor((x + 1) / 2 * (self.classes - 1) + 0.5).astype(self.dtype)

    def decode(self, classes: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        """Return the waveform value of each class, float32 in [-1, 1]; `encode` inverts this.

        >>> Quantizer().decode(np.array([0, 255])).tolist()
        [-1.0, 1.0]
        """
        decoded: NDArray[np.float32] = self.table[np.asarray(classes)]
        return decoded

    def encode_int16(self, samples: NDArray[np.int16]) -> NDArray[Any]:
        """Return the class of each 16-bit sample, x = samples / 32767, from a table of all 65,536 values.

        >>> Quantizer().encode_int16(np.array([-32768, 0, 32767], dtype=np.int16)).tolist()
        [0, 128, 255]
        """
        encoded: NDArray[Any] = self._of_int16[samples.view(np.uint16)]
        return encoded

    @cached_property
    def table(self) -> NDArray[np.float32]:
        """Return the waveform value of all classes, (classes,) float32, in increasing order.

        >>> Quantizer(kind="linear", classes=5).table.tolist()
        [-1.0, -0.5, 0.0, 0.5, 1.0]
        """
        y = 2 * np.arange(self.classes) / (self.classes - 1) - 1
        if self.kind == "mu-law":
            y = np.sign(y) * np.expm1(np.abs(y) * np.log(self.classes)) / (self.classes - 1)
        values = y.astype(np.float32)
        values.setflags(write=False)
        return values

    @cached_property
    def zero_class(self) -> int:
        """Return the class of silence, `encode(0.0)`, which pads the samples before the start of a segment.

        >>> Quantizer().zero_class
        128
        """
        return int(self.encode(np.zeros(1))[0])

    @cached_property
    def _of_int16(self) -> NDArray[Any]:
        by_bits = np.arange(65536, dtype=np.uint16).view(np.int16)
        table = self.encode(by_bits / INT16_SCALE)
        table.setflags(write=False)
        return table
