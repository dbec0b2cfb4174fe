"""`partita generate`: new sound from a trained model, as WAV files that can be played while they grow."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from tyro.conf import Positional

from partita.cli.arguments import parse
from partita.cli.progress import Bar
from partita.errors import PartitaError
from partita.sampling.config import SamplingConfig, SteeringConfig

if TYPE_CHECKING:
    from partita.runs.loading import LoadedModel
    from partita.sampling.steering import Steering


@dataclass(frozen=True, kw_only=True)
class Command:
    """Draw new sound from a trained model.

    The files grow as they are made and can be played at any moment; Ctrl-C ends them with a short fade. The
    same model, seed and opening give the same clips.
    """

    model: Positional[Path]
    """A run folder, or one of the checkpoints in it."""
    seconds: float
    """Length of each clip."""
    out: Annotated[str, tyro.conf.arg(metavar="PATH")]  # a Path would lose the slash at a folder's end
    """A WAV file for one clip; a folder for several, or for one with a slash at its end."""
    clips: int = 1
    """How many clips to draw, all at once."""
    prime: Path | None = None
    """A recording whose end the clips continue; the clips hold only what is new."""
    steer: bool = False
    """Steer by a discriminator: of many continuations, those go on that it takes for real."""
    judge: Path | None = None
    """A run whose discriminator judges, in place of the model's own; implies `--steer`."""
    particles: int = SteeringConfig.particles
    """Continuations of each clip, when steering: the more, the nearer to what is asked, and the slower."""
    steer_block: int = SteeringConfig.block
    """Samples between judgements, when steering; a multiple of 2^layers of the discriminator."""
    strength: float = SteeringConfig.strength
    """What the discriminator's logits are multiplied by, when steering."""
    device: Literal["auto", "cpu"] = "auto"
    """Where to compute: the compiled sampler runs on the CPU."""
    sampling: Annotated[SamplingConfig, tyro.conf.arg(name="")] = field(default_factory=SamplingConfig)

    def __post_init__(self) -> None:
        """Refuse what looks like standard output, which no sound is written to."""
        if self.out == "-":
            raise PartitaError(
                "`--out` is -, but sound goes to files only: give the name of one, or a folder's"
            )

    def run(self) -> None:
        """Draw the clips; say where they are on standard output, and how fast it went on standard error."""
        from partita.audio.reading import read_audio
        from partita.runs.loading import load
        from partita.sampling.files import write_clips

        model = load(self.model)
        opening = None if self.prime is None else read_audio(self.prime, model.sample_rate)
        sampling = self.sampling
        blocks = model.stream(
            seconds=self.seconds,
            clips=self.clips,
            seed=sampling.seed,
            opening=opening,
            temperature=sampling.temperature,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            threads=sampling.threads,
            block=sampling.block,
            steering=self._steering(model),
        )
        total = round(self.seconds * model.sample_rate)
        with Bar("generating", total) as bar:
            written = write_clips(
                blocks, self.out, clips=self.clips, sample_rate=model.sample_rate, progress=bar.reach
            )
        for path in written.paths:
            print(path)
        print(
            f"{self.clips} x {written.seconds:.2f} s, {written.times_real_time:.2f} times real time",
            file=sys.stderr,
        )
        if written.interrupted:
            raise KeyboardInterrupt

    def _steering(self, model: "LoadedModel") -> "Steering | None":
        config = SteeringConfig(particles=self.particles, block=self.steer_block, strength=self.strength)
        if not self.steer and self.judge is None:
            if config != SteeringConfig():
                raise PartitaError(
                    "`--particles`, `--steer-block` and `--strength` only matter when steering: add `--steer`"
                )
            return None
        from partita.runs.judging import load_judge
        from partita.sampling.steering import Steering

        return Steering(judge=load_judge(self.judge or self.model, model), config=config)


def read(arguments: Sequence[str]) -> Command:
    """Return the command that the arguments ask for."""
    return parse(Command, arguments, prog="partita generate")
