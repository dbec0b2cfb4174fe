"""Steering approximates draws from p(x) exp(strength * D(x)); switched off, it changes nothing."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig, SteeringConfig
from partita.sampling.smc.sampler import SteeredStream, Steering
from partita.sampling.smc.scorers import RatioScorer
from partita.sampling.stream import blocks_of, draw

CLASSES, ZERO = 12, 6


def network(seed: int, sharpness: float, classes: int = CLASSES, layers: int = 3) -> WaveNet:
    shape = WaveNetConfig(
        blocks=1, layers=layers, residual_channels=8, dilation_channels=8, skip_channels=16, end_channels=16,
        classes=classes,
    )  # fmt: skip
    model = WaveNet(shape, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        model.end2.mul_(sharpness)
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def student() -> WaveNet:
    return network(1, 3.0)


@pytest.fixture(scope="module")
def teacher() -> WaveNet:
    return network(2, 5.0)


def log_probabilities(model: WaveNet, past: NDArray[np.int64], new: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return log p of each sample in the rows of `new`, which follow `past`, by plain teacher forcing."""
    past = np.broadcast_to(past[..., -model.receptive_field :], (len(new), model.receptive_field))
    classes = torch.from_numpy(np.concatenate([past, new], 1).astype(np.int64))
    logits = model(classes[:, :-1]).double().log_softmax(2)
    return logits.gather(2, classes[:, model.receptive_field :, None])[..., 0].numpy()


def log_probability(model: WaveNet, past: NDArray[np.int64], new: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return log p of each row of `new`."""
    return log_probabilities(model, past, new).sum(1)


class SumScorer:
    """A scorer that adds the values of a function of each new sample; it needs no past."""

    context = 0

    def __init__(self, logit: Callable[[NDArray[np.int64]], NDArray[np.float64]]) -> None:
        self.logit = logit

    def start(self, past: NDArray[np.int64], block: int) -> "SumScorer":
        return self

    def score(self, new: NDArray[np.int64]) -> NDArray[np.float64]:
        return self.logit(new).sum(1)

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        pass


def steered(model: WaveNet, scorer: object, *, seed: int = 0, clips: int = 1, steps: int | None = None,
            threads: int | None = None, **settings: object) -> SteeredStream:  # fmt: skip
    return SteeredStream(
        model,
        Steering(scorer=scorer, config=SteeringConfig(**settings)),
        clips=clips,
        steps=steps,
        config=SamplingConfig(seed=seed, threads=threads),
        zero_class=ZERO % model.config.classes,
    )


@pytest.mark.parametrize("settings", [{"particles": 1}, {"strength": 0.0}], ids=str)
def test_one_particle_and_no_strength_are_plain_sampling(
    student: WaveNet, teacher: WaveNet, settings: dict[str, float]
) -> None:
    prompt = np.random.default_rng(0).integers(0, CLASSES, (3, 5))
    for precision in ("float32", "int8"):
        config = SamplingConfig(seed=5, precision=precision)
        plain = draw(student, clips=3, steps=200, prompt=prompt, config=config, zero_class=ZERO)
        steering = Steering(scorer=RatioScorer(teacher, student), config=SteeringConfig(block=16, **settings))
        source = SteeredStream(
            student, steering, clips=3, steps=200, prompt=prompt, config=config, zero_class=ZERO
        )
        drawn = source.take(200)
        assert drawn.dtype == plain.dtype
        assert (drawn == plain).all()


def test_the_bound_of_one_particle_is_the_divergence(student: WaveNet, teacher: WaveNet) -> None:
    source = steered(student, RatioScorer(teacher, student), clips=20, steps=100, particles=1, block=7)
    drawn = source.take(100).astype(np.int64)
    past = np.full(student.receptive_field, ZERO)
    ratio = log_probability(student, past, drawn) - log_probability(teacher, past, drawn)
    assert ratio.mean() > 1.0
    np.testing.assert_allclose(-source.log_evidence, ratio, atol=1e-3)


@pytest.mark.parametrize(("block", "threshold"), [(1, 0.5), (2, 1.0), (3, 0.0)])
def test_many_steered_clips_are_distributed_as_the_target(block: int, threshold: float) -> None:
    """With three classes and six steps, p* can be enumerated."""
    model, bonus, strength = network(3, 8.0, classes=3, layers=2), np.array([0.5, -1.0, 1.2]), 0.7
    words = np.array(list(product(range(3), repeat=6)))
    log_p = log_probability(model, np.zeros(model.receptive_field, np.int64), words)
    weights = np.exp(log_p + strength * bonus[words].sum(1))
    clips = 600
    source = steered(model, SumScorer(lambda new: bonus[new]), clips=clips, steps=6, particles=60,
                     block=block, threshold=threshold, strength=strength)  # fmt: skip
    found = np.bincount(source.take(6).astype(np.int64) @ 3 ** np.arange(5, -1, -1), minlength=3**6)
    common = np.argsort(-weights)[:20]

    def chi_square(weights: NDArray[np.float64]) -> float:
        """Return chi-square with 20 degrees of freedom; all rare words are one cell."""
        due = weights / weights.sum() * clips
        cells, counts = (np.append(one[common], one.sum() - one[common].sum()) for one in (due, found))
        return float((np.square(counts - cells) / cells).sum())

    assert chi_square(weights) < 45.3  # p = 0.001
    assert chi_square(np.exp(log_p)) > 100.0  # plain sampling is different


class RecordingScorer(SumScorer):
    """A scorer that stores all samples of each particle."""

    samples: NDArray[np.int64]

    def start(self, past: NDArray[np.int64], block: int) -> "RecordingScorer":
        self.samples = past
        return self

    def score(self, new: NDArray[np.int64]) -> NDArray[np.float64]:
        self.samples = np.concatenate([self.samples, new], 1)
        return super().score(new)

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        self.samples[targets] = self.samples[sources]


@pytest.mark.parametrize("lag", [None, 1])
def test_the_scorer_has_processed_the_returned_samples(student: WaveNet, lag: int | None) -> None:
    recorder = RecordingScorer(lambda new: np.where(new % 3 == 0, 1.0, 0.0))
    source = steered(student, recorder, clips=4, steps=60, particles=8, block=4, lag=lag)
    drawn = source.take(60)
    for clip in range(4):
        assert (recorder.samples[8 * clip : 8 * clip + 8] == drawn[clip]).all(1).any()


@pytest.mark.parametrize("lag", [None, 1])
def test_a_particle_continues_its_own_past(lag: int | None) -> None:
    """Regression: with a peaked model, samples after the wrong past would be almost impossible."""
    model = network(1, 200.0)
    scorer = SumScorer(lambda new: np.where(new % 3 == 0, 1.5, 0.0))
    source = steered(model, scorer, clips=10, steps=200, particles=8, block=4, threshold=0.9, lag=lag)
    drawn = source.take(200).astype(np.int64)
    assert log_probabilities(model, np.full(model.receptive_field, ZERO), drawn).min() > -15.0


@pytest.mark.parametrize("lag", [None, 1])
@pytest.mark.parametrize("block", [1, 3])
@pytest.mark.parametrize("particles", [1, 2, 5])
def test_the_evidence_is_unbiased(block: int, particles: int, lag: int | None) -> None:
    model = network(3, 8.0, classes=3, layers=2)
    bonus = np.array([0.5, -1.0, 0.8])
    words = np.array(list(product(range(3), repeat=6)))
    past = np.zeros(model.receptive_field, np.int64)
    z = np.exp(log_probability(model, past, words) + bonus[words].sum(1)).sum()
    source = steered(model, SumScorer(lambda new: bonus[new]), seed=1, clips=2000, steps=6,
                     particles=particles, block=block, threshold=0.8, lag=lag)  # fmt: skip
    source.take(6)
    estimates = np.exp(source.log_evidence)
    error = estimates.std() / np.sqrt(len(estimates))
    assert error < 0.06 * z
    assert abs(estimates.mean() - z) < 3.5 * error


def test_the_bound_falls_as_particles_are_added(student: WaveNet, teacher: WaveNet) -> None:
    """Paired over clips and seeds. The teacher is the data, so the bound stays above 0."""
    scorer = RatioScorer(teacher, student)
    bounds = []
    for particles in (1, 4, 16):
        source = steered(student, scorer, clips=40, steps=96, particles=particles, block=4)
        source.take(96)
        bounds.append(-source.log_evidence)
    for more, fewer in zip(bounds[1:], bounds, strict=False):
        gain = fewer - more
        assert gain.mean() > 3.0 * gain.std() / np.sqrt(len(gain))
    assert bounds[-1].mean() > 0.0
    assert bounds[-1].mean() < 0.5 * bounds[0].mean()


@pytest.mark.parametrize("settings", [{"lag": None}, {"lag": 1}, {"lag": 3, "threshold": 0.0}], ids=str)
def test_samples_do_not_depend_on_how_many_are_taken_at_once(
    student: WaveNet, teacher: WaveNet, settings: dict[str, float]
) -> None:
    scorer = RatioScorer(teacher, student)
    whole = steered(student, scorer, clips=3, steps=203, particles=8, block=8, threads=1, **settings)
    parts = steered(student, scorer, clips=3, steps=203, particles=8, block=8, threads=2, **settings)
    taken = [parts.take(size) for size in (0, 1, 7, 8, 50, 100, 30, 7)]
    assert (np.concatenate(taken, 1) == whole.take(203)).all()
    assert (parts.log_evidence == whole.log_evidence).all()
    assert parts.position == 203


def test_clips_do_not_depend_on_each_other(student: WaveNet, teacher: WaveNet) -> None:
    scorer = RatioScorer(teacher, student)
    many = steered(student, scorer, clips=5, steps=100, particles=6, block=8).take(100)
    few = steered(student, scorer, clips=2, steps=100, particles=6, block=8).take(100)
    assert (many[:2] == few).all()
    assert len(np.unique(many, axis=0)) == 5


def test_samples_do_not_depend_on_the_length_of_the_clip(student: WaveNet, teacher: WaveNet) -> None:
    """Without a lag, only samples that all particles agree on are returned, so later ones do not matter."""
    scorer = RatioScorer(teacher, student)
    endless = steered(student, scorer, particles=8, block=4, lag=None, threshold=0.9).take(60)
    ended = steered(student, scorer, particles=8, block=4, lag=None, threshold=0.9, steps=400).take(400)
    assert (ended[:, :60] == endless).all()


def test_an_endless_stream_stores_no_more_than_its_lag(student: WaveNet) -> None:
    """Particles with equal scores are never resampled: only the lag makes samples final."""
    source = steered(
        student, SumScorer(lambda new: np.zeros(new.shape)), clips=2, particles=6, block=8, lag=3
    )
    taken = []
    for _ in range(40):
        taken.append(source.take(20))
        assert source.waiting <= 20 + (3 + 1) * 8
    assert len(np.unique(np.concatenate(taken, 1))) > 2
    np.testing.assert_allclose(source.log_evidence, 0.0, atol=1e-9)


def test_the_shortest_lag_draws_by_weight() -> None:
    """Samples of a model without memory are independent, so even the shortest lag draws from p*."""
    model = network(3, 0.0, classes=3, layers=1)
    bonus = np.array([0.0, 1.0, -1.0])
    scorer = SumScorer(lambda new: bonus[new])
    source = steered(model, scorer, clips=50, particles=100, block=2, lag=1, threshold=0.1)
    counts = np.bincount(source.take(60).ravel(), minlength=3) / 3000
    np.testing.assert_allclose(counts, np.exp(bonus) / np.exp(bonus).sum(), atol=0.035)


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_extreme_logits(student: WaveNet, size: float) -> None:
    scorer = SumScorer(lambda new: np.where(new % 2 == 0, size, 0.0))
    source = steered(student, scorer, clips=2, steps=64, particles=16, block=1)
    drawn = source.take(64)
    assert np.isfinite(source.log_evidence).all()
    assert ((drawn % 2 == 0) == (size > 0)).mean() > 0.95


def test_logits_that_are_not_finite_are_refused(student: WaveNet) -> None:
    source = steered(student, SumScorer(lambda new: np.full(new.shape, np.nan)))
    with pytest.raises(PartitaError, match="not finite"):
        source.take(1)


def test_more_than_is_left_is_refused(student: WaveNet, teacher: WaveNet) -> None:
    source = steered(student, RatioScorer(teacher, student), steps=10)
    source.take(4)
    with pytest.raises(PartitaError, match="6 are left"):
        source.take(7)


def test_the_last_block_ends_with_the_clip(student: WaveNet, teacher: WaveNet) -> None:
    source = steered(student, RatioScorer(teacher, student), steps=4000, particles=2)
    assert [block.shape[1] for block in blocks_of(source, 4000)] == [1600, 1600, 800]


def test_a_scorer_with_other_classes_is_refused(student: WaveNet) -> None:
    with pytest.raises(PartitaError, match="12 classes"):
        RatioScorer(student, network(3, 1.0, classes=3))


@pytest.mark.parametrize(
    "settings",
    [
        {"particles": 0}, {"block": 0}, {"strength": -1.0}, {"strength": float("nan")}, {"threshold": 1.5},
        {"lag": 0},
    ],
    ids=str,
)  # fmt: skip
def test_settings_out_of_range(settings: dict[str, float]) -> None:
    with pytest.raises(PartitaError, match=next(iter(settings))):
        SteeringConfig(**settings)
