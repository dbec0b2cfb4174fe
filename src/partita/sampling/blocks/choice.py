"""The stream of any model."""

from partita.errors import PartitaError
from partita.models.choice import Model
from partita.models.flows.iaf import IAF
from partita.models.flows.maf import MAF
from partita.models.waveform_gan import WaveformGAN
from partita.sampling.blocks.gan import GANStream
from partita.sampling.blocks.iaf import IAFStream
from partita.sampling.blocks.maf import MAFStream
from partita.sampling.config import SamplingConfig
from partita.sampling.frame_sources import FrameSource
from partita.sampling.stream import Classes, Source, Stream


def source_of(
    model: Model,
    *,
    prompt: Classes | None = None,
    clips: int = 1,
    config: SamplingConfig | None = None,
    zero_class: int,
    conditions: FrameSource | None = None,
) -> Source:
    """Return what draws a model's clips; the arguments are those of `Stream`.

    Args:
        model: the model.
        prompt: classes that the clips continue; an inverse autoregressive flow follows its features alone,
            and a GAN continues none.
        clips: the number of clips.
        config: how to draw.
        zero_class: the class of silence.
        conditions: the frames that the clips follow.

    Raises:
        PartitaError: the prompt, the frames or the settings do not fit the model.

    >>> from partita.models.sizes import SIZES
    >>> from partita.models.wavenet import WaveNet
    >>> source_of(WaveNet(SIZES["tiny"]), zero_class=128).take(3).shape
    (1, 3)
    """
    if isinstance(model, WaveformGAN):
        if prompt is not None:
            raise PartitaError("a GAN makes sound from noise and continues no prompt: leave `--prime` out")
        return GANStream(model, clips=clips, config=config)
    if isinstance(model, IAF):
        return IAFStream(model, clips=clips, config=config, conditions=conditions)
    if isinstance(model, MAF):
        return MAFStream(
            model, prompt=prompt, clips=clips, config=config, zero_class=zero_class, conditions=conditions
        )
    return Stream(
        model, prompt=prompt, clips=clips, config=config, zero_class=zero_class, conditions=conditions
    )


def draw_from(
    model: Model,
    *,
    clips: int = 1,
    steps: int,
    prompt: Classes | None = None,
    config: SamplingConfig | None = None,
    zero_class: int,
    conditions: FrameSource | None = None,
) -> Classes:
    """Return (clips, steps) classes; the arguments are those of `source_of`. A GAN ignores the prompt."""
    prompt = None if isinstance(model, WaveformGAN) else prompt
    source = source_of(
        model, prompt=prompt, clips=clips, config=config, zero_class=zero_class, conditions=conditions
    )
    return source.take(steps)
