"""A network that is given the pitch can read the samples about one period earlier, and no others."""

import dataclasses

import pytest
import torch

from partita.audio.features.layout import FrameLayout
from partita.errors import PartitaError
from partita.models.conditioning.conditions import Conditions
from partita.models.conditioning.period import nearest_frames, period_before, periods_of
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet

LAYOUT = FrameLayout(hop_length=32, bands=3, sample_rate=6000)
SHAPE = WaveNetConfig(
    blocks=1,
    layers=3,
    residual_channels=8,
    dilation_channels=8,
    skip_channels=16,
    end_channels=16,
    classes=12,
    condition=LAYOUT,
    period_taps=3,
)
LAYERS = 8
"""Samples that the layers alone see."""


def model_of(config: WaveNetConfig = SHAPE) -> WaveNet:
    model = WaveNet(config, generator=torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        model.end2.mul_(30.0)
    return model


def frames_of(pitch: float, periodicity: float, samples: int) -> Conditions:
    """Return a steady pitch."""
    frames = torch.zeros(1, samples // LAYOUT.hop_length + 2, 5, dtype=torch.float64)
    frames[..., 3], frames[..., 4] = pitch, periodicity
    return Conditions(frames, torch.zeros(1, dtype=torch.long))


def read_samples(model: WaveNet, conditions: Conditions, samples: int) -> list[int]:
    """Return the inputs that the last prediction depends on, counted back from the newest."""
    classes = torch.randint(12, (1, samples), generator=torch.Generator().manual_seed(1))
    soft = torch.nn.functional.one_hot(classes, 12).double().requires_grad_(True)
    (gradient,) = torch.autograd.grad(model(soft, conditions)[0, -1].square().sum(), soft)
    return [samples - 1 - int(place) for place in gradient[0].abs().sum(1).nonzero()[:, 0]][::-1]


def test_the_receptive_field_has_the_taps_one_period_earlier_and_nothing_else() -> None:
    model, samples = model_of(), 200
    assert model.receptive_field == LAYERS + 100 + 3 // 2 - 1
    pitch = 69 + 12 * torch.log2(torch.tensor(6000 / 40 / 440)).item()  # a period of 40 samples
    # the layers see the newest 8 inputs; each has read the 3 samples about 40 before the one that follows it
    around = set(range(LAYERS)) | {back + 39 + k for back in range(LAYERS) for k in (-1, 0, 1)}
    assert read_samples(model, frames_of(pitch, 0.7, samples), samples) == sorted(around)


def test_without_a_period_the_past_alone_is_read() -> None:
    assert read_samples(model_of(), frames_of(60.0, 0.0, 200), 200) == list(range(LAYERS))
    plain = model_of(dataclasses.replace(SHAPE, period_taps=0))
    assert plain.periodic is None
    assert read_samples(plain, frames_of(60.0, 1.0, 200), 200) == list(range(LAYERS))


def test_the_oldest_sample_that_can_be_read_is_inside_the_receptive_field() -> None:
    model = model_of()
    lowest = 69 + 12 * torch.log2(torch.tensor(60 / 440)).item()
    found = read_samples(model, frames_of(lowest, 1.0, 200), model.receptive_field)
    assert found[-1] == model.receptive_field - 1


def test_classes_and_one_hot_vectors_are_the_same() -> None:
    model, conditions = model_of(), frames_of(62.3, 0.5, 150)
    classes = torch.randint(12, (1, 150), generator=torch.Generator().manual_seed(2))
    soft = torch.nn.functional.one_hot(classes, 12).double()
    torch.testing.assert_close(model(classes, conditions), model(soft, conditions))


def test_the_period_is_that_of_the_nearest_frame() -> None:
    frames = torch.zeros(1, 4, 5)
    frames[0, :, 3], frames[0, :, 4] = (
        torch.tensor([60.0, 62.0, 64.0, 65.0]),
        torch.tensor([0.1, 0.2, 0.3, 0.4]),
    )
    found, share = period_before(Conditions(frames, torch.tensor([7])), LAYOUT, samples=90, taps=3)
    blocks = (7 + torch.arange(90)) // 16
    expected = nearest_frames(blocks, 32)
    assert expected[[0, 8, 9, 40, 41]].tolist() == [0, 0, 1, 1, 2]
    known = periods_of(frames[0, expected, 3], frames[0, expected, 4], LAYOUT, taps=3)
    assert torch.equal(found[0], known[0])
    assert torch.equal(share[0], known[1])


@pytest.mark.parametrize("taps", [1, 2, 5, 31])
def test_short_periods_are_multiplied_and_long_ones_are_not_read(taps: int) -> None:
    pitch = torch.linspace(0.0, 127.0, 500)
    layout = dataclasses.replace(LAYOUT, sample_rate=16000)
    period, share = periods_of(pitch, torch.ones(500), layout, taps=taps)
    exact = 16000 / 440 * 2 ** ((69 - pitch.double()) / 12)
    assert int(period.min()) >= taps // 2 + 2
    assert torch.equal(share == 0.0, exact.round() > layout.longest_period)
    multiples = (period / exact)[share > 0]
    assert (((multiples - multiples.round()) * exact[share > 0]).abs() <= 0.5).all()


def test_taps_that_no_period_can_hold_are_refused() -> None:
    slow = dataclasses.replace(LAYOUT, sample_rate=1000)
    with pytest.raises(PartitaError, match="more than fit into the longest period, 16 samples at 1000 Hz"):
        dataclasses.replace(SHAPE, condition=slow, period_taps=31)


def test_taps_need_a_pitch() -> None:
    for layout in (None, FrameLayout(hop_length=32, bands=3), FrameLayout(hop_length=32, notes=True)):
        with pytest.raises(PartitaError, match="`period_taps` is 3, but the network has no pitch"):
            dataclasses.replace(SHAPE, condition=layout)
