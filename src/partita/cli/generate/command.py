"""The subcommand `partita generate`: its options, and what it does with them."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
from tyro.conf import FlagCreatePairsOff, Positional

from partita.cli.arguments import gather_repeats, parse
from partita.cli.generate.conditions import ConditionOptions
from partita.cli.generate.drawing import Drawing
from partita.cli.generate.missing import refuse_missing
from partita.cli.generate.range_warning import range_warning
from partita.cli.help import asks_for_help, help_page
from partita.errors import PartitaError
from partita.progress import ProgressBar
from partita.sampling.config import SamplingConfig, SteeringConfig
from partita.sampling.output.devices import is_open_as, is_stream, open_stream
from partita.terminal import print_line, print_note

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from partita.runs.loading import LoadedModel
    from partita.sampling.output.clip_files import WriteResult
    from partita.sampling.output.plan import OutputPlan
    from partita.sampling.smc.sampler import Steering

USAGE = "partita generate MODEL --seconds TIME --out PATH [OPTIONS]"
GROUPS = {
    "clips": ("MODEL", "--seconds", "--clips", "--prime", "--seed"),
    "conditions": ("--notes", "--like", "--transpose", "--label"),
    "output": ("--out", "--format", "--sample-rate", "--normalise", "--force"),
    "distribution": (
        "--temperature",
        "--smoothing",
        "--frame-temperature",
        "--guidance",
        "--top-k",
        "--top-p",
    ),
    "steering": ("--steer", "--judge", "--particles", "--steer-block", "--strength"),
    "computation": ("--device", "--precision", "--threads", "--block"),
}
"""The options as `--help` shows them."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """Draw new sound from a trained model.

    WAV files grow while they are drawn and can be played at any time. `--out -` sends the sound to a player
    that reads a pipe: `aplay` on Linux, `play -t wav -` (SoX) on macOS, `ffplay -nodisp -autoexit -` (FFmpeg)
    on Windows. Ctrl-C ends the clips with a short fade. Equal model, seed and prompt give equal clips.
    """

    model: Positional[Path]
    """Run folder, one of the checkpoints in it, or the name of a model that ships."""
    seconds: float | None = None
    """Length of each clip, in seconds. The score of `--notes` and a second more, or the line of `--like`, is
    the default. `inf` with `--out -` draws until Ctrl-C, or until the reader closes the pipe."""
    out: Annotated[str, tyro.conf.arg(metavar="PATH")]  # a Path would lose the slash at the end
    """File for one clip, folder for several, or - for standard output. A file ends in .wav, .flac, .mp3,
    .ogg, .opus, .aiff or .caf; without a suffix it is WAV. A name with a slash at its end is a folder. A pipe
    or a device gets a stream."""
    format: Literal["wav", "raw"] = "wav"
    """Format of a stream. `raw` is 16-bit little-endian PCM, mono, without a header."""
    force: FlagCreatePairsOff[bool] = False
    """Replace files that Partita did not draw, even the prompt, and remove the clips of an earlier call."""
    normalise: FlagCreatePairsOff[bool] = False
    """Scale each clip to a peak of -1 dBFS, the level of prepared recordings; for files only."""
    sample_rate: int | None = None
    """Sample rate that you expect, in Hz. Clips have the rate of the model, and another one is refused."""
    clips: int = 1
    """Number of clips, which are drawn together."""
    prime: Path | None = None
    """Prompt: a recording whose end the clips continue, or - for standard input. The clips do not include the
    prompt."""
    temperature: float | None = None
    """Temperature of the samples, 0.01 to 100: values below 1 sharpen the distribution, values above 1
    flatten it. The default is what training chose, or else 1."""
    smoothing: float | None = None
    """Move each drawn sample to the mean of what is likely near it, with Gaussian weights of this many
    classes, 0 to 1,000. It removes hiss. By default 3 of 256 classes with features, else 0."""
    steer: FlagCreatePairsOff[bool] = False
    """Steer the draws by a discriminator: of many continuations, keep those that it scores as most real."""
    judge: Path | None = None
    """Run whose discriminator steers, in place of the model's own; implies `--steer`."""
    particles: int = SteeringConfig.particles
    """Continuations of each clip when steering. More are more accurate and slower."""
    steer_block: int = SteeringConfig.block
    """Samples between two scores of the discriminator when steering; a multiple of 2^L for its L layers."""
    strength: float = SteeringConfig.strength
    """Factor of the discriminator's logits when steering."""
    seed: int | None = None
    """Seed of the draws, 0 to 2^64 - 1. By default a fresh seed is taken and printed on standard error."""
    conditions: Annotated[ConditionOptions, tyro.conf.arg(name="")] = field(default_factory=ConditionOptions)
    sampling: Annotated[Drawing, tyro.conf.arg(name="")] = field(default_factory=Drawing)

    def __post_init__(self) -> None:
        """Check that the options fit the output, a file or a stream, and each other."""
        if self.streamed and self.clips != 1:
            raise PartitaError(
                f"`--clips` is {self.clips}, but `--out {self.out}` takes one clip: give a folder"
            )
        if self.streamed and self.normalise:
            raise PartitaError(
                f"`--normalise` needs the whole clip before it is written, but `--out {self.out}` is a"
                " stream: give a file"
            )
        if not self.streamed and self.format != "wav":
            raise PartitaError(
                f"`--format raw` is for a stream, but `--out {self.out}` is a file, whose suffix gives the"
                " format: leave it out, or use `--out -`"
            )
        self._check_length()
        if self._steering_config != SteeringConfig() and not self.steer and self.judge is None:
            raise PartitaError("`--particles`, `--steer-block` and `--strength` need steering: add `--steer`")
        self._sampling(self.seed or 0, 1.0, 0.0)  # refuses values out of range

    def _check_length(self) -> None:
        if self.seconds is None:
            if not self.conditions.have_length:
                raise PartitaError("`--seconds` is missing: give the length of each clip, in seconds")
        elif not self.streamed and math.isinf(self.seconds):
            raise PartitaError(
                f"`--seconds` is {self.seconds}, which no file can hold: use a stream, with `--out -`"
            )
        elif not self.seconds > 0:
            raise PartitaError(f"`--seconds` is {self.seconds}: give a length above 0")

    def _sampling(self, seed: int, temperature: float, smoothing: float) -> SamplingConfig:
        """Return the settings of the draws; those that are not given are the model's."""
        return replace(
            self.sampling,
            seed=seed,
            temperature=temperature if self.temperature is None else self.temperature,
            smoothing=smoothing if self.smoothing is None else self.smoothing,
        )

    @property
    def _steering_config(self) -> SteeringConfig:
        return SteeringConfig(particles=self.particles, block=self.steer_block, strength=self.strength)

    @property
    def _options(self) -> list[str]:
        """Return what the comment of the clips says besides the seed."""
        found = [("temperature", self.temperature), ("smoothing", self.smoothing)]
        shown = [f"{name} {value:g}" for name, value in found if value is not None]
        return [*self.conditions.words, *shown, *self.sampling.words]

    @property
    def streamed(self) -> bool:
        """Whether the sound goes to standard output, a pipe or a device."""
        return is_stream(self.out)

    def run(self) -> None:
        """Draw the clips, then print their paths on standard output and the speed on standard error."""
        refuse_missing([self.model, self.judge], [("--prime", self.prime), *self.conditions.files])
        with self._place() as place:  # before PyTorch is imported, which takes time
            written = self._draw(place)
        self.report(written)
        if written.interrupted:
            raise KeyboardInterrupt

    @contextmanager
    def _place(self) -> "Iterator[OutputPlan | int]":
        """Yield the output, a descriptor or files, after checks that no other file is overwritten."""
        if self.streamed:
            with open_stream(
                self.out, waiting=lambda: print_note(f"waiting for a reader of {self.out}")
            ) as pipe:
                if self.prime is not None and is_open_as(self.prime, pipe):
                    raise PartitaError(
                        f"{self.out} is the recording that `--prime` names: give another output"
                    )
                yield pipe
            return
        from partita.sampling.output.plan import plan_outputs

        outputs = plan_outputs(self.out, self.clips, prompt=self.prime, force=self.force)
        self.conditions.refuse_as_output(outputs.paths)
        yield outputs

    def _draw(self, place: "OutputPlan | int") -> "WriteResult":
        from partita.runs.loading import load
        from partita.sampling.output.limits import check_disk_space, check_format, check_rate
        from partita.sampling.output.pipe import FIRST_BLOCK
        from partita.seeds import fresh_seed

        model = load(self.model)
        check_rate(self.sample_rate, model.sample_rate, name=self.model)
        given = self.conditions.read(model)
        self.sampling.refuse_without_effect(model, given, self.model)
        if warning := range_warning(model, given):
            print_note(f"warning: {warning}")
        seconds = self.seconds or given.seconds(model.model.config.condition, model.sample_rate) or math.inf
        samples = None if seconds == math.inf else model.samples(seconds)
        if not isinstance(place, int):
            check_format(place.paths[0], sample_rate=model.sample_rate, samples=samples)
            check_disk_space(place.paths, samples=model.samples(seconds), normalise=self.normalise)
        steering = self._steering(model)
        seed = fresh_seed() if self.seed is None else self.seed
        sampling = self._sampling(seed, model.temperature, model.smoothing)
        blocks = model.stream(
            seconds=None if samples is None else seconds,
            clips=self.clips,
            prompt=self._prompt(model, steering),
            given=given,
            config=sampling,
            first_block=FIRST_BLOCK if isinstance(place, int) else None,
            steering=steering,
        )
        if self.seed is None:
            print_note(f"seed {sampling.seed}: give `--seed {sampling.seed}` to draw the same clips again")
        return self._write(blocks, place, model.sample_rate, samples, sampling.seed)

    def _write(
        self,
        blocks: "Iterable[NDArray[Any]]",
        place: "OutputPlan | int",
        sample_rate: int,
        samples: int | None,
        seed: int,
    ) -> "WriteResult":
        """Write the blocks to the files or to the stream."""
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
                    options=self._options,
                    form=self.format,
                    name="standard output" if self.out == "-" else self.out,
                    progress=bar.update,
                )
            written = write_clips(
                blocks,
                place,
                sample_rate=sample_rate,
                seed=seed,
                options=self._options,
                normalise=self.normalise,
                progress=bar.update,
            )
            if written.paths:
                place.remove_stale()
            return written

    def report(self, written: "WriteResult") -> None:
        """Print the paths of the clips on standard output, and all else on standard error."""
        for path in written.paths:
            print_line(path)
        for taken, path in written.moved.items():
            print_note(
                f"{taken} was written by another program in the meantime and stays: the clip is in {path}"
            )
        print_note(f"{self.clips} x {written.seconds:.2f} s, {written.speed}")
        if written.silent:
            remedy = "`--prime RECORDING`" if self.prime is None else "another recording"
            print_note(
                f"silent clips: {written.silent} of {self.clips}; after silence a model may draw more of it,"
                f" so give it sound to continue, {remedy}"
            )

    def _prompt(self, model: "LoadedModel", steering: "Steering | None") -> "NDArray[Any] | None":
        """Return the end of `--prime` that the model and the discriminator use."""
        if self.prime is None:
            return None
        from partita.audio.load import read_audio

        prompt = Path("/dev/stdin") if str(self.prime) == "-" else self.prime
        seen = max(model.prompt_samples, steering.scorer.context if steering else 0)
        return read_audio(prompt, model.sample_rate, last_samples=max(1, seen))

    def _steering(self, model: "LoadedModel") -> "Steering | None":
        if not self.steer and self.judge is None:
            return None
        from partita.runs.scorer import load_scorer
        from partita.sampling.smc.sampler import Steering

        return Steering(scorer=load_scorer(self.judge or self.model, model), config=self._steering_config)


def read(arguments: Sequence[str]) -> Command:
    """Return the subcommand with the given arguments."""
    if asks_for_help(arguments):
        print_line(help_page(Command, GROUPS, usage=USAGE, whole=True))
        raise SystemExit
    return parse(Command, gather_repeats(arguments, ("--label",)), prog="partita generate")
