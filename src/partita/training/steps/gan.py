"""One update of a GAN: the generator learns from discriminators alone.

    L_D = -E[ log D(x) + log(1 - D(G(z))) ],   L_G = -E[ log D(G(z)) ]

The discriminators are updated k times, each time on new sound of the generator beside the same real windows;
then the generator is updated once, on new sound again. k is `adversary.updates`. With `adversary.saturating`
L_G is E[ log(1 - D(G(z))) ], the minimax form; other losses are in `partita.training.losses.gan`. This file
knows no corpora, files or clocks.

Source: Goodfellow et al. 2014, "Generative Adversarial Nets", algorithm 1 and section 3.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from partita.data.windows import WindowBatch
from partita.device import ComputeDevice
from partita.models.conditioning.conditions import Conditions
from partita.models.waveform_gan import WaveformGAN
from partita.seeds import torch_stream
from partita.training.config.train import TrainConfig
from partita.training.judges.adversary import Adversary
from partita.training.judges.base import TensorFiles, WaveformPair
from partita.training.steps.learner import Learner, StepInfo, check_finite


class GANStep(Learner[WaveformGAN]):
    """A GAN with all that training changes: EMA, optimizers, discriminators and random streams.

    Args:
        config: the run's config, with `gan` and `adversary`.
        compute: device and precision; by default the config's device and, for `auto`, float32: bfloat16
            would round the waveform.

    >>> from partita.training.config.model_kinds import gan_of
    >>> learner = GANStep(gan_of(TrainConfig(steps=1, targets=1024)))
    >>> learner.context, learner.adversary.config.loss
    (0, 'log')
    """

    def __init__(self, config: TrainConfig, compute: ComputeDevice | None = None) -> None:
        assert config.gan is not None
        assert config.adversary is not None
        initialisation = torch_stream(config.seed, "initialisation")
        network = WaveformGAN(config.network_shape, config.gan, generator=initialisation)
        super().__init__(network, config, compute)
        self.adversary = Adversary(config.adversary, seed=config.seed, compute=self.compute)

    @property
    def context(self) -> int:
        """None: the generator reads no past."""
        return self.generator.receptive_field

    def update(
        self, classes: Tensor, valid: Tensor, info: StepInfo, conditions: Conditions | None = None
    ) -> dict[str, Tensor]:
        """Update the discriminators, then the generator; see `Learner.update`.

        Returns:
            the numbers of `Adversary.update`, `adversarial_loss`, the root mean squares of the real and the
            drawn sound, `level_real` and `level_drawn`, `judge_heard`, 0 while the weight is, and
            `gradient_norm`.
        """
        real = 2.0 * classes.float() / (self.config.quantizer.classes - 1) - 1.0

        def again() -> WaveformPair:
            with torch.no_grad():
                return WaveformPair(real, self._draw(real, valid))

        numbers = self.adversary.update(again(), again)
        fake = self._draw(real, valid)
        adversarial = self.adversary.generator_loss(fake, real)
        check_finite(adversarial, "the adversarial loss")
        weight = self.adversary.weight(info.progress)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(weight * adversarial)
        return numbers | {
            "adversarial_loss": adversarial.detach(),
            "level_real": real.square().mean().sqrt(),
            "level_drawn": fake.detach().square().mean().sqrt(),
            "judge_heard": adversarial.new_tensor(float(weight > 0.0)),
            "gradient_norm": self.step(info),
        }

    @property
    def multiply_adds(self) -> None:
        """None: held-out windows are not scored."""
        return None

    def scores(self, network: WaveformGAN, windows: Iterable[WindowBatch]) -> dict[str, float]:
        """Return nothing: a GAN has no likelihood, and its losses do not say how good it is."""
        return {}

    def _draw(self, real: Tensor, valid: Tensor) -> Tensor:
        """Return new sound of the shape of real windows, with theirs where these are not valid."""
        shape, (batch, samples) = self.generator.shape, real.shape
        frames = -(-samples // shape.hop_length) + shape.margin
        noise = torch.randn(batch, shape.latents, frames, generator=self.rng).to(real.device)
        with self.compute.autocast():
            drawn = self.generator(noise)[:, :samples].float()
        return torch.where(valid, drawn, real)

    def tensors(self) -> TensorFiles:
        """Return all that `restore` needs; see `Learner.tensors`."""
        return super().tensors() | self.adversary.tensors()

    def restore(self, tensors: TensorFiles) -> None:
        """Load the tensors of a checkpoint."""
        super().restore(tensors)
        self.adversary.restore(tensors)
