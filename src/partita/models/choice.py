"""Models by name, and the network that a shape describes. This file does not know what they compute."""

import torch

from partita.models.flows.iaf import IAF, IAFConfig
from partita.models.flows.maf import MAF, MAFConfig
from partita.models.sizes import WaveNetConfig
from partita.models.waveform_gan import GANConfig, WaveformGAN
from partita.models.wavenet import WaveNet

WAVENET, IAF_NAME, MAF_NAME, GAN_NAME = "wavenet", "iaf", "maf", "gan"
MODELS = (WAVENET, IAF_NAME, MAF_NAME, GAN_NAME)

Model = WaveNet | IAF | MAF | WaveformGAN
"""A network that draws sound. Its `config` has the classes and the condition."""
Density = WaveNet | MAF
"""A model with a likelihood."""
Shape = IAFConfig | MAFConfig | GANConfig
"""The shape of a model that is not a WaveNet."""
SHAPES: dict[str, type[Shape]] = {IAF_NAME: IAFConfig, MAF_NAME: MAFConfig, GAN_NAME: GANConfig}


def kind_of(model: Model) -> str:
    """Return the name of a model's kind.

    Args:
        model: the model.

    >>> from partita.models.sizes import SIZES
    >>> kind_of(WaveNet(SIZES["tiny"]))
    'wavenet'
    """
    names: dict[type[Model], str] = {WaveNet: WAVENET, IAF: IAF_NAME, MAF: MAF_NAME, WaveformGAN: GAN_NAME}
    return names[type(model)]


def make_model(
    network: WaveNetConfig, shape: Shape | None, *, generator: torch.Generator | None = None
) -> Model:
    """Return a model with initial weights.

    Args:
        network: the shape of a WaveNet, or of the network of each flow of a `MAF`; of an `IAF` the classes
            and the condition.
        shape: that of a model that is not a WaveNet.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> from partita.models.sizes import SIZES
    >>> type(make_model(SIZES["tiny"], None)).__name__, type(make_model(SIZES["tiny"], IAFConfig())).__name__
    ('WaveNet', 'IAF')
    """
    if shape is None:
        return WaveNet(network, generator=generator)
    if isinstance(shape, MAFConfig):
        return MAF(network, shape, generator=generator)
    if isinstance(shape, GANConfig):
        return WaveformGAN(network, shape, generator=generator)
    return IAF(network, shape, generator=generator)
