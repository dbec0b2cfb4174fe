"""WaveNet: its receptive field, its numbers, and that the compiled loops compute the same."""

import pytest
import torch
from networks import ODD, WHOLE, classes_of, model_of
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from partita.errors import PartitaError
from partita.models.sizes import SIZES, WaveNetConfig
from partita.models.wavenet import WaveNet


def by_conv1d(model: WaveNet, classes: Tensor) -> Tensor:
    """Compute the logits with PyTorch's convolutions, channels first, independently of the model's code."""
    config = model.config
    hidden = functional.one_hot(classes, config.classes).to(model.embedding.dtype).transpose(1, 2)
    hidden = functional.conv1d(hidden, model.embedding.T[:, :, None])
    wanted = classes.shape[1] - config.receptive_field + 1
    total: Tensor | float = 0.0
    for layer, dilation in enumerate(config.dilations):
        taps = model.dilated[layer].view(config.kernel_size, config.residual_channels, -1)
        sums = functional.conv1d(hidden, taps.permute(2, 1, 0), model.dilated_bias[layer], dilation=dilation)
        gate = torch.tanh(sums[:, : config.dilation_channels]) * torch.sigmoid(
            sums[:, config.dilation_channels :]
        )
        total = total + functional.conv1d(gate, model.skip[layer].T[:, :, None])[:, :, -wanted:]
        if layer < len(config.dilations) - 1:
            out = functional.conv1d(gate, model.residual[layer].T[:, :, None], model.residual_bias[layer])
            hidden = hidden[:, :, -out.shape[2] :] + out
    total = functional.relu(total + model.skip_bias[:, None])
    out = functional.relu(functional.conv1d(total, model.end1.T[:, :, None], model.end1_bias))
    return functional.conv1d(out, model.end2.T[:, :, None], model.end2_bias).transpose(1, 2)


@pytest.mark.parametrize("config", [ODD, WHOLE, SIZES["tiny"]])
def test_the_network_is_the_published_one(config: WaveNetConfig) -> None:
    model, classes = model_of(config).double(), classes_of(config, 2, 9)
    torch.testing.assert_close(model(classes), by_conv1d(model, classes), rtol=1e-12, atol=1e-12)


def test_a_prediction_depends_exactly_on_its_receptive_field() -> None:
    model = model_of(ODD).double()
    reach = ODD.receptive_field
    soft = functional.one_hot(classes_of(ODD, 1, 12), ODD.classes).double().requires_grad_()
    logits = model(soft)
    assert logits.shape == (1, 13, ODD.classes)
    for position in (0, 5, 12):
        (gradient,) = torch.autograd.grad(logits[0, position].square().sum(), soft, retain_graph=True)
        touched = gradient[0].abs().sum(1)
        assert (touched[:position] == 0).all(), "it depends on samples before its receptive field"
        assert (touched[position + reach :] == 0).all(), "it depends on the future"
        assert touched[position] > 0 and touched[position + reach - 1] > 0, (
            "it does not depend on its whole receptive field"
        )


def test_a_soft_one_hot_input_equals_the_classes() -> None:
    model, classes = model_of(ODD).double(), classes_of(ODD, 2, 3)
    soft = functional.one_hot(classes, ODD.classes).double()
    torch.testing.assert_close(model(soft), model(classes), rtol=1e-12, atol=1e-12)


def test_nan_is_propagated() -> None:
    model = model_of(WHOLE)
    with torch.no_grad():
        model.dilated[0, 0, 0] = torch.nan
    assert model(classes_of(WHOLE, 1, 3)).isnan().all()


@pytest.mark.parametrize("config", [ODD, WHOLE])
def test_every_parameter_gets_a_gradient(config: WaveNetConfig) -> None:
    model = model_of(config)
    classes = torch.arange(config.classes).repeat(2)[None, : config.receptive_field + 2 * config.classes]
    classes = torch.cat([classes] * (1 + config.receptive_field // config.classes), 1)
    model(classes).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("name", ["tiny", "small"])
def test_multiply_adds_are_what_a_counter_counts(name: str) -> None:
    config = SIZES[name]
    model, counts = WaveNet(config).double(), []
    for extra in (10, 11):
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model(classes_of(config, 1, extra))
        counts.append(counter.get_total_flops())
    assert counts[1] - counts[0] == 2 * config.multiply_adds


def test_a_seed_fixes_the_weights() -> None:
    first, again, other = model_of(ODD, 1), model_of(ODD, 1), model_of(ODD, 2)
    assert torch.equal(first.dilated, again.dilated)
    assert not torch.equal(first.dilated, other.dilated)


def test_too_short_an_input_is_refused() -> None:
    model = model_of(ODD)
    with pytest.raises(PartitaError, match=f"receptive field, {ODD.receptive_field}"):
        model(torch.zeros(1, ODD.receptive_field - 1, dtype=torch.int64))
