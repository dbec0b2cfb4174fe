"""A corpus of a few seconds and a run on it, made once for each file of tests."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from stand_in import card_content, etude_corpus, etude_run, etudes, shipped_folder, stand_in

from partita.cli.main import main

__all__ = ["card_content", "etude_corpus", "etude_run", "etudes", "shipped_folder", "stand_in"]

RATE = 8000


@pytest.fixture(scope="session")
def quick() -> list[str]:
    """The options of the quickest training there is."""
    return [
        *("--size", "tiny", "--targets", "256", "--batch", "1", "--validations", "1", "--preview-clips", "0"),
        *("--no-tensorboard", "--threads", "1"),
    ]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, quick: list[str]) -> Path:
    """Make four recordings, a corpus of them and a run on it."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "recordings").mkdir()
    random = np.random.default_rng(0)
    for number in range(1, 5):
        tone = 0.5 * np.sin(np.arange(3 * RATE) * 0.1 * number) + 0.01 * random.standard_normal(3 * RATE)
        soundfile.write(folder / "recordings" / f"take-{number}.wav", tone, RATE)
    corpus, run = folder / "corpus", folder / "run"
    prepared = ["prepare", str(folder / "recordings"), "--out", str(corpus), "--sample-rate", str(RATE)]
    assert main([*prepared, "--test", "*-1*", "--validation", "*-2*"]) == 0
    assert main(["train", str(corpus), "--out", str(run), "--steps", "2", *quick]) == 0
    return folder
