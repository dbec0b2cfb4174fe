"""WaveNet: an autoregressive network over quantised samples (van den Oord et al. 2016).

Layout: (batch, time, channels), channels last, so that every convolution is a matrix product over rows of
time. All weights are stored (in, out). Convolutions are not padded: a layer's output is shorter than its
input by (kernel_size - 1) * dilation. The caller provides the past before the first predicted sample.

This file does not know audio, files, losses or sampling.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from partita.audio.features.layout import HOLD
from partita.errors import PartitaError
from partita.models.conditioning.conditioner import Conditioner
from partita.models.conditioning.conditions import Conditions
from partita.models.conditioning.period import period_before
from partita.models.heads.choice import make_head
from partita.models.heads.fine import FineEmbedding, embedded_values
from partita.models.sizes import WaveNetConfig
from partita.ops.gated_stack.blocks import BlockBias
from partita.ops.gated_stack.dispatch import gated_stack

Samples = Int[Tensor, "batch time"] | Float[Tensor, "batch time"] | Float[Tensor, "batch time classes"]
PERIODIC_SCALE = 0.3
"""Scale of the initial embeddings of the samples one period earlier."""


def ordered_embedding(classes: int, channels: int, generator: torch.Generator | None = None) -> Tensor:
    """Draw initial embedding vectors of mean 0 and variance 1 that change smoothly with the class.

    Neighbouring classes are neighbouring sample values. With a smooth embedding the network need not learn
    from data that 127 is next to 128. Each channel is a random mixture of the companded sample, of the linear
    sample (expanded by the mu-law with mu = classes - 1), and of sines and cosines of one to five half turns.

    Args:
        classes: at least 2.
        channels: at least 1.
        generator: the random stream; None takes PyTorch's global one.

    Returns:
        (classes, channels).

    >>> table = ordered_embedding(256, 8, torch.Generator().manual_seed(0))
    >>> steps, leaps = table[1:] - table[:-1], table[128:] - table[:128]
    >>> bool(steps.norm(dim=1).mean() < 0.2 * leaps.norm(dim=1).mean())
    True
    """
    if torch.get_default_device().type == "meta":  # only the shape is asked for
        return torch.empty(classes, channels)
    companded = torch.linspace(-1.0, 1.0, classes)
    linear = companded.sign() * (classes ** companded.abs() - 1.0) / (classes - 1.0)
    turns = torch.arange(1, 6)
    waves = math.pi * companded[:, None] * turns
    features = torch.cat(
        [2.0 * companded[:, None], 4.0 * linear[:, None], waves.sin() / turns, waves.cos() / turns], 1
    )
    mixture = features @ torch.randn(features.shape[1], channels, generator=generator)
    smooth = (mixture - mixture.mean(0)) / mixture.std(0)
    return smooth + 0.05 * torch.randn(classes, channels, generator=generator)


class WaveNet(nn.Module):
    """Predict each sample's class from the `receptive_field` samples before it.

        h_0[t] = embedding[x_t] + v[t + 1] * sum over k of periodic_k[x_(t + 1 - P + k)]
        z_l[t] = [h_l[t - (k-1)d], ..., h_l[t - d], h_l[t]] W_l + b_l + c_l[t + 1]
        g_l    = tanh(filter half of z_l) * sigmoid(gate half of z_l)            (equation 2)
        h_l+1  = h_l + g_l R_l + r_l                                             (section 2.4)
        s      = sum over l of g_l S_l, plus a bias, plus c_s[t + 1]
        outputs = relu(relu(s) E_1 + e_1) E_2 + e_2

    c[t + 1] is the condition of the predicted sample, if the network has one (section 2.5). With
    `period_taps` P is the period at the predicted sample, v its periodicity, and k counts from -(taps // 2)
    (see `conditioning/period.py`); otherwise that term is left out. The last layer has no residual product,
    because no layer follows it.

    Args:
        config: the shape.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> model(torch.full((1, model.receptive_field + 4), 128)).shape
    torch.Size([1, 5, 256])
    """

    gains: Tensor
    """(outputs,) the factor of each output."""

    def __init__(self, config: WaveNetConfig, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        count, kernel = len(config.dilations), config.kernel_size
        residual, dilation = config.residual_channels, config.dilation_channels
        self.head = make_head(config.head, classes=config.classes, mixtures=config.mixtures)
        """The distribution of a sample, from the outputs."""
        self.embedding = nn.Parameter(torch.empty(config.embeddings, residual))
        self.dilated = nn.Parameter(torch.empty(count, kernel * residual, 2 * dilation))
        self.dilated_bias = nn.Parameter(torch.zeros(count, 2 * dilation))
        self.residual = nn.Parameter(torch.empty(count - 1, dilation, residual))
        self.residual_bias = nn.Parameter(torch.zeros(count - 1, residual))
        self.skip = nn.Parameter(torch.empty(count, dilation, config.skip_channels))
        self.skip_bias = nn.Parameter(torch.zeros(config.skip_channels))
        self.end1 = nn.Parameter(torch.empty(config.skip_channels, config.end_channels))
        self.end1_bias = nn.Parameter(torch.zeros(config.end_channels))
        self.end2 = nn.Parameter(torch.empty(config.end_channels, config.outputs))
        gains = torch.tensor([config.mean_gain if mean else 1.0 for mean in self.head.is_mean()])
        self.register_buffer("gains", gains, persistent=False)
        self.end2_bias = nn.Parameter(self.head.initial_bias().div_(gains))
        self.fine = FineEmbedding(config.classes) if config.embeddings < config.classes else None
        """How classes are placed between the embeddings, if there are more classes."""
        self._initialise(generator)
        self.conditioner = self._make_conditioner(generator)
        self.periodic: nn.Parameter | None = None
        """For each tap an embedding of its class, (taps, classes, residual channels)."""
        if config.period_taps:
            rows, count = config.embeddings, config.period_taps
            taps = [ordered_embedding(rows, residual, generator) for _ in range(count)]
            self.periodic = nn.Parameter(PERIODIC_SCALE * torch.stack(taps))

    @property
    def receptive_field(self) -> int:
        """Past samples that one prediction depends on."""
        return self.config.receptive_field

    def _initialise(self, generator: torch.Generator | None) -> None:
        """Draw weights that keep the variance of their input; biases stay 0."""
        count = len(self.config.dilations)
        with torch.no_grad():
            self.embedding.copy_(
                ordered_embedding(self.config.embeddings, self.config.residual_channels, generator)
            )
            self.dilated.normal_(0.0, 1.0 / math.sqrt(self.dilated.shape[1]), generator=generator)
            self.residual.normal_(0.0, 1.0 / math.sqrt(self.residual.shape[1]), generator=generator)
            # the sum of the skip connections of all layers has the variance of a single one
            fan_in = count * self.skip.shape[1]
            self.skip.normal_(0.0, math.sqrt(2.0 / fan_in), generator=generator)
            self.end1.normal_(0.0, math.sqrt(2.0 / self.end1.shape[0]), generator=generator)
            self.end2.normal_(0.0, 0.1 / math.sqrt(self.end2.shape[0]), generator=generator)

    def _make_conditioner(self, generator: torch.Generator | None) -> Conditioner | None:
        config = self.config
        if config.condition is None:
            return None
        return Conditioner(
            config.condition,
            channels=config.condition_channels,
            gate_columns=len(config.dilations) * 2 * config.dilation_channels,
            skip_channels=config.skip_channels,
            generator=generator,
        )

    def embed(self, classes: Samples) -> Tensor:
        """Look up the embeddings of classes, or mix them by vectors or by values, which pass gradients.

        Args:
            classes: (batch, time) classes, or values -1 to 1 for a head with a density; or (batch, time,
                classes) one-hot or soft vectors.
        """
        return self.look_up(classes, self.embedding)

    def look_up(self, classes: Tensor, table: Tensor) -> Tensor:
        """Return the rows of a table of embeddings for classes, or mix them by vectors or values."""
        if classes.is_floating_point() and classes.ndim == 3:
            return classes @ table
        if classes.is_floating_point():
            return embedded_values(classes, table, companded=self.fine is not None)
        return functional.embedding(classes, table) if self.fine is None else self.fine(classes, table)

    def forward(
        self,
        classes: Samples,
        conditions: Conditions | None = None,
    ) -> Float[Tensor, "batch predictions outputs"]:
        """Return the outputs for the sample after each input that has a complete receptive field.

        Args:
            classes: (batch, time) of classes, or of values for a head with a density, or (batch, time,
                classes) of one-hot or soft vectors; time is at least the receptive field R.
            conditions: the frames around the inputs; `start` is the time of the first input. A network
                without a condition ignores them.

        Returns:
            (batch, time - R + 1, outputs): entry i predicts the sample after input i + R - 1. They are the
            logits of the classes, or what another `head` takes.

        Raises:
            PartitaError: the input is shorter than the receptive field, or the network has a condition and
                none is given.
        """
        if classes.shape[1] < self.receptive_field:
            raise PartitaError(
                f"the input has {classes.shape[1]} samples: give at least the receptive"
                f" field, {self.receptive_field}"
            )
        reach = self.config.reach
        # an input predicts the sample after it
        following = None if conditions is None else conditions.shifted(reach + 1)
        hidden = self.embed(classes[:, reach:])
        if self.periodic is not None:
            hidden = hidden + self._one_period_before(self.periodic, classes, following)
        skips = gated_stack(
            hidden,
            self.dilated,
            self.dilated_bias,
            self.residual,
            self.residual_bias,
            self.skip,
            self.skip_bias,
            self.config.dilations,
            self._block_bias(following, classes.shape[1] - reach),
        )
        hidden = functional.relu(functional.relu(skips) @ self.end1 + self.end1_bias)
        return self.outputs_of(hidden)

    def outputs_of(self, hidden: Float[Tensor, "... end_channels"]) -> Float[Tensor, "... outputs"]:
        """Return the outputs of the last layer, with their gains.

        Args:
            hidden: of the layer before it.
        """
        outputs = hidden @ self.end2 + self.end2_bias
        return outputs if self.config.mean_gain == 1.0 else outputs * self.gains

    def _one_period_before(
        self, periodic: Tensor, classes: Tensor, following: Conditions | None
    ) -> Float[Tensor, "batch time channels"]:
        """Return what the samples one period before those that follow the inputs add to the inputs."""
        layout, reach, taps = self.config.condition, self.config.reach, self.config.period_taps
        assert layout is not None
        samples = classes.shape[1] - reach
        known = self._required(following)
        period, periodicity = period_before(known, layout, samples=samples, taps=taps)
        first = torch.arange(reach + 1, reach + 1 + samples, device=classes.device) - period - taps // 2
        rows = torch.arange(len(classes), device=classes.device)[:, None]
        total = torch.zeros((), device=periodic.device)
        for tap in range(taps):
            total = total + self.look_up(classes[rows, first + tap], periodic[tap])
        return periodicity[..., None] * total

    def _required(self, following: Conditions | None) -> Conditions:
        if following is None:
            raise PartitaError("the network has a condition: give the frames around the inputs")
        return following

    def _block_bias(self, following: Conditions | None, samples: int) -> BlockBias | None:
        """Return what the conditions add for the samples that follow the inputs."""
        if self.conditioner is None:
            return None
        following = self._required(following)
        values = self.conditioner.blocks(following, samples=samples).float()
        return BlockBias(values, following.start % HOLD, HOLD)
