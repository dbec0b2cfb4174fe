"""`partita generate`: new sound from a trained model, in files that grow or down a pipe to a player."""

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
from tyro.conf import FlagCreatePairsOff, Positional

from partita.cli.arguments import parse
from partita.cli.progress import Bar
from partita.errors import PartitaError
from partita.sampling.config import SamplingConfig, SteeringConfig

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from partita.runs.loading import LoadedModel
    from partita.sampling.files import Written
    from partita.sampling.steering import Steering


@dataclass(frozen=True, kw_only=True)
class Command:
    """Draw new sound from a trained model.

    The files grow as they are made and can be played at any moment; with `--out -` a player at the other end
    of a pipe has the sound at once. Ctrl-C ends it with a short fade. The same model, seed and opening give
    the same clips.
    """

    model: Positional[Path]
    """A run folder, or one of the checkpoints in it."""
    seconds: float
    """Length of each clip; `inf` with `--out -` goes on until Ctrl-C, or until the reader leaves."""
    out: Annotated[str, tyro.conf.arg(metavar="PATH")]  # a Path would lose the slash at a folder's end
    """A WAV file for one clip; a folder for several or with a slash at its end; - is standard output."""
    format: Literal["wav", "raw"] = "wav"
    """What goes to standard output: `raw` is 16-bit little-endian PCM, mono, without a header."""
    clips: int = 1
    """How many clips to draw, all at once."""
    prime: Path | None = None
    """A recording whose end the clips continue; the clips hold only what is new."""
    steer: FlagCreatePairsOff[bool] = False
    """Steer by a discriminator: of many continuations, those go on that it takes for real."""
    judge: Path | None = None
    """A run whose discriminator judges, in place of the model's own; implies `--steer`."""
    particles: int = SteeringConfig.particles
    """Continuations of each clip, when steering: the more, the nearer to what is asked, and the slower."""
    steer_block: int = SteeringConfig.block
    """Samples between judgements, when steering; a multiple of 2^layers of the discriminator."""
    strength: float = SteeringConfig.strength
    """What the discriminator's logits are multiplied by, when steering."""
    sampling: Annotated[SamplingConfig, tyro.conf.arg(name="")] = field(default_factory=SamplingConfig)

    def __post_init__(self) -> None:
        """Refuse what fits only files, or only a stream."""
        if self.piped and self.clips != 1:
            raise PartitaError(f"`--clips` is {self.clips}, but `--out -` has room for one: name a folder")
        if not self.piped and self.format != "wav":
            raise PartitaError("`--format raw` is for `--out -`: files are WAV, or redirect `--out -` to one")
        if not self.piped and math.isinf(self.seconds):
            raise PartitaError(
                f"`--seconds` is {self.seconds}, which no file can hold: stream it, with `--out -`"
            )
        if not self.seconds > 0:
            raise PartitaError(f"`--seconds` is {self.seconds}: give a length above 0")
        if self._steering_config != SteeringConfig() and not self.steer and self.judge is None:
            raise PartitaError(
                "`--particles`, `--steer-block` and `--strength` only matter when steering: add `--steer`"
            )

    @property
    def _steering_config(self) -> SteeringConfig:
        return SteeringConfig(particles=self.particles, block=self.steer_block, strength=self.strength)

    @property
    def piped(self) -> bool:
        """Whether the sound goes to standard output."""
        return self.out == "-"

    def run(self) -> None:
        """Draw the clips; say where they are on standard output, and how fast it went on standard error."""
        from partita.sampling.pipe import FIRST_BLOCK, descriptor_of

        # asked before PyTorch takes its time to load
        pipe = descriptor_of(sys.stdout) if self.piped else None
        from partita.runs.loading import load

        model = load(self.model)
        steering = self._steering(model)
        opening = self._opening(model, steering)
        seconds = None if self.seconds == math.inf else self.seconds
        blocks = model.stream(
            seconds=seconds,
            clips=self.clips,
            opening=opening,
            config=self.sampling,
            first_block=None if pipe is None else FIRST_BLOCK,
            steering=steering,
        )
        samples = None if seconds is None else model.samples(seconds)
        written = self._write(blocks, pipe, model.sample_rate, samples)
        self._tell(written)
        if written.interrupted:
            raise KeyboardInterrupt

    def _write(
        self, blocks: "Iterable[NDArray[Any]]", pipe: int | None, sample_rate: int, samples: int | None
    ) -> "Written":
        """Let the blocks go where they are wanted."""
        from partita.sampling.files import write_clips
        from partita.sampling.pipe import write_pipe

        with Bar("generating", samples) as bar:
            if pipe is None:
                return write_clips(
                    blocks, self.out, clips=self.clips, sample_rate=sample_rate, progress=bar.reach
                )
            return write_pipe(
                blocks,
                pipe,
                sample_rate=sample_rate,
                samples=samples,
                form=self.format,
                progress=bar.reach,
            )

    def _tell(self, written: "Written") -> None:
        """Say what there is: paths on standard output, all else on standard error."""
        for path in written.paths:
            print(path)
        rate = f"{written.times_real_time:.2f} times real time"
        print(f"{self.clips} x {written.seconds:.2f} s, {rate}", file=sys.stderr)
        if written.silent:
            remedy = "`--prime RECORDING`" if self.prime is None else "another recording"
            told = f"{written.silent} of {self.clips} silent throughout: from silence, a model may go on so;"
            print(f"{told} give it sound to continue, {remedy}", file=sys.stderr)

    def _opening(self, model: "LoadedModel", steering: "Steering | None") -> "NDArray[Any] | None":
        """Return as much of the end of `--prime` as the model and the judge see."""
        if self.prime is None:
            return None
        from partita.audio.reading import read_audio

        seen = max(model.model.receptive_field, steering.judge.context if steering else 0)
        return read_audio(self.prime, model.sample_rate, last_samples=seen)

    def _steering(self, model: "LoadedModel") -> "Steering | None":
        if not self.steer and self.judge is None:
            return None
        from partita.runs.judging import load_judge
        from partita.sampling.steering import Steering

        return Steering(judge=load_judge(self.judge or self.model, model), config=self._steering_config)


def read(arguments: Sequence[str]) -> Command:
    """Return the command that the arguments ask for."""
    return parse(Command, arguments, prog="partita generate")
