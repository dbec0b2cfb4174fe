"""A WaveNet with a condition: the same wherever a window begins, local, equal in compiled and plain code."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from partita.audio.features.layout import HOLD, FrameLayout
from partita.device import thread_limit
from partita.errors import PartitaError
from partita.models.conditioning.conditioner import MARGIN
from partita.models.conditioning.conditions import Conditions, block_weights
from partita.models.sizes import SIZES, WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.ops.gated_stack.autograd import compiled_stack
from partita.ops.gated_stack.blocks import BlockBias
from partita.ops.gated_stack.reference import reference_stack
from partita.ops.llvm.bfloat16 import has_bfloat16_products

LAYOUT = FrameLayout(hop_length=32, bands=3, labels=("digit=1", "digit=2"))
CONFIG = replace(SIZES["tiny"], condition=LAYOUT, condition_channels=16)
SAMPLES = SIZES["tiny"].receptive_field + 100


def model_of(config: WaveNetConfig = CONFIG) -> WaveNet:
    return WaveNet(config, generator=torch.Generator().manual_seed(0))


def inputs(batch: int = 2, samples: int = SAMPLES) -> tuple[Tensor, Conditions]:
    generator = torch.Generator().manual_seed(1)
    classes = torch.randint(0, 256, (batch, samples), generator=generator)
    frames = torch.randn(
        batch, 3 * MARGIN + samples // LAYOUT.hop_length, LAYOUT.columns, generator=generator
    )
    return classes, Conditions(frames, torch.tensor([64, 85, 70])[:batch])


def test_a_network_with_a_condition_needs_one() -> None:
    classes, _ = inputs()
    with pytest.raises(PartitaError, match="give the frames"):
        model_of()(classes)


def test_a_network_without_a_condition_ignores_it() -> None:
    classes, conditions = inputs()
    model = model_of(SIZES["tiny"])
    assert torch.equal(model(classes), model(classes, conditions))


@pytest.mark.parametrize("skipped", [1, 5, HOLD, 50])
def test_a_prediction_does_not_depend_on_where_the_window_begins(skipped: int) -> None:
    classes, conditions = inputs()
    whole = model_of()(classes, conditions)
    part = model_of()(classes[:, skipped:], conditions.shifted(skipped))
    torch.testing.assert_close(part, whole[:, skipped:], rtol=0, atol=1e-6)


def test_a_frame_matters_to_the_samples_near_it_alone() -> None:
    classes, conditions = inputs(batch=1)
    frames = conditions.frames.clone().requires_grad_()
    logits = model_of()(classes, Conditions(frames, conditions.start))
    (gradient,) = torch.autograd.grad(logits[0, -1].square().sum(), frames)
    reach = gradient[0].abs().sum(1).nonzero().flatten()
    last = (int(conditions.start) + SAMPLES) / LAYOUT.hop_length  # the predicted sample, in frames
    first = last - SIZES["tiny"].receptive_field / LAYOUT.hop_length
    assert first - MARGIN - 2 <= int(reach.min()) and int(reach.max()) <= last + MARGIN + 1
    assert int(reach.max()) >= last


def test_every_column_and_every_weight_of_the_conditioner_matters() -> None:
    classes, conditions = inputs()
    model, frames = model_of(), conditions.frames.clone().requires_grad_()
    # a pitch inside the range of the bins, with a periodicity
    moved = torch.cat([frames[..., :3], 60 + frames[..., 3:4], frames[..., 4:]], -1)
    model(classes, Conditions(moved, conditions.start)).square().sum().backward()
    assert frames.grad is not None and bool((frames.grad.abs().sum((0, 1)) > 0).all())
    assert model.conditioner is not None
    for name, weight in model.conditioner.named_parameters():
        assert weight.grad is not None and bool(weight.grad.abs().sum() > 0), name


def test_blocks_are_interpolated_at_their_centres() -> None:
    weights = block_weights(torch.tensor([40]), blocks=3, frames=5, hop_length=64)
    centres = torch.tensor([32 + 7.5, 48 + 7.5, 64 + 7.5])
    assert torch.equal(weights[0] @ (64.0 * torch.arange(5)), centres)
    ends = block_weights(torch.tensor([0, 10_000]), blocks=1, frames=5, hop_length=64)
    assert ends[1, 0].tolist() == [0, 0, 0, 0, 1]
    assert torch.equal(ends.sum(2), torch.ones(2, 1))


@pytest.mark.parametrize(("batch", "threads"), [(1, 1), (1, 2), (2, 2), (3, 2)])
@pytest.mark.parametrize("narrow", [False, True])
def test_the_compiled_loops_equal_plain_tensors(narrow: bool, batch: int, threads: int) -> None:
    if narrow and not has_bfloat16_products():
        pytest.skip("the processor has no products of bfloat16 pairs")
    model, generator = model_of(), torch.Generator().manual_seed(2)
    hidden = torch.randn(batch, SAMPLES, CONFIG.residual_channels, generator=generator)
    columns = model.dilated_bias.numel() + 5  # the skip channels follow, which the stack does not read
    values = torch.randn(batch, SAMPLES // HOLD + 2, columns, generator=generator)
    phase = torch.tensor([3, 0, 15])[:batch]
    leaves = [hidden, model.dilated.detach(), values, model.residual.detach(), model.residual_bias.detach()]
    ours = [leaf.clone().requires_grad_() for leaf in leaves]
    exact = [leaf.double().requires_grad_() for leaf in leaves]
    bias, exact_bias = BlockBias(ours[2], phase, HOLD), BlockBias(exact[2], phase, HOLD)
    with thread_limit(threads):
        fused = compiled_stack(ours[0], ours[1], bias, ours[3], ours[4], CONFIG.dilations, bfloat16=narrow)
        weight = torch.randn(fused.shape, generator=generator).to(fused.dtype)
        got = torch.autograd.grad((fused * weight).sum(), ours)
    plain = reference_stack(exact[0], exact[1], exact_bias, exact[3], exact[4], CONFIG.dilations)
    wanted = torch.autograd.grad((plain * weight.double()).sum(), exact)
    for found, right in zip((fused, *got), (plain, *wanted), strict=True):
        assert (found - right).norm() <= (0.03 if narrow else 1e-5) * right.norm()
