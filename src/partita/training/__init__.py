"""Training of one model on one corpus, for every arm: `train.train` and `train.resume` are the entry points.

Inside are the trainer and its train step, and the packages `config`, `losses`, `judges`, `rollouts` and
`monitoring`. Nothing here knows reports, experiments or the command line.
"""
