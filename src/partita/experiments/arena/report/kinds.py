"""Names and descriptions of the arena's scores, as its page shows them. This file computes nothing."""

from partita.reports.score_kinds import Kind

LOWER = "lower is better"
KINDS = (
    Kind(
        key="kl_sum",
        name="KL, both directions",
        rule=LOWER,
        meaning="The sum of the next two rows.",
        digits=4,
    ),
    Kind(
        key="kl_forward",
        name="KL(data || student)",
        rule=LOWER,
        meaning="What the student lacks: the extra bits to code the teacher's clips with the student.",
        digits=4,
    ),
    Kind(
        key="kl_reverse",
        name="KL(student || data)",
        rule=LOWER,
        meaning=(
            "What the student adds: how much more probable its clips are for itself than for the teacher."
        ),
        digits=4,
    ),
    Kind(
        key="kl_reverse_bound",
        name="KL(student || data), at most",
        rule=LOWER,
        meaning=(
            "An upper bound for a steered arm, since the probability of steered clips is not computable. For"
            " other arms the divergence itself, on the same number of clips."
        ),
        digits=4,
    ),
    Kind(
        key="jensen_shannon",
        name="Jensen-Shannon per step",
        rule=LOWER,
        meaning="Between the distributions of the next sample, given clips of both models; 0 to 1.",
        digits=4,
    ),
    Kind(
        key="kl_sum_trimmed",
        name="KL, both directions, trimmed",
        rule=LOWER,
        meaning="Without the lowest and the highest 1% of clips.",
        digits=4,
    ),
    Kind(
        key="runaway_share",
        name="Runaway clips",
        rule=LOWER,
        meaning="The share of clips that the teacher finds less probable than noise.",
        digits=4,
    ),
    Kind(
        key="told_apart",
        name="Two-sample classifier",
        rule=LOWER,
        meaning=(
            "Area under the ROC curve of a weak classifier, trained on other clips; 0.5 is chance, 1 is"
            " perfect."
        ),
        digits=4,
    ),
)
