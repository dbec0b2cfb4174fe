"""The frame tier's network: what it depends on, its bound in bits, and its random streams."""

import math

import pytest
import torch
from frames import GIVEN, PLAIN, frame_model, frames_of

from partita.audio.features.layout import FrameLayout
from partita.errors import PartitaError
from partita.models.frame_tier.config import FrameModelConfig
from partita.models.frame_tier.given import GivenChannels
from partita.models.frame_tier.model import STARTS, FrameModel


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recurrent_channels", 0),
        ("recurrent_layers", 9),
        ("mixtures", 0),
        ("dropout", 1.0),
        ("note_lookahead", -1),
    ],
)
def test_invalid_shapes_are_refused(field: str, value: float) -> None:
    with pytest.raises(PartitaError, match=f"`{field}` is"):
        FrameModelConfig(layout=PLAIN, **{field: value})  # type: ignore[arg-type]
    with pytest.raises(PartitaError, match=r"`layout\.bands` is 0"):
        FrameModelConfig(layout=FrameLayout(hop_length=160, notes=True))


def test_a_frame_depends_on_its_past_alone() -> None:
    model, frames = frame_model().double(), frames_of(PLAIN, 1, 9).double().requires_grad_()
    nats = model.frame_nats(frames)
    assert nats.shape == (1, 8)
    for t in (0, 4, 7):
        (gradient,) = torch.autograd.grad(nats[0, t], frames, retain_graph=True)
        touched = gradient[0].abs().sum(1)
        assert (touched[: t + 2] > 0).all() and (touched[t + 2 :] == 0).all()


def test_a_frame_depends_on_notes_within_the_lookahead_and_on_its_own_labels() -> None:
    model, frames = frame_model(GIVEN).double(), frames_of(GIVEN, 1, 12).double().requires_grad_()
    (gradient,) = torch.autograd.grad(model.frame_nats(frames)[0, 3], frames)
    notes = gradient[0, :, GIVEN.feature_columns : -2].abs().sum(1)
    labels = gradient[0, :, -2:].abs().sum(1)
    features = gradient[0, :, : GIVEN.feature_columns].abs().sum(1)
    assert (notes[1:8] > 0).all() and (notes[8:] == 0).all(), "frame 4 sees the notes of frames 4 to 7"
    assert (labels[1:5] > 0).all() and (labels[5:] == 0).all()
    assert (features[:5] > 0).all() and (features[5:] == 0).all()
    assert notes[0] == 0 and labels[0] == 0, "what the first frame was given only explains that frame"


def test_every_parameter_gets_a_gradient() -> None:
    model = frame_model(GIVEN)
    loss = model.training_nats(frames_of(GIVEN, 4, 40), torch.Generator().manual_seed(0)).mean()
    torch.autograd.backward(loss)
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_the_density_does_not_depend_on_units() -> None:
    # a density over pitch in semitones is 1/12 of that over octaves, which the network uses
    model, frames = frame_model(), frames_of(PLAIN, 1, 2)
    pitch = torch.linspace(-100.0, 200.0, 20001)
    many = frames.repeat(len(pitch), 1, 1)
    many[:, 1, PLAIN.bands] = pitch
    with torch.no_grad():
        joint = (-model.frame_nats(many)[:, 0]).double().exp()
        features = model.normalised(many)
        columns, _ = model.chain(
            model.recurrent[1](
                model.recurrent[0](
                    model.embedded(features[:, :-1], GivenChannels(None, None)), torch.zeros(len(pitch), 12)
                ),
                torch.zeros(len(pitch), 12),
            ),
            features[:, :-1],
            features[:, 1:],
            None,
        )
        others = columns.nats(features[:, 1:])[:, 0]
        others = others.sum(1) - others[:, 1]
    # p(pitch | periodicity) = joint / (periodicity and bands given pitch)
    share = joint * others.double().exp()
    assert float(torch.trapezoid(share, pitch.double())) == pytest.approx(1.0, abs=1e-3)


def test_bits_bound_the_entropy_of_a_known_distribution() -> None:
    # every column is one of two values with probability 1/2: 5 bits a frame, whatever the network says
    generator = torch.Generator().manual_seed(2)
    layout = FrameLayout(hop_length=160, bands=3)
    coins = torch.randint(2, (16, 16, 5), generator=generator).float()
    frames = torch.tensor([0.0, 0.0, 0.0, 60.0, 0.5]) + coins * torch.tensor([1.0, 1.0, 1.0, 12.0, 0.25])
    model = frame_model(layout, dropout=0.0)
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    before = float(model.frame_bits(frames, generator).mean().detach())
    for _ in range(40):
        loss = model.training_nats(frames, generator).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    after = float(model.frame_bits(frames, generator).mean().detach())
    assert 5.0 <= after < before - 5.0


def test_bits_are_the_nats_less_the_volume_of_a_cell() -> None:
    model, frames = frame_model(), frames_of(PLAIN, 2, 5)
    with torch.no_grad():
        spread = [model.frame_bits(frames, torch.Generator().manual_seed(seed)) for seed in range(4)]
        model.steps.mul_(1e-6)  # cells so small that the noise no longer counts
        bits = model.frame_bits(frames, torch.Generator().manual_seed(0))
    log_volume = 3 * math.log(1 / 32) + math.log(1 / 16) + math.log(1 / 32) + 5 * math.log(1e-6)
    torch.testing.assert_close(
        bits, (model.frame_nats(frames) - log_volume) / math.log(2.0), rtol=0, atol=1e-3
    )
    assert float(torch.stack(spread).std(0).max()) > 0.0


def test_all_randomness_comes_from_the_generators() -> None:
    frames, state = frames_of(GIVEN, 2, 6), torch.random.get_rng_state()
    models = [frame_model(GIVEN) for _ in range(2)]
    losses = [model.training_nats(frames, torch.Generator().manual_seed(5)) for model in models]
    bits = [model.frame_bits(frames, torch.Generator().manual_seed(5)) for model in models]
    assert torch.equal(losses[0], losses[1]) and torch.equal(bits[0], bits[1])
    assert not torch.equal(losses[0], models[0].training_nats(frames, torch.Generator().manual_seed(6)))
    assert torch.equal(torch.random.get_rng_state(), state), "the global stream was used"


def test_a_part_of_the_past_in_training_is_what_the_network_draws() -> None:
    model, frames = frame_model(dropout=0.0), frames_of(PLAIN, 2, 9)
    model.noise.zero_()

    def nats(own_share: float) -> torch.Tensor:
        return model.training_nats(frames, torch.Generator().manual_seed(5), own_share=own_share)

    real, own = nats(0.0), nats(1.0)
    assert torch.equal(real[:, 0], own[:, 0]), "the first frame of a window is real"
    assert (real[:, 1:] != own[:, 1:]).any(1).all()
    torch.autograd.backward(own.mean())
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_ranges_and_starts_are_kept_in_the_checkpoint() -> None:
    model, other = frame_model(), frame_model(seed=1)
    frames = frames_of(PLAIN, 1, 5)[0]
    model.set_range(frames.amin(0), frames.amax(0))
    model.set_starts(frames)
    other.load_state_dict(model.state_dict())
    assert torch.equal(other.low, frames.amin(0)) and torch.equal(other.high, frames.amax(0))
    assert other.starts.shape == (STARTS, 5) and torch.equal(other.starts[5:10], frames)
    with pytest.raises(PartitaError, match="no frame to start from"):
        model.set_starts(frames[:0])


def test_the_named_shape_has_fewer_than_two_million_weights() -> None:
    model = FrameModel(FrameModelConfig(layout=FrameLayout(hop_length=160, bands=32)))
    assert sum(parameter.numel() for parameter in model.parameters()) < 2_000_000
