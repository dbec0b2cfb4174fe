"""One update of a masked autoregressive flow: by the likelihood of dequantised sound.

    L = the mean over valid samples of -log p(y | past) - log(bin width),   y uniform in the bin of each class

Each update draws y once. This file knows no corpora, files, schedules or clocks.

Source: Theis et al. 2016, "A note on the evaluation of generative models", section 3.1.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from partita.data.windows import WindowBatch
from partita.device import ComputeDevice
from partita.models.conditioning.conditions import Conditions
from partita.models.flows.maf import MAF, MAFConfig
from partita.seeds import torch_stream
from partita.training.config.train import TrainConfig
from partita.training.losses.likelihood import NATS_PER_BIT, mean_bits
from partita.training.monitoring.held_out import validation_bits
from partita.training.steps.learner import Learner, StepInfo, check_finite


class MAFStep(Learner[MAF]):
    """A masked autoregressive flow with all that training changes: EMA, optimizer and random streams.

    Args:
        config: the run's config, with `maf`.
        compute: device and precision; by default the config's device and float32.

    >>> train_step = MAFStep(TrainConfig(model="maf", maf=MAFConfig(flows=2), size="tiny", steps=1))
    >>> classes = torch.full((1, train_step.context + 8), 128)
    >>> valid = torch.ones(1, 8, dtype=torch.bool)
    >>> round(train_step.update(classes, valid, StepInfo(1, 1e-3, 0.0))["bits"].item()) in range(5, 10)
    True
    """

    def __init__(self, config: TrainConfig, compute: ComputeDevice | None = None) -> None:
        shape = config.other_shape
        assert isinstance(shape, MAFConfig)
        initialisation = torch_stream(config.seed, "initialisation")
        network = MAF(config.network_shape, shape, generator=initialisation)
        super().__init__(network, config, compute)

    @property
    def context(self) -> int:
        """The receptive field."""
        return self.generator.receptive_field

    def update(
        self, classes: Tensor, valid: Tensor, info: StepInfo, conditions: Conditions | None = None
    ) -> dict[str, Tensor]:
        """Update the flows; see `Learner.update`."""
        uniforms = torch.rand(tuple(classes.shape), generator=self.rng).to(self.compute.device)
        with self.compute.autocast():
            nats = self.generator.class_nats(classes, uniforms, valid, conditions)
        bits = mean_bits(nats, valid)
        check_finite(bits, "the likelihood loss")
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(self.config.match_weight * NATS_PER_BIT * bits)
        return {"bits": bits.detach(), "gradient_norm": self.step(info)}

    @property
    def multiply_adds(self) -> int:
        """Those of all flows for a sample."""
        return self.generator.shape.flows * self.config.network_shape.multiply_adds

    def scores(self, network: MAF, windows: Iterable[WindowBatch]) -> dict[str, float]:
        """Return `bits`, per sample; see `Learner.scores`."""
        return {"bits": validation_bits(network, windows, self.compute)}
