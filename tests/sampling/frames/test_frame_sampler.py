"""Drawn frames: the compiled kernel follows the plain rule, and clips are independent."""

import numpy as np
import pytest
import torch
from frames import GIVEN, PLAIN, frame_model, frames_of
from numpy.typing import NDArray

from partita.audio.features.layout import FrameLayout
from partita.audio.features.rounding import feature_steps, round_features
from partita.errors import PartitaError
from partita.models.frame_tier.config import FrameModelConfig
from partita.models.frame_tier.model import FrameModel
from partita.sampling.frames.reference import guided_mixtures, reference_frames, values_given
from partita.sampling.frames.sampler import FrameSampler

Frames = NDArray[np.float32]


def parts(layout: FrameLayout, clips: int, past: int, count: int) -> tuple[Frames, Frames | None]:
    """Return a history, and what the frames after it are given."""
    frames = frames_of(layout, clips, past + count).numpy()
    given = frames[:, past:, layout.feature_columns :] if layout.columns > layout.feature_columns else None
    return frames[:, :past], given


def wider() -> FrameModel:
    """Return a network whose channels are whole vectors and several panels, with more layers."""
    layout = FrameLayout(hop_length=160, bands=20)
    config = FrameModelConfig(
        layout=layout, recurrent_channels=48, recurrent_layers=3, column_channels=32, mixtures=6
    )
    return FrameModel(config, generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize(("temperature", "guidance"), [(1.0, 1.0), (0.3, 1.7)])
@pytest.mark.parametrize(
    "model", [frame_model(PLAIN), frame_model(GIVEN), wider()], ids=["plain", "given", "wide"]
)
def test_fast_equals_slow(model: FrameModel, temperature: float, guidance: float) -> None:
    layout = model.config.layout
    history, given = parts(layout, 2, 6, 40)
    how = {"seed": 3, "temperature": temperature, "guidance": guidance}
    sampler = FrameSampler(model, clips=2, history=history, given=given, **how)  # type: ignore[arg-type]
    drawn = sampler.take(40)
    # each value, given the drawn frames and columns before it, is the reference's, to the nearest grid point
    whole = torch.from_numpy(np.concatenate([history, np.zeros((2, 40, layout.columns), np.float32)], 1))
    whole[:, 6:, : layout.feature_columns] = torch.from_numpy(drawn)
    if given is not None:
        whole[:, 6:, layout.feature_columns :] = torch.from_numpy(given)
    values = values_given(model, whole, count=40, **how)  # type: ignore[arg-type]
    clamped = values.clip(model.low.numpy(), model.high.numpy())
    assert (np.abs(drawn - clamped) <= 0.5 * feature_steps(layout) + 1e-4).all()
    np.testing.assert_array_equal(drawn, round_features(drawn, layout))
    assert len(np.unique(drawn[..., 0])) > 10


def test_the_loop_of_the_reference_draws_the_same_frames() -> None:
    model = frame_model(GIVEN)
    history, given = parts(GIVEN, 2, 4, 5)
    assert given is not None
    sampler = FrameSampler(model, clips=2, seed=1, history=history, given=given)
    slow = reference_frames(model, torch.from_numpy(history), torch.from_numpy(given), count=5, seed=1)
    np.testing.assert_allclose(sampler.take(5), slow.numpy(), rtol=0, atol=1e-4)


def test_guidance_scales_what_notes_and_labels_change() -> None:
    model = frame_model(GIVEN)
    frames = frames_of(GIVEN, 2, 9)
    without = frames.clone()
    without[..., GIVEN.feature_columns :] = 0.0
    (columns, pitch), (plain, plain_pitch) = (
        guided_mixtures(model, frames, guidance) for guidance in (2.5, 0.0)
    )
    with torch.no_grad():
        (given_columns, given_pitch), (free_columns, free_pitch) = (
            model.mixtures(frames),
            model.mixtures(without),
        )
    torch.testing.assert_close(plain.means, free_columns.means)
    torch.testing.assert_close(plain_pitch.logits, free_pitch.logits)
    change = given_columns.means - free_columns.means
    torch.testing.assert_close(columns.means - free_columns.means, 2.5 * change)
    torch.testing.assert_close(
        pitch.logits - free_pitch.logits, 2.5 * (given_pitch.logits - free_pitch.logits)
    )
    assert torch.equal(pitch.means, given_pitch.means), "a semitone stays where it is"
    assert torch.equal(columns.log_deviations, given_columns.log_deviations)


def test_guidance_changes_only_clips_that_are_given_something() -> None:
    model = frame_model(GIVEN)
    history, given = parts(GIVEN, 2, 4, 9)
    assert given is not None
    given[1] = 0.0
    drawn, guided = (
        FrameSampler(model, clips=2, seed=2, guidance=guidance, history=history, given=given).take(9)
        for guidance in (1.0, 3.0)
    )
    assert not np.array_equal(drawn[0], guided[0])
    np.testing.assert_array_equal(drawn[1], guided[1])


def test_frames_do_not_depend_on_how_many_are_drawn_at_once() -> None:
    model = frame_model(GIVEN)
    history, given = parts(GIVEN, 3, 4, 9)
    whole, split = (
        FrameSampler(model, clips=3, seed=2, guidance=1.5, history=history, given=given) for _ in range(2)
    )
    together = np.concatenate([split.take(5), split.take(0), split.take(7)], 1)
    np.testing.assert_array_equal(whole.take(12), together)
    assert whole.position == split.position == 12


def test_clips_do_not_depend_on_each_other() -> None:
    model = frame_model(GIVEN)
    history, given = parts(GIVEN, 3, 4, 9)
    assert given is not None
    several = FrameSampler(model, clips=3, seed=2, history=history, given=given).take(12)
    single = FrameSampler(model, clips=1, seed=2, history=history[:1], given=given[:1]).take(12)
    np.testing.assert_array_equal(several[:1], single)
    changed = history.copy()
    changed[1:] = 0.0
    again = FrameSampler(model, clips=3, seed=2, history=changed, given=given).take(12)
    np.testing.assert_array_equal(several[0], again[0])
    assert not np.array_equal(several[1], again[1])


def test_clips_and_seeds_differ() -> None:
    model = frame_model()
    history = frames_of(PLAIN, 1, 4).numpy()
    drawn = FrameSampler(model, clips=2, seed=2, history=history).take(12)
    other = FrameSampler(model, clips=2, seed=3, history=history).take(12)
    assert not np.array_equal(drawn[0], drawn[1]) and not np.array_equal(drawn, other)


def test_what_is_given_ends_with_silence_and_the_labels_stay() -> None:
    model = frame_model(GIVEN)
    history, given = parts(GIVEN, 1, 4, 3)
    assert given is not None
    silence = np.zeros((1, 12, given.shape[2]), np.float32)
    silence[..., -2:] = given[:, -1:, -2:]
    longer = np.concatenate([given, silence], 1)
    ended, explicit = (
        FrameSampler(model, seed=2, history=history, given=columns).take(15) for columns in (given, longer)
    )
    np.testing.assert_array_equal(ended, explicit)


def test_features_alone_are_a_history_with_the_given_labels() -> None:
    model = frame_model(GIVEN)
    history, given = parts(GIVEN, 1, 4, 3)
    assert given is not None
    whole = history.copy()
    whole[..., GIVEN.feature_columns : -2] = 0.0
    whole[..., -2:] = given[:, :1, -2:]
    drawn = [
        FrameSampler(model, history=past, given=given).take(6)
        for past in (whole, history[..., : GIVEN.feature_columns])
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])


def test_clips_without_a_history_start_after_start_frames() -> None:
    model, starts = frame_model(), frames_of(PLAIN, 1, 2)[0]
    model.set_starts(starts)
    drawn = FrameSampler(model, clips=30, seed=5).take(1)[:, 0]
    follow = [
        FrameSampler(model, clips=30, seed=5, history=start[None, None].numpy()).take(1)[:, 0]
        for start in starts
    ]
    after = np.stack([(drawn == frames).all(1) for frames in follow])
    assert after.any(0).all() and after.any(1).all(), "each clip follows one of the two, and both occur"


def test_values_stay_in_the_range_of_training() -> None:
    model = frame_model()
    low, high = torch.tensor([-0.25, -0.25, -0.25, 60.0, 0.25]), torch.tensor([0.25, 0.5, 0.25, 62.0, 0.75])
    model.set_range(low, high)
    drawn = FrameSampler(model, clips=2).take(200)
    assert (drawn.min((0, 1)) == low.numpy()).all() and (drawn.max((0, 1)) == high.numpy()).all()


def test_a_low_temperature_is_nearly_deterministic() -> None:
    model, history = frame_model(), frames_of(PLAIN, 1, 5).numpy()
    cold, warm = (
        FrameSampler(model, clips=20, temperature=temperature, history=history).take(1)[:, 0]
        for temperature in (0.01, 1.0)
    )
    assert (np.ptp(cold, 0) < 0.3 * np.ptp(warm, 0)).all()


def test_drawn_columns_have_the_models_distribution() -> None:
    # the mean of exp(-nats) over a grid is 1; here the drawn periodicity is compared with its mixture
    model, history = frame_model(), frames_of(PLAIN, 1, 5)
    model.set_range(torch.full((5,), -1000.0), torch.full((5,), 1000.0))
    drawn = FrameSampler(model, clips=4000, history=history.numpy()).take(1)[:, 0, -1]
    after = torch.cat([history, torch.zeros(1, 1, 5)], 1)
    with torch.no_grad():
        columns, _ = model.mixtures(after)
    weights = torch.softmax(columns.logits[0, -1, 0], 0)
    means, deviations = columns.means[0, -1, 0], columns.log_deviations[0, -1, 0].exp()
    mean = float((weights * means).sum())
    variance = float((weights * (means**2 + deviations**2)).sum()) - mean**2
    assert abs(drawn.mean() - mean) < 5.0 * (variance / 4000) ** 0.5
    assert drawn.var() == pytest.approx(variance, rel=0.2)


@pytest.mark.parametrize(
    ("history", "given", "message"),
    [
        (np.zeros((2, 3, 5)), None, "`history` has the shape"),
        (np.zeros((1, 0, 5)), None, "`history` has no frames"),
        (np.full((1, 1, 5), np.nan), None, "`history` has values that are not finite"),
        (None, np.zeros((1, 3, 7)), "`given` has the shape"),
        (None, np.zeros((3, 266)), "`given` has the shape"),
    ],
)
def test_frames_that_do_not_fit_are_refused(
    history: NDArray[np.float64] | None, given: NDArray[np.float64] | None, message: str
) -> None:
    with pytest.raises(PartitaError, match=message):
        FrameSampler(frame_model(GIVEN), clips=1, history=history, given=given)


def test_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(PartitaError, match="`clips` is 0"):
        FrameSampler(frame_model(), clips=0)
    with pytest.raises(PartitaError, match="`temperature` is 0"):
        FrameSampler(frame_model(), temperature=0.0)
    with pytest.raises(PartitaError, match="`guidance` is -1"):
        FrameSampler(frame_model(), guidance=-1.0)
    with pytest.raises(PartitaError, match=r"`given` has the shape .* must be \(1, frames, 0\)"):
        FrameSampler(frame_model(), given=np.zeros((1, 3, 4)))
    broken = frame_model()
    with torch.no_grad():
        broken.input[0, 0] = torch.nan
    with pytest.raises(PartitaError, match="not finite: use an earlier checkpoint"):
        FrameSampler(broken)
