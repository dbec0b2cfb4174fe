"""WaveNet: its receptive field, its numbers, and that the compiled loops compute the same."""

import dataclasses
import os
import subprocess
import sys

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from partita.errors import PartitaError
from partita.models.sizes import SIZES, WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.ops.gated_stack.autograd import compiled_stack
from partita.ops.gated_stack.dispatch import fits_compiled_stack
from partita.ops.gated_stack.reference import reference_stack
from partita.ops.llvm.bfloat16 import has_bfloat16_products

ODD = WaveNetConfig(
    blocks=2,
    layers=3,
    kernel_size=3,
    residual_channels=5,
    dilation_channels=7,
    skip_channels=6,
    end_channels=9,
    classes=11,
)
WHOLE = WaveNetConfig(
    blocks=2,
    layers=4,
    kernel_size=3,
    residual_channels=48,
    dilation_channels=16,
    skip_channels=8,
    end_channels=8,
)
ONE_LAYER = WaveNetConfig(
    blocks=1, layers=1, residual_channels=16, dilation_channels=16, skip_channels=8, end_channels=8
)

pairs = pytest.mark.skipif(
    not has_bfloat16_products(), reason="the processor has no products of bfloat16 pairs"
)


def model_of(config: WaveNetConfig, seed: int = 0) -> WaveNet:
    model = WaveNet(config, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0.0, 0.2, generator=torch.Generator().manual_seed(seed + 1))
    return model


def classes_of(config: WaveNetConfig, batch: int, extra: int, seed: int = 3) -> Tensor:
    shape = (batch, config.receptive_field + extra)
    return torch.randint(0, config.classes, shape, generator=torch.Generator().manual_seed(seed))


def by_conv1d(model: WaveNet, classes: Tensor) -> Tensor:
    """Compute the logits with PyTorch's convolutions, channels first, independently of the model's code."""
    config = model.config
    hidden = functional.one_hot(classes, config.classes).to(model.embedding.dtype).transpose(1, 2)
    hidden = functional.conv1d(hidden, model.embedding.T[:, :, None])
    wanted = classes.shape[1] - config.receptive_field + 1
    total: Tensor | float = 0.0
    for layer, dilation in enumerate(config.dilations):
        taps = model.dilated[layer].unflatten(0, (config.kernel_size, config.residual_channels))
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


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("config", [SIZES["tiny"], SIZES["small"], WHOLE])
def test_the_compiled_loops_equal_plain_tensors(config: WaveNetConfig, batch: int, threads: int) -> None:
    model, before = model_of(config), torch.get_num_threads()
    hidden = model.embed(classes_of(config, batch, 200)).detach().requires_grad_()
    leaves = [hidden, model.dilated, model.dilated_bias, model.residual, model.residual_bias]
    torch.set_num_threads(threads)
    try:
        fused = compiled_stack(*leaves, config.dilations, bfloat16=False)
        weight = torch.randn(fused.shape, generator=torch.Generator().manual_seed(5))
        got = torch.autograd.grad((fused * weight).sum(), leaves)
    finally:
        torch.set_num_threads(before)
    exact = [leaf.detach().double().requires_grad_() for leaf in leaves]
    plain = reference_stack(*exact, config.dilations)
    wanted = torch.autograd.grad((plain * weight).sum(), exact)
    torch.testing.assert_close(fused.double(), plain, rtol=0, atol=3e-5)
    for ours, theirs in zip(got, wanted, strict=True):
        assert (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max()


def test_the_compiled_loops_report_which_shapes_and_types_they_support() -> None:
    whole, odd = model_of(WHOLE), model_of(ODD)
    assert fits_compiled_stack(whole.embedding[None], whole.dilated)
    assert not fits_compiled_stack(odd.embedding[None], odd.dilated)
    assert not fits_compiled_stack(whole.embedding[None].double(), whole.dilated.double())
    with torch.autocast("cpu", torch.bfloat16):
        assert fits_compiled_stack(whole.embedding[None], whole.dilated) == has_bfloat16_products()
    with torch.autocast("cpu", torch.float16):
        assert not fits_compiled_stack(whole.embedding[None], whole.dilated)


@pairs
@pytest.mark.parametrize(("batch", "threads"), [(1, 1), (1, 2), (3, 2), (2, 2)])
@pytest.mark.parametrize("config", [SIZES["tiny"], SIZES["small"], WHOLE])
def test_the_loops_in_bfloat16_are_as_accurate_as_autocast(
    config: WaveNetConfig, batch: int, threads: int
) -> None:
    model, before = model_of(config), torch.get_num_threads()
    hidden = model.embed(classes_of(config, batch, 201)).detach().requires_grad_()
    leaves = [hidden, model.dilated, model.dilated_bias, model.residual, model.residual_bias]
    torch.set_num_threads(threads)
    try:
        fused = compiled_stack(*leaves, config.dilations, bfloat16=True)
        weight = torch.randn(fused.shape, generator=torch.Generator().manual_seed(5)).bfloat16()
        got = torch.autograd.grad((fused * weight).sum(), leaves)
    finally:
        torch.set_num_threads(before)
    exact = [leaf.detach().double().requires_grad_() for leaf in leaves]
    plain = reference_stack(*exact, config.dilations)
    wanted = torch.autograd.grad((plain * weight.double()).sum(), exact)
    with torch.autocast("cpu", torch.bfloat16):
        usual = reference_stack(*leaves, config.dilations)
    theirs = torch.autograd.grad((usual * weight).sum(), leaves)
    assert fused.dtype == torch.bfloat16
    assert distance(fused, plain) <= 1.1 * distance(usual, plain) < 0.02
    errors = [distance(ours, right) for ours, right in zip(got, wanted, strict=True)]
    assert max(errors) < 0.03
    assert sum(errors) <= 1.2 * sum(
        distance(usual, right) for usual, right in zip(theirs, wanted, strict=True)
    )


def distance(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Return the relative error: the norm of the difference over the norm."""
    return ((found.double() - exact).norm() / exact.norm()).item()


@pytest.mark.parametrize("narrow", [False, pytest.param(True, marks=pairs)])
@pytest.mark.parametrize(
    "config", [ONE_LAYER, dataclasses.replace(WHOLE, residual_channels=16, dilation_channels=48)]
)
def test_the_loops_accept_tensors_of_any_layout(config: WaveNetConfig, narrow: bool) -> None:
    # regression: one layer has no residual weights; strides were taken for those of contiguous tensors
    model = model_of(config)
    hidden = model.embed(classes_of(config, 2, 30)).detach()
    leaves = [model.dilated, model.dilated_bias, model.residual, model.residual_bias]
    spread = torch.cat([hidden, hidden + 100], 2)[:, :, : hidden.shape[2]].requires_grad_()
    packed = hidden.clone().requires_grad_()
    results = []
    for first in (spread, packed):
        gates = compiled_stack(first, *leaves, config.dilations, bfloat16=narrow)
        one = torch.ones((), dtype=gates.dtype).expand(gates.shape)
        gates.backward(one if first is spread else one.contiguous())
        results.append((gates, first.grad))
    assert torch.equal(results[0][0], results[1][0]) and torch.equal(results[0][1], results[1][1])


@pytest.mark.parametrize("narrow", [False, pytest.param(True, marks=pairs)])
def test_the_forward_pass_is_the_same_without_gradients(narrow: bool) -> None:
    model = model_of(SIZES["tiny"])
    hidden = model.embed(classes_of(SIZES["tiny"], 3, 50))
    leaves = (hidden, model.dilated, model.dilated_bias, model.residual, model.residual_bias)
    with_way = compiled_stack(*leaves, SIZES["tiny"].dilations, bfloat16=narrow)
    with torch.no_grad():
        without = compiled_stack(*leaves, SIZES["tiny"].dilations, bfloat16=narrow)
    assert with_way.requires_grad and not without.requires_grad
    assert torch.equal(with_way, without)


def test_nan_is_propagated() -> None:
    model = model_of(WHOLE)
    with torch.no_grad():
        model.dilated[0, 0, 0] = torch.nan
    assert model(classes_of(WHOLE, 1, 3)).isnan().all()


@pytest.mark.parametrize("narrow", ["0", pytest.param("1", marks=pairs)])
def test_threads_do_not_share_work_arrays(narrow: str) -> None:
    # regression: the loops worked in arrays that Numba had freed, which a heap for all threads gave to others
    code = """
import sys, torch
from partita.models.sizes import SIZES, WaveNetConfig
from partita.ops.gated_stack.autograd import compiled_stack
from partita.models.wavenet import WaveNet
config = WaveNetConfig(blocks=1, layers=5, residual_channels=128, dilation_channels=128, skip_channels=4,
                       end_channels=4)
model = WaveNet(config, generator=torch.Generator().manual_seed(0))
hidden = model.embed(torch.arange(1200)[None] % 256)
leaves = (hidden, model.dilated, model.dilated_bias, model.residual, model.residual_bias)
found = []
for threads in (1, 2, 2, 2):
    torch.set_num_threads(threads)
    gates = compiled_stack(*leaves, config.dilations, bfloat16=sys.argv[1] == "1")
    found.append([gates, *torch.autograd.grad(gates.float().square().sum(), leaves[1:], retain_graph=False)])
    hidden = model.embed(torch.arange(1200)[None] % 256)
    leaves = (hidden, *leaves[1:])
for other in found[1:]:
    assert torch.equal(other[0], found[0][0])
    for one, two in zip(other[1:], found[0][1:]):
        torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-3 * float(two.abs().max()))
"""
    for arenas in ("1", "8"):
        environment = {**os.environ, "MALLOC_ARENA_MAX": arenas, "MALLOC_PERTURB_": "165"}
        subprocess.run([sys.executable, "-c", code, narrow], check=True, env=environment)


@pairs  # where there are none, autocast is PyTorch's own
def test_the_network_uses_the_loops_under_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    model, classes = model_of(WHOLE), classes_of(WHOLE, 1, 40)
    with torch.autocast("cpu", torch.bfloat16), monkeypatch.context() as patched:
        patched.setattr("partita.ops.gated_stack.dispatch.reference_stack", None)
        narrow = model(classes)
    torch.testing.assert_close(narrow.float(), model(classes), rtol=0, atol=0.05)
    narrow.float().square().sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_a_second_backward_pass_is_refused() -> None:
    model = model_of(WHOLE)
    loss = model(classes_of(WHOLE, 1, 4)).sum()
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="can run once"):
        loss.backward()


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
