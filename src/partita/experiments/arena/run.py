"""The arena: arms compared where the truth is known, since the data is what a trained model draws.

A teacher's clips are the recordings; students learn from them by likelihood until their curve is flat; every
arm goes on from the same student for equal time, or equal steps, and is measured against the teacher. All
that is finished is kept: the same call goes on after an interruption. This file says in which order;
`arena_plan.py` how things are trained, `arena_measure.py` what is measured, `arena_scores.py` what is made of
it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from partita.device import compute_device
from partita.experiments.arena.arm_spec import STEER, ArmSpec
from partita.experiments.arena.comparisons import CONTROL
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.context import ArenaContext
from partita.experiments.arena.fairness import BUSY
from partita.experiments.arena.folder import ArenaFolder, settings_of
from partita.experiments.arena.scores import any_started, finite, scores
from partita.experiments.arena.selection import Results, refuse_other_choices, settled
from partita.experiments.arena.teacher import refuse_missing
from partita.experiments.arena.workers import ArmsWork, Crew, CriticWork, StartWork, crew
from partita.runs.versions import versions
from partita.signals import Interrupted
from partita.storage import remove_leftovers, write_json
from partita.terminal import print_note

Say = Callable[[str], None]


def arena(config: ArenaConfig, *, say: Say | None = None) -> dict[str, Any]:
    """Train what is not there yet, measure it, and return the scores, which are in `scores.json` too.

    Args:
        config: what is asked for.
        say: told what is being done, a line a stage; by default standard error. With several workers a
            function of a module.

    Raises:
        PartitaError: the folder holds something else or another arena, or teacher or corpus can't be used.
        Interrupted: Ctrl-C; what was finished is kept, and the same call goes on from there.
    """
    compute_device(config.device)  # a device that is not there is said before anything is written
    refuse_missing(config)
    home, other = ArenaFolder(config.out), None
    if config.students is not None and not home.clips.exists():
        other = ArenaFolder(config.students)
        other.refuse_students(settings_of(config))
    with home.take(config), _threads(config.threads):
        remove_leftovers(home.path, deep=True)
        refuse_other_choices(home.choices, config.entries, config.choice_seeds)
        if other:
            home.adopt(other)
        ground = ArenaContext(config, home, say or _on_standard_error)
        try:
            with crew(ground) as ask:
                return _held(ground, ask)
        except KeyboardInterrupt as stop:
            raise Interrupted(
                "stopped; what is finished is kept, and the same command goes on from there"
            ) from stop


def _held(ground: ArenaContext, ask: Crew) -> dict[str, Any]:
    """Do all that is not done yet; the scores so far are written after every student of the test."""
    config, found = ground.config, dict[str, Any]()
    curves = dict.fromkeys(config.entries, config.curve)
    _prepare(ground, ask, config.choice_seeds, curves)
    tried, warnings = finite(_results(ask, config.choice_seeds, curves))
    chosen = settled(ground.home.choices, tried, config.entries, config.choice_seeds)
    for arm, choice in chosen.items():
        ground.say(f"{arm}: chosen {choice.entry.name} at temperature {choice.temperature:g}")
    at = {
        choice.entry: config.curve if arm == CONTROL else (choice.temperature,)
        for arm, choice in chosen.items()
    }
    _prepare(ground, ask, config.test_seeds, at)
    made = {"settings": _without_places(settings_of(config)), "versions": versions()}
    for tested in _growing(ask, config.test_seeds, at):
        done = len(next(iter(tested.values())))
        if done < config.seeds and not any_started(tested):
            continue
        sane, more = finite(tested)
        left = {arm: choice for arm, choice in chosen.items() if choice.entry in sane}
        found = scores(
            left,
            sane,
            tried,
            seed=config.seed,
            missing=config.seeds - done,
            exact_judge=config.judge_entry.is_oracle,
            equal_time=config.steps is None,
        )
        found["warnings"] += warnings + more
        found["made"] = made
        if done == config.seeds:
            for line in (line for line in found["warnings"] if BUSY in line):
                ground.say(line)
        write_json(ground.home.scores, found)
    return found


def _without_places(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings as others may read them: where things lie on this machine is nobody's business."""
    return {name: value for name, value in settings.items() if name not in ("teacher", "corpus")}


def _prepare(ground: ArenaContext, ask: Crew, seeds: Sequence[int], entries: Iterable[ArmSpec]) -> None:
    """Make what several students need, before several processes would make it at once, if any is not done.

    While one process trains the critic, others train students; else each student begins with itself.
    """
    config, home = ground.config, ground.home
    missing = {(seed, entry) for seed in seeds for entry in entries if home.result(entry, seed) is None}
    if not missing:
        return
    _ = ground.truth, ground.clips
    judges = {config.judge_entry if entry.arm == STEER else entry for _, entry in missing}
    if ground.has_critic or not any(ground.trains_critic(entry) for entry in judges):
        return
    for _ in ask([CriticWork(), *(StartWork(seed) for seed in sorted({seed for seed, _ in missing}))]):
        pass


def _growing(
    ask: Crew, seeds: Sequence[int], temperatures: Mapping[ArmSpec, tuple[float, ...]]
) -> Iterator[Results]:
    """Yield the results of the first seed, of the first two, and so on."""
    results: Results = {entry: [] for entry in temperatures}
    for row in ask([ArmsWork(seed, tuple(temperatures.items())) for seed in seeds]):
        for entry, result in zip(temperatures, row, strict=True):
            results[entry].append(result)
        yield results


def _results(ask: Crew, seeds: Sequence[int], temperatures: Mapping[ArmSpec, tuple[float, ...]]) -> Results:
    """Return the results of all seeds."""
    *_, last = _growing(ask, seeds, temperatures)
    return last


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Compute with so many threads while the block runs."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _on_standard_error(line: str) -> None:
    print_note(f"arena: {line}")
