"""Rounded weights: the error, idempotence, and what is not rounded."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from partita.errors import PartitaError
from partita.models.sizes import SIZES
from partita.models.wavenet import WaveNet
from partita.sampling.cpu.packing import pack
from partita.sampling.precision import MATRICES, PRECISIONS, bytes_per_weight, rounded, scales

NUMBERS = st.floats(-100, 100, width=32).map(lambda number: number if abs(number) > 1e-20 else 0.0)
WEIGHTS = arrays(np.float64, (2, 8, 5), elements=NUMBERS)


@pytest.fixture(scope="module")
def model() -> WaveNet:
    return WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))


@given(WEIGHTS)
@settings(max_examples=200, deadline=None)
def test_int8_scales_are_the_smallest_suitable_powers_of_two(weights: np.ndarray) -> None:
    steps = scales(weights)
    assert (np.log2(steps) == np.rint(np.log2(steps))).all()
    largest = np.abs(weights).max(-2, keepdims=True)
    assert (largest <= 127 * steps).all()
    assert (largest[largest > 0] > 63.5 * steps[largest > 0]).all()
    whole = np.rint(weights / steps) * steps
    assert (np.abs(whole - weights) <= steps / 2).all()
    assert (scales(whole)[largest > 0] == steps[largest > 0]).all()


def test_the_inverse_of_a_scale_is_a_float32() -> None:
    assert np.isfinite(1.0 / scales(np.full((1, 1), 1e-45)).astype(np.float32)).all()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_rounding_is_idempotent(model: WaveNet, precision: str) -> None:
    once = rounded(model, precision)
    twice = rounded(once, precision)
    for name, value in once.named_parameters():
        assert torch.equal(value, twice.get_parameter(name))
        changed = not torch.equal(value, model.get_parameter(name))
        assert changed == (precision != "float32" and name in MATRICES)


def test_bounds_of_the_rounding_error(model: WaveNet) -> None:
    for precision, share in (("bfloat16", 2.0**-8), ("int8", 1 / 127)):
        twin = rounded(model, precision)
        for name in MATRICES:
            value = model.get_parameter(name)
            error = (twin.get_parameter(name) - value).abs()
            if bytes_per_weight(precision, name) == 2:
                assert (error <= 2.0**-8 * value.abs()).all()
            else:
                largest = value.flatten(0, -2).abs().amax(0) if name == "skip" else value.abs().amax(-2, True)
                assert (error <= share * largest).all()


def test_bfloat16_is_pytorchs(model: WaveNet) -> None:
    assert torch.equal(rounded(model, "bfloat16").skip, model.skip.bfloat16().float())


def test_the_model_itself_is_not_changed(model: WaveNet) -> None:
    before = model.skip.clone()
    rounded(model, "int8")
    assert torch.equal(model.skip, before)


def test_one_clip_reads_fewer_bytes(model: WaveNet) -> None:
    sizes = [pack(model, 1, precision).weights.nbytes for precision in PRECISIONS]
    whole = 4 * model.config.multiply_adds
    assert sizes[0] - sizes[1] == pytest.approx(whole / 2, rel=0.05)
    assert sizes[2] < sizes[1]
    assert pack(model, 2, "int8").weights.nbytes == sizes[0]


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(PartitaError, match="choose one of float32, bfloat16, int8"):
        bytes_per_weight("float16", "skip")
