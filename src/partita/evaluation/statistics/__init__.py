"""Intervals, paired tests, correction for several comparisons, and verdicts.

- `scores.py`: a value with its interval; the block bootstrap.
- `trimmed.py`: trimmed mean over clips.
- `permutation.py`: sign-flip test of paired differences.
- `seed_interval.py`: mean over seeds with the interval that matches the test.
- `equivalence.py`, `holm.py`: equivalence test; Holm's correction.
- `effect.py`, `power.py`: effect size; detectable differences and required seeds.
- `verdict.py`, `comparison.py`, `scoreboard.py`: one verdict, pairs of arms, all arms and scores.
- `wording.py`: a comparison in sentences.

This package does not know how scores are computed.
"""
