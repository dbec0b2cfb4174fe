"""Draw from runs with a frame tier: what is given reaches the tiers, and a clip is its own."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from two_tiers import BANDS, LABELS, RATE, one_tier_run, two_tier_run

from partita.audio.features.layout import FrameLayout
from partita.data.notes import Note
from partita.digests import file_digest
from partita.errors import PartitaError
from partita.models.frame_tier.model import ANY_HOLD
from partita.runs.checkpoint_state import read_file_digests, read_state, write_state
from partita.runs.loading import LoadedModel, load
from partita.sampling.config import SamplingConfig
from partita.sampling.frame_sources import FrameSource
from partita.sampling.given.source import frame_source

NOTES = [Note(0.0, 0.2, 60), Note(0.2, 0.4, 64)]


def tone(seconds: float, note: float) -> np.ndarray:
    """Return a note with overtones."""
    phase = 2 * np.pi * 440 * 2 ** ((note - 69) / 12) * np.arange(round(seconds * RATE)) / RATE
    tones = [np.sin(k * phase) / k for k in range(1, 8)]
    return np.asarray(0.3 * np.sum(tones, 0))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load(two_tier_run(tmp_path_factory.mktemp("plain") / "run").path)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    run = two_tier_run(tmp_path_factory.mktemp("full") / "run", notes=True, labels=LABELS)
    return load(run.path)


def frames_of(
    loaded: LoadedModel, *, prompt: Any = None, clips: int = 1, seed: int = 0, **values: Any
) -> FrameSource:
    """Return the frames that the clips of `draw` follow."""
    source = frame_source(
        loaded.model,
        loaded.frames,
        loaded.given(**values),
        sample_rate=RATE,
        prompt=prompt,
        clips=clips,
        seed=seed,
        guidance=1.0,
        temperature=1.0,
    )
    assert source is not None
    return source


def test_both_tiers_are_loaded(plain: LoadedModel) -> None:
    assert plain.frames is not None
    assert not plain.frames.training
    assert not any(parameter.requires_grad for parameter in plain.frames.parameters())


def test_the_seed_determines_the_clips_and_a_stream_draws_the_same(plain: LoadedModel) -> None:
    clips = plain.draw(0.1, clips=2, seed=3)
    assert clips.shape == (2, 800)
    assert np.array_equal(plain.draw(0.1, clips=2, seed=3), clips)
    config = SamplingConfig(seed=3, block=97, temperature=plain.temperature, smoothing=plain.smoothing)
    blocks = list(plain.stream(0.1, clips=2, config=config, first_block=5))
    assert np.array_equal(np.concatenate(blocks, 1), clips)
    assert not np.array_equal(plain.draw(0.1, clips=2, seed=4), clips)
    assert not np.array_equal(clips[0], clips[1])


def test_a_clip_does_not_depend_on_the_number_of_clips(full: LoadedModel) -> None:
    many = full.draw(0.05, clips=3, seed=1)
    assert np.array_equal(full.draw(0.05, clips=1, seed=1), many[:1])
    drawn = frames_of(full, clips=3, seed=1).frames(-2, 30)
    assert np.array_equal(frames_of(full, clips=2, seed=1).frames(-2, 30), drawn[:2])


def test_a_prompt_is_the_past_of_the_frames(plain: LoadedModel) -> None:
    prompt = np.concatenate([tone(0.5, 60), tone(0.5, 67)]).astype(np.float32)
    frames = frames_of(plain, prompt=prompt).frames(-60, 5)[0]
    assert np.abs(frames[5:8, BANDS] - 60).max() < 0.5
    assert np.abs(frames[-30:-10, BANDS] - 67).max() < 0.5
    assert np.array_equal(frames_of(plain, prompt=prompt).frames(-60, 5)[0], frames)
    other = frames_of(plain, prompt=prompt[::-1].copy()).frames(-60, 5)[0]
    assert not np.array_equal(other[60:], frames[60:])
    both = frames_of(plain, prompt=np.stack([prompt, prompt[::-1]]), clips=2).frames(-60, 5)
    assert np.array_equal(both[0], frames)
    assert not np.array_equal(both[1, :58], frames[:58])


def test_only_the_end_of_the_prompt_has_an_effect(plain: LoadedModel) -> None:
    prompt = np.random.default_rng(0).uniform(-0.5, 0.5, plain.prompt_samples + 9000)
    clips = plain.draw(0.02, prompt=prompt)
    assert np.array_equal(plain.draw(0.02, prompt=prompt[-plain.prompt_samples :]), clips)


def test_a_prompt_that_is_too_short_is_refused(plain: LoadedModel) -> None:
    with pytest.raises(PartitaError, match="the prompt has 100 samples"):
        plain.draw(0.02, prompt=np.zeros(100))


def test_labels_change_the_clips_and_the_frames(full: LoadedModel) -> None:
    one, two = (full.draw(0.1, label={"digit": value}) for value in "12")
    assert not np.array_equal(one, two)
    frames = [frames_of(full, label={"digit": value}).frames(0, 40) for value in "12"]
    assert frames[0][0, 0, BANDS + 2 :].tolist() == [1.0, 0.0]
    assert not np.array_equal(frames[0][..., : BANDS + 2], frames[1][..., : BANDS + 2])
    drawn = frames_of(full, clips=20).frames(0, 2)[:, :, BANDS + 2 :]
    assert (drawn.sum(2) == 1).all()
    assert 0 < drawn[:, 0, 0].sum() < 20


def test_notes_reach_the_frame_tier_and_give_the_length(full: LoadedModel) -> None:
    frames = [
        frames_of(full, label={"digit": "1"}, notes=notes).frames(0, 50)[0]
        for notes in (NOTES, [NOTES[0], Note(0.2, 0.4, 70)])
    ]
    changed = np.flatnonzero((frames[0] != frames[1]).any(1))
    assert 20 - 3 <= changed[0] <= 20
    assert full.draw(notes=NOTES).shape == (1, round(1.4 * RATE))


def test_frames_follow_the_pitch_of_a_line_up_to_octaves(plain: LoadedModel) -> None:
    line = np.concatenate([tone(0.4, 40), tone(0.4, 43)])
    frames = frames_of(plain, like=line).frames(0, 81)[0]
    for begin, note in ((10, 40), (50, 43)):
        moved = frames[begin : begin + 20, BANDS] - note
        assert np.abs(moved - 12 * np.rint(moved / 12)).max() < 0.5
        assert abs(moved[0] - 24) < 1
    assert frames[10:30, BANDS + 1].min() > 0.5
    moved = frames_of(plain, like=line, transpose=5.0).frames(0, 81)[0, 10:30, BANDS] - 45
    assert np.abs(moved).max() < 0.5
    assert plain.draw(like=line).shape == (1, len(line))


def test_a_line_decides_the_loudness_and_the_model_the_bands(plain: LoadedModel) -> None:
    fading = tone(0.8, 60) * np.exp(-4 * np.arange(6400) / RATE)
    drawn = frames_of(plain, like=fading, clips=2).frames(0, 70)[..., :BANDS]
    assert not np.array_equal(drawn[0], drawn[1])
    level = drawn.mean((0, 2))
    assert level[5:20].mean() > level[50:65].mean() + 0.2


def test_a_line_gives_notes_to_a_tier_that_knows_notes(full: LoadedModel) -> None:
    line = np.concatenate([tone(0.4, 60), tone(0.4, 63)])
    frames = frames_of(full, like=line, label={"digit": "1"}).frames(0, 81)
    assert np.isfinite(frames).all()


def test_given_features_take_the_place_of_drawn_ones(plain: LoadedModel) -> None:
    features = np.random.default_rng(0).uniform(0.0, 1.0, (21, BANDS + 2)).astype(np.float32)
    assert np.array_equal(frames_of(plain, features=features).frames(0, 21)[0], features)
    assert plain.draw(features=features).shape == (1, 20 * 80)
    assert not np.array_equal(plain.draw(features=features), plain.draw(features=features[::-1]))
    with pytest.raises(PartitaError, match=r"`features` has the shape \(21, 3\)"):
        plain.draw(features=features[:, :3])


def test_the_temperature_is_the_runs_choice_or_one(tmp_path: Path, plain: LoadedModel) -> None:
    assert plain.temperature == 1.0
    assert load(two_tier_run(tmp_path / "a", temperature=0.7).path).temperature == 0.7
    assert load(one_tier_run(tmp_path / "b", None).path).temperature == 1.0
    assert np.array_equal(plain.draw(0.05), plain.draw(0.05, temperature=1.0, smoothing=plain.smoothing))
    assert not np.array_equal(plain.draw(0.05), plain.draw(0.05, temperature=0.5))
    assert not np.array_equal(plain.draw(0.05), plain.draw(0.05, smoothing=0.0))
    assert not np.array_equal(plain.draw(0.05), plain.draw(0.05, frame_temperature=0.5))


def test_one_tier_is_given_notes_and_labels_directly(tmp_path: Path) -> None:
    layout = FrameLayout(hop_length=80, notes=True, labels=LABELS)
    loaded = load(one_tier_run(tmp_path / "run", layout).path)
    clips = loaded.draw(0.5, label={"digit": "1"}, notes=NOTES)
    assert not np.array_equal(loaded.draw(0.5, label={"digit": "2"}, notes=NOTES), clips)
    assert not np.array_equal(loaded.draw(0.5, label={"digit": "1"}, notes=NOTES[:1]), clips)


@pytest.mark.parametrize("values", [{"label": {"digit": "1"}}, {"notes": NOTES}, {"like": tone(1.0, 60)}])
def test_a_model_without_conditions_refuses_them(tmp_path: Path, values: dict[str, Any]) -> None:
    loaded = load(one_tier_run(tmp_path / "run", None).path)
    assert loaded.draw(0.05).shape == (1, 400)
    with pytest.raises(PartitaError):
        loaded.draw(0.05, **values)


def test_given_features_follow_a_prompt_without_a_gap(plain: LoadedModel) -> None:
    prompt = 0.3 * np.sin(np.arange(4000) / 5.0)
    features = np.random.default_rng(0).uniform(0.0, 1.0, (2, 21, BANDS + 2)).astype(np.float32)
    past = frames_of(plain, prompt=prompt).frames(-10, -1)
    for given, prompts in ((features, prompt), (features, np.stack([prompt, prompt])), (features[0], prompt)):
        source = frames_of(plain, prompt=prompts, features=given, clips=2)
        found = source.frames(-10, 21)
        assert np.array_equal(found[:, :9], np.repeat(past, len(found), 0))
        assert np.array_equal(found[0, 10:], features[0])
    with pytest.raises(PartitaError, match="give both for the same clips"):
        frames_of(plain, prompt=np.stack([prompt] * 3), features=features, clips=3)


def test_features_without_a_frame_tier_must_be_given(tmp_path: Path) -> None:
    loaded = load(one_tier_run(tmp_path / "run", FrameLayout(hop_length=80, bands=BANDS)).path)
    with pytest.raises(PartitaError, match="no frame tier that draws them"):
        loaded.draw(0.05)
    assert loaded.draw(features=np.zeros((5, BANDS + 2))).shape == (1, 320)


def test_damaged_weights_of_the_frame_tier_are_refused(tmp_path: Path) -> None:
    run = two_tier_run(tmp_path / "run")
    path = run.newest_checkpoint() / "frames-best.safetensors"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(PartitaError, match=r"frames-best\.safetensors is damaged"):
        load(run.path)


def test_an_endless_stream_draws_frames_as_they_are_needed(plain: LoadedModel) -> None:
    stream = plain.stream(
        config=SamplingConfig(block=800, temperature=plain.temperature, smoothing=plain.smoothing)
    )
    assert [next(stream).shape for _ in range(12)] == [(1, 800)] * 12


@pytest.mark.parametrize("with_prompt", [False, True])
def test_the_frames_of_a_score_fall_silent_in_its_rests(full: LoadedModel, with_prompt: bool) -> None:
    prompt = tone(1.0, 60.0) if with_prompt else None
    hop = full.model.config.condition.hop_length if full.model.config.condition else 0
    notes = [Note(0.0, 0.2, 60), Note(1.0, 1.2, 64)]
    loudness = frames_of(full, prompt=prompt, notes=notes).frames(0, 2 * RATE // hop)[0, :, :BANDS].mean(1)
    second = RATE // hop
    silent = loudness[second - 8 : second - 4].max()
    assert silent < loudness[: second // 5].min()
    assert silent < loudness[second : second + second // 5].min()
    assert loudness[-10:] == pytest.approx(silent)


def test_a_frame_tier_of_an_older_version_has_no_limit_on_held_notes(tmp_path: Path) -> None:
    run = two_tier_run(tmp_path / "run")
    checkpoint = run.newest_checkpoint()
    path = checkpoint / "frames-best.safetensors"
    tensors = load_file(path)
    del tensors["hold"]
    save_file(tensors, path)
    state, files = read_state(checkpoint), read_file_digests(checkpoint) or {}
    kept = {name: value for name, value in state.items() if name not in ("format", "files", "digest")}
    write_state(checkpoint, kept, files | {path.name: file_digest(path)})
    frames = load(run.path).frames
    assert frames is not None
    assert float(frames.hold) == ANY_HOLD
