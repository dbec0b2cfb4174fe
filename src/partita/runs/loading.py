"""Load a trained model from a run and draw from it. This file does not know how the model was trained."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.load import read_audio
from partita.audio.quantizer import Quantizer
from partita.data.notes import Note, read_notes
from partita.device import Device
from partita.errors import PartitaError
from partita.models.choice import Model
from partita.models.flows.iaf import IAF
from partita.models.frame_tier.model import FrameModel
from partita.models.wavenet import WaveNet
from partita.runs.checkpoint_state import read_state
from partita.runs.config import from_table
from partita.runs.folder import CONFIG
from partita.runs.model import load_frame_tier, load_model
from partita.runs.weights import chosen_temperature, find_checkpoint
from partita.sampling.blocks.choice import smoothing_of, source_of
from partita.sampling.config import FRAME_TEMPERATURE, GUIDANCE, Precision, SamplingConfig
from partita.sampling.given.given import Given
from partita.sampling.given.source import PROMPT_FRAMES, frame_source
from partita.sampling.smc.sampler import SteeredStream, Steering
from partita.sampling.stream import Source, blocks_of

Waveform = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """A trained model to draw from; `load` creates it.

    Args:
        model: the network, in evaluation mode, on the CPU, with the averaged weights if the run has them.
        sample_rate: Hz.
        quantizer: converts between classes and waveforms.
        name: the run's name.
        step: generator updates of the checkpoint.
        config: the run's resolved config.
        frames: the frame tier's network, in evaluation mode; None for a run with one tier.
        chosen_temperature: the temperature of the samples that training chose, if it did.
        chosen_frame_temperature: the same of the frame tier.
    """

    model: Model
    sample_rate: int
    quantizer: Quantizer
    name: str
    step: int
    config: dict[str, Any]
    path: Path | None = None
    frames: FrameModel | None = None
    chosen_temperature: float | None = None
    chosen_frame_temperature: float | None = None

    @property
    def wavenet(self) -> WaveNet:
        """The model, if it is a WaveNet.

        Raises:
            PartitaError: it is another one.
        """
        if not isinstance(self.model, WaveNet):
            raise PartitaError(f"{self.name} is no WaveNet, whose probabilities are needed here: give one")
        return self.model

    @property
    def temperature(self) -> float:
        """The sample tier's temperature where none is given: the run's choice, or else 1."""
        return self.chosen_temperature or 1.0

    @property
    def frame_temperature(self) -> float:
        """The frame tier's temperature where none is given: the run's choice, or else 0.85."""
        return self.chosen_frame_temperature or FRAME_TEMPERATURE

    @property
    def smoothing(self) -> float:
        """The smoothing of the samples where none is given, in classes: 0 without features."""
        return smoothing_of(self.model)

    @property
    def prompt_samples(self) -> int:
        """The samples at the end of a prompt that have an effect."""
        layout = self.model.config.condition
        features = (PROMPT_FRAMES + 4) * layout.hop_length if layout is not None and layout.bands else 0
        return max(0 if isinstance(self.model, IAF) else self.model.receptive_field, features)

    def draw(
        self,
        seconds: float | None = None,
        *,
        clips: int = 1,
        seed: int = 0,
        prompt: NDArray[np.floating[Any]] | None = None,
        label: Mapping[str, str] | None = None,
        notes: str | Path | Sequence[Note] | None = None,
        like: str | Path | NDArray[np.floating[Any]] | None = None,
        transpose: float | None = None,
        features: NDArray[np.floating[Any]] | None = None,
        temperature: float | None = None,
        frame_temperature: float | None = None,
        guidance: float = GUIDANCE,
        top_k: int | None = None,
        top_p: float | None = None,
        smoothing: float | None = None,
        precision: Precision = "float32",
        device: Device = "auto",
        threads: int | None = None,
        steering: Steering | None = None,
    ) -> Waveform:
        """Draw clips.

        Args:
            seconds: the length of each clip; None is that of the score, the line or the features, or 5.
            clips: the number of clips.
            seed: the same seed gives the same clips.
            prompt: audio that the clips continue, (samples,) for all clips or (clips, samples), float in
                [-1, 1] at the model's sample rate; None is silence.
            label: name -> value, for example {"digit": "3"}; other labels are drawn for each clip.
            notes: a score to play: a MIDI or CSV file, or notes.
            like: a line to play, one voice: an audio file, or (samples,) at the model's sample rate.
            transpose: semitones to move the line by; None moves it by octaves into the model's range.
            features: (frames, feature columns) or (clips, frames, feature columns) in place of drawn ones;
                frame 0 is centred at the first drawn sample.
            temperature: of the samples; None is `self.temperature`. See `SamplingConfig`, also for the next.
            frame_temperature: of the frame tier; None is `self.frame_temperature`.
            guidance: how strongly the features follow notes and labels.
            top_k: draw only from the k most probable classes.
            top_p: draw only from the most probable classes that together reach this probability.
            smoothing: how far samples move to the mean of what is likely near; None is `self.smoothing`.
            precision: how weights are stored.
            device: where to draw.
            threads: threads to draw with.
            steering: the scorer, and how to steer; None draws from the model alone.

        Returns:
            (clips, samples) float32 in [-1, 1], without the prompt.

        Raises:
            PartitaError: a value is out of range, a file can't be read, or the model can't use it.
        """
        config = SamplingConfig(
            temperature=self.temperature if temperature is None else temperature,
            frame_temperature=frame_temperature,
            guidance=guidance,
            top_k=top_k,
            top_p=top_p,
            smoothing=self.smoothing if smoothing is None else smoothing,
            seed=seed,
            precision=precision,
            device=device,
            threads=threads,
        )
        given = self.given(label=label, notes=notes, like=like, transpose=transpose, features=features)
        if seconds is None:
            seconds = given.seconds(self.model.config.condition, self.sample_rate) or 5.0
        steps = self.samples(seconds)
        return self.quantizer.decode(self._source(clips, prompt, steps, config, given, steering).take(steps))

    def stream(
        self,
        seconds: float | None = None,
        *,
        clips: int = 1,
        prompt: NDArray[np.floating[Any]] | None = None,
        given: Given | None = None,
        config: SamplingConfig | None = None,
        first_block: int | None = None,
        steering: Steering | None = None,
    ) -> Iterator[Waveform]:
        """Yield the clips that `draw` returns, block by block.

        Args:
            seconds: the length of each clip; None is no end.
            clips: the number of clips.
            prompt: as for `draw`.
            given: labels, and a score, a line or features; see `given`.
            config: how to draw, and the samples per block; None is the model's own temperature and smoothing.
            first_block: samples of the first block; each block is then twice as long as the one before, up
                to `config.block`. None makes all blocks equal.
            steering: as for `draw`.

        Returns:
            an iterator over (clips, block) float32 in [-1, 1]; the last block may be shorter.

        Raises:
            PartitaError: a value is out of range, or the model can't use what is given.
        """
        steps = None if seconds is None else self.samples(seconds)
        config = config or SamplingConfig(temperature=self.temperature, smoothing=self.smoothing)
        source = self._source(clips, prompt, steps, config, given or Given(), steering)
        return (self.quantizer.decode(classes) for classes in blocks_of(source, steps, first=first_block))

    def given(
        self,
        *,
        label: Mapping[str, str] | None = None,
        notes: str | Path | Sequence[Note] | None = None,
        like: str | Path | NDArray[np.floating[Any]] | None = None,
        transpose: float | None = None,
        features: NDArray[np.floating[Any]] | None = None,
    ) -> Given:
        """Return what clips are given besides a prompt, with files read; the arguments are those of `draw`.

        Raises:
            PartitaError: a file can't be read, or two values exclude each other.
        """
        return Given(
            labels=label or {},
            notes=read_notes(notes) if isinstance(notes, str | Path) else notes,
            like=read_audio(like, self.sample_rate) if isinstance(like, str | Path) else like,
            transpose=transpose,
            features=features,
        )

    def _source(
        self,
        clips: int,
        prompt: NDArray[np.floating[Any]] | None,
        steps: int | None,
        config: SamplingConfig,
        given: Given,
        steering: Steering | None,
    ) -> Source:
        sound = None if prompt is None else np.asarray(prompt)
        conditions = frame_source(
            self.model,
            self.frames,
            given.until(None if steps is None else steps / self.sample_rate),
            sample_rate=self.sample_rate,
            prompt=sound,
            clips=clips,
            seed=config.seed,
            temperature=config.frame_temperature or self.frame_temperature,
            guidance=config.guidance,
        )
        past, zero = None if sound is None else self.quantizer.encode(sound), self.quantizer.zero_class
        if steering is None:
            return source_of(
                self.model, prompt=past, clips=clips, config=config, zero_class=zero, conditions=conditions
            )
        return SteeredStream(
            self.wavenet,
            steering,
            prompt=past,
            clips=clips,
            steps=steps,
            config=config,
            zero_class=zero,
            conditions=conditions,
        )

    def samples(self, seconds: float) -> int:
        """Return the samples of a clip of a length in seconds, at least 1.

        Raises:
            PartitaError: the length is not above 0, or not finite.
        """
        if not (np.isfinite(seconds) and seconds > 0):
            raise PartitaError(f"`seconds` is {seconds}: give a length above 0")
        return max(1, round(seconds * self.sample_rate))


def load(path: str | Path) -> LoadedModel:
    """Load the model of a run, of one checkpoint of a run, or one that ships with the package.

    Args:
        path: a run folder, for the checkpoint that training chose, or a folder in its `checkpoints`; or the
            name of a model that ships, unless there is a file or folder of this name.

    Raises:
        PartitaError: there is no such path, model or checkpoint, or a file is damaged or of a newer version.

    >>> load("nowhere")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: nowhere does not exist: give a run folder, made by `partita train`...
    """
    run, checkpoint = find_checkpoint(path)
    config, where = run.config(), str(run.path / CONFIG)
    quantizer = from_table(Quantizer, config["quantizer"], where=f"{where} [quantizer]")
    return LoadedModel(
        model=load_model(config, checkpoint, where=where),
        sample_rate=config["corpus"]["sample_rate"],
        quantizer=quantizer,
        name=run.path.absolute().name,
        step=read_state(checkpoint)["step"],
        config=config,
        path=run.path.absolute(),
        frames=load_frame_tier(config, checkpoint, where=where),
        chosen_temperature=chosen_temperature(run, checkpoint),
        chosen_frame_temperature=chosen_temperature(run, checkpoint, "frame_temperature"),
    )
