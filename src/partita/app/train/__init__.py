"""Train models on a visitor's recordings, and show how the training goes.

- `sets`: sets of recordings that a visitor has given, and the corpora that are made of them.
- `settings`: what a visitor chooses, and the command that does the same.
- `speed`: how fast this machine trains; `measuring` is what runs in the process that measures it.
- `estimate`: what a model sounds like after so many updates, and when.
- `process`: the process that trains.
- `run`: one run as the page shows it; `runs` starts, pauses and continues them; `record` is kept beside each.
- `curves`: the curves of a run, read while it is trained.
- `training`: all of these together; `starts`: the models to start from; `names`: of sets and runs.
- `routes`: the addresses.

Training itself is `partita train`, in a process of its own. This package does not know how it works.
"""
