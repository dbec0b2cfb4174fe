"""The inverse autoregressive flow: causality, its density, and that every weight learns."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from partita.audio.features.layout import FrameLayout
from partita.errors import PartitaError
from partita.models.conditioning.conditions import Conditions
from partita.models.flows.iaf import IAF, IAFConfig
from partita.models.sizes import SIZES

LAYOUT = FrameLayout(hop_length=32, bands=3, sample_rate=4000)
SHAPE = IAFConfig(flows=2, layers=3, channels=16, condition_channels=8, multiples=2)
FIELD, LENGTH = SHAPE.receptive_field, 20


@pytest.fixture
def model() -> IAF:
    """A model that is given features, with large weights so that everything has an effect."""
    network = replace(SIZES["tiny"], condition=LAYOUT)
    found = IAF(network, SHAPE, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for flow in found.flows:
            flow.end.normal_(0.0, 0.3, generator=torch.Generator().manual_seed(1))  # type: ignore[operator]
    return found


def conditions(rows: int = 1) -> Conditions:
    frames = torch.randn(rows, 8, 5, generator=torch.Generator().manual_seed(2))
    frames[..., 3], frames[..., 4] = 60.0, 0.9
    return Conditions(frames, torch.full((rows,), 37))


def noise(rows: int = 1) -> Tensor:
    return torch.randn(rows, FIELD + LENGTH, generator=torch.Generator().manual_seed(3))


def sines(model: IAF, rows: int = 1) -> Tensor:
    found = model.sines(model.turns(conditions(rows), samples=FIELD + LENGTH, before=torch.zeros(rows)))
    assert found is not None
    return found


def test_the_jacobian_is_triangular_and_its_diagonal_is_the_deviation(model: IAF) -> None:
    z, given, known = noise().requires_grad_(), conditions(), sines(model)
    rows = [torch.autograd.grad(model(z, given, known).values[0, time], z)[0][0] for time in range(LENGTH)]
    jacobian = torch.stack(rows)
    for time in range(LENGTH):
        assert not jacobian[time, FIELD + time + 1 :].any()  # exactly
        assert not jacobian[time, :time].any()  # older than the receptive field
        assert jacobian[time, time : FIELD + time].any()
    found = model(z, conditions(), sines(model))
    diagonal = jacobian[torch.arange(LENGTH), FIELD + torch.arange(LENGTH)]
    torch.testing.assert_close(diagonal, found.deviations[0].detach())


def test_values_are_the_mean_and_the_deviation_times_the_noise(model: IAF) -> None:
    z = noise(3)
    found = model(z, conditions(3), sines(model, 3))
    torch.testing.assert_close(
        found.values, found.means + found.deviations * z[:, FIELD:], rtol=1e-5, atol=1e-6
    )


def test_mean_and_deviation_do_not_depend_on_their_own_noise(model: IAF) -> None:
    z, other = noise(), noise()
    other[:, -1] += 5.0
    first, second = (model(one, conditions(), sines(model)) for one in (z, other))
    assert torch.equal(first.means, second.means) and torch.equal(first.deviations, second.deviations)
    assert not torch.equal(first.values[:, -1:], second.values[:, -1:])


def test_a_part_equals_the_same_part_of_the_whole(model: IAF) -> None:
    z, all_sines, skipped = noise(), sines(model), 7
    whole = model(z, conditions(), all_sines).values
    part = model(z[:, skipped:], conditions().shifted(skipped), all_sines[:, skipped:]).values
    torch.testing.assert_close(part, whole[:, skipped:], rtol=1e-5, atol=1e-6)


def test_every_weight_learns(model: IAF) -> None:
    model(noise(), conditions(), sines(model)).values.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.any(), name


def test_without_features_there_are_no_sines() -> None:
    plain = IAF(SIZES["tiny"], SHAPE)
    assert plain.multiples == 0 and plain.conditioner is None
    assert plain.sines(plain.turns(None, samples=5, before=torch.zeros(1))) is None
    assert plain(noise()).values.shape == (1, LENGTH)


def test_shapes_out_of_range_are_refused() -> None:
    with pytest.raises(PartitaError, match=r"`flows` is 0"):
        IAFConfig(flows=0)
    with pytest.raises(PartitaError, match=r"`layers` is 17"):
        IAFConfig(layers=17)
