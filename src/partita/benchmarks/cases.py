"""The cases of the sampler's benchmark: networks, clips, threads, precisions and conditions.

The weights and the frames are random, because the amount of work does not depend on their values. This file
does not know how rates are measured.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from partita.audio.features.layout import FrameLayout, hop_length_for
from partita.device import Device
from partita.models.frame_tier.config import FrameModelConfig
from partita.models.frame_tier.model import FrameModel
from partita.models.sizes import SIZES, WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.sampling.config import Precision, SamplingConfig, usual_smoothing
from partita.sampling.frame_sources import DrawnFrames, FrameSource, GivenFrames
from partita.sampling.frames.sampler import FrameSampler
from partita.sampling.precision import bytes_per_weight
from partita.sampling.stream import Stream

Condition = Literal["none", "features", "drawn features"]
"""What a network is given: nothing, features that exist, or features that a frame tier draws meanwhile."""
LAYOUT = FrameLayout(hop_length=hop_length_for(16000), bands=32, sample_rate=16000)
"""The features of a network with a condition."""


@dataclass(frozen=True)
class BenchCase:
    """One case of the benchmark.

    Args:
        clips: number of clips drawn together.
        threads: CPU threads.
        precision: type in which the weights are stored.
        device: device that draws.
        condition: what the network is given.
    """

    clips: int
    threads: int
    precision: Precision = "float32"
    device: Device = "cpu"
    condition: Condition = "none"

    @property
    def config(self) -> SamplingConfig:
        """Sampling settings of the case."""
        smoothing = usual_smoothing(conditioned(SIZES["small"], self.condition))
        return SamplingConfig(
            threads=self.threads, precision=self.precision, device=self.device, smoothing=smoothing
        )

    @property
    def unconditioned(self) -> "BenchCase":
        """The same case without a condition."""
        return replace(self, condition="none")

    def stream(self, model: WaveNet) -> Stream:
        """Return a stream of the case, which has drawn a sample and so has loaded the compiled code.

        Args:
            model: the network of the case.
        """
        source = Stream(
            model,
            clips=self.clips,
            config=self.config,
            zero_class=model.config.classes // 2,
            conditions=self.frames() if model.conditioner is not None else None,
        )
        source.take(1)
        return source

    def frames(self) -> FrameSource:
        """Return the frames that a network with the condition is given."""
        if self.condition == "features":
            return GivenFrames(random_frames(self.clips))
        return DrawnFrames(FrameSampler(random_frame_tier(), clips=self.clips))


def random_frame_tier() -> FrameModel:
    """Return a frame tier of the default size with random weights, without notes and labels."""
    return FrameModel(FrameModelConfig(layout=LAYOUT), generator=torch.Generator().manual_seed(0))


def random_frames(clips: int) -> NDArray[np.float32]:
    """Return a second of frames for each clip; the last one is repeated while a benchmark draws.

    Args:
        clips: number of clips.

    >>> random_frames(3).shape
    (3, 100, 34)
    """
    frames = np.random.default_rng(0).standard_normal((clips, 100, LAYOUT.columns)).astype(np.float32)
    frames[..., LAYOUT.bands :] = 69.0, 0.9  # a steady tone of 440 Hz
    return frames


def conditioned(config: WaveNetConfig, condition: Condition) -> WaveNetConfig:
    """Return the shape of a network with a condition.

    Args:
        config: shape without a condition.
        condition: "none" changes nothing.
    """
    return config if condition == "none" else replace(config, condition=LAYOUT)


def random_network(config: WaveNetConfig) -> WaveNet:
    """Return a network with random weights whose predictions are far from uniform, like those after training.

    Args:
        config: shape of the network.
    """
    model = WaveNet(config, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        model.end2.mul_(30.0)
    return model.eval()


def weight_bytes(config: WaveNetConfig, precision: str) -> int:
    """Return the size of the matrices of a network in bytes, as they are stored for one clip.

    Args:
        config: shape of the network.
        precision: type in which the weights are stored.

    >>> from partita.models.sizes import SIZES
    >>> weight_bytes(SIZES["small"], "bfloat16") == 2 * SIZES["small"].multiply_adds
    True
    """
    last = config.end_channels * config.outputs
    return (
        bytes_per_weight(precision, "skip") * (config.multiply_adds - last)
        + bytes_per_weight(precision, "end2") * last
    )


def bytes_read(config: WaveNetConfig, case: BenchCase) -> float:
    """Return the bytes of a weight in a case. Threads with several clips use float32 weights.

    Args:
        config: shape of the network.
        case: the case.

    >>> from partita.models.sizes import SIZES
    >>> bytes_read(SIZES["small"], BenchCase(16, 2, "bfloat16"))
    4.0
    """
    precision = case.precision if case.clips <= case.threads else "float32"
    return weight_bytes(config, precision) / config.multiply_adds


def default_cases() -> list[BenchCase]:
    """Return the default cases: 1 clip at every precision, 16 clips on 1 and on all cores, and a GPU.

    One clip and 16 clips on 1 core, and all cases of a GPU, are also measured with features, given and drawn.
    """
    every = SamplingConfig().thread_count
    cases = [BenchCase(1, 1, precision) for precision in get_args(Precision)] + [BenchCase(16, 1)]
    if every > 1:
        cases.append(BenchCase(16, every))
    given: list[Condition] = ["features", "drawn features"]
    cases += [BenchCase(clips, 1, condition=condition) for condition in given for clips in (1, 16)]
    if torch.cuda.is_available():
        cases += [
            BenchCase(clips, 1, device="cuda", condition=condition)
            for condition in get_args(Condition)
            for clips in (1, 512)
        ]
    return cases
