"""The compiled loops of WaveNet compute what plain tensors compute, in float32 and in bfloat16."""

import dataclasses
import os
import subprocess
import sys

import pytest
import torch
from networks import ODD, WHOLE, classes_of, model_of
from torch import Tensor

from partita.device import thread_limit
from partita.models.sizes import SIZES, WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.ops.gated_stack.autograd import compiled_stack
from partita.ops.gated_stack.dispatch import fits_compiled_stack
from partita.ops.gated_stack.reference import reference_stack
from partita.ops.llvm.bfloat16 import has_bfloat16_products

ONE_LAYER = WaveNetConfig(
    blocks=1, layers=1, residual_channels=16, dilation_channels=16, skip_channels=8, end_channels=8
)


Leaves = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


pairs = pytest.mark.skipif(
    not has_bfloat16_products(), reason="the processor has no products of bfloat16 pairs"
)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("config", [SIZES["tiny"], SIZES["small"], WHOLE])
def test_the_compiled_loops_equal_plain_tensors(config: WaveNetConfig, batch: int, threads: int) -> None:
    model = model_of(config)
    hidden = model.embed(classes_of(config, batch, 200)).detach().requires_grad_()
    leaves = leaves_of(model, hidden)
    with thread_limit(threads):
        fused = compiled_stack(*leaves, config.dilations, bfloat16=False)
        weight = torch.randn(fused.shape, generator=torch.Generator().manual_seed(5))
        got = torch.autograd.grad((fused * weight).sum(), leaves)
    exact = exact_leaves(leaves)
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
    model = model_of(config)
    hidden = model.embed(classes_of(config, batch, 201)).detach().requires_grad_()
    leaves = leaves_of(model, hidden)
    with thread_limit(threads):
        fused = compiled_stack(*leaves, config.dilations, bfloat16=True)
        weight = torch.randn(fused.shape, generator=torch.Generator().manual_seed(5)).bfloat16()
        got = torch.autograd.grad((fused * weight).sum(), leaves)
    exact = exact_leaves(leaves)
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


def leaves_of(model: WaveNet, hidden: Tensor) -> Leaves:
    """Return the tensors that the gated stack reads: its input and the weights of the model."""
    return hidden, model.dilated, model.dilated_bias, model.residual, model.residual_bias


def exact_leaves(leaves: Leaves) -> Leaves:
    """Return the tensors in float64, as leaves of their own."""
    hidden, *weights = (leaf.detach().double().requires_grad_() for leaf in leaves)
    return hidden, weights[0], weights[1], weights[2], weights[3]


def distance(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Return the relative error: the norm of the difference over the norm."""
    return float(((found.double() - exact).norm() / exact.norm()).item())


@pytest.mark.parametrize("narrow", [False, pytest.param(True, marks=pairs)])
@pytest.mark.parametrize(
    "config", [ONE_LAYER, dataclasses.replace(WHOLE, residual_channels=16, dilation_channels=48)]
)
def test_the_loops_accept_tensors_of_any_layout(config: WaveNetConfig, narrow: bool) -> None:
    # regression: one layer has no residual weights; strides were taken for those of contiguous tensors
    model = model_of(config)
    hidden = model.embed(classes_of(config, 2, 30)).detach()
    spread = torch.cat([hidden, hidden + 100], 2)[:, :, : hidden.shape[2]].requires_grad_()
    packed = hidden.clone().requires_grad_()
    results = []
    for first in (spread, packed):
        gates = compiled_stack(*leaves_of(model, first), config.dilations, bfloat16=narrow)
        one = torch.ones((), dtype=gates.dtype).expand(gates.shape)
        torch.autograd.backward(gates, one if first is spread else one.contiguous())
        assert first.grad is not None
        results.append((gates, first.grad))
    assert torch.equal(results[0][0], results[1][0]) and torch.equal(results[0][1], results[1][1])


@pytest.mark.parametrize("narrow", [False, pytest.param(True, marks=pairs)])
def test_the_forward_pass_is_the_same_without_gradients(narrow: bool) -> None:
    model = model_of(SIZES["tiny"])
    hidden = model.embed(classes_of(SIZES["tiny"], 3, 50))
    leaves = leaves_of(model, hidden)
    with_way = compiled_stack(*leaves, SIZES["tiny"].dilations, bfloat16=narrow)
    with torch.no_grad():
        without = compiled_stack(*leaves, SIZES["tiny"].dilations, bfloat16=narrow)
    assert with_way.requires_grad and not without.requires_grad
    assert torch.equal(with_way, without)


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
