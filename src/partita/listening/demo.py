"""The main job: recordings in, two trained arms and a page to listen out, within a given time.

Every stage is a public function of its room, and corpus and training keep what they finished: the same
command, run again after an interruption, goes on from there; scores and page are made anew. This file only
says in which order; `demo_plan.py` shares out the time and `demo_page.py` words the page.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from partita.audio.corpus import Corpus
from partita.audio.etudes import write_etudes
from partita.audio.prepare import PrepareConfig, prepare
from partita.errors import PartitaError
from partita.evaluation.evaluate import EvaluateConfig, Evaluation, evaluation
from partita.evaluation.temperature import choose_temperature
from partita.listening.demo_home import Home
from partita.listening.demo_page import report_data
from partita.listening.demo_plan import (
    ARMS,
    START,
    DemoConfig,
    etudes_for,
    going_on,
    scoring,
    shares,
    training,
)
from partita.listening.report import write_report
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.runs.state import read_state
from partita.sampling.interruption import Interrupted
from partita.training.arms import with_arm
from partita.training.config import TrainConfig
from partita.training.device import machine
from partita.training.train import resume, train

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
    machine(config.device)  # a device that is not there is said before anything is written
    home = Home(config)
    home.take()
    try:
        corpus = _corpus(config, home, say)
        minutes = home.begin_training(seconds_gone=time.monotonic() - begun)
        plan = scoring(config, held_out=corpus.segment_seconds("test"))
        together, apart = shares(minutes)
        start = _train(home, START, corpus, training(config, minutes=together), say)
        steps = int(read_state(start.newest())["step"])
        for arm in ARMS:
            plan_of_arm = with_arm(going_on(config, minutes=apart, steps=steps), arm)
            _train(home, arm, corpus, plan_of_arm, say, start_from=start.path)
        evaluations = {arm: _score(home, arm, corpus, plan, say) for arm in ARMS}
        page = write_report(home.page, report_data(config, home.path, corpus, evaluations, minutes))
    except KeyboardInterrupt as stop:
        raise Interrupted(
            "stopped; what is finished is kept, and the same command goes on from there"
        ) from stop
    say(f"done in {(time.monotonic() - begun) / 60:.1f} minutes: open {page}")
    return page


def _corpus(config: DemoConfig, home: Home, say: Say) -> Corpus:
    if home.is_training:  # what the arms learn from stays as it was when the first of them began
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
    for skipped in corpus.index["skipped"]:
        say(f"skipped {skipped['source']}: {skipped['reason']}")
    lengths = ", ".join(f"{split} {corpus.seconds(split):.0f} s" for split in ("train", "validation", "test"))
    say(f"corpus: {lengths}")
    return corpus


def _train(
    home: Home, name: str, corpus: Corpus, config: TrainConfig, say: Say, *, start_from: Path | None = None
) -> RunFolder:
    path = home.run(name)
    if not path.exists():
        say(f"{name}: training for {config.minutes:.1f} minutes")
        return RunFolder.open(train(corpus, path, config, start_from=start_from))
    run = RunFolder.open(path)
    if run.config()["corpus"]["fingerprint"] != corpus.fingerprint:
        raise PartitaError(
            f"{home.corpus} is not the corpus that {path} was trained on: give another folder with `--out`"
        )
    if run.finished:
        say(f"{name}: trained already, kept")
    else:
        say(f"{name}: going on with its training")
        resume(path, corpus=corpus)
    return run


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
    print(f"demo: {line}", file=sys.stderr, flush=True)
