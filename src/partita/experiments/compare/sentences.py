"""What a comparison found, in three sentences: the verdict, the distance to real sound, and the controls."""

from collections.abc import Mapping
from typing import Any

from partita.evaluation.clip_scores import NOISE_PREFIX
from partita.evaluation.statistics.power import min_seeds
from partita.experiments.compare.config import CONTROL
from partita.experiments.compare.scores import NOISED, PRIMARY
from partita.reports.sound_words import NOISE, sounds_like, tones

Scores = Mapping[str, Any]


def sentences(scores: Scores) -> list[str]:
    """Return the findings, in sentences that need no knowledge of statistics.

    Args:
        scores: the content of `scores.json`.
    """
    return [_verdict(scores), _distance(scores), _controls(scores)]


def plain_sentences(scores: Scores) -> tuple[str, str, str]:
    """Return what was asked and answered, how the clips sound, and what to do next, in a musician's words.

    Args:
        scores: the content of `scores.json`.
    """
    arm = str(scores["primary"]["arm"])
    asked = f"This page asks whether training with {arm} makes clips that are closer to real sound"
    arms = [name for name in dict.fromkeys((CONTROL, arm)) if name in scores["arms"]]
    like = {name: sounds_like(scores["arms"][name]) for name in arms}
    sound = " ".join(f"The clips of {name} are {words}." for name, words in like.items())
    if len({*like.values()}) == 1 < len(like):
        sound = f"The clips of both are {like[CONTROL]}."
    return f"{asked} than with {CONTROL}; {_answer(scores)}.", sound or "There are no clips.", _next(scores)


def best_arm(scores: Scores) -> str:
    """Return the arm to go on with: that of the primary comparison if it is better, else likelihood."""
    arm = str(scores["primary"]["arm"])
    better = any(pair["verdict"] == "better" for pair in _pairs(scores, PRIMARY))
    return arm if better or CONTROL not in scores["arms"] else CONTROL


def _answer(scores: Scores) -> str:
    """Return the answer of the primary comparison, in a few words."""
    done = len(scores["seeds"])
    seeds = f"{done} seed{'s' if done != 1 else ''}"
    if scores["missing"]:
        return f"the answer is not known yet, {done} of {done + scores['missing']} seeds are finished"
    verdicts = [str(pair["verdict"]) for pair in _pairs(scores, PRIMARY)]
    return {
        "better": f"it does, over {seeds}",
        "worse": f"it does not, they are further away, over {seeds}",
        "equal": f"it makes no difference that matters, over {seeds}",
        "undecided": f"{seeds} can't tell",
    }.get(verdicts[0] if verdicts else "", "there is no answer, because a training diverged")


def _next(scores: Scores) -> str:
    """Return what to do next, in one sentence."""
    arm, best = str(scores["primary"]["arm"]), best_arm(scores)
    if tones(scores["arms"].get(CONTROL, {})) == NOISE:
        return (
            "Train the base for longer before you compare: while clips are noise, a comparison of arms says"
            " little about music."
        )
    if best == arm:
        return f"Use the model that was trained with {arm}: it is the first one beside the clips."
    return f"Train with {CONTROL}, which is simpler, and ask again with more seeds or more time."


def _pairs(scores: Scores, family: str) -> list[Mapping[str, Any]]:
    return [pair for pair in scores["pairs"] if pair["family"] == family]


def _verdict(scores: Scores) -> str:
    """Return the verdict of the primary comparison, with its evidence."""
    primary = scores["primary"]
    found = _pairs(scores, PRIMARY)
    if scores["missing"]:
        done = len(scores["seeds"])
        return f"There is no verdict yet: {done} of {done + scores['missing']} seeds are finished."
    if not found:
        lost = " and ".join(arm for arm in (primary["arm"], CONTROL) if arm not in scores["arms"])
        return f"There is no verdict: {lost or 'an arm'} has no result, because its training diverged."
    score = str(primary["score"])
    return str(found[0]["sentence"]).replace(f" in {score}", f" in the distance to real sound ({score})", 1)


def _distance(scores: Scores) -> str:
    """Return how far both arms are from real sound, as noise that real sound would need."""
    primary = scores["primary"]
    name = f"{NOISE_PREFIX}{primary['score']}"
    arms = [arm for arm in (CONTROL, primary["arm"]) if name in scores["arms"].get(arm, {})]
    if not arms:
        return "How far the clips are from real sound is unknown."
    parts = [f"{arm} {_decibels(scores['arms'][arm][name])}" for arm in arms]
    return (
        "Clips are as far from real sound as real sound with white noise so many dB below it (more is better;"
        f" 40 can't be told from real sound): {', '.join(parts)}."
    )


def _decibels(score: Mapping[str, Any]) -> str:
    return f"{score['value']:.0f} ({score['low']:.0f} to {score['high']:.0f})"


def _controls(scores: Scores) -> str:
    """Return whether the score noticed added noise, and found no difference between equal trainings."""
    score = scores["primary"]["score"]
    verdicts = {
        family: pair["verdict"]
        for family in ("noised", "again")
        for pair in _pairs(scores, family)
        if pair["score"] == score
    }
    noised, again = verdicts.get("noised"), verdicts.get("again")
    if noised is None:
        return f"The control is missing: {NOISED} has no result."
    few = len(scores["seeds"]) < min_seeds()
    unnoticed = "The score does not notice white noise at -40 dBFS on the same clips: it may miss differences"
    first = {
        "worse": "The score notices white noise at -40 dBFS on the same clips, as it must",
        "undecided": "The seeds are too few to say whether the score notices noise" if few else unnoticed,
    }.get(noised, "The score takes clips with white noise at -40 dBFS for no worse: do not trust it here")
    if again is None:
        return f"{first}."
    second = {
        "undecided": "it finds no difference between two trainings that differ in seeds alone",
        "equal": "it finds two trainings that differ in seeds alone equal",
    }.get(
        again, "but it finds a difference between two trainings that differ in seeds alone: do not trust it"
    )
    return f"{first}; {second}."
