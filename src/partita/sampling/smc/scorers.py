"""Judges for steering: a trained discriminator, and the exact ratio of a better model to the one that draws.

This file does not know particles' weights, resampling or runs.
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

BATCH = 16
"""Windows that go through a discriminator together: more would leave the caches."""


def logit_of_share(share: torch.Tensor) -> torch.Tensor:
    """Return log(d / (1 - d)) of what a discriminator that was trained with least squares says.

    Its output d aims at p_data / (p_data + p), but can leave (0, 1): it is kept within [0.01, 0.99].

    >>> logit_of_share(torch.tensor([0.5, 0.75, 2.0])).exp().round().tolist()
    [1.0, 3.0, 99.0]
    """
    return torch.logit(share.clamp(0.01, 0.99))


class DiscriminatorScorer:
    """A PatchGAN hears the newest `window` samples; the logits of the patches that end in what is new count.

    Each patch that lies in the sound is counted once, in the block in which its last sample was drawn; none
    reaches into the padding. Patches overlap: six of them share a sample, and so the sum counts what it
    hears more than once; `strength` is what there is to weigh that.

    Args:
        discriminator: in evaluation mode from here on.
        quantizer: the generating model's, classes -> waveform.
        window: samples that the discriminator hears at once, a multiple of 2^layers. Its normalisation looks
            at all of them: as many as in training are truest, fewer are cheaper.
        least_squares: trained with least squares: its output is a share (see `logit_of_share`).

    Raises:
        PartitaError: the window is too short, or no multiple of 2^layers.

    >>> from partita.models.discriminators.patchgan import PatchGANConfig
    >>> judge = DiscriminatorScorer(PatchGAN(PatchGANConfig(layers=3)), Quantizer(), window=128)
    >>> judge.start(np.full((2, 128), 128), 16).score(np.full((2, 16), 200)).shape
    (2,)
    """

    def __init__(
        self, discriminator: PatchGAN, quantizer: Quantizer, *, window: int, least_squares: bool = False
    ) -> None:
        self.discriminator = discriminator.eval().requires_grad_(False)
        self.hop = 1 << discriminator.config.layers
        if window % self.hop or window < 6 * self.hop:
            raise PartitaError(
                f"`window` is {window}: give a multiple of {self.hop}, the distance of the discriminator's"
                f" patches, of at least {6 * self.hop}"
            )
        self.quantizer = quantizer
        self.window = window
        self.least_squares = least_squares

    @property
    def context(self) -> int:
        """Samples of the past to be heard before the first block."""
        return self.window

    def start(self, past: NDArray[np.int64], block: int) -> "DiscriminatorScorerState":
        """Return a listener; see `steering.Scorer`."""
        most = self.window - 5 * self.hop  # a patch that ends in the block begins so much earlier
        if block % self.hop or block > most:
            raise PartitaError(
                f"`block` of the steering (`--steer-block`) is {block}: give a multiple of {self.hop}, the"
                f" distance of the discriminator's patches, of at most {most}"
            )
        return DiscriminatorScorerState(self, self.quantizer.decode(past))

    def logits(self, waveform: NDArray[np.float32], new: int) -> NDArray[np.float64]:
        """Return the sum of the logits of the patches that end in the last samples, (batch,).

        Patch i of n layers ends at sample 2^n (i + 4) - 2, when nothing is padded.

        Args:
            waveform: (batch, window), in [-1, 1].
            new: how many samples are new.
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
    """The windows of some particles.

    Args:
        judge: who hears them.
        windows: (particles, window) float32.
    """

    def __init__(self, judge: DiscriminatorScorer, windows: NDArray[np.float32]) -> None:
        self._judge = judge
        self._windows = windows

    def score(self, new: NDArray[np.int64]) -> NDArray[np.float64]:
        """Hear new samples; see `steering.ScorerState`."""
        kept = self._windows[:, new.shape[1] :]
        self._windows = np.concatenate([kept, self._judge.quantizer.decode(new)], 1)
        return self._judge.logits(self._windows, new.shape[1])

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        """Let particles have heard what others have."""
        self._windows[targets] = self._windows[sources]


class RatioScorer:
    """The exact log-ratio of two models, log p_better(x) - log p_model(x), in nats.

    With it p* at strength 1 is p_better, so it shows what steering can do at best; a critic, a larger
    likelihood model, steers a small one by it. Both models go through the compiled sampler, each sample once.

    Args:
        better: whose sound is wanted.
        model: who draws.
        threads: threads to spread particles over; by default one for each core.

    Raises:
        PartitaError: the models have different classes.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> judge = RatioScorer(model, model)
    >>> judge.start(np.full((2, judge.context), 128), 16).score(np.full((2, 16), 200)).tolist()
    [0.0, 0.0]
    """

    def __init__(self, better: WaveNet, model: WaveNet, *, threads: int | None = None) -> None:
        if better.config.classes != model.config.classes:
            raise PartitaError(
                f"the judge's model has {better.config.classes} classes, the other {model.config.classes}:"
                " give models of the same quantizer"
            )
        self.better = better
        self.model = model
        self.threads = threads

    @property
    def context(self) -> int:
        """Samples of the past to be heard before the first block."""
        return max(self.better.receptive_field, self.model.receptive_field)

    def start(self, past: NDArray[np.int64], block: int) -> "RatioScorerState":
        """Return a listener; see `steering.Scorer`."""
        config = SamplingConfig(threads=self.threads)
        return RatioScorerState(
            *(
                CPUEngine(model, past[:, self.context - model.receptive_field :], config)
                for model in (self.better, self.model)
            )
        )


class RatioScorerState:
    """Two models that follow some particles.

    Args:
        better: whose sound is wanted.
        model: who draws.
    """

    def __init__(self, better: CPUEngine, model: CPUEngine) -> None:
        self._better = better
        self._model = model

    def score(self, new: NDArray[np.int64]) -> NDArray[np.float64]:
        """Hear new samples; see `steering.ScorerState`."""
        return np.asarray(self._better.score(new).sum(1) - self._model.score(new).sum(1))

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        """Let particles have heard what others have."""
        self._better.copy(targets, sources)
        self._model.copy(targets, sources)
