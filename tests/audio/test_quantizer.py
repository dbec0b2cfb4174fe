"""Waveform values to classes and back."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.audio.quantizer import Quantizer
from partita.errors import PartitaError

KINDS = ("mu-law", "linear")


def test_mu_law_by_hand() -> None:
    # f(0.1) = ln(1 + 25.5) / ln(256) = 3.2771 / 5.5452 = 0.59099; (1.59099) / 2 * 255 + 0.5 = 203.35 -> 203
    # f(-0.001) = -ln(1.255) / ln(256) = -0.040961; 0.959039 / 2 * 255 + 0.5 = 122.78 -> 122
    assert Quantizer().encode(np.array([0.1, -0.001])).tolist() == [203, 122]
    # class 203: y = 2 * 203 / 255 - 1 = 0.592157; (256^0.592157 - 1) / 255 = (26.672 - 1) / 255 = 0.10067
    assert Quantizer().decode(np.array([203]))[0] == pytest.approx(0.10067, abs=2e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("classes", [2, 3, 16, 255, 256, 257, 1024])
def test_every_class_comes_back_and_the_table_is_odd_and_increasing(kind: str, classes: int) -> None:
    quantizer = Quantizer(kind=kind, classes=classes)
    every = np.arange(classes)
    assert np.array_equal(quantizer.encode(quantizer.decode(every)), every)
    assert np.all(np.diff(quantizer.table) > 0)
    assert np.allclose(quantizer.table, -quantizer.table[::-1], atol=1e-7)
    assert quantizer.encode(np.zeros(1)).dtype == (np.uint8 if classes <= 256 else np.uint16)


@given(st.lists(st.floats(-2, 2), min_size=1), st.sampled_from(KINDS), st.integers(2, 300))
def test_encode_takes_the_nearest_level_in_the_companded_domain(
    values: list[float], kind: str, classes: int
) -> None:
    x = np.clip(values, -1, 1)
    mu = classes - 1

    def compand(v: np.ndarray) -> np.ndarray:
        return np.sign(v) * np.log1p(mu * np.abs(v)) / np.log1p(mu) if kind == "mu-law" else v

    levels = np.linspace(-1, 1, classes)
    chosen = levels[Quantizer(kind=kind, classes=classes).encode(np.array(values))]
    nearest = np.abs(levels[None, :] - compand(x)[:, None]).min(axis=1)
    assert np.abs(chosen - compand(x)) == pytest.approx(nearest, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_of_16_bit_samples_agrees_with_encode(kind: str) -> None:
    quantizer = Quantizer(kind=kind)
    samples = np.arange(-32768, 32768).astype(np.int16)
    assert np.array_equal(quantizer.encode_int16(samples), quantizer.encode(samples / 32767))


def test_silence_decodes_to_almost_nothing() -> None:
    assert abs(Quantizer().table[Quantizer().zero_class]) < 1e-4


@pytest.mark.parametrize("bad", [{"kind": "a-law"}, {"classes": 1}, {"classes": 70000}])
def test_refuses(bad: dict[str, Any]) -> None:
    with pytest.raises(PartitaError, match=next(iter(bad))):
        Quantizer(**bad)


def test_refuses_what_is_not_finite() -> None:
    with pytest.raises(PartitaError, match="finite"):
        Quantizer().encode(np.array([np.nan]))


def test_65535_linear_classes_are_16_bit_sound() -> None:
    # 65,536 are not: no sample has the class beside that of silence
    fine = Quantizer(kind="linear", classes=65535)
    samples = np.arange(-32767, 32768).astype(np.int16)
    classes = fine.encode_int16(samples)
    assert np.array_equal(classes, np.arange(65535))
    assert np.array_equal(np.rint(fine.decode(classes).astype(np.float64) * 32767), samples)
    assert fine.decode(np.array([fine.zero_class]))[0] == 0.0
    assert len(np.unique(Quantizer(kind="linear", classes=65536).encode_int16(samples))) == 65535
