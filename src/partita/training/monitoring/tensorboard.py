"""Write TensorBoard files: a view of a run's metrics, with preview clips as sound and spectrograms.

The files are in the run's folder itself, since TensorBoard names what it shows by the folder of its files:
`tensorboard --logdir runs` shows `mine` for `runs/mine`. The metrics file stays the source of all numbers;
nothing reads the TensorBoard files back.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.spectrogram import log_mel
from partita.filenames import utf8_path

OLD_FOLDER = "tensorboard"
"""The folder of these files in runs of older versions; such runs go on there."""


class TensorBoardWriter:
    """Write TensorBoard files, or do nothing.

    Args:
        run: the run's folder.
        step: the step that the run goes on from; what an earlier session wrote after it is hidden.
        on: False writes nothing.
    """

    def __init__(self, run: Path, *, step: int, on: bool = True) -> None:
        self._writer: Any = None
        self._open = ExitStack()
        if on:
            from torch.utils.tensorboard import SummaryWriter

            folder = run / OLD_FOLDER if (run / OLD_FOLDER).is_dir() else run
            name = self._open.enter_context(utf8_path(folder))
            self._writer = SummaryWriter(name, purge_step=step + 1)

    def record(self, record: dict[str, Any]) -> None:
        """Write each number of a metrics record as a scalar named `KIND/NAME`."""
        if self._writer is None:
            return
        for name, value in record.items():
            if name not in ("kind", "step", "seconds"):
                self._writer.add_scalar(f"{record['kind']}/{name}", value, record["step"])

    def clips(self, clips: NDArray[np.float32], *, step: int, sample_rate: int) -> None:
        """Write clips as sound and as log-mel spectrograms, low frequencies at the bottom.

        Args:
            clips: (clips, samples) in [-1, 1].
            step: the step at which they were drawn.
            sample_rate: in Hz.
        """
        if self._writer is None:
            return
        for number, clip in enumerate(clips, start=1):
            self._writer.add_audio(f"clip {number}", clip[None], step, sample_rate=sample_rate)
            picture = log_mel(clip, sample_rate).T[::-1]
            low, high = float(picture.min()), float(picture.max())
            shade = (picture - low) / max(high - low, 1e-6)
            self._writer.add_image(f"clip {number}", shade[None].astype(np.float32), step)

    def close(self) -> None:
        """Write what is still buffered, and close the files."""
        if self._writer is not None:
            self._writer.close()
        self._open.close()
