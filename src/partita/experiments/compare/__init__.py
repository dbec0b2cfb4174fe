"""Whether an adversary helps on a corpus: arms from one base, paired seeds, equal time, statistics.

`config.py` holds the options, `run.py` the order of the stages.
"""
