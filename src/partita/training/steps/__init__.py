"""One update of each kind of model. All are learners: a network with its optimizer, average and frame tier.

- `learner`: what all have in common.
- `wavenet`: by likelihood, alone or with a judge.
- `student`: by a WaveNet that teaches.
- `maf`: a flow, by likelihood.
- `gan`: a generator that discriminators teach, Goodfellow's algorithm 1.
- `choice`: the learner that a config asks for.
"""
