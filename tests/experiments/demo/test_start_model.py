"""The demo starts from a model that ships, unless that model knows the held-out sound or does not fit."""

from dataclasses import replace
from pathlib import Path

import pytest
from stand_in import RATE

from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.etudes.render import write_etudes
from partita.experiments.demo.config import DemoConfig
from partita.experiments.demo.start_model import start_model

CONFIG = DemoConfig(sample_rate=RATE)


@pytest.fixture(scope="module")
def other_corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A corpus that the stand-in has not learnt from."""
    folder = tmp_path_factory.mktemp("other")
    write_etudes(folder / "etudes", count=3, seconds=8, sample_rate=RATE, seed=7)
    config = PrepareConfig(sample_rate=RATE, test=("etude-01.wav",), validation=("etude-02.wav",))
    return prepare([folder / "etudes"], folder / "corpus", config)


def test_a_model_that_ships_is_the_start(stand_in: str, other_corpus: Corpus) -> None:
    lines: list[str] = []
    assert start_model(CONFIG, other_corpus, lines.append) == stand_in
    assert lines == [
        f"starting from {stand_in}, a model that ships; `--from none` starts with random weights"
    ]


def test_a_model_that_knows_the_held_out_sound_is_not(stand_in: str, etudes: Path, tmp_path: Path) -> None:
    config = PrepareConfig(sample_rate=RATE, test=("etude-01.wav",), validation=("etude-04.wav",))
    lines: list[str] = []
    assert start_model(CONFIG, prepare([etudes], tmp_path / "corpus", config), lines.append) is None
    assert lines == [
        f"not starting from {stand_in}: it has learnt from held-out sound of this corpus, etude-01.wav"
    ]


@pytest.mark.parametrize(
    "changes", [{"start_from": "none"}, {"size": "tiny"}, {"sample_rate": 2 * RATE}], ids=str
)
def test_random_weights_where_no_model_is_wanted_or_fits(
    stand_in: str, other_corpus: Corpus, changes: dict[str, object]
) -> None:
    config = replace(CONFIG, **changes)  # type: ignore[arg-type]
    assert start_model(config, other_corpus, pytest.fail) is None


def test_a_folder_of_the_models_name_is_not_taken_for_the_model(stand_in: str, other_corpus: Corpus) -> None:
    Path(stand_in).mkdir()
    assert start_model(CONFIG, other_corpus, pytest.fail) is None


def test_a_named_model_is_the_start(etude_run: Path, other_corpus: Corpus) -> None:
    config = replace(CONFIG, start_from=str(etude_run))
    assert start_model(config, other_corpus, pytest.fail) == str(etude_run)
