"""The frame tier in training: its network, average, optimizer and random stream, and one update."""

import math
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from partita.audio.features.pitch import VOICED
from partita.device import ComputeDevice
from partita.models.conditioning.conditioner import LOWEST_PITCH, PITCH_BINS
from partita.models.frame_tier.model import FrameModel
from partita.runs.optimizer_state import optimizer_tensors, restore_optimizer
from partita.sampling.frames.holding import usual_hold
from partita.sampling.frames.loudness import usual_levels
from partita.seeds import torch_stream
from partita.training.config.tiers import FrameTierConfig
from partita.training.judges.base import TensorFiles
from partita.training.steps.ema import EMA

BETAS = (0.9, 0.95)
WARMUP = 50  # updates
FLOOR = 0.05  # share of the learning rate at the end
GRAD_CLIP = 1.0
EMA_DECAY = 0.995


class FrameTier:
    """The frame tier's network with all that training changes.

    Drawing uses the best average so far by the score on the validation split: minutes of sound have few
    frames, and the network learns them by heart before the sample tier is done.

    Args:
        config: the frame tier's settings, with a layout.
        seed: the run's seed.
        compute: the device, and the precision of the products.

    >>> from partita.audio.features.layout import FrameLayout
    >>> config = FrameTierConfig(layout=FrameLayout(hop_length=160, bands=3), channels=8)
    >>> tier = FrameTier(config, seed=0, compute=ComputeDevice(torch.device("cpu"), False))
    >>> frames, valid = np.zeros((2, 6, 5), np.float32), np.ones((2, 5), bool)
    >>> sorted(tier.update(frames, valid, progress=0.0))
    ['frame_nats']
    """

    def __init__(self, config: FrameTierConfig, *, seed: int, compute: ComputeDevice) -> None:
        assert config.model is not None
        self.config, self.compute, self.device = config, compute, compute.device
        self.model = FrameModel(config.model, generator=torch_stream(seed, "frames/initialisation"))
        self.model.to(self.device).train()
        self.ema = EMA(self.model, decay=EMA_DECAY)
        self.best = deepcopy(self.ema.model)
        """The network to draw with."""
        self.best_bits = math.inf
        self.step = 0
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=config.learning_rate, betas=BETAS, weight_decay=config.weight_decay
        )
        self._rng = torch_stream(seed, "frames/noise")

    def set_range(self, frames: NDArray[np.float32], starts: NDArray[np.float32]) -> None:
        """Keep the range of the training frames, to which drawn ones are clamped, and frames to start from.

        Args:
            frames: (frames, columns) of the training split.
            starts: (frames, columns) from which a clip without a prompt may start.
        """
        columns = self.model.feature_columns
        low, high = frames[:, :columns].min(0), frames[:, :columns].max(0)
        bands = self.model.config.layout.bands
        levels = usual_levels(frames[:, :bands])
        pitches = frames[frames[:, bands + 1] >= VOICED, bands]
        hold = usual_hold(pitches)
        keys = np.rint(pitches).astype(np.int64) - LOWEST_PITCH
        heard = np.bincount(keys[(keys >= 0) & (keys < PITCH_BINS)], minlength=PITCH_BINS)
        for model in (self.model, self.ema.model, self.best):
            model.set_range(torch.from_numpy(low), torch.from_numpy(high), levels, hold)
            model.set_starts(torch.from_numpy(starts))
            model.heard.copy_(torch.from_numpy(heard))

    def update(
        self, frames: NDArray[np.float32], valid: NDArray[np.bool_], *, progress: float
    ) -> dict[str, Tensor]:
        """Update the network on windows of frames.

        Args:
            frames: (batch, length + 1, columns).
            valid: (batch, length), which frames after the first count.
            progress: the finished share of the run, 0 to 1.

        Returns:
            `frame_nats`, the mean of -ln of the density of a frame, not synchronised.

        Raises:
            FloatingPointError: the loss or the gradient is not finite; the network is not updated.
        """
        counts = torch.from_numpy(valid).to(self.device)
        given = self._without_some_given(frames).to(self.device)
        with self.compute.autocast():
            nats = self.model.training_nats(given, self._rng, own_share=self.config.own_share).float()
        loss = (nats * counts).sum() / counts.sum().clamp(min=1)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), GRAD_CLIP)
        if not bool(torch.isfinite(loss + norm)):
            raise FloatingPointError("the frame tier's loss or gradient")
        rate = self.config.learning_rate * min(1.0, (self.step + 1) / WARMUP)
        cosine = FLOOR + (1.0 - FLOOR) * (1.0 + math.cos(math.pi * min(1.0, progress))) / 2.0
        for group in self.optimizer.param_groups:
            group["lr"] = rate * cosine
        self.optimizer.step()
        self.step += 1
        self.ema.update(self.model, self.step)
        return {"frame_nats": loss.detach()}

    def _without_some_given(self, frames: NDArray[np.float32]) -> Tensor:
        """Return the frames, with notes and labels set to 0 in some windows."""
        given = torch.from_numpy(frames)
        if given.shape[2] == self.model.feature_columns or not self.config.given_dropout:
            return given
        kept = torch.rand((len(given), 1, 1), generator=self._rng) >= self.config.given_dropout
        features, others = given.tensor_split([self.model.feature_columns], 2)
        return torch.cat([features, others * kept], 2)

    def keep_if_better(self, bits: float) -> None:
        """Keep the average as the network to draw with if its validation score is the best so far."""
        if bits < self.best_bits:
            self.best_bits = bits
            self.best.load_state_dict(self.ema.model.state_dict())

    def tensors(self) -> TensorFiles:
        """Return all that `restore` needs, for a checkpoint."""
        unscored = math.isinf(self.best_bits)  # then the average is the best that there is
        state = torch.tensor([self.best_bits, float(self.step)], dtype=torch.float64)
        return {
            "frames": dict(self.model.state_dict()),
            "frames-average": dict(self.ema.model.state_dict()),
            "frames-best": dict((self.ema.model if unscored else self.best).state_dict()),
            "frames-optimizer": optimizer_tensors(self.optimizer),
            "frames-random": {"noise": self._rng.get_state(), "progress": state.view(torch.int64)},
        }

    def restore(self, tensors: TensorFiles) -> None:
        """Load the tensors of a checkpoint."""
        self.model.load_state_dict(tensors["frames"])
        self.ema.model.load_state_dict(tensors["frames-average"])
        self.best.load_state_dict(tensors["frames-best"])
        restore_optimizer(self.optimizer, tensors["frames-optimizer"])
        self._rng.set_state(tensors["frames-random"]["noise"])
        state = tensors["frames-random"]["progress"].view(torch.float64).tolist()
        self.best_bits, self.step = state[0], int(state[1])

    def begin_from(self, weights: dict[str, Tensor]) -> None:
        """Load another run's weights; the optimizer keeps its state."""
        for model in (self.model, self.ema.model, self.best):
            model.load_state_dict(weights)
