"""The arena: compare arms where the distribution of the data is known, because a trained model draws it.

A teacher's clips are the data. Students learn from them by likelihood until the validation loss no longer
improves. Every arm continues from the same student for equal time, or equal steps, and is evaluated against
the teacher. Finished parts are saved, and the same call continues after an interruption. This file decides
the order of the stages.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from partita.device import compute_device, thread_limit
from partita.experiments.arena.comparisons import CONTROL
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.context import ArenaContext
from partita.experiments.arena.folder import ArenaFolder, settings_of
from partita.experiments.arena.report.kept_clips import keep_clips
from partita.experiments.arena.scores import any_student_started, build_scores, drop_diverged
from partita.experiments.arena.selection import Choice, Results, load_or_choose, refuse_other_choices
from partita.experiments.arena.teacher import refuse_missing
from partita.experiments.arena.workers import ArmsTask, CriticTask, StartTask, worker_pool
from partita.experiments.arm_spec import STEER, ArmSpec
from partita.experiments.equal_time import unequal_conditions
from partita.experiments.runner import RunTasks
from partita.runs.versions import versions
from partita.signals import Interrupted
from partita.storage import remove_leftovers, write_json
from partita.terminal import print_note

Log = Callable[[str], None]


def arena(config: ArenaConfig, *, log: Log | None = None) -> dict[str, Any]:
    """Train and evaluate what is missing and return the scores, which are also written to `scores.json`.

    Args:
        config: what the arena compares.
        log: called with one line for each stage; by default the line is printed on standard error. With
            several workers it must be a function of a module.

    Raises:
        PartitaError: the folder contains something else or another arena, or the teacher or the corpus can't
            be used.
        Interrupted: Ctrl-C; finished parts are saved, and the same call continues from there.
    """
    compute_device(config.device)  # fails before anything is written if the device is missing
    refuse_missing(config)
    folder, other = ArenaFolder(config.out), None
    if config.students is not None and not folder.clips.exists():
        other = ArenaFolder(config.students)
        other.refuse_students(settings_of(config))
    with folder.lock(config), thread_limit(config.threads):
        remove_leftovers(folder.path, deep=True)
        refuse_other_choices(folder.choices, config.arm_specs, config.choice_seeds)
        if other:
            folder.copy_students(other)
        context = ArenaContext(config, folder, log or _print)
        try:
            with worker_pool(context) as run_tasks:
                return _run(context, run_tasks)
        except KeyboardInterrupt as stop:
            raise Interrupted(
                "stopped; finished parts are saved: run the same command again to continue"
            ) from stop


def _run(context: ArenaContext, run_tasks: RunTasks) -> dict[str, Any]:
    """Choose on the validation students, then evaluate the test students; write scores after each of them."""
    config = context.config
    curves = dict.fromkeys(config.arm_specs, config.curve)
    _prepare(context, run_tasks, config.choice_seeds, curves)
    *_, results = _results_so_far(run_tasks, config.choice_seeds, curves)
    validation, warnings = drop_diverged(results)
    chosen = load_or_choose(context.folder.choices, validation, config.arm_specs, config.choice_seeds)
    for arm, choice in chosen.items():
        context.log(f"{arm}: chosen {choice.spec.name} at temperature {choice.temperature:g}")
    temperatures = {
        choice.spec: config.curve if arm == CONTROL else (choice.temperature,)
        for arm, choice in chosen.items()
    }
    _prepare(context, run_tasks, config.test_seeds, temperatures)
    found = dict[str, Any]()
    for tested in _results_so_far(run_tasks, config.test_seeds, temperatures):
        done = len(next(iter(tested.values())))
        if done < config.seeds and not any_student_started(tested):
            continue
        found = _scores(context, chosen, tested, validation, warnings, missing=config.seeds - done)
        write_json(context.folder.scores, found)
    keep_clips(context, {arm: chosen[arm] for arm in found["choices"]})
    return found


def _scores(
    context: ArenaContext,
    chosen: Mapping[str, Choice],
    results: Results,
    validation: Results,
    warnings: Sequence[str],
    *,
    missing: int,
) -> dict[str, Any]:
    """Return the content of `scores.json`; when no student is missing, also log unequal conditions."""
    config = context.config
    tested, more = drop_diverged(results)
    left = {arm: choice for arm, choice in chosen.items() if choice.spec in tested}
    conditions: list[str] = []
    if config.steps is None:
        conditions = unequal_conditions({arm: tested[choice.spec] for arm, choice in left.items()})
    found = build_scores(
        left,
        tested,
        validation,
        seed=config.seed,
        missing=missing,
        exact_judge=config.judge_spec.is_oracle,
        conditions=conditions,
    )
    found["warnings"] += [*warnings, *more]
    found["made"] = {"settings": _without_paths(settings_of(config)), "versions": versions()}
    if not missing:
        for line in conditions:
            context.log(line)
    return found


def _without_paths(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings without paths of this machine, which others need not see."""
    return {name: value for name, value in settings.items() if name not in ("teacher", "corpus")}


def _prepare(
    context: ArenaContext, run_tasks: RunTasks, seeds: Sequence[int], specs: Iterable[ArmSpec]
) -> None:
    """Make what several students need, so that several workers do not make it at once.

    If the critic is trained, the students' training before the arms runs beside it. Else each student begins
    by itself. Nothing is made if all results exist.
    """
    config, folder = context.config, context.folder
    missing = {(seed, spec) for seed in seeds for spec in specs if folder.result(spec, seed) is None}
    if not missing:
        return
    _ = context.teacher_data, context.clips
    judges = {config.judge_spec if spec.arm == STEER else spec for _, spec in missing}
    if context.critic_is_finished or not any(context.uses_shared_critic(spec) for spec in judges):
        return
    for _ in run_tasks([CriticTask(), *(StartTask(seed) for seed in sorted({seed for seed, _ in missing}))]):
        pass


def _results_so_far(
    run_tasks: RunTasks, seeds: Sequence[int], temperatures: Mapping[ArmSpec, tuple[float, ...]]
) -> Iterator[Results]:
    """Yield the results of the first seed, of the first two, and so on."""
    results: Results = {spec: [] for spec in temperatures}
    for row in run_tasks([ArmsTask(seed, tuple(temperatures.items())) for seed in seeds]):
        for spec, result in zip(temperatures, row, strict=True):
            results[spec].append(result)
        yield results


def _print(line: str) -> None:
    print_note(f"arena: {line}")
