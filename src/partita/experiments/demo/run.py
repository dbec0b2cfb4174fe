"""The demo: from recordings to two trained arms and a page with clips, within a given time.

The corpus and the training save what is finished: the same command, run again after an interruption,
continues from there. Scores and page are made again. This file decides the order of the stages;
`time_budget.py` divides the time and `page.py` collects the content of the page.
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
from partita.evaluation.evaluate import EvaluateConfig, Evaluation, evaluate_with_clips
from partita.evaluation.temperature import choose_temperature
from partita.experiments.demo.config import (
    ARMS,
    MIN_TRAINING_MINUTES,
    NONE,
    START,
    DemoConfig,
    arm_training,
    divide_minutes,
    etudes_for,
    evaluation_config,
    start_training,
)
from partita.experiments.demo.folder import DemoFolder, DemoPlan
from partita.experiments.demo.page import report_data, unequal_machine_share
from partita.experiments.demo.scoring_costs import measure_scoring_costs
from partita.experiments.demo.start_model import start_model
from partita.experiments.demo.time_budget import (
    SCORING_SHARE,
    fit_to_time,
    overtime_warning,
    training_minutes,
)
from partita.reports.report import write_report
from partita.runs.checkpoint_state import read_state
from partita.runs.folder import RunFolder, is_finished
from partita.runs.loading import load
from partita.signals import Interrupted
from partita.terminal import print_note
from partita.training.config.arms import with_arm
from partita.training.config.tiers import with_conditions
from partita.training.config.train import TrainConfig
from partita.training.interleaved import PlannedRun, train_in_turns
from partita.training.train import finished_run, refuse_other_corpus

Log = Callable[[str], None]


def demo(config: DemoConfig | None = None, *, log: Log | None = None) -> Path:
    """Prepare a corpus, train a start and two arms for equal time, draw and score clips, and write the page.

    Args:
        config: what to learn from, and for how long.
        log: called with one line for each stage; by default the line is printed on standard error.

    Returns:
        The path of report.html.

    Raises:
        PartitaError: the folder contains something else or another demo, or the recordings can't be used.
        Interrupted: Ctrl-C; finished parts are saved, and the same call continues from there.
    """
    config, log = config or DemoConfig(), log or _print
    start = time.monotonic()
    compute_device(config.device)  # fails before anything is written if the device is missing
    folder = DemoFolder(config)
    try:
        with folder.lock():
            storage.remove_leftovers(folder.path, deep=True)
            page = _run(config, folder, start, log)
    except KeyboardInterrupt as stop:
        raise Interrupted(
            "stopped; finished parts are saved: run the same command again to continue"
        ) from stop
    log(f"done in {(time.monotonic() - start) / 60:.1f} minutes: open {page}")
    return page


def _run(config: DemoConfig, folder: DemoFolder, start: float, log: Log) -> Path:
    """Run all stages and return the path of the page.

    Args:
        config: the demo's.
        folder: its folder, locked.
        start: when the demo started, by the monotonic clock.
        log: called with one line for each stage.
    """
    corpus = _corpus(config, folder, log)
    plan = folder.plan or _make_plan(config, folder, corpus, start, log)
    config = _with_start(config, plan.start_model)
    scoring = _scoring(config, corpus, plan)
    start_minutes, arm_minutes = divide_minutes(plan.training_minutes)
    training = start_training(config, minutes=start_minutes)
    run = _train_start(folder, corpus, training, config.start_model, log)
    steps = int(read_state(run.newest_checkpoint())["step"])
    _train_arms(folder, run, corpus, arm_training(config, minutes=arm_minutes, steps=steps), log)
    evaluations = {arm: _score(folder, arm, corpus, scoring, log) for arm in ARMS}
    data = report_data(config, folder.path, corpus, evaluations, plan.training_minutes)
    return write_report(folder.page, data)


def _make_plan(config: DemoConfig, folder: DemoFolder, corpus: Corpus, start: float, log: Log) -> DemoPlan:
    """Measure how long scoring takes, divide the rest of the time, and save the plan."""
    begin = start_model(config, corpus, log)
    config = _with_start(config, begin)
    log("measuring how long scoring takes on this machine")
    full = evaluation_config(config, held_out=corpus.segment_seconds("test"))
    training = start_training(config, minutes=MIN_TRAINING_MINUTES)
    costs = measure_scoring_costs(
        corpus, with_conditions(training, corpus, inherited=begin is not None), full
    )
    before = time.monotonic() - start
    reduced = fit_to_time(full, costs, seconds=SCORING_SHARE * (60.0 * config.minutes - before))
    after = costs.total_seconds(reduced)
    plan = DemoPlan(
        training_minutes=training_minutes(config, seconds_before=before, seconds_after=after),
        clips=reduced.clips,
        bits_seconds=reduced.bits_seconds,
        start_model=begin,
    )
    folder.save_plan(plan)
    log(
        f"{before:.0f} s used so far; training takes {plan.training_minutes:.1f} minutes, scoring and the"
        f" page about {after:.0f} s"
    )
    if warning := overtime_warning(config, seconds_before=before, seconds_after=after):
        log(warning)
    return plan


def _with_start(config: DemoConfig, found: str | None) -> DemoConfig:
    """Return the config with the model to start from, if it names none itself."""
    return replace(config, start_from=config.start_model or found or NONE)


def _scoring(config: DemoConfig, corpus: Corpus, plan: DemoPlan) -> EvaluateConfig:
    """Return the evaluation of each arm, reduced as planned."""
    full = evaluation_config(config, held_out=corpus.segment_seconds("test"))
    return replace(
        full,
        clips=min(full.clips, plan.clips or full.clips),
        bits_seconds=plan.bits_seconds or full.bits_seconds,
    )


def _corpus(config: DemoConfig, folder: DemoFolder, log: Log) -> Corpus:
    """Return the corpus, prepared again unless the training has started."""
    if folder.plan is not None:  # the arms keep the corpus with which the training started
        log("continuing with the existing corpus")
        return Corpus.open(folder.corpus)
    sources, splits = config.recordings, PrepareConfig(sample_rate=config.sample_rate, seed=config.seed)
    if sources is None:
        sources, etudes = folder.recordings, etudes_for(config.minutes)
        splits = replace(splits, test=(etudes.test,), validation=(etudes.validation,))
        log(f"composing {etudes.count} synthetic violin studies, {etudes.seconds:g} s each")
        write_etudes(
            sources,
            count=etudes.count,
            seconds=etudes.seconds,
            sample_rate=config.sample_rate,
            seed=config.seed,
        )
    log(f"preparing the corpus from {sources}")
    corpus = prepare([sources], folder.corpus, splits, progress=True)
    for line in corpus_notes(corpus.index):
        log(line)
    lengths = ", ".join(f"{split} {corpus.seconds(split):.0f} s" for split in ("train", "validation", "test"))
    log(f"corpus: {lengths}")
    for line in corpus.index["held_out"] if config.recordings else ():
        log(line)
    return corpus


def _train_start(
    folder: DemoFolder, corpus: Corpus, config: TrainConfig, begin: str | None, log: Log
) -> RunFolder:
    """Return the finished run that both arms continue from; `begin` is the model that it starts from."""
    _log_training(folder, START, corpus, config, log)
    return finished_run(corpus, folder.run(START), config, start_from=begin)


def _train_arms(folder: DemoFolder, start: RunFolder, corpus: Corpus, config: TrainConfig, log: Log) -> None:
    """Train the arms in turns, so that they have equal time under equal conditions."""
    planned = []
    for arm in ARMS:
        run = PlannedRun(path=folder.run(arm), config=with_arm(config, arm), start_from=start.path)
        _log_training(folder, arm, corpus, run.config, log)
        planned.append(run)
    for error in train_in_turns(corpus, planned).values():
        raise error
    steps = {
        arm: int(read_state(RunFolder.open(folder.run(arm)).newest_checkpoint())["step"]) for arm in ARMS
    }
    log(f"updates in equal time: {', '.join(f'{arm} {count:,}' for arm, count in steps.items())}")
    if warning := unequal_machine_share(folder.path):
        log(warning)


def _log_training(folder: DemoFolder, name: str, corpus: Corpus, config: TrainConfig, log: Log) -> None:
    """Log what happens to a run.

    Raises:
        PartitaError: it was trained on another corpus.
    """
    path = folder.run(name)
    refuse_other_corpus(corpus, path)
    if not path.exists():
        log(f"{name}: training for {config.minutes:.2g} minutes, in {path}")
    else:
        log(f"{name}: already trained" if is_finished(path) else f"{name}: resuming training")


def _score(folder: DemoFolder, arm: str, corpus: Corpus, plan: EvaluateConfig, log: Log) -> Evaluation:
    """Choose a temperature for an arm that is given nothing, and return the arm's evaluation."""
    loaded = load(folder.run(arm))
    if loaded.model.config.condition is None:
        log(f"{arm}: choosing a temperature on the validation split")
    temperature = choose_temperature(loaded, corpus, plan)
    log(f"{arm}: scoring {plan.clips} clips of {plan.seconds:g} s, drawn at temperature {temperature:g}")
    found = evaluate_with_clips(loaded, corpus, replace(plan, temperature=temperature))
    bits, distance = found.scores["bits_per_sample"], found.scores["frechet_log_mel"]
    most = "at most " if bits.get("upper_bound") else ""
    log(f"{arm}: {most}{bits['value']:.3f} bits per sample, Frechet distance {distance['value']:.1f}")
    return found


def _print(line: str) -> None:
    print_note(f"demo: {line}")
