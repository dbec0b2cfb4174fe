"""Preview clips: through both tiers, given real features without a frame tier, and plain ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.data.corpus import Corpus
from partita.models.conditioning.conditioner import Conditioner
from partita.training.config.tiers import FrameTierConfig
from partita.training.config.train import TrainConfig
from partita.training.monitoring.preview_clips import draw_clips
from partita.training.new_run import create_run, resolve
from partita.training.steps.wavenet import WaveNetStep
from partita.training.train import train

Make = Callable[..., TrainConfig]
FRAMES = FrameTierConfig(bands=4, every=2, length=20, batch=2, channels=16)


@pytest.fixture
def train_step(corpus: Corpus, make_config: Make, tmp_path: Path) -> WaveNetStep:
    config = make_config(condition=("features",), frames=FRAMES, preview_clips=2, preview_seconds=0.2)
    step = create_run(corpus, tmp_path / "run", resolve(config)).train_step
    assert isinstance(step, WaveNetStep) and isinstance(step.generator.conditioner, Conditioner)
    step.generator.conditioner.skips.data.mul_(50.0)  # what is given decides
    return step


def test_a_run_with_two_tiers_writes_preview_clips(corpus: Corpus, make_config: Make, out: Path) -> None:
    config = make_config(condition=("auto",), frames=FRAMES, steps=4, preview_clips=2, preview_seconds=0.05)
    run = train(corpus, out, config, quiet=True)
    clips = sorted((run / "clips").glob("*.wav"))
    assert len(clips) == 2 and all(soundfile.info(clip).frames == 200 for clip in clips)


@pytest.mark.parametrize("tiers", [1, 2])
def test_clips_follow_the_real_features_or_drawn_ones(
    corpus: Corpus, train_step: WaveNetStep, tiers: int
) -> None:
    """The frame tier of a new run knows nothing, so its clips are others than those given real features."""
    assert train_step.frame_tier is not None
    config, model = train_step.config, train_step.generator.eval()
    given = draw_clips(model, None, corpus, config)
    drawn = draw_clips(model, train_step.frame_tier.best if tiers == 2 else None, corpus, config)
    assert given.shape == (2, 800) and np.isfinite(given).all()
    assert np.array_equal(given, drawn) == (tiers == 1)
