"""Models that ship with the package, and what a run has learnt from.

- `folder`: find a shipped model by its name, and check its files.
- `card`: the card of a model: players, licences, training, scores, limits.
- `learnt`: fingerprints of the sound that a model has learnt from, and where a corpus holds such sound.
- `known_sound`: warnings where a model or an ancestor knows the sound of a split.
- `ancestry`: the runs that a run was started from.
- `export`: make the folder of a shipped model from a finished run.

A shipped model is a run folder in `partita/shipped/` with one finished checkpoint, which has only the weights
to draw with. This package does not know how to train.
"""
