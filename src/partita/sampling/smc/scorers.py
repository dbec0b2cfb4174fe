"""Scorers for steering: a trained discriminator, and the exact log-ratio of two models.

This file does not know the weights of particles, resampling or runs.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from partita.audio.quantizer import Quantizer
from partita.errors import PartitaError
from partita.models.discriminators.patchgan import PatchGAN
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.cpu.engine import CPUEngine
from partita.sampling.frame_sources import FrameSource

BATCH = 16
"""Windows per call of the discriminator: more would exceed the caches."""


def logit_of_share(share: torch.Tensor) -> torch.Tensor:
    """Return log(d / (1 - d)) of the output d of a discriminator trained with least squares.

    d estimates p_data / (p_data + p), but can be outside (0, 1): it is clamped to [0.01, 0.99].

    >>> logit_of_share(torch.tensor([0.5, 0.75, 2.0])).exp().round().tolist()
    [1.0, 3.0, 99.0]
    """
    return torch.logit(share.clamp(0.01, 0.99))


class DiscriminatorScorer:
    """Scores new samples with a PatchGAN: the sum of the logits of the patches that end in them.

    The discriminator processes the newest `window` samples. Each patch inside the clip counts once, in the
    block in which its last sample is drawn; patches that reach into the padding do not count. Patches
    overlap, so that six of them contain each sample; `strength` can compensate for this.

    Args:
        discriminator: the network; it is put into evaluation mode.
        quantizer: converts the classes of the generating model to a waveform.
        window: samples that the discriminator processes at once, a multiple of 2^layers. Its normalisation
            uses all of them: the window of training is the most accurate, a shorter one is faster.
        least_squares: whether it was trained with least squares (see `logit_of_share`).

    Raises:
        PartitaError: the window is too short, or not a multiple of 2^layers.

    >>> from partita.models.discriminators.patchgan import PatchGANConfig
    >>> scorer = DiscriminatorScorer(PatchGAN(PatchGANConfig(layers=3)), Quantizer(), window=128)
    >>> scorer.start(np.full((2, 128), 128), 16).score(np.full((2, 16), 200)).shape
    (2,)
    """

    def __init__(
        self, discriminator: PatchGAN, quantizer: Quantizer, *, window: int, least_squares: bool = False
    ) -> None:
        self.discriminator = discriminator.eval().requires_grad_(False)
        self.hop = 1 << discriminator.config.layers
        if window % self.hop or window < 6 * self.hop:
            raise PartitaError(
                f"`window` is {window}: give a multiple of {self.hop}, the hop between the discriminator's"
                f" patches, of at least {6 * self.hop}"
            )
        self.quantizer = quantizer
        self.window = window
        self.least_squares = least_squares

    @property
    def context(self) -> int:
        """Samples of the past that the scorer needs before the first block."""
        return self.window

    def start(self, past: NDArray[np.int64], block: int) -> "DiscriminatorScorerState":
        """Return the state before the first block; see `sampler.Scorer`."""
        most = self.window - 5 * self.hop  # a patch that ends in the block starts up to this much earlier
        if block % self.hop or block > most:
            raise PartitaError(
                f"`block` of the steering (`--steer-block`) is {block}: give a multiple of {self.hop}, the"
                f" hop between the discriminator's patches, of at most {most}"
            )
        return DiscriminatorScorerState(self, self.quantizer.decode(past))

    def logits(self, waveform: NDArray[np.float32], new: int) -> NDArray[np.float64]:
        """Return the sum of the logits of the patches that end in the last `new` samples, (batch,).

        Without padding, patch i of a discriminator with n layers ends at sample 2^n (i + 4) - 2.

        Args:
            waveform: (batch, window) float, in [-1, 1].
            new: the number of new samples.
        """
        last = self.window // self.hop - 3
        first = -(-(self.window - new + 2) // self.hop) - 4
        with torch.inference_mode():
            parts = torch.split(torch.from_numpy(waveform), BATCH)
            logits = torch.cat([self.discriminator(part)[-1][:, first:last] for part in parts]).double()
            if self.least_squares:
                logits = logit_of_share(logits)
            return logits.sum(1).numpy()


class DiscriminatorScorerState:
    """The newest samples of some particles.

    Args:
        scorer: computes the logits.
        windows: (particles, window) float32.
    """

    def __init__(self, scorer: DiscriminatorScorer, windows: NDArray[np.float32]) -> None:
        self._scorer = scorer
        self._windows = windows

    def score(self, new: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the sum of the logits of the new samples; see `sampler.ScorerState`."""
        kept = self._windows[:, new.shape[1] :]
        self._windows = np.concatenate([kept, self._scorer.quantizer.decode(new)], 1)
        return self._scorer.logits(self._windows, new.shape[1])

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        """Replace the past of some particles; see `sampler.ScorerState`."""
        self._windows[targets] = self._windows[sources]


class RatioScorer:
    """Scores samples with the exact log-ratio of two models, log p_better(x) - log p_model(x), in nats.

    With this scorer, p* at strength 1 is p_better: it shows the best that steering can do. It also lets a
    critic, a larger likelihood model, steer a small one. Both models process each sample once, in the
    compiled sampler.

    Args:
        better: the model to imitate.
        model: the model that draws.
        threads: threads per model; by default one per core.
        conditions: the frames that the clips follow, for models with a condition.

    Raises:
        PartitaError: the models have different classes.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> scorer = RatioScorer(model, model)
    >>> scorer.start(np.full((2, scorer.context), 128), 16).score(np.full((2, 16), 200)).tolist()
    [0.0, 0.0]
    """

    def __init__(
        self,
        better: WaveNet,
        model: WaveNet,
        *,
        threads: int | None = None,
        conditions: FrameSource | None = None,
    ) -> None:
        if better.config.head != model.config.head:
            raise PartitaError(
                f"the better model has the head `{better.config.head}`, but the model that draws has"
                f" `{model.config.head}`: give models with the same head"
            )
        if better.config.classes != model.config.classes:
            raise PartitaError(
                f"the better model has {better.config.classes} classes, but the model that draws has"
                f" {model.config.classes}: give models of the same quantizer"
            )
        self.better = better
        self.model = model
        self.threads = threads
        self.conditions = conditions

    @property
    def context(self) -> int:
        """Samples of the past that the scorer needs before the first block."""
        return max(self.better.receptive_field, self.model.receptive_field)

    def start(self, past: NDArray[np.int64], block: int) -> "RatioScorerState":
        """Return the state before the first block; see `sampler.Scorer`."""
        config = SamplingConfig(threads=self.threads)
        return RatioScorerState(
            *(
                CPUEngine(
                    model,
                    past[:, self.context - model.receptive_field :],
                    config,
                    conditions=self.conditions,
                )
                for model in (self.better, self.model)
            )
        )


class RatioScorerState:
    """The state of both models for some particles.

    Args:
        better: the engine of the model to imitate.
        model: the engine of the model that draws.
    """

    def __init__(self, better: CPUEngine, model: CPUEngine) -> None:
        self._better = better
        self._model = model

    def score(self, new: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the sum of the logits of the new samples; see `sampler.ScorerState`."""
        return np.asarray(self._better.score(new).sum(1) - self._model.score(new).sum(1))

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        """Replace the past of some particles; see `sampler.ScorerState`."""
        self._better.copy(targets, sources)
        self._model.copy(targets, sources)
