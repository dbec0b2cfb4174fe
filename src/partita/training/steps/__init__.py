"""One update of each kind of model. All are learners: a network with its optimizer, average and frame tier.

- `learner`: what all have in common.
- `wavenet`: by likelihood, alone or with a judge.
- `student`: of a flow that a WaveNet teaches.
- `gan`: of a generator that discriminators teach, Goodfellow's algorithm 1.
- `choice`: the learner that a config asks for.
"""
