"""A warning where the held-out sound is known to a shipped model, also when a run was started from it."""

from pathlib import Path

import pytest
from stand_in import QUICK, RATE, copy_of, ship

from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.etudes.render import write_etudes
from partita.runs.loading import load
from partita.runs.shipped.known_sound import known_sound_warnings
from partita.training.train import train


@pytest.fixture
def corpora(etudes: Path, tmp_path: Path) -> tuple[Corpus, Corpus]:
    """Two corpora of new studies: the first also holds out a copy of what the stand-in has learnt from."""
    write_etudes(tmp_path / "new", count=2, seconds=12.0, sample_rate=RATE, seed=9)
    copied = copy_of(etudes, tmp_path / "copies", name="etude-01.wav", start=0.7, seconds=12.0)
    clean = PrepareConfig(sample_rate=RATE, test=("etude-01.wav",))
    known = PrepareConfig(sample_rate=RATE, test=("copy.mp3",))
    return (
        prepare([tmp_path / "new", copied], tmp_path / "known", known),
        prepare([tmp_path / "new"], tmp_path / "clean", clean),
    )


def test_known_sound_is_named_and_unknown_sound_is_not(
    stand_in: str, corpora: tuple[Corpus, Corpus], etude_corpus: Corpus
) -> None:
    known, clean = corpora
    (warning,) = known_sound_warnings(load(stand_in), known, "test")
    assert warning.startswith(f"{stand_in} has learnt from sound in the split 'test' (copies/copy.mp3): ")
    assert known_sound_warnings(load(stand_in), known, "train") == []
    assert known_sound_warnings(load(stand_in), clean, "test") == []
    assert known_sound_warnings(load(stand_in), etude_corpus, "test") == []


def test_runs_that_were_started_from_the_model_are_warned_of_too(
    stand_in: str, corpora: tuple[Corpus, Corpus], tmp_path: Path
) -> None:
    for corpus, count in zip(corpora, (1, 0), strict=True):
        run = train(corpus, tmp_path / f"run-{count}", QUICK, start_from=stand_in, quiet=True)
        again = train(corpus, tmp_path / f"again-{count}", QUICK, start_from=run, quiet=True)
        for path in (run, again):
            warnings = known_sound_warnings(load(path), corpus, "test")
            assert sum(f"{stand_in} has learnt from" in warning for warning in warnings) == count


def test_an_ancestor_without_a_record_is_told_in_general(
    stand_in: str, corpora: tuple[Corpus, Corpus], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(corpora[1], tmp_path / "run", QUICK, start_from=stand_in, quiet=True)
    ship(tmp_path / "nothing", monkeypatch)
    (warning,) = known_sound_warnings(load(run), corpora[1], "test")
    assert f"run was started from {stand_in}, which was trained on another corpus" in warning
