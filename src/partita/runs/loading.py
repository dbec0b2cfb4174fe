"""Load a trained model from a run and draw from it. This file does not know how the model was trained."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from partita.audio.quantizer import Quantizer
from partita.device import Device
from partita.errors import PartitaError
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.runs.checkpoint_state import STATE, SUFFIX, read_file_digests, read_state
from partita.runs.config import from_table
from partita.runs.folder import CONFIG, RunFolder
from partita.runs.shipped.folder import model_path
from partita.runs.tensors import TensorSpecs, read_expected_tensors, tensor_specs
from partita.sampling.config import Precision, SamplingConfig
from partita.sampling.smc.sampler import SteeredStream, Steering
from partita.sampling.stream import Source, Stream, blocks_of

ModuleT = TypeVar("ModuleT", bound=nn.Module)
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
        path: the run's folder, if it has one.
    """

    model: WaveNet
    sample_rate: int
    quantizer: Quantizer
    name: str
    step: int
    config: dict[str, Any]
    path: Path | None = None

    def draw(
        self,
        seconds: float = 5,
        *,
        clips: int = 1,
        seed: int = 0,
        prompt: NDArray[np.floating[Any]] | None = None,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        precision: Precision = "float32",
        device: Device = "auto",
        threads: int | None = None,
        steering: Steering | None = None,
    ) -> Waveform:
        """Draw clips.

        Args:
            seconds: the length of each clip.
            clips: the number of clips.
            seed: the same seed gives the same clips.
            prompt: audio that the clips continue, (samples,) for all clips or (clips, samples), float in
                [-1, 1] at the model's sample rate; None is silence.
            temperature: divides the logits; see `SamplingConfig`, also for the following ones.
            top_k: draw only from the k most probable classes.
            top_p: draw only from the most probable classes that together reach this probability.
            precision: how weights are stored.
            device: where to draw.
            threads: threads to draw with.
            steering: the scorer, and how to steer; None draws from the model alone.

        Returns:
            (clips, samples) float32 in [-1, 1], without the prompt.

        Raises:
            PartitaError: a value is out of range.
        """
        config = SamplingConfig(
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            seed=seed,
            precision=precision,
            device=device,
            threads=threads,
        )
        steps = self.samples(seconds)
        return self.quantizer.decode(self._source(clips, prompt, steps, config, steering).take(steps))

    def stream(
        self,
        seconds: float | None = None,
        *,
        clips: int = 1,
        prompt: NDArray[np.floating[Any]] | None = None,
        config: SamplingConfig | None = None,
        first_block: int | None = None,
        steering: Steering | None = None,
    ) -> Iterator[Waveform]:
        """Yield the clips that `draw` returns, block by block.

        Args:
            seconds: the length of each clip; None is no end.
            clips: the number of clips.
            prompt: as for `draw`.
            config: how to draw, and the samples per block.
            first_block: samples of the first block; each block is then twice as long as the one before, up
                to `config.block`. None makes all blocks equal.
            steering: as for `draw`.

        Returns:
            an iterator over (clips, block) float32 in [-1, 1]; the last block may be shorter.

        Raises:
            PartitaError: a value is out of range.
        """
        steps = None if seconds is None else self.samples(seconds)
        source = self._source(clips, prompt, steps, config or SamplingConfig(), steering)
        return (self.quantizer.decode(classes) for classes in blocks_of(source, steps, first=first_block))

    def _source(
        self,
        clips: int,
        prompt: NDArray[np.floating[Any]] | None,
        steps: int | None,
        config: SamplingConfig,
        steering: Steering | None,
    ) -> Source:
        given = None if prompt is None else self.quantizer.encode(np.asarray(prompt))
        zero = self.quantizer.zero_class
        if steering is None:
            return Stream(self.model, prompt=given, clips=clips, config=config, zero_class=zero)
        return SteeredStream(
            self.model, steering, prompt=given, clips=clips, steps=steps, config=config, zero_class=zero
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
        PartitaError: there is no such path or model, the path is not a run or has no checkpoint yet, a file
            is damaged, or the config is of a newer version.

    >>> load("nowhere")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: nowhere does not exist: give a run folder, made by `partita train`...
    """
    run, checkpoint = find_checkpoint(path)
    config = run.config()
    where = str(run.path / CONFIG)
    network = from_table(WaveNetConfig, config["network"], where=f"{where} [network]")
    quantizer = from_table(Quantizer, config["quantizer"], where=f"{where} [quantizer]")
    model = load_network(lambda: WaveNet(network), weights_path(checkpoint))
    return LoadedModel(
        model=model.eval().requires_grad_(False),
        sample_rate=config["corpus"]["sample_rate"],
        quantizer=quantizer,
        name=run.path.absolute().name,
        step=read_state(checkpoint)["step"],
        config=config,
        path=run.path.absolute(),
    )


def find_checkpoint(path: str | Path) -> tuple[RunFolder, Path]:
    """Return the run and the checkpoint that a path names; arguments and errors are those of `load`."""
    path = model_path(path)
    inside = (path / STATE).is_file() and not (path / CONFIG).is_file()
    run = RunFolder.open(path.absolute().parents[1] if inside else path)
    return run, path if inside else run.chosen_checkpoint()


def weights_path(checkpoint: Path) -> Path:
    """Return the file of a checkpoint's weights: the averaged weights, if there are any.

    Raises:
        PartitaError: the checkpoint is damaged: a file is missing, or there is one that it does not list.
    """
    average = checkpoint / f"average{SUFFIX}"
    files = read_file_digests(checkpoint)
    has_average = average.exists() if files is None else average.name in files
    return average if has_average else checkpoint / f"generator{SUFFIX}"


def load_network(make: Callable[[], ModuleT], path: Path) -> ModuleT:
    """Create a network and load its weights from a file of a checkpoint.

    The shapes are compared before memory is allocated for the network or the weights.

    Args:
        make: creates the network.
        path: the file.

    Raises:
        PartitaError: the file is damaged, or its weights do not fit the network.
        DivergedError: a weight is not finite.
    """
    tensors = read_expected_tensors(path, network_shapes(make))
    model = make()
    model.load_state_dict(tensors)
    return model


def network_shapes(make: Callable[[], nn.Module]) -> TensorSpecs:
    """Return the shapes and types of a network's weights, without allocating them.

    >>> network_shapes(lambda: nn.Linear(2, 3))
    {'weight': ((3, 2), torch.float32), 'bias': ((3,), torch.float32)}
    """
    with torch.device("meta"):
        return tensor_specs(make().state_dict())


def load_weights(model: nn.Module, path: Path) -> None:
    """Load the weights of a network from a file of a checkpoint; errors are those of `load_network`."""
    model.load_state_dict(read_expected_tensors(path, tensor_specs(model.state_dict())))
