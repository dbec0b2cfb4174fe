"""Warnings where held-out sound is not unknown to a model, because it or an ancestor has learnt from it."""

from pathlib import Path

from partita.data.corpus import Corpus
from partita.runs.loading import LoadedModel
from partita.runs.shipped.ancestry import ancestors
from partita.runs.shipped.folder import SHIPPED
from partita.runs.shipped.learnt import learnt_sources, read_learnt

MOST_NAMED = 3


def known_sound_warnings(loaded: LoadedModel, corpus: Corpus, split: str) -> list[str]:
    """Return a warning for each model, the given one or an ancestor, that may know the sound of a split.

    A model that ships has a record of what it has learnt from, which is compared with the split. Of others
    only the fingerprint of their corpus is known.

    Args:
        loaded: the model that is scored.
        corpus: the corpus that it is scored on.
        split: the split.

    Raises:
        PartitaError: a record of a shipped model is damaged.
    """
    warnings = []
    trained_on = loaded.config.get("corpus", {}).get("fingerprint")
    if trained_on not in (None, corpus.fingerprint):
        general = (
            f"{loaded.name} was trained on another corpus, or on an earlier version of this one: the split"
            f" {split!r} may contain sound that the model was trained on"
        )
        warnings += _warning(loaded.name, loaded.path, trained_on, corpus, split, general)
    for one in ancestors(loaded.config):
        if one.corpus == corpus.fingerprint:
            continue
        general = (
            f"{loaded.name} was started from {one.name}, which was trained on another corpus: the split"
            f" {split!r} may contain sound that {one.name} was trained on"
        )
        warnings += _warning(one.name, SHIPPED / one.name, one.corpus, corpus, split, general)
    return list(dict.fromkeys(warnings))


def _warning(
    name: str, folder: Path | None, trained_on: str, corpus: Corpus, split: str, general: str
) -> list[str]:
    """Return the warning of one model: by its record, or the general one if its folder has none of it."""
    learnt = None if folder is None else read_learnt(folder)
    if learnt is None or learnt.corpus != trained_on:
        return [general]
    sources = learnt_sources(learnt, corpus, split)
    if not sources:
        return []
    more = len(sources) - MOST_NAMED
    named = ", ".join(sources[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return [
        f"{name} has learnt from sound in the split {split!r} ({named}): scores there are too good; hold out"
        " other recordings, or start from another model"
    ]
