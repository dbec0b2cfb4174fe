"""Find problems in a run's numbers, and describe each with what to try.

`DiscriminatorMonitor` watches the accuracy of a discriminator or critic; `clip_problem` compares the clips of
free-running training with real sound. Nothing here stops a run.
"""

from collections.abc import Mapping

LOW_ACCURACY = 0.55
"""An accuracy up to this value is reported as low; chance is 0.5."""
HIGH_ACCURACY = 0.98
"""An accuracy from this value on is reported as high."""
STEPS = 300
"""Steps for which the accuracy must stay in that range before it is reported."""

COLLAPSE = 0.5  # entropy on drawn clips over entropy on real sound, below which clips collapse
RUNAWAY = 1.5  # the same ratio, above which (plus 1 bit) clips run away
SILENCE = 0.1  # level of drawn clips over the real level, below which clips fall silent: -20 dB
LOUD = 3.0  # the same ratio, above which clips run away: +10 dB


class DiscriminatorMonitor:
    """Watch the accuracy of a discriminator or critic over a run, and report each problem once.

    Args:
        critic: whether the judge is a critic that keeps learning. A critic may classify long clips perfectly
            and still give a useful reward, so only a low accuracy is reported.

    >>> monitor = DiscriminatorMonitor()
    >>> numbers = {"discriminator_real": 0.5, "discriminator_fake": 0.49}
    >>> [monitor.update(step, numbers) is not None for step in (200, 300, 400)]
    [False, True, False]
    """

    def __init__(self, *, critic: bool = False) -> None:
        self._critic = critic
        self._last_step_without = {"low": 0, "high": 0}
        self._reported: set[str] = set()

    def update(self, step: int, numbers: Mapping[str, float]) -> str | None:
        """Process one training record, and return a warning if there is a new problem.

        Args:
            step: the step of the record.
            numbers: the means since the last record. `discriminator_real` and `discriminator_fake` are the
                shares of patches after the prompt that were classified as real; without them, nothing is
                checked.
        """
        if not {"discriminator_real", "discriminator_fake"} <= numbers.keys():
            self._last_step_without = dict.fromkeys(self._last_step_without, step)
            return None
        share = accuracy(numbers)
        for problem, present in (("low", share <= LOW_ACCURACY), ("high", share >= HIGH_ACCURACY)):
            if not present:
                self._last_step_without[problem] = step
            elif problem not in self._reported and step - self._last_step_without[problem] >= STEPS:
                self._reported.add(problem)
                if not self._critic:
                    return _discriminator_warning(problem, share)
                if problem == "low":
                    return _critic_warning(share)
        return None


def accuracy(numbers: Mapping[str, float]) -> float:
    """Return a discriminator's accuracy: the share of patches after the prompt that it classified correctly.

    Args:
        numbers: a training record with `discriminator_real` and `discriminator_fake`, the shares of real and
            of drawn patches that were classified as real.

    >>> accuracy({"discriminator_real": 0.75, "discriminator_fake": 0.25})
    0.75
    """
    return (numbers["discriminator_real"] + 1.0 - numbers["discriminator_fake"]) / 2.0


def _discriminator_warning(problem: str, share: float) -> str:
    if problem == "low":
        return (
            f"the discriminator's accuracy stayed at {LOW_ACCURACY:.0%} or less for {STEPS} steps, now"
            f" {share:.0%}: the generator learns nothing from it or, in free-running training, keeps up with"
            " it. Try other `--adversary.discriminators`, more `--adversary.updates`, or a longer"
            " `--adversary.warmup`"
        )
    return (
        f"the discriminator's accuracy stayed at {HIGH_ACCURACY:.0%} or more for {STEPS} steps, now"
        f" {share:.1%}: the generator learns little from it. Try `--adversary.r1 1`,"
        " `--adversary.max-accuracy 0.9`, or a lower `--adversary.learning-rate`"
    )


def _critic_warning(share: float) -> str:
    return (
        f"the critic's accuracy stayed at {LOW_ACCURACY:.0%} or less for {STEPS} steps, now {share:.0%}: the"
        " generator learns nothing from the critic's training. Try a lower `--critic.learning-rate`, or the"
        " arm `critic`, in which the critic stays fixed"
    )


def clip_problem(numbers: Mapping[str, float]) -> str | None:
    """Return what is wrong with the clips of free-running training and what to try, or None.

    Args:
        numbers: means over some updates: `entropy_real` and `entropy_drawn`, the entropy of the predictions
            on real sound and on drawn clips, bits; `level_real` and `level_drawn`, the root mean square of
            both. Without them, nothing is checked.

    >>> clip_problem({"entropy_real": 3.0, "entropy_drawn": 1.0, "level_real": 0.1, "level_drawn": 0.1})
    'the clips are collapsing: 1.00 bits of entropy per sample on them, 3.00 on real sound; lower the weight'
    >>> clip_problem({"entropy_real": 3.0, "entropy_drawn": 2.9, "level_real": 0.1, "level_drawn": 0.1})
    """
    if "entropy_drawn" not in numbers:
        return None
    real, drawn = numbers["entropy_real"], numbers["entropy_drawn"]
    entropy = f"{drawn:.2f} bits of entropy per sample on them, {real:.2f} on real sound"
    level = f"a level of {numbers['level_drawn']:.4f}, {numbers['level_real']:.4f} in real sound"
    if numbers["level_drawn"] < SILENCE * numbers["level_real"]:
        return f"the clips fall silent: {level}; lower the weight, or train longer by likelihood first"
    if drawn < COLLAPSE * real:
        return f"the clips are collapsing: {entropy}; lower the weight"
    if drawn > RUNAWAY * real + 1.0:
        return f"the clips run away: {entropy}; train longer by likelihood first, or lower the weight"
    if numbers["level_drawn"] > LOUD * numbers["level_real"]:
        return f"the clips run away: {level}; train longer by likelihood first, or lower the weight"
    return None
