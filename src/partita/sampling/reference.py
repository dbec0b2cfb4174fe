"""The reference sampler in plain PyTorch: a queue per layer, and one pass through the layers per sample.

The engines draw the same clips, up to rounding, and the benchmarks give their speed as a multiple of this
one. This file does not try to be fast.
"""

import torch
from torch import Tensor
from torch.nn import functional

from partita.models.wavenet import WaveNet


class CachedStep:
    """One pass through the layers per sample, with the past states in a queue per layer.

    Layout: states are (clips, channels).

    Args:
        model: the model, in the precision to compute in.
        clips: the number of clips.

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
        self.line = torch.zeros(config.reach + config.period_taps, clips, dtype=torch.long)
        """The newest classes, if they are read as one period earlier."""
        self.time = 0

    def __call__(
        self, classes: Tensor, condition: Tensor | None = None, periods: Tensor | None = None
    ) -> Tensor:
        """Process one sample of each clip, and compute the outputs for the next one.

        Args:
            classes: (clips,) the newest samples.
            condition: (clips or 1, columns) what the condition of the next sample adds to the gated units of
                all layers, then to the sum of the skip connections (see `Conditioner`).
            periods: (clips or 1, 2) the period in samples and the periodicity at the next sample, for a
                network with `period_taps`.

        Returns:
            (clips, outputs): the logits of the classes, or what another head takes.
        """
        model, units = self.model, 2 * self.model.config.dilation_channels
        hidden = model.look_up(classes, model.embedding)
        if model.periodic is not None:
            assert periods is not None
            hidden = hidden + self._one_period_before(model.periodic, classes, periods)
        skips: Tensor = model.skip_bias
        if condition is not None:
            skips = skips + condition[:, units * len(self.queues) :]
        for layer, (queue, dilation) in enumerate(zip(self.queues, model.config.dilations, strict=True)):
            length = len(queue)
            taps = [
                queue[(self.time + tap * dilation) % length] for tap in range(model.config.kernel_size - 1)
            ]
            z = torch.cat([*taps, hidden], 1) @ model.dilated[layer] + model.dilated_bias[layer]
            if condition is not None:
                z = z + condition[:, units * layer : units * (layer + 1)]
            queue[self.time % length] = hidden
            filter_half, gate_half = z.chunk(2, 1)
            gate = torch.tanh(filter_half) * torch.sigmoid(gate_half)
            skips = skips + gate @ model.skip[layer]
            if layer < len(self.queues) - 1:
                hidden = hidden + gate @ model.residual[layer] + model.residual_bias[layer]
        self.time += 1
        end = functional.relu(functional.relu(skips) @ model.end1 + model.end1_bias)
        return model.outputs_of(end)

    def _one_period_before(self, periodic: Tensor, classes: Tensor, periods: Tensor) -> Tensor:
        """Return what the samples one period before the next one add to the newest one's embedding."""
        length, taps = len(self.line), len(periodic)
        self.line[self.time % length] = classes
        first = self.time + 1 - periods[:, 0].long() - taps // 2
        clips, total = torch.arange(len(classes)), torch.zeros(())
        for tap in range(taps):
            there = self.line[(first + tap) % length, clips]
            total = total + self.model.look_up(there, periodic[tap])
        return periods[:, 1:] * total
