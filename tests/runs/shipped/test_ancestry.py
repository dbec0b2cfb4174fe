"""A run that starts from a shipped model takes its shape, and remembers it, and so do the runs after it."""

from pathlib import Path

from stand_in import QUICK

from partita.data.corpus import Corpus
from partita.digests import file_digest
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.runs.shipped.ancestry import ancestors
from partita.runs.weights import find_checkpoint, weights_path
from partita.training.train import train


def test_a_run_remembers_what_it_was_started_from_and_its_ancestors(
    stand_in: str, etude_corpus: Corpus, tmp_path: Path
) -> None:
    first = train(etude_corpus, tmp_path / "first", QUICK, start_from=stand_in, quiet=True)
    second = train(etude_corpus, tmp_path / "second", QUICK, start_from=first, quiet=True)
    _, checkpoint = find_checkpoint(stand_in)
    near, far = ancestors(RunFolder.open(second).config())
    assert (near.name, far.name, far.step) == ("first", stand_in, 2)
    assert far.weights == file_digest(weights_path(checkpoint))
    assert near.corpus == far.corpus == etude_corpus.fingerprint
    assert ancestors(RunFolder.open(first).config()) == [far]
    assert ancestors(load(stand_in).config) == []
