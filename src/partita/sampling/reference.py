"""The slow samplers that the fast one is held to and measured against, in plain PyTorch.

`cached_loop` is what one writes first: a queue for each layer, one pass through the layers for each sample.
It is the loop that speed is quoted against. `teacher_forced` runs the model itself along a given history, in
float64. Neither knows how to be fast.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from partita.models.wavenet import WaveNet
from partita.sampling.categorical import choose, probabilities
from partita.sampling.config import SamplingConfig
from partita.sampling.uniforms import uniforms

CHUNK = 4096


class CachedStep:
    """One pass through the layers for each sample, past states kept in a queue for each layer.

    Layout: states are (clips, channels).

    Args:
        model: the weights, in the precision to compute in.
        clips: how many clips go side by side.

    >>> from partita.models.sizes import SIZES
    >>> CachedStep(WaveNet(SIZES["tiny"]), clips=2)(torch.zeros(2, dtype=torch.long)).shape
    torch.Size([2, 256])
    """

    def __init__(self, model: WaveNet, *, clips: int) -> None:
        self.model = model
        config, like = model.config, model.embedding
        self.queues = [
            like.new_zeros((config.kernel_size - 1) * dilation, clips, config.residual_channels)
            for dilation in config.dilations
        ]
        self.time = 0

    def __call__(self, classes: Tensor) -> Tensor:
        """Take in one sample of each clip, (clips,), and return the logits of the next, (clips, classes)."""
        model = self.model
        hidden: Tensor = model.embedding[classes]
        skips: Tensor = model.skip_bias
        for layer, (queue, dilation) in enumerate(zip(self.queues, model.config.dilations, strict=True)):
            length = len(queue)
            taps = [
                queue[(self.time + tap * dilation) % length] for tap in range(model.config.kernel_size - 1)
            ]
            z = torch.cat([*taps, hidden], 1) @ model.dilated[layer] + model.dilated_bias[layer]
            queue[self.time % length] = hidden
            filter_half, gate_half = z.chunk(2, 1)
            gate = torch.tanh(filter_half) * torch.sigmoid(gate_half)
            skips = skips + gate @ model.skip[layer]
            if layer < len(self.queues) - 1:
                hidden = hidden + gate @ model.residual[layer] + model.residual_bias[layer]
        self.time += 1
        end = functional.relu(functional.relu(skips) @ model.end1 + model.end1_bias)
        return end @ model.end2 + model.end2_bias


@torch.inference_mode()
def cached_loop(
    model: WaveNet,
    history: NDArray[np.integer],
    *,
    steps: int,
    config: SamplingConfig,
    interrupted: Callable[[], bool] = lambda: False,
) -> NDArray[np.int64]:
    """Draw by the plain cached loop.

    Args:
        model: the weights.
        history: (clips, receptive_field) classes, the last sample last.
        steps: samples to draw for each clip.
        config: how to draw; `threads` and `block` play no part.
        interrupted: asked after each sample; true ends the loop early.

    Returns:
        (clips, steps) classes, fewer when interrupted.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> cached_loop(model, np.full((2, model.receptive_field), 128), steps=3, config=SamplingConfig()).shape
    (2, 3)
    """
    step = CachedStep(model, clips=len(history))
    for column in torch.as_tensor(history, dtype=torch.long).unbind(1):
        logits = step(column)
    numbers = uniforms(config.seed, len(history), 0, steps)
    drawn: list[NDArray[np.int64]] = []
    for time in range(steps):
        drawn.append(choose(probabilities(logits.numpy(), config), numbers[:, time]))
        if interrupted():
            break
        logits = step(torch.from_numpy(drawn[-1]))
    return np.stack(drawn, 1) if drawn else np.zeros((len(history), 0), np.int64)


@torch.inference_mode()
def teacher_forced(
    model: WaveNet, history: NDArray[np.integer], config: SamplingConfig
) -> NDArray[np.float64]:
    """Return, in float64, the probabilities with which each sample after the first R would be drawn.

    Args:
        model: the weights; it is not changed.
        history: (clips, R + steps) classes, R the receptive field.
        config: temperature, top_k and top_p.

    Returns:
        (clips, steps, classes): entry i is the distribution of history[:, R + i] given what is before it.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"])
    >>> teacher_forced(model, np.full((1, model.receptive_field + 2), 128), SamplingConfig()).shape
    (1, 2, 256)
    """
    exact = WaveNet(model.config).double()
    exact.load_state_dict(model.state_dict())
    inputs = torch.as_tensor(np.asarray(history)[:, :-1], dtype=torch.long)
    reach = model.receptive_field - 1
    chunks = [
        exact(inputs[:, start : start + CHUNK + reach]).numpy()
        for start in range(0, inputs.shape[1] - reach, CHUNK)
    ]
    return probabilities(np.concatenate(chunks, 1), config)
