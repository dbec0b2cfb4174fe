"""Free-running: clips drawn from the generator as it is now, judged, and the gradient that follows from it.

Clips continue real pasts, taken from the windows of the update. The sampler draws them; one pass along them
then gives the generator's probabilities for what was drawn, and the route turns a judge's verdict into a
gradient. In place of a judge's two kinds, a discriminator hears waveforms, the end of the prompt before
the clip so that the seam is audible, and a critic reads classes.

It knows nothing of schedules, files or what else the generator learns from. Every random choice has a stream
of its own.
"""

from copy import deepcopy
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from partita.device import ComputeDevice
from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.stream import draw
from partita.seeds import torch_stream
from partita.training.config.train import TrainConfig
from partita.training.judges.critic import Critic
from partita.training.judges.discriminator import DiscriminatorJudge
from partita.training.judges.rewards import rewards_of
from partita.training.losses.distillation import distillation_loss, divergences
from partita.training.losses.gumbel import conditional_gumbels, straight_through
from partita.training.losses.likelihood import sample_nats
from partita.training.losses.pathwise import implicit
from partita.training.losses.policy_gradient import advantages, policy_loss
from partita.training.losses.relaxation import Relaxation, relaxed
from partita.training.monitoring.diagnostics import entropy_bits
from partita.training.rollouts.clip_starts import cut_places
from partita.training.rollouts.teacher_forced import Rollout
from partita.training.schedule import clip_length

STREAMS = ("places", "draws", "replay", "noise")


@dataclass(frozen=True)
class Clips:
    """Clips, the same number of real and of drawn ones.

    Args:
        past: (clips, context) real classes before both.
        real: (clips, length) what really follows.
        drawn: (clips, length) what the generator made of it.
    """

    past: Tensor
    real: Tensor
    drawn: Tensor


class FreeRunning:
    """The clips of a run, and their way to the generator's gradient.

    Args:
        config: the run's config; its route is a free-running one.
        where: device and precision.
        judge: the discriminator or the critic.
    """

    def __init__(self, config: TrainConfig, where: ComputeDevice, judge: DiscriminatorJudge | Critic) -> None:
        self.config, self.rollout, self.compute = config, config.rollout, where
        self.judge = judge
        self.random = {name: torch_stream(config.seed, f"rollout/{name}") for name in STREAMS}
        self.clips: Clips | None = None
        self.older: Tensor | None = None
        self._table = torch.tensor(config.quantizer.table, device=where.device)

    def weight(self, progress: float) -> float:
        """Return the weight of the loss at a point of the run, 0 to 1."""
        return self.judge.weight(progress)

    @property
    def relative(self) -> bool:
        """Whether that weight is a share of the likelihood's gradient."""
        return self.judge.config.relative if isinstance(self.judge, Critic) else self.rollout.relative

    def loss(
        self, generator: WaveNet, classes: Tensor, valid: Tensor, *, step: int, progress: float
    ) -> tuple[Tensor | None, dict[str, Tensor]]:
        """Draw clips if it is time, let the discriminator learn from them, and return the generator's loss.

        While the discriminator warms up, or tells no more right than `min_accuracy`, there is none: the
        generator does not listen, nor pay for it.

        Args:
            generator: draws, and is judged; its weights are only read.
            classes: (batch, context + targets) windows on the device.
            valid: (batch, targets) which targets count.
            step: the update's number, from 1.
            progress: how much of the run is behind, 0 to 1.

        Returns:
            the loss, unweighted, or None, and named numbers: the judge's, and with a loss `entropy_drawn` in
            bits, the levels and the clips' length.
        """
        if self.clips is None or (step - 1) % self.rollout.redraw_every == 0:
            self.clips = self._draw(generator, classes, valid, progress)
        clips = self.clips
        if isinstance(self.judge, DiscriminatorJudge):
            numbers = self.judge.learn(self._heard(clips), partial(self._heard, clips))
            self._remember(clips)
            if not self.judge.listened_to:
                return None, numbers
        else:
            correction = self.judge.correction(step)
            numbers = correction.learn(generator, clips.past, clips.real, clips.drawn) if correction else {}
        loss, logits, said = self._route(generator, clips)
        levels = {"real": self._table[clips.real], "drawn": self._table[clips.drawn]}
        numbers |= {f"level_{name}": sound.square().mean().sqrt() for name, sound in levels.items()}
        numbers["entropy_drawn"] = entropy_bits(logits.detach()).mean()
        numbers["clip_length"] = loss.new_tensor(float(clips.drawn.shape[1]))
        return loss, numbers | said

    def _draw(self, generator: WaveNet, classes: Tensor, valid: Tensor, progress: float) -> Clips:
        """Take real pasts from the windows and continue them with the weights of this moment."""
        rollout = self.rollout
        length = clip_length(
            progress, shortest=rollout.initial_length, longest=rollout.length, growth=rollout.growth
        )
        cut = cut_places(classes, valid, clips=rollout.clips, length=length, random=self.random["places"])
        on_cpu = self.compute.device.type == "cpu"
        seed = int(torch.randint(1 << 62, (), generator=self.random["draws"]))
        drawn = draw(
            generator if on_cpu else deepcopy(generator).cpu(),
            clips=rollout.clips,
            steps=cut.real.shape[1],
            prompt=cut.past.cpu().numpy(),
            config=SamplingConfig(seed=seed, threads=self.config.threads, device="cpu" if on_cpu else "auto"),
            zero_class=self.config.quantizer.zero_class,
        )
        return Clips(cut.past, cut.real, torch.from_numpy(drawn).long().to(self.compute.device))

    def _with_seam(self, clips: Clips, sound: Tensor) -> Tensor:
        """Return what a discriminator hears: the end of the prompt, then the clip."""
        return torch.cat([clips.past[:, clips.past.shape[1] - self.rollout.prompt_tail :], sound], 1)

    def _heard(self, clips: Clips) -> Rollout:
        """Return real and drawn sound for the discriminator, half of the drawn from earlier generators."""
        real, fake = self._with_seam(clips, clips.real), self._with_seam(clips, clips.drawn)
        if self.older is not None and self.older.shape[1] == fake.shape[1]:
            random = self.random["replay"]
            rows = torch.randperm(len(fake), generator=random)[: len(fake) // 2]
            chosen = torch.randint(len(self.older), (len(rows),), generator=random)
            fake = fake.index_copy(0, rows.to(fake.device), self.older[chosen.to(fake.device)])
        return Rollout(self._table[real], self._table[fake], prompt=self.rollout.prompt_tail)

    def _remember(self, clips: Clips) -> None:
        """Keep the newest fakes; those of another length go."""
        fake = self._with_seam(clips, clips.drawn)
        if self.older is not None and self.older.shape[1] == fake.shape[1]:
            fake = torch.cat([self.older, fake])
        self.older = fake[-self.rollout.replay :] if self.rollout.replay else None

    def _route(self, generator: WaveNet, clips: Clips) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        past = clips.past[:, clips.past.shape[1] - generator.receptive_field :]
        if self.rollout.route == "policy":
            with self.compute.autocast():
                logits = generator(torch.cat([past, clips.drawn[:, :-1]], 1))
            nats = sample_nats(logits, clips.drawn)
            if isinstance(self.judge, Critic):
                apart = divergences(logits.float(), self.judge.logits(clips.past, clips.drawn))
                loss = distillation_loss(apart, nats, discount=self.judge.config.discount)
                return loss, logits, {"reward": -apart.detach().mean()}
            rewards = self._rewards(clips)
            advantage = advantages(rewards, discount=self.rollout.discount, normalise=self.rollout.normalise)
            return policy_loss(nats, advantage), logits, {"reward": rewards.mean()}
        assert isinstance(self.judge, DiscriminatorJudge)
        with self.compute.autocast():
            vectors, logits = relaxed(
                generator, past, clips.drawn, self._relaxation(), passes=self.rollout.passes
            )
        prompt = self._table[clips.past[:, clips.past.shape[1] - self.rollout.prompt_tail :]]
        real = self._table[self._with_seam(clips, clips.real)]
        loss = self.judge.judge(torch.cat([prompt, vectors @ self._table], 1), real)
        return loss, logits, {"adversarial_loss": loss.detach()}

    def _rewards(self, clips: Clips) -> Tensor:
        """Return the discriminator's reward of every drawn sample, (clips, length), in nats."""
        assert isinstance(self.judge, DiscriminatorJudge)
        heard = self._table[self._with_seam(clips, clips.drawn)]
        squares = self.judge.config.loss == "least-squares"
        with torch.no_grad(), self.compute.autocast():
            said = rewards_of(self.judge.discriminator, heard, least_squares=squares)
        return said[:, self.rollout.prompt_tail :]

    def _relaxation(self) -> Relaxation:
        if self.rollout.route == "pathwise":
            return partial(implicit, clamp=self.rollout.clamp)
        return GumbelRelaxation(self.random["noise"], self.rollout.temperature)

    def tensors(self) -> dict[str, dict[str, Tensor]]:
        """Return all that `restore` needs, for a checkpoint."""
        kept = {"older": self.older} if self.older is not None else {}
        if self.clips is not None:
            kept |= {"past": self.clips.past, "real": self.clips.real, "drawn": self.clips.drawn}
        if isinstance(self.judge, Critic):
            kept["critic"] = self.judge.fingerprint
        more = self.judge.tensors() if isinstance(self.judge, Critic) else {}
        streams = {name: stream.get_state() for name, stream in self.random.items()}
        clips = {name: _narrow(value) for name, value in kept.items()}
        return {"rollout": clips, "rollout-random": streams} | more

    def restore(self, tensors: dict[str, dict[str, Tensor]]) -> None:
        """Go on from a checkpoint's tensors.

        Raises:
            PartitaError: the critic has other weights than when they were saved.
        """
        kept, device = tensors["rollout"], self.compute.device
        if isinstance(self.judge, Critic):
            if not torch.equal(kept["critic"], self.judge.fingerprint):
                raise PartitaError(
                    f"the critic {self.judge.config.run} has changed since this run was saved: put back the"
                    " one that the run began with, or begin a new run"
                )
            self.judge.restore(tensors)
        for name, stream in self.random.items():
            stream.set_state(tensors["rollout-random"][name])
        parts = {name: value.long().to(device) for name, value in kept.items() if name != "critic"}
        self.older = parts.pop("older", None)
        self.clips = Clips(**parts) if parts else None


class GumbelRelaxation:
    """Straight-through Gumbel-softmax with one noise for all passes: it is drawn when first asked for.

    Args:
        random: the noise's stream, on the CPU.
        temperature: tau, above 0.
    """

    def __init__(self, random: torch.Generator, temperature: float) -> None:
        self.random, self.temperature = random, temperature
        self._sums: Tensor | None = None

    def __call__(self, logits: Tensor, drawn: Tensor) -> Tensor:
        """Return one-hot vectors with the relaxation's derivative; see `gumbel.straight_through`."""
        if self._sums is None:
            noise = torch.empty(logits.shape, dtype=logits.dtype).exponential_(generator=self.random)
            noise = noise.clamp_min(torch.finfo(logits.dtype).tiny).to(logits.device)
            self._sums = conditional_gumbels(logits, drawn, exponentials=noise)
        return straight_through(logits, drawn, sums=self._sums, temperature=self.temperature)


def _narrow(value: Tensor) -> Tensor:
    return value if value.dtype == torch.uint8 else value.to(torch.int16)
