"""The routes `gumbel` and `pathwise`: chains of samples, conditional Gumbel noise, and exact derivatives."""

import math

import pytest
import torch
from torch.nn import functional

from partita.training.losses.gumbel import GumbelRelaxation, conditional_gumbels, straight_through
from partita.training.losses.pathwise import implicit_reparameterisation
from partita.training.losses.relaxation import relaxed_clips

GRID = torch.linspace(-6.0, 6.0, 2401, dtype=torch.float64)
WIDTH = float(GRID[1] - GRID[0])
SIGMA = 0.5


class Line:
    """x_t ~ N(a tanh(x_t-1) + b, sigma^2) on a fine grid: close to a density, with two weights."""

    def __init__(self, a: float, b: float) -> None:
        self.weights = torch.tensor([a, b], dtype=torch.float64, requires_grad=True)

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        place = inputs @ GRID if inputs.is_floating_point() else GRID[inputs]
        mean = self.weights[0] * torch.tanh(place) + self.weights[1]
        return -((GRID - mean[..., None]) ** 2) / (2 * SIGMA**2)


def rolled_out(a: float, b: float, start: float, noise: list[float]) -> list[float]:
    """Compute the continuation by hand at constant quantiles: mean + sigma * normal quantile."""
    places, place = [], start
    for value in noise:
        place = a * math.tanh(place) + b + SIGMA * value
        places.append(place)
    return places


def test_pathwise_is_the_derivative_of_the_continuous_process() -> None:
    a, b, noise, h = 0.9, 0.2, [0.3, -1.1, 0.8, 0.1, -0.4], 1e-5
    start = int((GRID - 0.7).abs().argmin())
    places = rolled_out(a, b, float(GRID[start]), noise)
    drawn = torch.tensor([[int((GRID - place).abs().argmin()) for place in places]])
    model, weights = Line(a, b), torch.linspace(1.0, 2.0, 5, dtype=torch.float64)

    def score(a: float, b: float) -> float:
        return float(weights @ torch.tensor(rolled_out(a, b, float(GRID[start]), noise), dtype=torch.float64))

    expected = [
        (score(a + h, b) - score(a - h, b)) / (2 * h),
        (score(a, b + h) - score(a, b - h)) / (2 * h),
    ]
    vectors, _ = relaxed_clips(
        model,
        torch.tensor([[start]]),
        drawn,
        lambda logits, classes: implicit_reparameterisation(logits, classes, clamp=1e-9),
        passes=5,
    )
    torch.testing.assert_close(vectors, functional.one_hot(drawn, len(GRID)).double())
    (found,) = torch.autograd.grad((vectors @ GRID)[0] @ weights, model.weights)
    assert found.tolist() == pytest.approx(expected, rel=0.01)


def test_each_pass_adds_one_link_of_the_chain() -> None:
    """The derivative of x_4 by the intercept is 1, 1 + s, 1 + s + s^2, ...; s is the slope by the past."""
    a, drawn = 0.5, torch.full((1, 4), 1200)  # all at 0, where tanh has the slope 1
    expected = [1.0, 1.5, 1.75, 1.875, 1.875]
    for passes, value in enumerate(expected, start=1):
        model = Line(a, 0.0)
        vectors, _ = relaxed_clips(
            model,
            torch.tensor([[1200]]),
            drawn,
            lambda logits, classes: implicit_reparameterisation(logits, classes, clamp=1e-9),
            passes=passes,
        )
        found = torch.autograd.grad((vectors @ GRID)[0, 3], model.weights)[0][1].item()
        assert found == pytest.approx(value, rel=1e-3), passes


def test_the_clamp_bounds_the_move() -> None:
    logits = torch.tensor([[0.0, -20.0, 0.0]], dtype=torch.float64, requires_grad=True)
    places = torch.arange(3.0, dtype=torch.float64)
    for clamp in (1e-6, 0.01):
        place = implicit_reparameterisation(logits, torch.tensor([1]), clamp=clamp) @ places
        gradient = torch.autograd.grad(place[0], logits)[0]
        assert gradient.abs().max().item() == pytest.approx(0.25 / max(clamp, math.exp(-20) / 2), rel=0.01)


def test_the_first_and_the_last_class_move_towards_their_only_neighbour() -> None:
    places = torch.arange(4.0, dtype=torch.float64)
    for drawn, sign in ((0, 1.0), (3, 1.0)):
        logits = torch.zeros(1, 4, dtype=torch.float64, requires_grad=True)
        vectors = implicit_reparameterisation(logits, torch.tensor([drawn]), clamp=0.01)
        assert (vectors @ places).item() == drawn
        gradient = torch.autograd.grad((vectors @ places)[0], logits)[0][0]
        assert gradient[3].item() * sign > 0 > gradient[0].item() * sign


def exponentials(shape: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    noise = torch.empty(shape, dtype=torch.float64)
    return noise.exponential_(generator=torch.Generator().manual_seed(seed))


def test_conditional_noise_is_gumbel_noise_whose_argmax_is_the_drawn_class() -> None:
    count, logits = 200_000, torch.tensor([0.5, -1.0, 1.2, 0.0], dtype=torch.float64)
    log_p = torch.log_softmax(logits, 0)
    random = torch.Generator().manual_seed(1)
    drawn = torch.multinomial(log_p.exp(), count, replacement=True, generator=random)
    sums = conditional_gumbels(logits.expand(count, 4), drawn, exponentials=exponentials((count, 4)))
    assert torch.equal(sums.argmax(1), drawn)
    noise = sums - log_p
    euler = 0.5772156649
    assert (noise.mean(0) - euler).abs().max() < 0.015  # over four standard errors
    assert (noise.var(0) - math.pi**2 / 6).abs().max() < 0.04
    assert (torch.corrcoef(noise.T) - torch.eye(4)).abs().max() < 0.01


def test_noise_after_the_draw_gives_the_same_mean_gradient_as_noise_before_it() -> None:
    """Compare the mean gradient with noise drawn before the class and with noise drawn after it."""
    count, temperature = 200_000, 0.7
    value = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64)
    means = []
    for first in (True, False):
        logits = torch.tensor([0.5, -1.0, 1.2], dtype=torch.float64, requires_grad=True)
        many = logits.expand(count, 3)
        noise = exponentials((count, 3), seed=int(first))
        if first:
            sums = torch.log_softmax(many.detach(), 1) - noise.log()
            drawn = sums.argmax(1)
        else:
            random = torch.Generator().manual_seed(3)
            drawn = torch.multinomial(torch.softmax(logits.detach(), 0), count, True, generator=random)
            sums = conditional_gumbels(many, drawn, exponentials=noise)
        vectors = straight_through(many, drawn, sums=sums, temperature=temperature)
        assert torch.equal(vectors.detach().argmax(1), drawn)
        means.append(torch.autograd.grad((vectors @ value).mean(), logits)[0])
    torch.testing.assert_close(*means, atol=0.005, rtol=0)


def test_all_passes_share_their_noise() -> None:
    relax = GumbelRelaxation(torch.Generator().manual_seed(0), 1.0)
    logits = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(1), requires_grad=True)
    drawn = torch.tensor([[0, 1, 2], [3, 4, 0]])
    weights = torch.arange(5.0)
    gradients = [torch.autograd.grad((relax(logits, drawn) @ weights).sum(), logits)[0] for _ in range(2)]
    assert torch.equal(*gradients)
    assert gradients[0].abs().max() > 0
