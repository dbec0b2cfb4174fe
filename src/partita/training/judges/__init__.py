"""Judges of what the generator draws: discriminators and critics.

`base.py` has the `Judge` protocol, `discriminator.py` and `critic.py` implement it. `adversary.py` trains
discriminators on waveforms, also for the teacher-forced route. The package does not know how clips are drawn,
nor the rest of the generator's training.
"""
