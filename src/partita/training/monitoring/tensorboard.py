"""TensorBoard files: a view of a run's metrics, with the clips' sound and spectrograms. The metrics are the
truth."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.spectrogram import log_mel
from partita.filenames import in_utf8


class TensorBoardWriter:
    """Writes TensorBoard files, or does nothing.

    Args:
        folder: where to.
        step: the step that the run goes on from; what an earlier sitting wrote after it is hidden.
        on: False writes nothing.
    """

    def __init__(self, folder: Path, *, step: int, on: bool = True) -> None:
        self._writer: Any = None
        self._open = ExitStack()
        if on:
            from torch.utils.tensorboard import SummaryWriter

            folder.mkdir(parents=True, exist_ok=True)
            name = self._open.enter_context(in_utf8(folder))
            self._writer = SummaryWriter(name, purge_step=step + 1)

    def record(self, record: dict[str, Any]) -> None:
        """Show a record of the metrics: each number under `KIND/NAME`."""
        if self._writer is None:
            return
        for name, value in record.items():
            if name not in ("kind", "step", "seconds"):
                self._writer.add_scalar(f"{record['kind']}/{name}", value, record["step"])

    def clips(self, clips: NDArray[np.float32], *, step: int, sample_rate: int) -> None:
        """Show clips, (clips, samples): to play, and as log-mel spectrograms, low frequencies below."""
        if self._writer is None:
            return
        for number, clip in enumerate(clips, start=1):
            self._writer.add_audio(f"clip {number}", clip[None], step, sample_rate=sample_rate)
            picture = log_mel(clip, sample_rate).T[::-1]
            low, high = float(picture.min()), float(picture.max())
            shade = (picture - low) / max(high - low, 1e-6)
            self._writer.add_image(f"clip {number}", shade[None].astype(np.float32), step)

    def close(self) -> None:
        """Write what is still in memory."""
        if self._writer is not None:
            self._writer.close()
        self._open.close()
