"""Small listening tests: clips of noise, tests in a folder, and listeners who always prefer one arm."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.app.blind.answers import Answer
from partita.app.blind.config import BlindConfig
from partita.app.blind.creation import create_test
from partita.app.blind.folder import BlindTest
from partita.app.blind.key import TrialKey
from partita.app.blind.questions import QUESTIONS

RATE = 8000
ARMS = ("real", "policy", "likelihood")


def write_clips(
    root: Path, arms: tuple[str, ...] = ARMS, *, seeds: int = 2, items: int = 2, seconds: float = 0.5
) -> dict[str, Path]:
    """Write clips of different levels and lengths; return the folder of each arm."""
    rng = np.random.default_rng(0)
    for number, arm in enumerate(arms):
        for seed in range(seeds):
            folder = root / arm / f"{seed}"
            folder.mkdir(parents=True)
            for item in range(items):
                length = round(seconds * RATE) + int(rng.integers(1, 400))
                sound = rng.normal(0, 0.02 * (number + 1), length)
                soundfile.write(folder / f"{item}.wav", sound, RATE)
    return {arm: root / arm for arm in arms}


@pytest.fixture
def arms(tmp_path: Path) -> dict[str, Path]:
    """Folders of clips of three arms, two seeds with two clips each."""
    return write_clips(tmp_path / "clips")


@pytest.fixture(scope="session")
def made_test(tmp_path_factory: pytest.TempPathFactory) -> BlindTest:
    """A test with two listeners, a preference and ABX; `blind_test` is a copy for one test."""
    root = tmp_path_factory.mktemp("blind")
    arms = write_clips(root / "clips")
    config = BlindConfig(arms=arms, listeners=("AB", "CD"), questions=("better", "abx"), repeats=2)
    return create_test(root / "test", config)


@pytest.fixture
def blind_test(tmp_path: Path, made_test: BlindTest) -> BlindTest:
    """A test with two listeners, a preference and ABX."""
    return BlindTest.open(Path(shutil.copytree(made_test.path, tmp_path / "test")))


def sealed_trials(test: BlindTest) -> dict[str, TrialKey]:
    """Return what is behind each trial, by its id, without ending the test."""
    return {trial.trial: trial for trial in test._key().trials}


def answer_all(test: BlindTest, choose: Callable[[TrialKey], str]) -> None:
    """Answer every trial of every listener."""
    key = sealed_trials(test)
    for token in test.listeners:
        session = test.session(token)
        for at, trial in enumerate(session.trials):
            session.answer(Answer(trial=trial, choice=choose(key[trial]), seconds=3.0, at=float(at)))


def prefers(arm: str) -> Callable[[TrialKey], str]:
    """Return a listener who prefers an arm, chooses A otherwise, and names X correctly."""

    def choose(trial: TrialKey) -> str:
        if QUESTIONS[trial.question].is_abx:
            return str(trial.x)
        return "B" if trial.b == arm else "A"

    return choose
