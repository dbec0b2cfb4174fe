"""The main job: recordings in, two trained arms and a page to listen out, within a given time.

Every stage is a public function of its room, and corpus and training keep what they finished: the same
command, run again after an interruption, goes on from there; scores and page are made anew. This file only
says in which order; `demo_time.py` shares out the time and `demo_page.py` words the page.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from partita import storage
from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.preparation.summary import corpus_notes
from partita.device import compute_device
from partita.etudes.render import write_etudes
from partita.evaluation.evaluate import EvaluateConfig, Evaluation, evaluation
from partita.evaluation.temperature import choose_temperature
from partita.experiments.demo.config import (
    ARMS,
    LEAST,
    START,
    DemoConfig,
    etudes_for,
    going_on,
    scoring,
    shares,
    training,
)
from partita.experiments.demo.folder import Home, Settled
from partita.experiments.demo.page import busy_while, report_data
from partita.experiments.demo.rehearsal import rehearse
from partita.experiments.demo.time_budget import SCORING_SHARE, lateness, scaled, training_minutes
from partita.reports.report import write_report
from partita.runs.checkpoint_state import read_state
from partita.runs.folder import RunFolder, is_finished
from partita.runs.loading import load
from partita.signals import Interrupted
from partita.terminal import print_note
from partita.training.config.arms import with_arm
from partita.training.config.train import TrainConfig
from partita.training.interleaved import PlannedRun, train_in_turns
from partita.training.train import finished_run, refuse_other_corpus

Say = Callable[[str], None]


def demo(config: DemoConfig | None = None, *, say: Say | None = None) -> Path:
    """Make a corpus, train the arms for equal time from a common start, draw and score clips, write the page.

    Args:
        config: what to learn from, and how long.
        say: told what is being done, a line a stage; by default standard error.

    Returns:
        The path of report.html.

    Raises:
        PartitaError: the folder holds something else or another demo, or the recordings can't be used.
        Interrupted: Ctrl-C; what was finished is kept, and the same call goes on from there.
    """
    config, say = config or DemoConfig(), say or _on_standard_error
    begun = time.monotonic()
    compute_device(config.device)  # a device that is not there is said before anything is written
    home = Home(config)
    try:
        with home.take():
            storage.clear_leftovers(home.path, deep=True)
            page = _made(config, home, begun, say)
    except KeyboardInterrupt as stop:
        raise Interrupted(
            "stopped; what is finished is kept, and the same command goes on from there"
        ) from stop
    say(f"done in {(time.monotonic() - begun) / 60:.1f} minutes: open {page}")
    return page


def _made(config: DemoConfig, home: Home, begun: float, say: Say) -> Path:
    corpus = _corpus(config, home, say)
    plan, settled = _settled(config, home, corpus, begun, say)
    together, apart = shares(settled.training_minutes)
    start = _start(home, corpus, training(config, minutes=together), say)
    steps = int(read_state(start.newest())["step"])
    _arms(home, start, corpus, going_on(config, minutes=apart, steps=steps), say)
    evaluations = {arm: _score(home, arm, corpus, plan, say) for arm in ARMS}
    data = report_data(config, home.path, corpus, evaluations, settled.training_minutes)
    return write_report(home.page, data)


def _settled(
    config: DemoConfig, home: Home, corpus: Corpus, begun: float, say: Say
) -> tuple[EvaluateConfig, Settled]:
    """Return how to score, and how the time is shared out: as it was decided, or decided and noted now."""
    plan = scoring(config, held_out=corpus.segment_seconds("test"))
    settled = home.settled
    if settled is None:
        say("trying out how long scoring takes on this machine")
        costs = rehearse(corpus, training(config, minutes=LEAST), plan)
        gone = time.monotonic() - begun
        plan = scaled(plan, costs, seconds=SCORING_SHARE * (60.0 * config.minutes - gone))
        after = costs.of(plan)
        settled = Settled(
            training_minutes=training_minutes(config, seconds_gone=gone, seconds_after=after),
            clips=plan.clips,
            bits_seconds=plan.bits_seconds,
        )
        home.settle(settled)
        say(
            f"{gone:.0f} s gone; training takes {settled.training_minutes:.1f} minutes, then scoring and the"
            f" page about {after:.0f} s"
        )
        if words := lateness(config, seconds_gone=gone, seconds_after=after):
            say(words)
    return replace(
        plan,
        clips=min(plan.clips, settled.clips or plan.clips),
        bits_seconds=settled.bits_seconds or plan.bits_seconds,
    ), settled


def _corpus(config: DemoConfig, home: Home, say: Say) -> Corpus:
    if home.settled is not None:  # what the arms learn from stays as it was when the first of them began
        say("going on with the corpus that is there")
        return Corpus.open(home.corpus)
    sources, splits = config.recordings, PrepareConfig(sample_rate=config.sample_rate, seed=config.seed)
    if sources is None:
        sources, etudes = home.recordings, etudes_for(config.minutes)
        splits = PrepareConfig(
            sample_rate=config.sample_rate,
            seed=config.seed,
            test=(etudes.test,),
            validation=(etudes.validation,),
        )
        say(f"composing {etudes.count} synthetic studies for solo violin, {etudes.seconds:g} s each")
        write_etudes(
            sources,
            count=etudes.count,
            seconds=etudes.seconds,
            sample_rate=config.sample_rate,
            seed=config.seed,
        )
    say(f"preparing the corpus from {sources}")
    corpus = prepare([sources], home.corpus, splits, progress=True)
    for line in corpus_notes(corpus.index):
        say(line)
    lengths = ", ".join(f"{split} {corpus.seconds(split):.0f} s" for split in ("train", "validation", "test"))
    say(f"corpus: {lengths}")
    for line in corpus.index["held_out"] if config.recordings else ():
        say(line)
    return corpus


def _start(home: Home, corpus: Corpus, config: TrainConfig, say: Say) -> RunFolder:
    """Return the finished run that both arms go on from."""
    _announce(home, START, corpus, config, say)
    return finished_run(corpus, home.run(START), config)


def _arms(home: Home, start: RunFolder, corpus: Corpus, config: TrainConfig, say: Say) -> None:
    """Train the arms in turns, so that they have equal time on equal terms."""
    planned = []
    for arm in ARMS:
        one = PlannedRun(path=home.run(arm), config=with_arm(config, arm), start_from=start.path)
        _announce(home, arm, corpus, one.config, say)
        planned.append(one)
    for error in train_in_turns(corpus, planned).values():
        raise error
    updates = (f"{arm} {int(read_state(RunFolder.open(home.run(arm)).newest())['step']):,}" for arm in ARMS)
    say(f"updates in equal time: {', '.join(updates)}")
    if words := busy_while(home.path):
        say(words)


def _announce(home: Home, name: str, corpus: Corpus, config: TrainConfig, say: Say) -> None:
    """Report what is done with a run.

    Raises:
        PartitaError: it was trained on another corpus.
    """
    path = home.run(name)
    refuse_other_corpus(corpus, path)
    if not path.exists():
        say(f"{name}: training for {config.minutes:.2g} minutes, in {path}")
    else:
        say(f"{name}: trained already, kept" if is_finished(path) else f"{name}: going on with its training")


def _score(home: Home, arm: str, corpus: Corpus, plan: EvaluateConfig, say: Say) -> Evaluation:
    say(f"{arm}: choosing a temperature on the validation split")
    loaded = load(home.run(arm))
    temperature = choose_temperature(loaded, corpus, plan)
    say(
        f"{arm}: scoring, and drawing {plan.clips} clips of {plan.seconds:g} s at temperature {temperature:g}"
    )
    found = evaluation(loaded, corpus, replace(plan, temperature=temperature))
    bits, distance = found.scores["bits_per_sample"], found.scores["frechet_log_mel"]
    say(f"{arm}: {bits['value']:.3f} bits per sample, Frechet distance {distance['value']:.1f}")
    return found


def _on_standard_error(line: str) -> None:
    print_note(f"demo: {line}")
