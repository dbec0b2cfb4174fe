"""A model's record finds copies of what it has learnt from in a corpus, and nothing else."""

import json
import shutil
from pathlib import Path

import pytest
import soundfile
from stand_in import NAME, RATE, copy_of

from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.errors import PartitaError
from partita.etudes.render import write_etudes
from partita.runs.shipped.learnt import Learnt, learnt_sources, learnt_table, read_learnt


@pytest.fixture
def learnt(shipped_folder: Path) -> Learnt:
    found = read_learnt(shipped_folder / NAME)
    assert found is not None
    return found


def test_the_test_split_of_its_own_corpus_is_unknown_and_the_others_known(
    learnt: Learnt, etude_corpus: Corpus
) -> None:
    assert learnt_sources(learnt, etude_corpus, "test") == []
    assert learnt_sources(learnt, etude_corpus, "train") == ["etude-01.wav", "etude-02.wav"]
    assert learnt_sources(learnt, etude_corpus, "validation") == ["etude-03.wav"]


@pytest.mark.parametrize("rate", [8000, 11025])
def test_a_trimmed_copy_in_another_format_and_level_is_found(
    learnt: Learnt, etudes: Path, tmp_path: Path, rate: int
) -> None:
    folder = copy_of(etudes, tmp_path / "copies", name="etude-02.wav", start=1.234, seconds=11.5)
    write_etudes(folder, count=2, seconds=12.0, sample_rate=RATE, seed=9)
    corpus = prepare(
        [folder], tmp_path / "corpus", PrepareConfig(sample_rate=rate, test=("copy.mp3", "etude-01.wav"))
    )
    assert learnt_sources(learnt, corpus, "test") == ["copy.mp3"]


def test_recordings_too_short_for_a_fingerprint_are_found_by_their_digest(
    learnt: Learnt, etudes: Path, tmp_path: Path
) -> None:
    sound, _ = soundfile.read(etudes / "etude-01.wav")
    soundfile.write(tmp_path / "short.wav", sound[: RATE // 2], RATE)
    config = PrepareConfig(sample_rate=RATE, trim=False, test=("short.wav",))
    corpus = prepare([tmp_path / "short.wav", etudes / "etude-04.wav"], tmp_path / "corpus", config)
    assert learnt_sources(learnt, corpus, "test") == []
    (segment,) = corpus.segments("test")
    table = learnt_table(Corpus(corpus.path, _with_splits(corpus, "train")))
    (shutil.copytree(corpus.path, tmp_path / "model") / "learnt.json").write_text(json.dumps(table))
    again = read_learnt(tmp_path / "model")
    assert again is not None
    assert segment.length < RATE
    assert learnt_sources(again, corpus, "test") == [corpus.source(segment)]


def _with_splits(corpus: Corpus, split: str) -> dict[str, object]:
    recordings = [{**one, "split": split} for one in corpus.index["recordings"]]
    return {**corpus.index, "recordings": recordings}


def test_a_damaged_record_is_told(shipped_folder: Path, tmp_path: Path) -> None:
    content = json.loads((shipped_folder / NAME / "learnt.json").read_text())
    content["recordings"] = content["recordings"][:1]
    (tmp_path / "learnt.json").write_text(json.dumps(content))
    with pytest.raises(PartitaError, match="its digest does not match"):
        read_learnt(tmp_path)
