"""The free-running rollout: clips drawn from the current generator, and a judge's loss on them.

Clips continue real pasts, which are cut from the windows of the update. The sampler draws them, and the judge
turns them into a loss. This file does not know which judge it has, nor the generator's other losses. Every
random choice has its own stream.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import NamedTuple

import torch
from torch import Tensor

from partita.device import ComputeDevice
from partita.models.conditioning.conditions import Conditions
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.frame_sources import FrameSource, GivenFrames
from partita.sampling.stream import draw
from partita.seeds import torch_stream
from partita.training.config.train import AdversaryConfig, TrainConfig
from partita.training.judges.adversary import Adversary, trunk_shape
from partita.training.judges.base import ClipBatch, Judge, TensorFiles, stored_classes
from partita.training.judges.critic import CriticJudge
from partita.training.judges.discriminator import DiscriminatorJudge
from partita.training.judges.ratio import RatioJudge
from partita.training.losses.likelihood import NATS_PER_BIT
from partita.training.rollouts.clip_starts import CutGrid, choose_cuts
from partita.training.schedule import clip_length

STREAMS = ("places", "draws", "replay", "noise")
CLIPS = ("past", "real", "drawn")


class RolloutBatch(NamedTuple):
    """The windows of an update, from which clips are cut.

    Args:
        classes: (batch, context + targets) windows on the device.
        valid: (batch, targets) which targets count.
        conditions: the frames around `classes`, for a generator with a condition.
    """

    classes: Tensor
    valid: Tensor
    conditions: Conditions | None = None


class FreeRunning:
    """The clips of a run and their judge.

    Args:
        config: the run's config, with a free-running route.
        compute: device and precision.
        critic: the critic's model; None if the config has none.
    """

    def __init__(self, config: TrainConfig, compute: ComputeDevice, *, critic: WaveNet | None = None) -> None:
        self.config, self.rollout, self.compute = config, config.rollout, compute
        self.rngs = {name: torch_stream(config.seed, f"rollout/{name}") for name in STREAMS}
        self.clips: ClipBatch | None = None
        self._table = torch.tensor(config.quantizer.table, device=compute.device)
        self.judges = list(self._make_judges(critic))
        """The judges of the phases of the run, in order: one, or a critic and then an adversary."""

    def _make_judges(self, critic: WaveNet | None) -> Iterator[Judge]:
        config = self.config
        if critic is not None:
            assert config.critic is not None
            yield CriticJudge(critic, self.compute, config.critic)
        if config.ratio is not None:
            order = torch_stream(config.seed, "rollout/order")
            yield RatioJudge(self.compute, config.ratio, config.network_shape, config.rollout.clips, order)
        if config.adversary is not None:
            yield self._discriminator_judge(config.adversary)

    def _discriminator_judge(self, config: AdversaryConfig) -> DiscriminatorJudge:
        adversary = Adversary(
            config, seed=self.config.seed, compute=self.compute, trunk_shape=trunk_shape(self.config)
        )
        replay, noise = self.rngs["replay"], self.rngs["noise"]
        return DiscriminatorJudge(adversary, self.rollout, self._table, replay_rng=replay, noise_rng=noise)

    def begin_from(self, generator: WaveNet) -> None:
        """Let a discriminator with layers of the generator begin with their weights.

        Args:
            generator: the model that the run starts from.
        """
        for judge in self.judges:
            if isinstance(judge, DiscriminatorJudge):
                judge.adversary.begin_from(generator)

    @property
    def context(self) -> int:
        """Real samples before a clip that a judge needs."""
        return max(judge.context for judge in self.judges)

    def judge_at(self, progress: float) -> Judge:
        """Return the judge of a phase of the run.

        Args:
            progress: the finished share of the run, 0 to 1.
        """
        critic = self.config.critic
        return self.judges[-1] if critic is None or progress >= critic.until else self.judges[0]

    def weight(self, progress: float) -> float:
        """Return the weight of the judge's loss; a ramp begins with the judge's phase.

        Args:
            progress: the finished share of the run, 0 to 1.
        """
        critic, judge = self.config.critic, self.judge_at(progress)
        if critic is None or critic.until == 1.0:
            return judge.weight(progress)
        begin, end = (0.0, critic.until) if progress < critic.until else (critic.until, 1.0)
        return judge.weight((progress - begin) / (end - begin))

    def loss(
        self, generator: WaveNet, batch: RolloutBatch, *, step: int, progress: float
    ) -> tuple[Tensor | None, dict[str, Tensor]]:
        """Draw clips every `redraw_every` steps, update the judge, and return its loss for the generator.

        Args:
            generator: draws the clips; the loss carries its gradient.
            batch: the windows of the update.
            step: the number of the update, counted from 1.
            progress: the finished share of the run, 0 to 1.

        Returns:
            the loss, unweighted, or None while the judge is not active; and named numbers: the judge's, and
            with a loss `entropy_drawn` in bits, the root mean squares `level_real` and `level_drawn`, and
            `clip_length`.
        """
        judge = self.judge_at(progress)
        if len(self.judges) > 1 and isinstance(judge, DiscriminatorJudge) and not judge.adversary.updates:
            judge.adversary.begin_from(generator)  # which has learnt since the run began
        drawer = judge.drawer(generator, step=step)
        if self.clips is None or self._draws_again(step):
            self.clips = self.draw_clips(drawer, batch, progress)
        clips = self.clips
        numbers = judge.update(generator, clips, step=step)
        if not judge.active:
            return None, numbers
        loss, logits, judge_numbers = judge.generator_loss(generator, clips)
        waveforms = {"real": self._table[clips.real], "drawn": self._table[clips.drawn]}
        numbers |= {f"level_{name}": waveform.square().mean().sqrt() for name, waveform in waveforms.items()}
        numbers["entropy_drawn"] = generator.head.entropy(logits.detach()).mean() / NATS_PER_BIT
        numbers["clip_length"] = loss.new_tensor(float(clips.drawn.shape[1]))
        return loss, numbers | judge_numbers

    def _draws_again(self, step: int) -> bool:
        """Return whether clips are drawn in an update; a round of the ratio begins with new clips."""
        if self.config.ratio is not None:
            return self.config.ratio.draws_at(step, clips=self.rollout.clips)
        return (step - 1) % self.rollout.redraw_every == 0

    def draw_clips(self, generator: WaveNet, batch: RolloutBatch, progress: float) -> ClipBatch:
        """Cut real pasts out of windows, and continue them with the generator's current weights.

        Args:
            generator: draws the clips.
            batch: the windows of the update.
            progress: the finished share of the run, 0 to 1; clips grow with it.
        """
        rollout = self.rollout
        length = clip_length(
            progress, shortest=rollout.initial_length, longest=rollout.length, growth=rollout.growth
        )
        cuts = choose_cuts(
            batch.valid,
            clips=rollout.clips,
            length=length,
            rng=self.rngs["places"],
            context=batch.classes.shape[1] - batch.valid.shape[1],
            grid=self._grid(generator, batch),
        )
        past, real = cuts.cut(batch.classes)
        conditions = None if batch.conditions is None else cuts.conditions(batch.conditions)
        on_cpu = self.compute.device.type == "cpu"
        seed = int(torch.randint(1 << 62, (), generator=self.rngs["draws"]))
        drawn = draw(
            generator if on_cpu else deepcopy(generator).cpu(),
            clips=rollout.clips,
            steps=real.shape[1],
            prompt=past.cpu().numpy(),
            config=SamplingConfig(seed=seed, threads=self.config.threads, device="cpu" if on_cpu else "auto"),
            zero_class=self.config.quantizer.zero_class,
            conditions=self._frames(generator, conditions, past.shape[1]),
        )
        return ClipBatch(past, real, torch.from_numpy(drawn).long().to(self.compute.device), conditions)

    def _grid(self, generator: WaveNet, batch: RolloutBatch) -> CutGrid | None:
        """Return the positions at which clips may begin: on the grid of the frames, if there are frames."""
        if batch.conditions is None or generator.config.condition is None:
            return None
        context = batch.classes.shape[1] - batch.valid.shape[1]
        offsets = batch.conditions.start.cpu() + context
        return CutGrid(generator.config.condition.hop_length, offsets)

    def _frames(self, generator: WaveNet, conditions: Conditions | None, past: int) -> FrameSource | None:
        """Return the real frames around each clip, counted from the clip's first sample."""
        layout = generator.config.condition
        if conditions is None or layout is None:
            return None
        before = (conditions.start.cpu() + past) // layout.hop_length
        first = int(before.min())
        last = int((conditions.frames.shape[1] - before).min())
        places = before[:, None] + torch.arange(-first, last)
        rows = torch.arange(len(before))[:, None]
        return GivenFrames(conditions.frames.cpu()[rows, places].numpy(), first=-first)

    def tensors(self) -> TensorFiles:
        """Return all that `restore` needs, for a checkpoint."""
        files: TensorFiles = {}
        for judge in self.judges:
            found = judge.tensors()
            files |= found | {"rollout": files.get("rollout", {}) | found["rollout"]}
        clips = {} if self.clips is None else {name: getattr(self.clips, name) for name in CLIPS}
        saved = {name: stored_classes(value, len(self._table)) for name, value in clips.items()}
        if self.clips is not None and self.clips.conditions is not None:
            saved |= {"frames": self.clips.conditions.frames, "start": self.clips.conditions.start}
        streams = {name: rng.get_state() for name, rng in self.rngs.items()}
        return files | {"rollout": saved | files["rollout"], "rollout-random": streams}

    def restore(self, tensors: TensorFiles) -> None:
        """Load the tensors of a checkpoint.

        Raises:
            PartitaError: the critic's initial weights are not those with which the checkpoint was saved.
        """
        for judge in self.judges:
            judge.restore(tensors)
        for name, rng in self.rngs.items():
            rng.set_state(tensors["rollout-random"][name])
        saved = tensors["rollout"]
        clips = {name: saved[name].long().to(self.compute.device) for name in CLIPS if name in saved}
        conditions = None
        if "frames" in saved:
            conditions = Conditions(saved["frames"], saved["start"]).to(self.compute.device)
        self.clips = ClipBatch(**clips, conditions=conditions) if clips else None
