"""`partita generate`: new sound from a trained model, in files that grow or down a pipe to a player."""

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
from tyro.conf import FlagCreatePairsOff, Positional, Suppress

from partita.cli.arguments import parse
from partita.errors import PartitaError
from partita.progress import ProgressBar
from partita.sampling.config import SamplingConfig, SteeringConfig
from partita.sampling.output.devices import is_stream, open_stream
from partita.terminal import print_line, print_note

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from partita.runs.loading import LoadedModel
    from partita.sampling.output.clip_files import WriteResult
    from partita.sampling.output.plan import OutputPlan
    from partita.sampling.smc.sampler import Steering


@dataclass(frozen=True, kw_only=True)
class Drawing(SamplingConfig):
    """How to draw, but for the seed, which the command has itself: it is a fresh one unless given."""

    seed: Suppress[int] = 0


@dataclass(frozen=True, kw_only=True)
class Command:
    """Draw new sound from a trained model.

    WAV files grow as they are made and can be played at any moment; with `--out -` a player at the other end
    of a pipe has the sound at once. Ctrl-C ends it with a short fade. The same model, seed and prompt give
    the same clips.
    """

    model: Positional[Path]
    """A run folder, or one of the checkpoints in it."""
    seconds: float
    """Length of each clip; `inf` with `--out -` goes on until Ctrl-C, or until the reader leaves."""
    out: Annotated[str, tyro.conf.arg(metavar="PATH")]  # a Path would lose the slash at a folder's end
    """A file for one clip: .wav, .flac, .mp3, .ogg, .opus, .aiff or .caf, WAV without a suffix; a folder for
    several clips or with a slash at its end; - is standard output. Pipes and devices get a stream."""
    format: Literal["wav", "raw"] = "wav"
    """What a stream holds: `raw` is 16-bit little-endian PCM, mono, without a header."""
    force: FlagCreatePairsOff[bool] = False
    """Replace files that Partita did not draw, even the prompt, and remove clips of an earlier call."""
    normalise: FlagCreatePairsOff[bool] = False
    """Bring each clip to a peak of -1 dBFS, the level of prepared recordings; files only."""
    sample_rate: int | None = None
    """The rate you count on, in Hz: clips have the model's, and any other is refused."""
    clips: int = 1
    """How many clips to draw, all at once."""
    prime: Path | None = None
    """A recording whose end the clips continue, a pipe that gives one, or - for standard input; the clips
    hold only what is new."""
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
    seed: int | None = None
    """The draws' address, 0 to 2^64 - 1: the same seed gives the same clips. By default a fresh one, which is
    told on standard error."""
    sampling: Annotated[Drawing, tyro.conf.arg(name="")] = field(default_factory=Drawing)

    def __post_init__(self) -> None:
        """Refuse what fits only files, or only a stream."""
        if self.streamed and self.clips != 1:
            raise PartitaError(
                f"`--clips` is {self.clips}, but `--out {self.out}` has room for one: name a folder"
            )
        if self.streamed and self.normalise:
            raise PartitaError(
                f"`--normalise` needs the whole clip before it writes, but `--out {self.out}` is a stream:"
                " name a file"
            )
        if not self.streamed and self.format != "wav":
            raise PartitaError(
                "`--format raw` is for `--out -`: a file's suffix says its format; or redirect `--out -`"
            )
        if not self.streamed and math.isinf(self.seconds):
            raise PartitaError(
                f"`--seconds` is {self.seconds}, which no file can hold: stream it, with `--out -`"
            )
        if not self.seconds > 0:
            raise PartitaError(f"`--seconds` is {self.seconds}: give a length above 0")
        if self._steering_config != SteeringConfig() and not self.steer and self.judge is None:
            raise PartitaError(
                "`--particles`, `--steer-block` and `--strength` only matter when steering: add `--steer`"
            )
        if self.seed is not None:
            replace(self.sampling, seed=self.seed)  # refuses a seed out of range

    @property
    def _steering_config(self) -> SteeringConfig:
        return SteeringConfig(particles=self.particles, block=self.steer_block, strength=self.strength)

    @property
    def streamed(self) -> bool:
        """Whether the sound goes to standard output, a pipe or a device."""
        return is_stream(self.out)

    def run(self) -> None:
        """Draw the clips; say where they are on standard output, and how fast it went on standard error."""
        with self._place() as place:  # asked for before PyTorch takes its time to load
            written = self._draw(place)
        self._tell(written)
        if written.interrupted:
            raise KeyboardInterrupt

    @contextmanager
    def _place(self) -> "Iterator[OutputPlan | int]":
        """Yield where the sound goes, a descriptor or files, having made sure that nothing is lost there."""
        if self.streamed:
            with open_stream(
                self.out, waiting=lambda: print_note(f"waiting for a reader of {self.out}")
            ) as pipe:
                if self.prime is not None and _is_open_as(self.prime, pipe):
                    raise PartitaError(
                        f"{self.out} is the recording that `--prime` names: name another output"
                    )
                yield pipe
            return
        from partita.sampling.output.plan import plan_outputs

        yield plan_outputs(self.out, self.clips, prompt=self.prime, force=self.force)

    def _draw(self, place: "OutputPlan | int") -> "WriteResult":
        from partita.runs.loading import load
        from partita.sampling.output.limits import check_disk_space, check_format
        from partita.sampling.output.pipe import FIRST_BLOCK
        from partita.seeds import fresh_seed

        model = load(self.model)
        self._demand_rate(model)
        seconds = None if self.seconds == math.inf else self.seconds
        samples = None if seconds is None else model.samples(seconds)
        if not isinstance(place, int):
            check_format(place.paths[0], sample_rate=model.sample_rate, samples=samples)
            check_disk_space(place.paths, samples=model.samples(self.seconds), normalise=self.normalise)
        steering = self._steering(model)
        sampling = replace(self.sampling, seed=fresh_seed() if self.seed is None else self.seed)
        blocks = model.stream(
            seconds=seconds,
            clips=self.clips,
            prompt=self._prompt(model, steering),
            config=sampling,
            first_block=FIRST_BLOCK if isinstance(place, int) else None,
            steering=steering,
        )
        if self.seed is None:
            print_note(f"seed {sampling.seed}: give `--seed {sampling.seed}` to draw the same clips again")
        return self._write(blocks, place, model.sample_rate, samples, sampling.seed)

    def _demand_rate(self, model: "LoadedModel") -> None:
        if self.sample_rate not in {None, model.sample_rate}:
            raise PartitaError(
                f"`--sample-rate` is {self.sample_rate}, but {self.model} draws at {model.sample_rate} Hz,"
                f" the rate of its corpus: convert the clip (`sox a.wav -r {self.sample_rate} b.wav`), or"
                f" prepare the recordings with `--sample-rate {self.sample_rate}` and train on that corpus"
            )

    def _write(
        self,
        blocks: "Iterable[NDArray[Any]]",
        place: "OutputPlan | int",
        sample_rate: int,
        samples: int | None,
        seed: int,
    ) -> "WriteResult":
        """Let the blocks go where they are wanted."""
        from partita.sampling.output.clip_files import write_clips
        from partita.sampling.output.pipe import write_pipe

        with ProgressBar("generating", samples) as bar:
            if isinstance(place, int):
                return write_pipe(
                    blocks,
                    place,
                    sample_rate=sample_rate,
                    samples=samples,
                    seed=seed,
                    form=self.format,
                    name="standard output" if self.out == "-" else self.out,
                    progress=bar.update,
                )
            written = write_clips(
                blocks,
                place,
                sample_rate=sample_rate,
                seed=seed,
                normalise=self.normalise,
                progress=bar.update,
            )
            if written.paths:
                place.remove_stale()
            return written

    def _tell(self, written: "WriteResult") -> None:
        """Say what there is: paths on standard output, all else on standard error."""
        for path in written.paths:
            print_line(path)
        for taken, path in written.moved.items():
            print_note(f"{taken} was written by another program meanwhile and stays: the clip is in {path}")
        rate = f"{written.times_real_time:.2f} times real time"
        print_note(f"{self.clips} x {written.seconds:.2f} s, {rate}")
        if written.silent:
            remedy = "`--prime RECORDING`" if self.prime is None else "another recording"
            told = f"{written.silent} of {self.clips} silent throughout: from silence, a model may go on so;"
            print_note(f"{told} give it sound to continue, {remedy}")

    def _prompt(self, model: "LoadedModel", steering: "Steering | None") -> "NDArray[Any] | None":
        """Return as much of the end of `--prime` as the model and the judge see."""
        if self.prime is None:
            return None
        from partita.audio.load import read_audio

        prompt = Path("/dev/stdin") if str(self.prime) == "-" else self.prime
        seen = max(model.model.receptive_field, steering.scorer.context if steering else 0)
        return read_audio(prompt, model.sample_rate, last_samples=seen)

    def _steering(self, model: "LoadedModel") -> "Steering | None":
        if not self.steer and self.judge is None:
            return None
        from partita.runs.scorer import load_scorer
        from partita.sampling.smc.sampler import Steering

        return Steering(scorer=load_scorer(self.judge or self.model, model), config=self._steering_config)


def _is_open_as(path: Path, descriptor: int) -> bool:
    """Return whether a descriptor is open on the file of that name."""
    try:
        return path.is_file() and os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def read(arguments: Sequence[str]) -> Command:
    """Return the command that the arguments ask for."""
    return parse(Command, arguments, prog="partita generate")
