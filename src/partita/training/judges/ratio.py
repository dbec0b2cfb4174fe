"""The generator as its own judge: its likelihood over that of a frozen copy, the reference.

The reference draws the clips, many at once. Each update takes a few of them, with the real continuations of
the same pasts. The reference's log-probabilities of all of them are computed once. After some updates the
generator becomes the next reference. `losses/ratio.py` has the loss. This file does not know how clips are
drawn.
"""

from dataclasses import replace

import torch
from torch import Tensor

from partita.device import ComputeDevice
from partita.errors import PartitaError
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.training.config.ratio import RatioConfig
from partita.training.judges.base import ClipBatch, GeneratorLoss, TensorFiles, drawn_logits
from partita.training.losses.likelihood import sample_nats
from partita.training.losses.ratio import ratio_loss


class RatioJudge:
    """A `Judge` that compares the generator's likelihood with that of an earlier state of it.

    Args:
        compute: device and precision.
        config: weight, beta, and the length of a round.
        network: the shape of the generator.
        clips: how many are drawn at once.
        rng: the random stream of the order in which clips are used, on the CPU.

    >>> cpu = ComputeDevice(torch.device("cpu"), False)
    >>> from partita.models.sizes import SIZES
    >>> RatioJudge(cpu, RatioConfig(weight=2.0), SIZES["tiny"], 32, torch.Generator()).weight(0.5)
    2.0
    """

    def __init__(
        self,
        compute: ComputeDevice,
        config: RatioConfig,
        network: WaveNetConfig,
        clips: int,
        rng: torch.Generator,
    ) -> None:
        self.compute, self.config, self._at_once, self._rng = compute, config, clips, rng
        self.reference = WaveNet(network).to(compute.device).eval().requires_grad_(False)
        self._order, self._used = torch.zeros(0, dtype=torch.long), 0
        self._nats: dict[str, Tensor] = {}
        """-log p_ref of every sample of the `real` and `drawn` clips."""

    @property
    def context(self) -> int:
        """Samples before a clip that the reference needs beyond the generator's: none."""
        return 0

    @property
    def relative(self) -> bool:
        """Whether the weight is a share of the norm of the likelihood's gradient."""
        return self.config.relative

    @property
    def active(self) -> bool:
        """Whether the generator learns from the loss: always."""
        return True

    def weight(self, progress: float) -> float:
        """Return the weight of the loss, which is the same in the whole run."""
        return self.config.weight

    def drawer(self, generator: WaveNet, *, step: int) -> WaveNet:
        """Return the reference, which draws the clips; at the beginning of a round it is the generator."""
        if (step - 1) % self.config.refresh == 0:
            self.reference.load_state_dict(generator.state_dict())
        return self.reference

    def update(self, generator: WaveNet, clips: ClipBatch, *, step: int) -> dict[str, Tensor]:
        """Compute the reference's log-probabilities of new clips; nothing learns but the generator."""
        if self.config.draws_at(step, clips=self._at_once):
            self._used = 0
            self._order = torch.randperm(len(clips.past), generator=self._rng)
            with torch.no_grad():
                self._nats = {
                    "real": self._nats_of(self.reference, replace(clips, drawn=clips.real)),
                    "drawn": self._nats_of(self.reference, clips),
                }
        return {}

    def generator_loss(self, generator: WaveNet, clips: ClipBatch) -> GeneratorLoss:
        """Return the ratio loss on the next pairs of clips; see `Judge.generator_loss`."""
        places = (self._used + torch.arange(min(self.config.pairs, len(self._order)))) % len(self._order)
        rows = self._order[places].to(clips.past.device)
        self._used += len(rows)
        pairs = clips.rows(rows)
        with self.compute.autocast():
            logits = drawn_logits(generator, pairs.both())
        nats = sample_nats(logits, torch.cat([pairs.real, pairs.drawn]))
        known = torch.cat([self._nats["real"][rows], self._nats["drawn"][rows]])
        real, drawn = (known - nats).chunk(2)
        found = ratio_loss(real, drawn, beta=self.config.beta)
        numbers = {"ratio_loss": found.loss.detach(), "ratio_real": found.real, "ratio_drawn": found.drawn}
        return GeneratorLoss(found.loss, logits[len(rows) :], numbers)

    def _nats_of(self, model: WaveNet, clips: ClipBatch) -> Tensor:
        """Return -log p of the drawn samples, a few clips at a time."""
        found = []
        every = torch.arange(len(clips.past), device=clips.past.device)
        for start in range(0, len(every), self.config.pairs):
            part = clips.rows(every[start : start + self.config.pairs])
            with self.compute.autocast():
                logits = drawn_logits(model, part)
            found.append(sample_nats(logits, part.drawn))
        return torch.cat(found)

    def tensors(self) -> TensorFiles:
        """Return all that `restore` needs, for a checkpoint."""
        state = {"order": self._order, "used": torch.tensor(self._used), "random": self._rng.get_state()}
        return {"rollout": {}, "ratio": state | self._nats, "reference": dict(self.reference.state_dict())}

    def restore(self, tensors: TensorFiles) -> None:
        """Load the tensors of a checkpoint.

        Raises:
            PartitaError: the likelihoods are not those of the clips.
        """
        saved, device = tensors["ratio"], self.compute.device
        nats = {name: saved[name] for name in ("real", "drawn") if name in saved}
        whole = torch.equal(saved["order"].sort().values, torch.arange(len(saved["order"])))
        fit = all(len(part) == len(saved["order"]) and bool(part.isfinite().all()) for part in nats.values())
        if not (whole and fit and len({part.shape for part in nats.values()}) < 2):
            raise PartitaError("the file of the ratio objective is damaged: resume from another checkpoint")
        self._rng.set_state(saved["random"])
        self._order, self._used = saved["order"], int(saved["used"])
        self._nats = {name: part.to(device) for name, part in nats.items()}
        self.reference.load_state_dict(tensors["reference"])
