"""Properties of all heads: probabilities that sum to one, and draws that have them."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from torch import Tensor

from partita.models.heads.base import DensityHead, Head
from partita.models.heads.categorical import Categorical
from partita.models.heads.choice import HEADS as NAMES
from partita.models.heads.choice import head_columns, make_head
from partita.models.heads.gaussian import Gaussian
from partita.models.heads.logistic import LogisticMixture

Make = Callable[[int], Head]
HEADS: dict[str, Make] = {
    "categorical": Categorical,
    "logistic": lambda classes: LogisticMixture(classes, mixtures=3),
    "gaussian": Gaussian,
}
DENSITIES = ("logistic", "gaussian")


def outputs_of(head: Head, rows: int, *, seed: int = 0, scale: float = -3.0) -> Tensor:
    """Return random outputs; deviations are around exp(scale)."""
    random = torch.Generator().manual_seed(seed)
    outputs = torch.randn(rows, head.columns, generator=random, dtype=torch.float64)
    if isinstance(head, LogisticMixture):
        outputs[:, 3:6] *= 0.5
        outputs[:, 6:] = scale + 0.5 * outputs[:, 6:]
    if isinstance(head, Gaussian):
        outputs[:, 0] *= 0.5
        outputs[:, 1] = scale + 0.5 * outputs[:, 1]
    return outputs


def probabilities(head: Head, outputs: Tensor) -> Tensor:
    """Return the probabilities of all classes, (rows, classes)."""
    classes = torch.arange(head.classes)
    return torch.stack([torch.exp(-head.nats(row.expand(head.classes, -1), classes)) for row in outputs])


@pytest.mark.parametrize("scale", [-13.0, -5.0, -1.0, 2.0])
@pytest.mark.parametrize("classes", [2, 256, 1024, 65536])
@pytest.mark.parametrize("name", HEADS)
def test_probabilities_sum_to_one_and_to_the_cdf(name: str, classes: int, scale: float) -> None:
    if name == "categorical" and classes > 1024:
        pytest.skip("a softmax over 65,536 classes is of no use")
    head = HEADS[name](classes)
    outputs = outputs_of(head, 3, scale=scale)
    sums = probabilities(head, outputs).cumsum(1)
    assert (sums[:, -1] - 1.0).abs().max() < 1e-4
    whole = torch.arange(classes).expand(3, -1)
    found = head.cdf(outputs[:, None].expand(-1, classes, -1), whole)
    assert (sums - found).abs().max() < 1e-4
    assert (found[:, -1] - 1.0).abs().max() < 1e-6


@pytest.mark.parametrize("name", DENSITIES)
def test_a_class_has_the_integral_of_the_density_over_its_bin(name: str) -> None:
    head = HEADS[name](64)
    (row,) = outputs_of(head, 1, scale=-2.0).numpy()
    if name == "gaussian":
        density = stats.norm(row[0], np.exp(row[1])).pdf
    else:
        weights = np.exp(row[:3]) / np.exp(row[:3]).sum()
        parts = [stats.logistic(m, np.exp(s)).pdf for m, s in zip(row[3:6], row[6:], strict=True)]

        def density(y: float) -> float:
            return float(sum(weight * part(y) for weight, part in zip(weights, parts, strict=True)))

    found = probabilities(head, torch.from_numpy(row[None]))[0]
    for c in (1, 20, 33, 62):
        middle, half = 2 * c / 63 - 1, 1 / 63
        expected, _ = integrate.quad(density, middle - half, middle + half)
        assert found[c].item() == pytest.approx(expected, rel=1e-3)
    expected, _ = integrate.quad(density, -np.inf, -1 + 1 / 63)
    assert found[0].item() == pytest.approx(expected, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
@pytest.mark.parametrize("name", HEADS)
def test_draws_have_the_probabilities(name: str, temperature: float) -> None:
    head = HEADS[name](32)
    outputs = outputs_of(head, 1, scale=-1.5)
    uniforms = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    drawn = head.draw(outputs.expand(200_000, -1), uniforms, temperature=temperature)
    shares = torch.bincount(drawn, minlength=32) / 200_000
    cool = outputs.clone()
    if name == "categorical":
        cool /= temperature
    elif name == "logistic":
        cool[:, :3] /= temperature
        cool[:, 6:] += np.log(temperature)
    else:
        cool[:, 1] += np.log(temperature)
    assert (shares - probabilities(head, cool)[0]).abs().max() < 2e-4


@pytest.mark.parametrize("name", DENSITIES)
def test_the_pathwise_derivative_keeps_the_quantile(name: str) -> None:
    head = HEADS[name](256)
    assert isinstance(head, DensityHead)
    outputs = outputs_of(head, 40, scale=-2.0).requires_grad_()
    uniforms = torch.rand(40, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    direction = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    values = head.sample(outputs, uniforms).values
    (gradient,) = torch.autograd.grad(values.sum(), outputs)
    quantiles = below(head, outputs.detach(), values.detach())
    moved = outputs.detach() + 1e-5 * direction
    # where the mixture has the same quantile as before, found by bisection
    low, high = values.detach() - 1.0, values.detach() + 1.0
    for _ in range(80):
        middle = (low + high) / 2
        above = below(head, moved, middle) > quantiles
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    expected = (low - values.detach()) / 1e-5
    torch.testing.assert_close((gradient * direction).sum(1), expected, rtol=1e-3, atol=1e-5)


def below(head: DensityHead, outputs: Tensor, values: Tensor) -> Tensor:
    if isinstance(head, LogisticMixture):
        return head.below(outputs, values)
    quantiles: Tensor = torch.special.ndtr((values - outputs[:, 0]) / outputs[:, 1].exp())
    return quantiles


@pytest.mark.parametrize("scale", [-13.0, -8.0, -3.0])
@pytest.mark.parametrize("name", DENSITIES)
def test_losses_and_gradients_are_finite_in_float32_far_from_the_mean(name: str, scale: float) -> None:
    head = HEADS[name](65536)
    outputs = outputs_of(head, 6, scale=scale).float().requires_grad_()
    classes = torch.tensor([0, 1, 20_000, 32_768, 65_534, 65_535])
    nats = head.nats(outputs, classes)
    (gradient,) = torch.autograd.grad(nats.sum(), outputs)
    assert torch.isfinite(nats).all()
    assert torch.isfinite(gradient).all()
    exact = head.nats(outputs.detach().double(), classes)
    torch.testing.assert_close(nats.double(), exact, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("name", HEADS)
def test_a_head_begins_with_probabilities_for_all_classes(name: str) -> None:
    head = HEADS[name](256)
    found = probabilities(head, head.initial_bias()[None])
    assert found.min() > 1e-4
    assert found.max() < 0.05


@pytest.mark.parametrize("classes", [256, 65535])
@pytest.mark.parametrize("name", DENSITIES)
def test_a_sample_beside_the_narrowest_density_costs_little(name: str, classes: int) -> None:
    # regression: at a 9,800th of a bin a miss by one bin cost ten million nats
    head = HEADS[name](classes)
    outputs = torch.full((1, head.columns), -30.0)
    middle = classes // 2
    means = head.values(torch.tensor([middle])) if isinstance(head, DensityHead) else torch.zeros(1)
    outputs[:, 3:6] = means if name == "logistic" else outputs[:, 3:6]
    outputs[:, :1] = means if name == "gaussian" else 0.0
    here, beside = (float(head.nats(outputs, torch.tensor([middle + step]))) for step in (0, 1))
    assert here < 0.1
    assert 2.0 < beside < 40.0


@pytest.mark.parametrize("mean", [3.0, 300.0, 1e6])
@pytest.mark.parametrize("name", DENSITIES)
def test_means_far_outside_have_finite_gradients(name: str, mean: float) -> None:
    head = HEADS[name](65535)
    outputs = outputs_of(head, 3, scale=-9.0).float()
    outputs[:, 3 : 6 if name == "logistic" else 3] = mean
    if name == "gaussian":
        outputs[:, 0] = mean
    outputs.requires_grad_()
    nats = head.nats(outputs, torch.tensor([0, 30_000, 65_534]))
    (gradient,) = torch.autograd.grad(nats.sum(), outputs)
    assert torch.isfinite(nats).all()
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("scales", [-30.0, -12.0, -3.0, 3.0, 12.0, 30.0])
def test_far_tails_have_the_derivative_of_their_distribution(scales: float) -> None:
    # regression: in the upper tail the derivative of the distribution was lost to rounding
    head = LogisticMixture(65535, mixtures=1)
    outputs = torch.tensor([[0.0, 0.1, -5.0]], requires_grad=True)
    value = torch.tensor([0.1 + scales * np.exp(-5.0)])
    (gradient,) = torch.autograd.grad(head.at_quantile(outputs, value).sum(), outputs)
    torch.testing.assert_close(
        gradient, torch.tensor([[0.0, 1.0, scales * np.exp(-5.0)]], dtype=torch.float32), rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_columns_of_a_head_are_known_without_it(name: str) -> None:
    head = make_head(name, classes=100, mixtures=7)
    assert head_columns(name, classes=100, mixtures=7) == head.columns
