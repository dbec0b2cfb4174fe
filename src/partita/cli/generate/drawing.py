"""The sampling settings of `partita generate`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Suppress

from partita.errors import PartitaError
from partita.sampling.config import SamplingConfig

if TYPE_CHECKING:
    from partita.runs.loading import LoadedModel
    from partita.sampling.given.given import Given

OF_FRAMES = ("frame_temperature", "guidance")
"""The settings that only a frame tier has."""


@dataclass(frozen=True, kw_only=True)
class Drawing(SamplingConfig):
    """The sampling settings without those whose defaults are not fixed numbers here.

    >>> Drawing(guidance=3.0).words
    ['guidance 3']
    """

    seed: Suppress[int] = 0
    temperature: Suppress[float] = 1.0
    smoothing: Suppress[float] = 0.0

    @property
    def words(self) -> list[str]:
        """Return the frame tier's settings that are not the usual ones, for the comment of the clips."""
        return [f"{name.replace('_', ' ')} {getattr(self, name):g}" for name in self._changed]

    def refuse_without_effect(self, model: "LoadedModel", given: "Given", path: Path) -> None:
        """Raise an error if a setting has no effect on a model.

        Args:
            model: the model.
            given: what its clips are given.
            path: what the user called it.

        Raises:
            PartitaError: the model has no frame tier, but one of its settings is given; or nothing is given
                that guidance could exaggerate.
        """
        if model.frames is None and self._changed:
            option = f"--{self._changed[0].replace('_', '-')}"
            raise PartitaError(f"{path} has no frame tier: leave `{option}` out")
        layout = None if model.frames is None else model.frames.config.layout
        if "guidance" not in self._changed or layout is None or layout.labels:
            return
        if not layout.notes:
            raise PartitaError(f"{path} has learnt no notes and no labels: leave `--guidance` out")
        if given.notes is None and given.like is None:
            raise PartitaError(
                "`--guidance` exaggerates what notes change, and none are given: give `--notes` or `--like`,"
                " or leave it out"
            )

    @property
    def _changed(self) -> list[str]:
        return [name for name in OF_FRAMES if getattr(self, name) != getattr(Drawing, name)]
