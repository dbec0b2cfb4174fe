"""The masked autoregressive flow: its Jacobian, its density, and windows that end early."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from flows import LAYOUT, conditions_of, flow_of
from torch import Tensor

from partita.audio.features.layout import FrameLayout
from partita.errors import PartitaError
from partita.models.flows.maf import MAF, MAFConfig, dequantised
from partita.models.sizes import SIZES

TARGETS = 9


def values_of(model: MAF, batch: int = 1, targets: int = TARGETS) -> Tensor:
    random = torch.Generator().manual_seed(2)
    shape = (batch, model.receptive_field + targets)
    return 0.5 * torch.randn(shape, generator=random, dtype=torch.float64)


def jacobian_of(function: Callable[[Tensor], Tensor], values: Tensor) -> Tensor:
    found: Tensor = torch.autograd.functional.jacobian(function, values)  # type: ignore[no-untyped-call]
    return found


@pytest.mark.parametrize("kernel", [2, 3])
def test_the_jacobian_of_each_flow_is_exactly_triangular(kernel: int) -> None:
    model = flow_of(flows=3, kernel=kernel)
    past, window = values_of(model)[:, : model.field], values_of(model)[0, -TARGETS:]
    for flow in model.spline_flows:

        def transformed(inside: Tensor, flow: Any = flow) -> Tensor:
            values = torch.cat([past, inside[None]], 1)
            found: Tensor = flow.transform(values[:, model.field :], flow(values))[0][0]
            return found

        jacobian = jacobian_of(transformed, window)
        assert (jacobian.triu(1) == 0).all()
        assert (jacobian.diag() > 0).all()
        assert (jacobian.tril(-1)[1:, 0] != 0).any()


@pytest.mark.parametrize("flows", [1, 2, 3])
@pytest.mark.parametrize("layout", [None, LAYOUT])
def test_the_slopes_sum_to_the_logarithm_of_the_determinant(flows: int, layout: FrameLayout | None) -> None:
    model = flow_of(flows=flows, layout=layout)
    values = values_of(model)
    conditions = None if layout is None else conditions_of(1, values.shape[1])
    past = values[:, :-TARGETS]

    def noise(inside: Tensor) -> Tensor:
        found: Tensor = model(torch.cat([past, inside[None]], 1), conditions).noise[0]
        return found

    jacobian = jacobian_of(noise, values[0, -TARGETS:])
    total = model(values, conditions).log_slopes.sum()
    torch.testing.assert_close(total, torch.linalg.slogdet(jacobian).logabsdet)


@pytest.mark.parametrize("flows", [1, 2])
def test_the_density_of_a_window_integrates_to_one(flows: int) -> None:
    model, places = flow_of(flows=flows), torch.linspace(-6.0, 6.0, 201, dtype=torch.float64)
    past = values_of(model)[:, : model.receptive_field]
    first, second = torch.meshgrid(places, places, indexing="ij")
    windows = torch.stack([first.flatten(), second.flatten()], 1)
    with torch.no_grad():
        found = model(torch.cat([past.expand(len(windows), -1), windows], 1))
    log_densities = -0.5 * found.noise.square() - 0.5 * math.log(2 * math.pi) + found.log_slopes
    step = float(places[1] - places[0])
    assert float(log_densities.sum(1).exp().sum()) * step**2 == pytest.approx(1, abs=1e-3)


def test_the_probabilities_of_the_classes_of_one_sample_sum_to_one() -> None:
    model = flow_of(flows=3, classes=16)
    past, points = model.receptive_field, 40
    numbers = torch.arange(-120, 136).repeat_interleave(points)  # the density reaches beyond the grid
    classes = torch.full((len(numbers), past + 1), 8)
    classes[:, -1] = numbers
    uniforms = torch.full(classes.shape, 0.5, dtype=torch.float64)
    uniforms[:, -1] = (torch.arange(len(numbers)) % points + 0.5) / points
    valid = torch.ones(len(numbers), 1, dtype=torch.bool)
    with torch.no_grad():
        probabilities = (-model.class_nats(classes, uniforms, valid)).exp()
    assert float(probabilities.sum()) / points == pytest.approx(1, abs=1e-3)


def test_the_noise_depends_on_the_receptive_field_and_no_more() -> None:
    model = flow_of(flows=3)
    values = values_of(model).requires_grad_()
    gradient = torch.autograd.grad(model(values).noise[0, 0], values)[0][0]
    assert gradient[0] != 0
    assert model.receptive_field == 2 * model.field
    model, values = flow_of(flows=1), values.detach()
    longer = torch.cat([torch.ones(1, 5, dtype=torch.float64), values], 1)
    torch.testing.assert_close(model(longer).noise[:, 5:], model(values).noise)


@pytest.mark.parametrize("layout", [None, LAYOUT])
def test_a_window_that_ends_early_has_the_density_of_a_shorter_window(layout: FrameLayout | None) -> None:
    model = flow_of(flows=4, layout=layout)
    values = values_of(model, batch=3, targets=40)
    conditions = None if layout is None else conditions_of(3, values.shape[1])
    for length in (1, 23):
        valid = (torch.arange(40) < length).expand(3, -1)
        cut = values[:, : model.receptive_field + length]
        found, alone = model(values, conditions, valid), model(cut, conditions)
        torch.testing.assert_close(found.noise[:, :length], alone.noise)
        torch.testing.assert_close(found.log_slopes[:, :length], alone.log_slopes)


def test_the_condition_of_a_sample_is_that_of_its_own_block() -> None:
    """The condition is the same at a sample in both directions, wherever the window begins."""
    model = flow_of(flows=2, layout=LAYOUT)
    values, conditions = values_of(model, targets=64), conditions_of(1, 200)
    later = conditions_of(1, 200)
    samples = values.shape[1]
    last = torch.tensor([samples - 1])
    blocks = model.conditioner.blocks(later.shifted(0), samples=samples)  # type: ignore[union-attr]
    forward, backward = model.biases(conditions, last, samples=samples)
    assert forward is not None and backward is not None
    start = int(conditions.start[0]) % 16
    for time in range(model.field + 1, samples):
        block = blocks[0, (start + time) // 16]
        own = forward.rows(0, 1, first=time - 1, length=1)[0, 0]
        turned = backward.rows(0, 1, first=samples + model.field - 2 - time, length=1)[0, 0]
        assert own == block[0]
        assert turned == block[model.config.dilation_channels * 2 * 3]


@pytest.mark.parametrize("layout", [None, LAYOUT])
def test_every_parameter_gets_a_gradient(layout: FrameLayout | None) -> None:
    model = flow_of(layout=layout)
    classes = torch.randint(90, 160, (2, model.receptive_field + 300))
    conditions = None if layout is None else conditions_of(2, classes.shape[1])
    valid = torch.ones(2, 300, dtype=torch.bool)
    uniforms = torch.rand(classes.shape, dtype=torch.float64)
    torch.autograd.backward(model.class_nats(classes, uniforms, valid, conditions).sum())
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_the_compiled_layers_give_the_density_of_the_reference() -> None:
    model = MAF(SIZES["tiny"], MAFConfig(bins=4), generator=torch.Generator().manual_seed(0))
    values = values_of(model, targets=100)
    with torch.no_grad():
        fast = model(values.float())
        exact = model.double()(values)
    torch.testing.assert_close(fast.noise.double(), exact.noise, rtol=0, atol=1e-4)
    torch.testing.assert_close(fast.log_slopes.double(), exact.log_slopes, rtol=0, atol=1e-4)


def test_fine_classes_share_256_vectors() -> None:
    model = flow_of(classes=1 << 15)
    assert len(model.spline_flows[0].embedding) == 1 << 15  # the head `categorical` has one for each
    values = dequantised(torch.tensor([0, 1, 32767]), torch.tensor([0.5, 0.5, 0.5]).double(), 1 << 15)
    assert values.tolist() == pytest.approx([-1.0, 2 / 32767 - 1, 1.0])


def test_the_frames_are_needed() -> None:
    model = flow_of(layout=LAYOUT)
    with pytest.raises(PartitaError, match="the model has a condition"):
        model(values_of(model))


@pytest.mark.parametrize(("changes", "words"), [({"flows": 0}, "`flows` is 0"), ({"bins": 1}, "`bins` is 1")])
def test_a_shape_out_of_range_is_refused(changes: dict[str, int], words: str) -> None:
    with pytest.raises(PartitaError, match=words):
        MAFConfig(**changes)
    with pytest.raises(PartitaError, match="`window` is 0: give at least 1"):
        MAFConfig(window=0)
