"""Each patch of the discriminator counts once, when it is complete; copied particles copy their windows."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from partita.audio.quantizer import Quantizer
from partita.device import thread_limit
from partita.errors import PartitaError
from partita.models.discriminators.patchgan import PatchGAN, PatchGANConfig
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig, SteeringConfig
from partita.sampling.smc.sampler import SteeredStream, Steering
from partita.sampling.smc.scorers import DiscriminatorScorer
from partita.sampling.stream import draw

LAYERS, HOP = 3, 8
QUANTIZER = Quantizer()


def discriminator(normalisation: str = "none", layers: int = LAYERS) -> PatchGAN:
    shape = PatchGANConfig(layers=layers, channels=8, most_channels=16, normalisation=normalisation)
    network = PatchGAN(shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(15.0)
    return network


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small are slower with several threads."""
    with thread_limit(1):
        yield


@pytest.fixture
def sound() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 400))


@pytest.mark.parametrize("layers", [1, 3, 6])
def test_where_a_patch_ends(layers: int) -> None:
    hop = 1 << layers
    waveform = torch.randn(1, 16 * hop, generator=torch.Generator().manual_seed(0)).requires_grad_()
    logits = discriminator(layers=layers)(waveform)[-1][0]
    for patch in range(2, len(logits) - 2):
        (gradient,) = torch.autograd.grad(logits[patch], waveform, retain_graph=True)
        inputs = torch.nonzero(gradient[0])
        assert int(inputs.max()) == min(hop * (patch + 4) - 2, 16 * hop - 1)
        assert int(inputs.min()) == hop * (patch - 2) + 1


@pytest.mark.parametrize("block", [8, 24, 80])
def test_blocks_add_up_to_the_whole(sound: np.ndarray, block: int) -> None:
    """Without normalisation the logits do not depend on the window, so one long pass gives the same ones."""
    scorer = DiscriminatorScorer(discriminator(), QUANTIZER, window=160)
    start, stop = 160, 400
    state = scorer.start(sound[:, :start], block)
    total = sum(state.score(sound[:, first : first + block]) for first in range(start, stop, block))
    waveform = torch.from_numpy(QUANTIZER.decode(sound))
    with torch.no_grad():
        logits = scorer.discriminator(waveform)[-1].numpy()
    ends = HOP * (np.arange(logits.shape[1]) + 4) - 2
    inside = (ends >= start) & (ends < stop)
    assert inside.sum() == (stop - start) // HOP
    np.testing.assert_allclose(total, logits[:, inside].sum(1), rtol=1e-4, atol=1e-3)


def test_a_short_last_block_counts_what_it_completes(sound: np.ndarray) -> None:
    scorer = DiscriminatorScorer(discriminator(), QUANTIZER, window=160)
    state = scorer.start(sound[:, :160], 16)
    assert (state.score(sound[:, 160:161]) == 0.0).all()
    last = state.score(sound[:, 161:164])
    waveform = torch.from_numpy(QUANTIZER.decode(sound[:, 4:164]))
    with torch.no_grad():
        logits = scorer.discriminator(waveform)[-1].numpy()
    np.testing.assert_allclose(last, logits[:, 160 // HOP - 4], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("normalisation", ["group", "instance", "batch"])
def test_particles_are_independent(sound: np.ndarray, normalisation: str) -> None:
    scorer = DiscriminatorScorer(discriminator(normalisation), QUANTIZER, window=160)
    many = np.repeat(sound, 20, 0)
    together = scorer.start(many[:, :160], 16).score(many[:, 160:176])
    alone = [scorer.start(row[None, :160], 16).score(row[None, 160:176])[0] for row in sound]
    np.testing.assert_allclose(together, np.repeat(alone, 20), rtol=1e-4, atol=1e-4)


def test_least_squares_outputs_become_logits(sound: np.ndarray) -> None:
    network = discriminator()
    plain = DiscriminatorScorer(network, QUANTIZER, window=160)
    scorer = DiscriminatorScorer(network, QUANTIZER, window=160, least_squares=True)
    share = plain.start(sound[:, :160], 8).score(sound[:, 160:168])
    found = scorer.start(sound[:, :160], 8).score(sound[:, 160:168])
    clipped = np.clip(share, 0.01, 0.99)
    assert (clipped != share).any()
    np.testing.assert_allclose(found, np.log(clipped / (1 - clipped)), rtol=1e-4, atol=1e-5)


def test_copied_particles_copy_their_windows(sound: np.ndarray) -> None:
    scorer = DiscriminatorScorer(discriminator("group"), QUANTIZER, window=160)
    state = scorer.start(sound[:, :160], 16)
    state.score(sound[:, 160:176])
    state.copy(np.array([1]), np.array([2]))
    weights = state.score(np.repeat(sound[:1, 176:192], 3, 0))
    assert weights[1] == weights[2] != weights[0]


@pytest.mark.parametrize("window", [40, 44, 161])
def test_windows_that_do_not_fit(window: int) -> None:
    with pytest.raises(PartitaError, match="multiple of 8"):
        DiscriminatorScorer(discriminator(), QUANTIZER, window=window)


@pytest.mark.parametrize("block", [1, 12, 128])
def test_blocks_that_do_not_fit(sound: np.ndarray, block: int) -> None:
    scorer = DiscriminatorScorer(discriminator(), QUANTIZER, window=160)
    with pytest.raises(PartitaError, match="at most 120"):
        scorer.start(sound[:, :160], block)


def test_steered_clips_have_higher_scores() -> None:
    shape = WaveNetConfig(
        blocks=1, layers=3, residual_channels=8, dilation_channels=8, skip_channels=16, end_channels=16
    )
    model = WaveNet(shape, generator=torch.Generator().manual_seed(1))
    scorer = DiscriminatorScorer(discriminator("group"), QUANTIZER, window=160)
    config = SamplingConfig(seed=3)
    steering = Steering(scorer=scorer, config=SteeringConfig(particles=8, block=16, strength=0.5))
    steered = SteeredStream(model, steering, clips=4, steps=320, config=config, zero_class=128).take(320)
    plain = draw(model, clips=4, steps=320, config=config, zero_class=128)

    def score_of(drawn: np.ndarray) -> float:
        state = scorer.start(np.full((4, 160), 128), 80)
        parts = (drawn[:, first : first + 80].astype(np.int64) for first in range(0, 320, 80))
        return float(np.mean(sum(state.score(part) for part in parts)))

    assert score_of(steered) > score_of(plain) + 1.0
