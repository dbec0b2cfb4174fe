"""One update of a student: an inverse autoregressive flow that learns from a WaveNet and from real sound.

    L = match_weight (kl_weight KL(student || teacher) + spectral_weight spectral distance)
        + lambda_adv adversarial loss

The student turns noise into sound with the features of a real window. The teacher scores each sample given
those that the student drew before; the spectra and the discriminators compare with the real window. The
gradient passes through the sound without any relaxation. This file knows no corpora, files or clocks.

Source: van den Oord et al. 2018, "Parallel WaveNet", sections 3 and 5.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from partita.audio.quantizer import Quantizer
from partita.data.windows import WindowBatch
from partita.device import ComputeDevice, compute_device
from partita.errors import PartitaError
from partita.models.conditioning.conditions import Conditions
from partita.models.flows.iaf import IAF, Normals
from partita.runs.loading import LoadedModel
from partita.seeds import torch_stream
from partita.training.config.train import TrainConfig
from partita.training.judges.adversary import Adversary
from partita.training.judges.base import TensorFiles, WaveformPair, weights_fingerprint
from partita.training.judges.teacher import check_teacher
from partita.training.losses.density_distillation import bin_ends, grid_divergence
from partita.training.losses.likelihood import NATS_PER_BIT
from partita.training.losses.spectral import spectral_convergence, spectral_distance
from partita.training.steps.learner import Learner, StepInfo, check_finite
from partita.training.tiers.conditions import window_conditions
from partita.training.tiers.frame_tier import FrameTier


@dataclass(frozen=True)
class _Losses:
    """The parts of the matching loss, scalars, and the sound after the teacher's past, with the real one."""

    divergence: Tensor
    distance: Tensor
    pair: WaveformPair


class StudentStep(Learner[IAF]):
    """A student with all that training changes: EMA, optimizer, discriminators and random streams.

    Args:
        config: the run's config, with `iaf`.
        teacher: the trained model.
        compute: device and precision; by default the config's device and float32.
    """

    def __init__(
        self, config: TrainConfig, teacher: LoadedModel, compute: ComputeDevice | None = None
    ) -> None:
        assert config.iaf is not None
        initialisation = torch_stream(config.seed, "initialisation")
        network = IAF(config.network_shape, config.iaf, generator=initialisation)
        super().__init__(network, config, compute)
        self.settings, self.taught_by = config.iaf, teacher
        self._teaching = compute_device(config.device, config.precision)
        self.teacher = check_teacher(teacher).to(self.compute.device)
        self._fingerprint = weights_fingerprint(self.teacher)
        self.temperature = config.iaf.temperature or teacher.temperature
        """Of the teacher's probabilities."""
        self._quantizer: Quantizer = teacher.quantizer
        self._ends = torch.from_numpy(bin_ends(teacher.quantizer)).to(self.compute.device)
        self.adversary: Adversary | None = None
        self._more = torch_stream(config.seed, "student/discriminator")
        """Of the noise of further updates of the discriminators, so that they do not change the student's."""
        if config.adversary is not None:
            self.adversary = Adversary(config.adversary, seed=config.seed, compute=self.compute)
        if self.frame_tier is not None:
            self._take_frame_tier(self.frame_tier, teacher)

    def _take_frame_tier(self, tier: FrameTier, teacher: LoadedModel) -> None:
        """Take over the frame tier of the teacher."""
        if teacher.frames is None:
            raise PartitaError(
                f"the teacher {teacher.name} has no frame tier, and a student trains none: set `frames.every`"
                " to 0"
            )
        if teacher.frames.config != tier.model.config:
            raise PartitaError(
                f"the frame tier of the teacher {teacher.name} has another shape than `frames` says: leave"
                " `frames` out"
            )
        tier.begin_from(dict(teacher.frames.state_dict()))

    @property
    def context(self) -> int:
        """The noise before the first sample that the teacher reads, and the teacher's past."""
        return self.generator.receptive_field + self.teacher.receptive_field

    def update(
        self, classes: Tensor, valid: Tensor, info: StepInfo, conditions: Conditions | None = None
    ) -> dict[str, Tensor]:
        """Update the discriminators, if there are any, then the student; see `Learner.update`."""
        losses = self._losses(self.generator, classes, valid, conditions, self.rng)
        matching = self._matching(losses)
        numbers = {
            "kl_bits": losses.divergence.detach() / NATS_PER_BIT,
            "spectral_distance": losses.distance.detach(),
            "matching": matching.detach(),
        }
        check_finite(matching, "the matching loss")
        loss = self.config.match_weight * matching
        if self.adversary is not None:
            loss = self._with_adversary(self.adversary, loss, losses.pair, valid, info, numbers, conditions)
        check_finite(loss, "the generator's loss")
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        return numbers | {"gradient_norm": self.step(info)}

    @property
    def multiply_adds(self) -> int:
        """Those of the flows and of the teacher for a sample."""
        return self.settings.multiply_adds + self.teacher.config.multiply_adds

    def scores(self, network: IAF, windows: Iterable[WindowBatch]) -> dict[str, float]:
        """Return the `matching` loss and its parts, always with the same noise; see `Learner.scores`."""
        rng, sums, count = torch_stream(self.config.seed, "student/validation"), torch.zeros(3), 0
        device = self.compute.device
        with torch.no_grad():
            for batch in windows:
                classes = torch.from_numpy(batch.classes).to(device)
                valid = torch.from_numpy(batch.valid).to(device)
                losses = self._losses(network, classes, valid, window_conditions(batch, device), rng)
                parts = (self._matching(losses), losses.divergence / NATS_PER_BIT, losses.distance)
                sums += int(valid.sum()) * torch.stack(parts).cpu()
                count += int(valid.sum())
        names = ("matching", "kl_bits", "spectral_distance")
        return dict(zip(names, (sums / max(1, count)).tolist(), strict=True))

    def _matching(self, losses: _Losses) -> Tensor:
        settings = self.settings
        return settings.kl_weight * losses.divergence + settings.spectral_weight * losses.distance

    def _losses(
        self,
        network: IAF,
        classes: Tensor,
        valid: Tensor,
        conditions: Conditions | None,
        rng: torch.Generator,
    ) -> _Losses:
        """Return the losses of new sound with the features of windows."""
        drawn = self._draw(network, classes.shape, conditions, rng)
        real = 2.0 * classes[:, self.context :].float() / (self.config.quantizer.classes - 1) - 1.0
        pair = self._pair(drawn, real, valid)
        fake = pair.fake
        zero = drawn.values.new_zeros(())
        divergence = self._divergence(drawn, valid, conditions) if self.settings.kl_weight else zero
        distance = zero
        if self.settings.spectral_weight:
            distance = spectral_distance(real, fake) + spectral_convergence(real, fake)
        return _Losses(divergence, distance, pair)

    def _pair(self, drawn: Normals, real: Tensor, valid: Tensor) -> WaveformPair:
        """Return real and drawn sound after the teacher's past, equal where targets do not count."""
        return WaveformPair(real, torch.where(valid, drawn.values[:, self.teacher.receptive_field :], real))

    def _draw(
        self, network: IAF, shape: torch.Size, conditions: Conditions | None, rng: torch.Generator
    ) -> Normals:
        """Return sound for windows of a shape, from the teacher's past on, with a random phase."""
        device = self.compute.device
        noise = torch.randn(tuple(shape), generator=rng).to(device)
        before = torch.rand(shape[0], generator=rng).to(device)
        with torch.no_grad():
            sines = network.sines(network.turns(conditions, samples=shape[1], before=before))
        with self.compute.autocast():
            found: Normals = network(noise, conditions, sines)
        return found

    def _divergence(self, drawn: Normals, valid: Tensor, conditions: Conditions | None) -> Tensor:
        """Return the mean divergence from the teacher, in nats, over valid samples."""
        past = self.teacher.receptive_field
        own = None if conditions is None else conditions.shifted(self.generator.receptive_field)
        with self._teaching.autocast():
            logits = self.teacher(self._as_classes(drawn.values)[:, :-1], own)
        nats = grid_divergence(
            drawn.means[:, past:], drawn.deviations[:, past:], logits.float() / self.temperature, self._ends
        )
        return (nats * valid).sum() / valid.sum().clamp(min=1)

    def _as_classes(self, values: Tensor) -> Tensor:
        """Return waveform values as the teacher reads them, -1 to 1 from the first class to the last.

        They are rounded to the teacher's classes; the gradient passes as if they were not.
        """
        inside = values.clamp(-1.0, 1.0)
        if self._quantizer.kind == "mu-law":
            mu = self._quantizer.classes - 1
            inside = inside.sign() * torch.log1p(mu * inside.abs()) / math.log1p(mu)
        half = 0.5 * (self._quantizer.classes - 1)
        rounded = torch.floor((inside.detach() + 1.0) * half + 0.5) / half - 1.0
        return inside + (rounded - inside).detach()

    def _with_adversary(
        self,
        adversary: Adversary,
        loss: Tensor,
        pair: WaveformPair,
        valid: Tensor,
        info: StepInfo,
        numbers: dict[str, Tensor],
        conditions: Conditions | None,
    ) -> Tensor:
        """Update the discriminators and return the loss with the adversarial one added; extend `numbers`."""

        def again() -> WaveformPair:
            shape = torch.Size((len(pair.real), self.context + pair.real.shape[1]))
            with torch.no_grad():
                drawn = self._draw(self.generator, shape, conditions, self._more)
            return self._pair(drawn, pair.real, valid)

        numbers |= adversary.update(pair, again)
        adversarial = adversary.generator_loss(pair.fake, pair.real, prompt_length=0)
        numbers["adversarial_loss"] = adversarial.detach()
        weight = adversary.weight(info.progress)
        numbers["judge_heard"] = adversarial.new_tensor(float(weight > 0.0))
        return loss + weight * adversarial

    def tensors(self) -> TensorFiles:
        """Return all that `restore` needs; see `Learner.tensors`."""
        tensors = super().tensors()
        tensors["random"] |= {"discriminator": self._more.get_state(), "teacher": self._fingerprint}
        return tensors | (self.adversary.tensors() if self.adversary is not None else {})

    def restore(self, tensors: TensorFiles) -> None:
        """Load the tensors of a checkpoint.

        Raises:
            PartitaError: the teacher's weights are not those with which the checkpoint was saved.
        """
        if not torch.equal(tensors["random"]["teacher"], self._fingerprint):
            raise PartitaError(
                f"the teacher {self.settings.teacher} has changed since this run was saved: put back the one"
                " that the run began with, or begin a new run"
            )
        super().restore(tensors)
        self._more.set_state(tensors["random"]["discriminator"])
        if self.adversary is not None:
            self.adversary.restore(tensors)
