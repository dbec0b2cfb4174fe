"""The scores of one arm under one seed: the choice of the temperature, the control, and what arms share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from partita.data.corpus import Corpus
from partita.evaluation import evaluate as evaluate_module
from partita.evaluation.clips import RealClips
from partita.experiments.compare import measure as measure_module
from partita.experiments.compare.config import CompareConfig
from partita.experiments.compare.measure import Measure
from partita.experiments.compare.score_names import BETTER, PRIMARY_SCORES
from partita.models.wavenet import WaveNet
from partita.runs.loading import LoadedModel

Make = Callable[..., CompareConfig]
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def config(small: Make, tmp_path: Path) -> CompareConfig:
    return small(tmp_path / "comparison")


def curve_of(validation: dict[float, float], test: dict[float, float]) -> list[dict[str, Any]]:
    """Return a curve with these values of the primary score by temperature."""
    return [
        {"temperature": one, "validation": {"mmd_log_mel": value}, "test": {"mmd_log_mel": test[one]}}
        for one, value in validation.items()
    ]


def with_curve(curve: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Measure, "_curve", lambda self, loaded: curve)


def test_the_same_model_has_the_same_scores_also_as_another_arm(
    config: CompareConfig, corpus: Corpus, network: WaveNet, loaded: LoadedModel
) -> None:
    """Arms of a seed share prompts and random numbers, so equal models have equal scores."""
    first = Measure(config, corpus, 0)(loaded, noised=False)
    copy = LoadedModel(**vars(loaded) | {"name": "another", "step": 7})
    again = Measure(config, corpus, 0)(copy, noised=False)
    assert first.result == again.result
    np.testing.assert_array_equal(first.clips, again.clips)
    np.testing.assert_array_equal(first.real.prompts, again.real.prompts)
    result = first.result
    assert [point["temperature"] for point in result["curve"]] == [1.0, 0.9]
    assert {*BETTER} - {*result["scores"]} == {"coverage"}  # which needs more sound
    chosen = next(point for point in result["curve"] if point["temperature"] == result["temperature"])
    for name in PRIMARY_SCORES:  # the curve is of the same clips as the scores
        assert chosen["test"][name] == pytest.approx(result["scores"][name]["value"], abs=1e-6)
    assert result["about"]["clips"] == len(first.clips) == 4
    assert "noised" not in result


@pytest.mark.parametrize(
    ("validation", "test", "chosen"),
    [
        ({1.0: 0.3, 0.9: 0.2, 0.8: 0.4}, {1.0: 0.0, 0.9: 0.9, 0.8: 0.1}, 0.9),
        ({1.0: 0.1, 0.9: 0.2, 0.8: 0.4}, {1.0: 0.9, 0.9: 0.1, 0.8: 0.0}, 1.0),
        ({1.2: 0.2, 0.9: 0.2, 0.8: 0.2}, {1.2: 0.0, 0.9: 0.9, 0.8: 0.0}, 0.9),  # a tie goes to the one near 1
    ],
)
def test_the_temperature_is_chosen_on_the_validation_split_alone(
    config: CompareConfig,
    corpus: Corpus,
    loaded: LoadedModel,
    monkeypatch: pytest.MonkeyPatch,
    validation: dict[float, float],
    test: dict[float, float],
    chosen: float,
) -> None:
    drawn_at: list[float] = []

    def evaluated(_loaded: LoadedModel, _corpus: Corpus, plan: Any) -> Any:
        assert plan.split == "test"
        drawn_at.append(plan.temperature)
        raise KeyboardInterrupt

    with_curve(curve_of(validation, test), monkeypatch)
    monkeypatch.setattr(measure_module, "evaluate_with_clips", evaluated)
    with pytest.raises(KeyboardInterrupt):
        Measure(config, corpus, 0)(loaded, noised=False)
    assert drawn_at == [chosen]


def test_the_curve_is_drawn_on_both_splits_at_each_temperature(
    config: CompareConfig, corpus: Corpus, loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[str, float, int]] = []

    def draw(_model: WaveNet, real: RealClips, **options: Any) -> np.ndarray:
        assert real.places is not None
        drawn.append((real.places.split, options["temperature"], options["seed"]))
        return np.zeros(real.continuations.shape, np.float32)

    monkeypatch.setattr(measure_module, "draw_continuations", draw)
    monkeypatch.setattr(measure_module, "distances_alone", lambda *_, **__: {})
    for seed in (0, 1):
        Measure(config, corpus, seed)._curve(loaded)
    cells = [(split, temperature) for split in ("validation", "test") for temperature in (1.0, 0.9)]
    assert [one[:2] for one in drawn] == 2 * cells
    assert len({seed for *_, seed in drawn[:4]}) == len({seed for *_, seed in drawn[4:]}) == 1
    assert drawn[0][2] != drawn[4][2]


def test_noise_on_the_clips_takes_them_farther_from_real_sound(
    config: CompareConfig, corpus: Corpus, loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model continues every prompt exactly as the recording does."""
    for module in (measure_module, evaluate_module):
        monkeypatch.setattr(module, "draw_continuations", lambda _model, real, **_: real.waveforms)
    with_curve(curve_of({1.0: 0.0}, {1.0: 0.0}), monkeypatch)
    result = Measure(config, corpus, 0)(loaded, noised=True).result
    scores, noised = result["scores"], result["noised"]
    for name in (*PRIMARY_SCORES, "level_drift_from_real_db", "hnr_from_real_db"):
        assert noised[name]["value"] > scores[name]["value"], name
    assert scores["hnr_from_real_db"]["value"] == 0.0 == scores["level_drift_from_real_db"]["value"]
    assert "bits_per_sample" in scores and "bits_per_sample" not in noised
    assert "runaway_share" in scores and "runaway_share" not in noised
    for name, distance in (("median_hnr_db", "hnr_from_real_db"), ("seam_db", "seam_from_real_db")):
        away = abs(noised[name]["value"] - noised[name]["real"]["value"])
        assert noised[distance]["value"] == away > 0.0


def test_other_seeds_have_other_prompts(config: CompareConfig, corpus: Corpus, loaded: LoadedModel) -> None:
    plans = [Measure(config, corpus, seed)._fitted("test") for seed in (0, 1)]
    first, second = (evaluate_module.choose_real_clips(loaded, corpus, plan) for plan in plans)
    assert not np.array_equal(first.prompts, second.prompts)


def test_copies_are_looked_for_where_clips_are_long_enough(
    small: Make, corpus: Corpus, loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that plays its training sound back is nearer to it than the real sound of the test split."""

    def copied(_model: WaveNet, real: RealClips, **_: Any) -> np.ndarray:
        clips, length = real.continuations.shape
        start = corpus.segments("train")[0].offset
        sound = corpus.samples[start : start + length].astype(np.float32) / 32768
        return np.repeat(sound[None], clips, axis=0)

    for module in (measure_module, evaluate_module):
        monkeypatch.setattr(module, "draw_continuations", copied)
    with_curve(curve_of({1.0: 0.0}, {1.0: 0.0}), monkeypatch)
    long = Measure(small(tmp_path, seconds=0.8, long_clips=0), corpus, 0)(loaded, noised=False)
    nearest = long.result["scores"]["nearest_training_db"]
    assert nearest["value"] < 0.1 < nearest["real"]["value"]
    assert not [name for name in long.result["scores"] if name.startswith("runaway_share")]
