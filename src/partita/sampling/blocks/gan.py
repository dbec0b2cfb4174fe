"""Clips of a GAN's generator: blocks of latents become blocks of sound.

Number n of latent frame f is addressed by the seed, the clip and (f, n), so a clip does not depend on the
others. All blocks have the same length and each clip is made alone, so neither the number of clips nor how
many samples are taken at once changes a bit. A prompt has no effect. This file does not know runs or files.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from partita.device import thread_limit
from partita.models.waveform_gan import WaveformGAN
from partita.sampling.blocks.stream import BlockStream
from partita.sampling.config import SamplingConfig
from partita.sampling.uniforms import uniforms

BLOCK = 16384
"""Samples of a block, about: a whole number of hops, at least one."""


class GANStream(BlockStream):
    """Clips of a GAN's generator.

    Args:
        model: the model, on the CPU.
        clips: the number of clips.
        config: how to draw; `temperature` multiplies the noise. Below 1 clips are more alike and nearer to
            what is common in the training sound (the truncation of Brock et al. 2019).

    Raises:
        PartitaError: there is no clip, or the settings do not fit the model.

    >>> from partita.models.sizes import SIZES
    >>> from partita.models.waveform_gan import GANConfig
    >>> model = WaveformGAN(SIZES["tiny"], GANConfig(channels=8), generator=torch.Generator().manual_seed(0))
    >>> GANStream(model, clips=2).take(3).shape
    (2, 3)
    """

    def __init__(self, model: WaveformGAN, *, clips: int = 1, config: SamplingConfig | None = None) -> None:
        super().__init__(clips=clips, classes=model.config.classes, config=config or SamplingConfig())
        self._model, self._hops = model, max(1, BLOCK // model.shape.hop_length)
        self._start = 0

    def _next_values(self) -> NDArray[np.float32]:
        noise = self._noise(self._start, self._hops + self._model.shape.margin)
        self._start += self._hops

        def sound(clip: Tensor) -> Tensor:
            with torch.no_grad():
                values: Tensor = self._model(clip[None])
            return values[0]

        with thread_limit(1), ThreadPoolExecutor(min(self.config.thread_count, self.clips)) as pool:
            return torch.stack(list(pool.map(sound, noise))).numpy()

    def _noise(self, first: int, frames: int) -> Tensor:
        """Return the noise of consecutive frames of all clips, (clips, latents, frames)."""
        from scipy.special import ndtri

        latents = self._model.shape.latents
        found = ndtri(uniforms(self.config.seed, self.clips, first * latents, frames * latents))
        noise = (self.config.temperature * found).astype(np.float32).reshape(self.clips, frames, latents)
        return torch.from_numpy(np.ascontiguousarray(noise.transpose(0, 2, 1)))
