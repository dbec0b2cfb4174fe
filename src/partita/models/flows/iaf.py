"""An inverse autoregressive flow: noise to sound in one parallel pass.

    x_0 = z, standard normal;   x_k[t] = m_k(x_k-1[< t], c) + sigma_k(x_k-1[< t], c) x_k-1[t]

Given the noise before it, a sample of the last flow is normal, with mean and deviation

    M_k = m_k + sigma_k M_k-1,   S_k = sigma_k S_k-1,   M_0 = 0,   S_0 = 1,

so its density is known, and its derivative passes to the weights of all flows. With features the sound is
multiplied by the level that they ask for (`level.py`), so that the flows make sound of one level. All
flows share what the frames of the condition are encoded to. This file does not know losses or teachers.

Source: Kingma et al. 2016 (the flow); van den Oord et al. 2018, "Parallel WaveNet", section 4 (for sound).
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from partita.audio.features.layout import HOLD
from partita.checks import check_counts
from partita.models.conditioning.conditioner import Conditioner
from partita.models.conditioning.conditions import Conditions
from partita.models.flows.block_biases import flow_columns, forward_bias
from partita.models.flows.gated_flow import GatedFlow
from partita.models.flows.harmonics import Turns, harmonics, turns
from partita.models.flows.level import levels
from partita.models.sizes import WaveNetConfig
from partita.ops.gated_stack.blocks import BlockBias

MOST = {"flows": 64, "layers": 16, "channels": 1024, "condition_channels": 4096, "multiples": 256}
FIRST_LOG_SCALE = -3.0
"""The logarithm of the deviation with which training begins, without features: that of soft noise."""


@dataclass(frozen=True, kw_only=True)
class IAFConfig:
    """The shape of an inverse autoregressive flow; what it is given is that of its teacher.

    Raises:
        PartitaError: a field is out of its range.

    >>> IAFConfig().receptive_field
    768
    """

    flows: int = 3
    """Flows, one after the other."""
    layers: int = 8
    """Dilated layers of each flow, with dilations 1, 2, 4, ..."""
    channels: int = 16
    """Channels of each flow; multiples of 16 are fastest."""
    condition_channels: int = 64
    """Channels of the hidden layers between the frames and the gated units."""
    multiples: int = 15
    """Sines at the multiples of the pitch that every flow may use; 0 for none, and without features."""

    def __post_init__(self) -> None:
        """Check the ranges of all fields."""
        check_counts(self, MOST, {"multiples": 0})

    @property
    def receptive_field(self) -> int:
        """Samples of noise before a sample that it depends on."""
        return self.flows << self.layers

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of all flows for a sample, with features.

        >>> IAFConfig().multiply_adds
        39210
        """
        layers = self.layers * 5 * self.channels**2 + (self.layers - 1) * self.channels**2
        return self.flows * (layers + self.channels * (3 + 4 * self.multiples) + 2 * self.multiples)


class Normals(NamedTuple):
    """Sound, and the normal distribution of each sample given the noise before it."""

    values: Float[Tensor, "batch samples"]
    means: Float[Tensor, "batch samples"]
    deviations: Float[Tensor, "batch samples"]


class IAF(nn.Module):
    """Turn noise into sound.

    Args:
        network: what the model is given, and the classes that its sound is rounded to; the rest is not used.
        shape: of the flows.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> from partita.models.sizes import SIZES
    >>> model = IAF(SIZES["tiny"], IAFConfig(flows=2, layers=3), generator=torch.Generator().manual_seed(0))
    >>> model(torch.randn(1, model.receptive_field + 5)).values.shape
    torch.Size([1, 5])
    """

    def __init__(
        self, network: WaveNetConfig, shape: IAFConfig, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.config, self.shape = network, shape
        layout = network.condition
        self.has_features = layout is not None and bool(layout.bands) and bool(layout.sample_rate)
        """Whether the frames have a pitch and a level."""
        self.multiples = shape.multiples if self.has_features else 0
        """Multiples of the pitch that the flows may use."""
        last = shape.flows - 1
        self.flows = nn.ModuleList(
            GatedFlow(
                layers=shape.layers,
                channels=shape.channels,
                harmonics=2 * self.multiples,
                log_scale=FIRST_LOG_SCALE if number == last and not self.has_features else 0.0,
                generator=generator,
            )
            for number in range(shape.flows)
        )
        self.conditioner: Conditioner | None = None
        if layout is not None:
            self.conditioner = Conditioner(
                layout,
                channels=shape.condition_channels,
                gate_columns=shape.flows * self._gate_columns,
                skip_channels=shape.flows * shape.channels,
                generator=generator,
            )

    @property
    def receptive_field(self) -> int:
        """Samples of noise before a sample that it depends on."""
        return self.shape.receptive_field

    @property
    def _gate_columns(self) -> int:
        return self.shape.layers * 2 * self.shape.channels

    def turns(
        self, conditions: Conditions | None, *, samples: int, before: Float[Tensor, " batch"]
    ) -> Turns | None:
        """Return the turns of the pitch of consecutive samples; None if the flows do not use the pitch.

        Args:
            conditions: the frames; `start` is the time of the first sample.
            samples: consecutive samples.
            before: the phase of the sample before the first one, in turns.
        """
        if not self.multiples or conditions is None or self.config.condition is None:
            return None
        return turns(conditions, self.config.condition, samples=samples, before=before)

    def sines(self, found: Turns | None) -> Float[Tensor, "batch samples columns"] | None:
        """Return the sines at the multiples of the pitch, from what `turns` returned."""
        return None if found is None else harmonics(found, self.multiples)

    def forward(
        self,
        noise: Float[Tensor, "batch time"],
        conditions: Conditions | None = None,
        sines: Float[Tensor, "batch time columns"] | None = None,
    ) -> Normals:
        """Return the sound from sample `receptive_field` of the noise on.

        Args:
            noise: standard normal, and `receptive_field` samples longer than the sound.
            conditions: the frames; `start` is the time of the first sample of the noise. A model without a
                condition ignores them.
            sines: as the method `sines` returns them for the noise; needed if the flows have `multiples`.
        """
        values, means, log_scales = noise, torch.zeros_like(noise), torch.zeros_like(noise)
        biases = self._biases(conditions, noise.shape[1])
        for number, flow in enumerate(self.flows):
            bias = None if biases is None else biases[number]
            moments = flow(values, sines, bias)
            field = flow.receptive_field
            scales = moments.log_scales.exp()
            values = moments.means + scales * values[:, field:]
            means = moments.means + scales * means[:, field:]
            log_scales = moments.log_scales + log_scales[:, field:]
            sines = None if sines is None else sines[:, field:]
        return self._scaled(Normals(values, means, log_scales.exp()), conditions)

    def _scaled(self, sound: Normals, conditions: Conditions | None) -> Normals:
        """Return the sound of the last flow at the level of the features."""
        layout = self.config.condition
        if not self.has_features or layout is None or conditions is None:
            return sound
        own = conditions.shifted(self.receptive_field)
        level = levels(own, layout, samples=sound.values.shape[1])
        return Normals(*(level * each for each in sound))

    def _biases(self, conditions: Conditions | None, samples: int) -> list[BlockBias] | None:
        """Return what the conditions add in each flow; row 0 of a flow's belongs to its second sample."""
        if self.conditioner is None:
            return None
        assert conditions is not None
        blocks = self.conditioner.blocks(conditions.shifted(1), samples=samples).float()
        start, flows, field = (conditions.start + 1) % HOLD, self.shape.flows, 1 << self.shape.layers
        columns = [
            flow_columns(
                blocks, number=number, flows=flows, gates=self._gate_columns, skips=self.shape.channels
            )
            for number in range(flows)
        ]
        # a flow begins where the one before has its first output
        return [forward_bias(own, start, first=number * field) for number, own in enumerate(columns)]
