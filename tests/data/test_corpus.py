"""How a corpus looks when it is printed."""

import re

from partita.data.corpus import Corpus


def test_a_corpus_is_printed_as_one_line(corpus: Corpus) -> None:
    minutes = r"train \d+\.\d min, validation \d+\.\d min, test \d+\.\d min"
    assert re.fullmatch(rf"<Corpus {re.escape(str(corpus.path))}: {minutes}, 8000 Hz>", str(corpus))
    assert repr(corpus) == str(corpus)
