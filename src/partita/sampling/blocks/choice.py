"""The stream of any model."""

from partita.errors import PartitaError
from partita.models.choice import Model
from partita.models.flows.iaf import IAF
from partita.models.flows.maf import MAF
from partita.models.waveform_gan import WaveformGAN
from partita.models.wavenet import WaveNet
from partita.sampling.blocks.gan import GANStream
from partita.sampling.blocks.iaf import IAFStream
from partita.sampling.blocks.maf import MAFStream
from partita.sampling.config import SamplingConfig, usual_smoothing
from partita.sampling.frame_sources import FrameSource
from partita.sampling.stream import Classes, Source, Stream


def smoothing_of(model: Model) -> float:
    """Return the smoothing of draws where none is given, in classes: 0 for all models but a WaveNet.

    Args:
        model: the model.

    >>> from partita.models.sizes import SIZES
    >>> from partita.models.wavenet import WaveNet
    >>> smoothing_of(WaveNet(SIZES["small"]))
    0.0
    """
    return usual_smoothing(model.config) if isinstance(model, WaveNet) else 0.0


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
        if prompt is not None and not model.has_features:
            raise PartitaError(
                "a student continues a prompt by its features, and this one has none: leave `--prime` out"
            )
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
    alone = isinstance(model, WaveformGAN) or (isinstance(model, IAF) and not model.has_features)
    prompt = None if alone else prompt
    source = source_of(
        model, prompt=prompt, clips=clips, config=config, zero_class=zero_class, conditions=conditions
    )
    return source.take(steps)
