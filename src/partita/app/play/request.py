"""What a visitor asks for, and the command that draws the same clip. Nothing is drawn."""

import shlex
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

MOST_SECONDS = 600.0
"""The longest clip: it stays in memory, 32 kB a second."""


class DrawRequest(BaseModel):
    """What to draw; a value of None is the model's own, or the usual one.

    Args:
        model: the name of a model in the library.
        seconds: the length of the clip.
        seed: of the draws.
        prompt: the uploaded recording that the clip continues.
        notes: the uploaded score that it plays.
        like: the uploaded line that it plays.
        label: name -> value.
        temperature: of the samples.
        frame_temperature: of the frame tier.
        top_p: see `SamplingConfig`, as for the next ones.
        smoothing: in classes.
        guidance: how strongly it follows notes and labels.

    >>> DrawRequest(model="violin", seconds=2.0, seed=7).seconds
    2.0
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(max_length=4096)
    seconds: float = Field(gt=0, le=MOST_SECONDS, allow_inf_nan=False)
    seed: int = Field(ge=0, lt=1 << 53)
    prompt: str | None = None
    notes: str | None = None
    like: str | None = None
    label: dict[str, str] = Field(default_factory=dict, max_length=16)
    temperature: float | None = Field(default=None, ge=0.01, le=100)
    frame_temperature: float | None = Field(default=None, ge=0.01, le=100)
    top_p: float | None = Field(default=None, gt=0, le=1)
    smoothing: float | None = Field(default=None, ge=0, le=1000)
    guidance: float | None = Field(default=None, ge=0, le=10)

    def command(self, model: str, names: dict[str, str]) -> str:
        """Return the command that draws the same clip.

        Args:
            model: the model's path, or its name if it ships.
            names: the file names of the uploaded recordings, by what they are here.

        >>> DrawRequest(model="a", seconds=2.0, seed=7, like="x").command("runs/a", {"x": "my hum.wav"})
        "partita generate runs/a --seconds 2 --seed 7 --like 'my hum.wav' --out clip.wav"
        """
        words = ["partita", "generate", model, "--seconds", f"{self.seconds:g}", "--seed", str(self.seed)]
        for option, given in (("--prime", self.prompt), ("--notes", self.notes), ("--like", self.like)):
            if given is not None:
                words += [option, names.get(given, Path(given).name)]
        for name, value in self.label.items():
            words += ["--label", f"{name}={value}"]
        for name in ("temperature", "frame_temperature", "top_p", "smoothing", "guidance"):
            if (number := getattr(self, name)) is not None:
                words += [f"--{name.replace('_', '-')}", f"{number:g}"]
        return shlex.join([*words, "--out", "clip.wav"])
