"""Examine a run: its records at once, its preview clips in a moment, and new clips beside real sound."""

from collections.abc import Callable

from partita.data.corpus import Corpus
from partita.doctor.diagnosis import Diagnosis, Fact
from partita.doctor.finding import Finding
from partita.doctor.run.age import check_age
from partita.doctor.run.clips import check_clips, clip_facts
from partita.doctor.run.drawn import Drawer
from partita.doctor.run.judge import check_judge
from partita.doctor.run.learning import check_learning, pace_bits
from partita.doctor.run.previews import check_previews
from partita.doctor.run.recorded import RecordedRun
from partita.errors import PartitaError
from partita.runs.loading import load

CAUSES = ("not-learning", "learning-rate-high", "learning-rate-low", "unstable", "overfitted")
"""Findings on the curves after which a longer training would not help."""


def recorded_findings(run: RecordedRun) -> list[Finding]:
    """Return what is wrong by the config and the metrics alone, in the order of what helps most.

    Args:
        run: the run.
    """
    learning, judge = check_learning(run), check_judge(run)
    if any(one.code in CAUSES for one in learning):
        return [*learning, *judge]
    age = check_age(run)
    return [*judge, *age, *(learning if not age or (learning and learning[0].severity != "note") else [])]


def quick_findings(run: RecordedRun) -> list[Finding]:
    """Return what is wrong by the config, the metrics and the preview clips.

    Args:
        run: the run.
    """
    return [*recorded_findings(run), *check_previews(run)]


def examine_run(
    run: RecordedRun,
    corpus: Corpus | None = None,
    *,
    temperature: float | None = None,
    frame_temperature: float | None = None,
    progress: Callable[[str], None] = lambda what: None,
) -> Diagnosis:
    """Return what is wrong with a run.

    Args:
        run: the run.
        corpus: real sound to compare with; by default the run's own corpus, if it is where it was.
        temperature: of the samples of the clips; None is the run's own.
        frame_temperature: of the frame tier; None is the run's own.
        progress: called with what is done next.
    """
    findings, unchecked = recorded_findings(run), list[str]()
    facts = _facts(run)
    if corpus is None:
        corpus = _own_corpus(run)
    if corpus is None:
        unchecked.append(
            "level, spectrum and tones against real sound, since the corpus of the run is not there: give"
            f" one, `partita doctor {run.name} --corpus CORPUS`"
        )
    if not run.records:
        unchecked.append("the learning curves, since the run has no metrics")
    progress("drawing clips")
    try:
        drawer = Drawer(run.name, load(run.folder.path), corpus, temperature, frame_temperature)
        drawn = drawer.draw()
    except PartitaError as error:
        unchecked.append(f"clips ({error})")
    else:
        progress("comparing clips")
        clips = check_clips(drawn, lambda factor, frames: drawer.draw(factor=factor, frame_factor=frames))
        findings = _merged(findings, clips)
        facts += clip_facts(drawn)
    return Diagnosis(run.name, findings, facts, unchecked)


def _merged(recorded: list[Finding], clips: list[Finding]) -> list[Finding]:
    """Return all findings in the order of what helps most.

    What follows from a cause is left out: broken clips of a network that learns nothing, haze and departures
    of a young one.
    """
    if any(one.code in CAUSES and one.severity == "error" for one in recorded):
        return recorded
    if any(one.code in CAUSES for one in recorded):
        return [*recorded, *clips]
    if any(one.code in ("too-young", "no-features") and one.severity != "note" for one in recorded):
        broken = [one for one in clips if one.severity == "error"]
        hot = [one for one in broken if one.code == "temperature-high"]
        return [*hot, *recorded, *(one for one in broken if one not in hot)]
    return [*clips, *recorded]


def _own_corpus(run: RecordedRun) -> Corpus | None:
    """Return the corpus that the run's config names, or None if it is not there any more."""
    table = run.config["corpus"]
    for place in (table.get("path"), table.get("relative")):
        path = run.folder.path.absolute() / str(place or "")
        if place and (path / "index.json").is_file():
            try:
                return Corpus.open(path)
            except PartitaError:
                continue
    return None


def _facts(run: RecordedRun) -> list[Fact]:
    """Return what the records say."""
    samples = (run.samples + run.inherited_samples) / 1e6
    facts = [
        Fact("training", f"{run.step:,} updates, {samples:.1f} million samples, arm {run.training['arm']}")
    ]
    held_out, seen = run.validation_curve, run.training_curve
    if len(held_out):
        last, usual = float(held_out[-1, 1]), pace_bits(run.samples)
        facts.append(
            Fact(
                "held-out",
                f"{last:.2f} bits per sample; the size small had {usual:.2f} on a violin after as many"
                " samples",
                tuple(held_out[:, 1].round(2).tolist()),
                "bits",
            )
        )
    if len(seen):
        facts.append(
            Fact(
                "trained on",
                f"{seen[-1, 1]:.2f} bits per sample",
                tuple(seen[:, 1].round(2).tolist()),
                "bits",
            )
        )
    return facts
