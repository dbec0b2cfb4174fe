"""Choose the model that a demo starts from. This file trains nothing and loads no weights."""

from collections.abc import Callable
from pathlib import Path

from partita.data.corpus import Corpus
from partita.experiments.demo.config import AUTO, DemoConfig
from partita.runs.shipped.folder import SHIPPED, shipped_names
from partita.runs.shipped.learnt import learnt_sources, read_learnt
from partita.training.start.like_model import sample_rate_of

HELD_OUT = ("validation", "test")


def start_model(config: DemoConfig, corpus: Corpus, log: Callable[[str], None]) -> str | None:
    """Return the model that a demo starts from: the one that it names, or one that ships, or None.

    A model that ships is taken if the demo names neither a model nor a size, the model has the demo's sample
    rate, and it has not learnt from the sound on which the demo is scored.

    Args:
        config: the demo's.
        corpus: its corpus.
        log: called with one line about each model that ships with the sample rate.

    Raises:
        PartitaError: a model that ships is damaged.
    """
    if config.start_from != AUTO or config.size is not None:
        return config.start_model
    for name in shipped_names():
        if Path(name).exists() or sample_rate_of(name) != config.sample_rate:
            continue  # a folder of this name here is something else
        learnt = read_learnt(SHIPPED / name)
        known = [] if learnt is None else [one for s in HELD_OUT for one in learnt_sources(learnt, corpus, s)]
        if known:
            log(f"not starting from {name}: it has learnt from held-out sound of this corpus, {known[0]}")
            continue
        log(f"starting from {name}, a model that ships; `--from none` starts with random weights")
        return name
    return None
