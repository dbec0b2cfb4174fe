"""Fixtures: a tiny model that ships, in place of the package's own, and the corpus that it was trained on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.etudes.render import write_etudes
from partita.runs.shipped import card, folder
from partita.runs.shipped.export import export_model
from partita.training.config.tiers import FrameTierConfig
from partita.training.config.train import TrainConfig
from partita.training.train import train

RATE = 8000
NAME = "stand-in"
FRAMES = FrameTierConfig(bands=4, every=2, length=20, batch=2, channels=16, layers=1)
QUICK = TrainConfig(
    size="tiny",
    condition=("features",),
    frames=FRAMES,
    steps=2,
    targets=256,
    batch=1,
    validations=1,
    preview_clips=0,
    tensorboard=False,
    threads=1,
)


@pytest.fixture(scope="session")
def etudes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four synthetic studies of 14 s at 8 kHz."""
    made = tmp_path_factory.mktemp("etudes")
    write_etudes(made, count=4, seconds=14.0, sample_rate=RATE, seed=0)
    return made


@pytest.fixture(scope="session")
def etude_corpus(etudes: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A corpus of the studies; the last is its test split, the third its validation split."""
    config = PrepareConfig(sample_rate=RATE, trim=False, test=("etude-04.wav",), validation=("etude-03.wav",))
    return prepare([etudes], tmp_path_factory.mktemp("learnt") / "corpus", config)


@pytest.fixture(scope="session")
def etude_run(etude_corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two updates on that corpus."""
    return train(etude_corpus, tmp_path_factory.mktemp("runs") / "etude-run", QUICK, quiet=True)


@pytest.fixture(scope="session")
def card_content() -> dict[str, Any]:
    """What a maintainer writes on a card."""
    recordings = [
        {
            "source": f"etude-0{number}.wav",
            "player": "Ann",
            "licence": "CC BY 3.0",
            "attribution": "Ann, 2026.",
        }
        for number in (1, 2)
    ]
    return {
        "title": "Stand-in",
        "summary": "A tiny model for tests.",
        "licence": "CC BY 3.0",
        "command": "partita train etudes --size tiny --steps 2",
        "recordings": recordings,
        "scores": {"bits_per_sample": {"value": 7.9, "low": 7.8, "high": 8.0}},
        "limits": ["It can't play."],
    }


@pytest.fixture(scope="session")
def shipped_folder(
    etude_run: Path,
    etude_corpus: Corpus,
    card_content: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A folder of shipped models with the stand-in."""
    made = tmp_path_factory.mktemp("package") / "shipped"
    export_model(etude_run, card_content, etude_corpus, made / NAME)
    return made


@pytest.fixture
def stand_in(shipped_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Let the stand-in ship, in an empty working folder, and return its name."""
    ship(shipped_folder, monkeypatch)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return NAME


def ship(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the package's folder of shipped models."""
    from partita.experiments.demo import start_model
    from partita.runs.shipped import known_sound

    for module in (folder, card, known_sound, start_model):
        monkeypatch.setattr(module, "SHIPPED", shipped)


def copy_of(etudes: Path, out: Path, *, name: str, start: float, seconds: float) -> Path:
    """Write a part of a study at another level, in MP3, with a little noise; return its folder."""
    sound, rate = soundfile.read(etudes / name, dtype="float32")
    part = sound[round(start * rate) : round((start + seconds) * rate)]
    noise = np.random.default_rng(1).standard_normal(len(part)) * 0.01 * np.sqrt(np.mean(part**2))
    out.mkdir(parents=True, exist_ok=True)
    soundfile.write(out / "copy.mp3", 0.2 * (part + noise), rate, format="MP3", subtype="MPEG_LAYER_III")
    return out
