"""The comparison: from a corpus to a verdict on arms, in stages that can be interrupted.

A base is trained, or given. Every arm continues from it under several seeds for equal time, or equal updates,
chooses its temperature on the validation split, and is scored on the test split. Finished parts are saved,
and the same call continues after an interruption. This file decides the order of the stages.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from partita.data.corpus import Corpus
from partita.device import compute_device, thread_limit
from partita.errors import PartitaError
from partita.evaluation.evaluate import check_model_fits_corpus
from partita.experiments.compare.config import CompareConfig, named_critic
from partita.experiments.compare.context import CompareContext
from partita.experiments.compare.folder import CompareFolder, settings_of
from partita.experiments.compare.scores import build_scores
from partita.experiments.compare.seed_task import (
    SeedTask,
    SharedTask,
    absolute,
    print_stage,
    run_apart,
    run_here,
)
from partita.experiments.runner import RunTasks, task_runner
from partita.runs.loading import load
from partita.runs.versions import versions
from partita.signals import Interrupted
from partita.storage import remove_leftovers, write_json

Log = Callable[[str], None]


def compare(corpus: str | Path | Corpus, config: CompareConfig, *, log: Log | None = None) -> dict[str, Any]:
    """Train and score what is missing and return the scores, which are also written to `scores.json`.

    Args:
        corpus: a prepared corpus, or its folder.
        config: what is compared.
        log: called with one line for each stage; by default the line is printed on standard error. With
            several workers it must be a function of a module.

    Raises:
        PartitaError: the folder contains something else or another comparison, or the base or the corpus
            can't be used.
        Interrupted: Ctrl-C; finished parts are saved, and the same call continues from there.
    """
    compute_device(config.device)  # fails before anything is written if the device is missing
    corpus = corpus if isinstance(corpus, Corpus) else Corpus.open(corpus)
    _check(corpus, config)
    folder = CompareFolder(config.out)
    with folder.lock(config, corpus), thread_limit(config.threads):
        remove_leftovers(folder.path, deep=True)
        context = CompareContext(config, folder, corpus, log or print_stage)
        try:
            with _workers(context) as run_tasks:
                return _run(context, run_tasks)
        except KeyboardInterrupt as stop:
            raise Interrupted(
                "stopped; finished parts are saved: run the same command again to continue"
            ) from stop


def _check(corpus: Corpus, config: CompareConfig) -> None:
    """Check the base, the critics that arms name and the corpus before anything is written."""
    for split in ("validation", "test"):
        if not corpus.segments(split):
            raise PartitaError(
                f"the corpus {corpus.path} has no sound in the split {split!r}: prepare it again with sound"
                " for this split"
            )
    models = {str(run): load(run) for spec in config.arm_specs if (run := named_critic(spec))}
    if config.start_from is not None:
        base = load(config.start_from)
        config.check_arms(config.like_base(config.start_from))
        condition = base.model.config.condition
        if condition is not None and condition.bands and base.frames is None:
            raise PartitaError(
                f"the base {config.start_from} is given features but has no frame tier, which draws them:"
                " give a run that has both tiers"
            )
        models[config.start_from] = base
    for model in models.values():
        for split in ("validation", "test"):
            check_model_fits_corpus(model, corpus, split)


@contextmanager
def _workers(context: CompareContext) -> Iterator[RunTasks]:
    """Yield a function that runs tasks while the block runs."""
    config = context.config
    alone = config.workers == 1 and config.engine == "processes"
    apart = partial(run_apart, absolute(config), context.corpus.path.absolute(), context.log)
    work = partial(run_here, context) if alone else apart
    with task_runner(work, workers=config.workers, threads=config.threads, engine=config.engine) as run_tasks:
        yield run_tasks


def _run(context: CompareContext, run_tasks: RunTasks) -> dict[str, Any]:
    """Make the base, the critic and the arms of each seed; write the scores after each seed."""
    config = context.config
    if not context.base_is_ready:
        list(run_tasks([SharedTask("base")]))
    context.make_base()
    if not context.critic_is_ready:
        list(run_tasks([SharedTask("critic")]))
    specs = config.arm_specs
    results: dict[str, list[dict[str, Any]]] = {spec.name: [] for spec in specs}
    found: dict[str, Any] = {}
    for row in run_tasks([SeedTask(seed, specs) for seed in config.seed_numbers]):
        for spec, result in zip(specs, row, strict=True):
            results[spec.name].append(result)
        found = _scores(context, results)
        write_json(context.folder.scores, found)
    return found


def _scores(context: CompareContext, results: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the scores with how they were made."""
    found = build_scores(context.config, results, warnings=context.known_sound)
    settings = settings_of(context.config, context.corpus)
    settings["base"] = str(context.config.start_from or "trained here by likelihood")
    settings["arms"] = [spec.name for spec in context.config.arm_specs]
    return found | {"made": {"settings": settings, "versions": versions()}}
