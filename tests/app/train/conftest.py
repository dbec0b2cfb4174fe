"""Short recordings of tones, a corpus of them, and settings with which training is quick."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.app.train.settings import RunSettings
from partita.data.preparation.prepare import PrepareConfig, prepare

RATE = 8000
QUICK = (
    *(
        "--condition",
        "none",
        "--targets",
        "256",
        "--batch",
        "1",
        "--validations",
        "4",
        "--precision",
        "float32",
    ),
    *("--preview-clips", "0", "--no-tensorboard", "--patience", "0", "--log-every", "1"),
)


@pytest.fixture(scope="session")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three recordings of 8 s."""
    folder, rng = tmp_path_factory.mktemp("takes"), np.random.default_rng(0)
    seconds = np.arange(8 * RATE) / RATE
    for number in (1, 2, 3):
        tone = 0.5 * np.sin(2 * np.pi * 110 * number * seconds) + 0.01 * rng.standard_normal(len(seconds))
        soundfile.write(folder / f"take-{number}.wav", tone, RATE)
    return folder


@pytest.fixture(scope="session")
def settings(takes: Path, tmp_path_factory: pytest.TempPathFactory) -> RunSettings:
    """A training of an hour on these recordings, whose updates take milliseconds."""
    corpus = tmp_path_factory.mktemp("prepared") / "takes"
    prepare([takes], corpus, PrepareConfig(sample_rate=RATE))
    return RunSettings(corpus=corpus, minutes=60, size="tiny", threads=1, more=QUICK)
