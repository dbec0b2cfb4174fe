"""Intervals, paired tests, correction for several comparisons, and verdicts.

- `scores.py`: a value with its interval; the block bootstrap.
- `trimmed.py`: trimmed mean over clips.
- `permutation.py`: sign-flip test of paired differences.
- `binomial.py`: exact interval and test of yes-or-no answers; how many answers are needed.
- `seed_interval.py`: mean over seeds with the interval that matches the test.
- `equivalence.py`, `holm.py`: equivalence test; Holm's correction.
- `effect.py`, `power.py`: effect size; detectable differences and required seeds.
- `verdict.py`, `comparison.py`, `scoreboard.py`: one verdict, pairs of arms, all arms and scores.
- `wording.py`: a comparison in sentences.

`scoreboard` and `verdict` are imported from their files, which have the same names. This package does not
know how scores are computed.
"""

from partita.evaluation.statistics.binomial import answers_needed, binomial_interval, binomial_test
from partita.evaluation.statistics.comparison import Comparison, compare_pairs, sorted_by_seed
from partita.evaluation.statistics.effect import effect_size, standard_deviation
from partita.evaluation.statistics.equivalence import equivalence_test
from partita.evaluation.statistics.holm import holm_correction
from partita.evaluation.statistics.permutation import sign_flip_test
from partita.evaluation.statistics.power import detectable_effect, min_seeds, seeds_needed
from partita.evaluation.statistics.scores import Score, block_mean, percentile_interval
from partita.evaluation.statistics.seed_interval import mean_over_seeds
from partita.evaluation.statistics.trimmed import trimmed_mean
from partita.evaluation.statistics.verdict import Direction, Verdict
from partita.evaluation.statistics.wording import describe

__all__ = [
    "Comparison",
    "Direction",
    "Score",
    "Verdict",
    "answers_needed",
    "binomial_interval",
    "binomial_test",
    "block_mean",
    "compare_pairs",
    "describe",
    "detectable_effect",
    "effect_size",
    "equivalence_test",
    "holm_correction",
    "mean_over_seeds",
    "min_seeds",
    "percentile_interval",
    "seeds_needed",
    "sign_flip_test",
    "sorted_by_seed",
    "standard_deviation",
    "trimmed_mean",
]
