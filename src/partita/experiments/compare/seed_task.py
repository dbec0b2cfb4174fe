"""The tasks of a comparison: the base, the critic, and the arms of one seed, trained in turns and scored.

Each task loads what it needs from the comparison's folder, and leaves its result there. This file does not
decide the order of the tasks.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from partita import storage
from partita.audio.encoding import encode
from partita.audio.level import PEAK_DBFS, normalise_peak
from partita.audio.output_formats import FORMATS
from partita.data.corpus import Corpus
from partita.errors import DivergedError
from partita.experiments.arm_spec import START, ArmSpec
from partita.experiments.compare.config import CONTROL, CompareConfig
from partita.experiments.compare.context import CompareContext
from partita.experiments.compare.folder import CompareFolder
from partita.experiments.compare.measure import Measure, Measured
from partita.experiments.training_facts import training_facts
from partita.runs.folder import RunFolder
from partita.terminal import print_note
from partita.training.interleaved import machine_share, train_in_turns, unequal_shares
from partita.training.train import finished_run, refuse_other_corpus

UNTRAINED = {"steps": 0, "seconds": 0.0}
KEPT_CLIPS = 4
CLIP_SUFFIX = ".flac"


@dataclass(frozen=True)
class SharedTask:
    """Train the base, or the critic, if it is missing.

    Args:
        name: "base" or "critic".
    """

    name: str

    def run(self, context: CompareContext) -> None:
        """Run the task; a critic that diverges is reported by the arms that need it."""
        if self.name == "base":
            context.make_base()
        else:
            with suppress(DivergedError):
                context.make_critic()


@dataclass(frozen=True)
class SeedTask:
    """Train and score the arms of a seed whose results are missing.

    Args:
        seed: the number of the seed.
        specs: the arms.
    """

    seed: int
    specs: tuple[ArmSpec, ...]

    def run(self, context: CompareContext) -> list[dict[str, Any]]:
        """Run the task and return the results, in the order of the arms."""
        missing = []
        for spec in self.specs:
            if (result := context.folder.result(spec, self.seed)) is None:
                missing.append(spec)
            else:
                context.refuse_other_critic(spec, result)
        trained = context.trained(missing)
        failed = _train(context, self.seed, trained) if trained else {}
        together = [spec.name for spec in trained] if context.config.steps is None else []
        measure = Measure(context.config, context.corpus, self.seed)
        for spec in missing:
            result = {"trained_with": together if spec in trained else []}
            result |= self._result(context, spec, failed, measure)
            context.folder.save_result(spec, self.seed, result)
        found = [context.folder.result(spec, self.seed) for spec in self.specs]
        return [result for result in found if result is not None]

    def _result(
        self, context: CompareContext, spec: ArmSpec, failed: dict[ArmSpec, DivergedError], measure: Measure
    ) -> dict[str, Any]:
        if spec in failed:
            return {"diverged": str(failed[spec])}
        context.log(f"seed {self.seed}, {spec.name}: scoring")
        try:
            measured = measure(context.model(spec, self.seed), noised=spec.name == CONTROL)
        except DivergedError as error:  # its clips or bits are not finite; the other arms are still scored
            return {"diverged": str(error)}
        if self.seed == context.config.seed_numbers[0]:
            keep_clips(context.folder, spec, measured)
        run = context.folder.run(spec, self.seed)
        training = UNTRAINED if spec.arm == START else training_facts(RunFolder.open(run))
        training = training | context.critic_facts(spec)
        return {"training": training} | measured.result


def _train(context: CompareContext, seed: int, specs: list[ArmSpec]) -> dict[ArmSpec, DivergedError]:
    """Train arms, in turns if they have equal time; return the errors of those that diverged.

    Arms of equal updates do not depend on what else is trained, so only one is in memory at a time.
    """
    failed: dict[ArmSpec, DivergedError] = {}
    planned = {}
    for spec in specs:
        try:
            planned[spec] = context.planned(spec, seed)
        except DivergedError as error:  # of the critic
            failed[spec] = error
    for spec, one in planned.items():
        refuse_other_corpus(context.corpus, one.path)
        context.log(f"seed {seed}, {spec.name}: training")
    if context.config.steps is None and planned:
        errors = train_in_turns(context.corpus, list(planned.values()), quiet=True)
        failed |= {spec: errors[one.path] for spec, one in planned.items() if one.path in errors}
        runs = {spec.name: RunFolder.open(one.path) for spec, one in planned.items() if spec not in failed}
        steps = "; ".join(f"{name}: {training_facts(run)['steps']:,} updates" for name, run in runs.items())
        context.log(f"seed {seed}, {steps}")
        if warning := unequal_shares({name: machine_share(run.records()) for name, run in runs.items()}):
            context.log(warning)
        return failed
    for spec, one in planned.items():
        try:
            finished_run(context.corpus, one.path, one.config, start_from=one.start_from, quiet=True)
        except DivergedError as error:
            failed[spec] = error
    return failed


def keep_clips(folder: CompareFolder, spec: ArmSpec, measured: Measured) -> None:
    """Keep the first clips of an arm, after their prompts, and the real ones, as FLAC files for the page."""
    prompts, rate = measured.real.prompt_waveforms, measured.real.sample_rate
    for name, clips in ((spec.folder, measured.clips), ("real", measured.real.waveforms)):
        target = folder.clips(name)
        target.mkdir(parents=True, exist_ok=True)
        for number in range(min(KEPT_CLIPS, len(clips))):
            sound = normalise_peak(np.concatenate([prompts[number], clips[number]]), PEAK_DBFS)
            _write_flac(target / f"{number}{CLIP_SUFFIX}", sound, rate)


def _write_flac(path: Path, sound: Any, rate: int) -> None:
    samples = np.round(np.clip(sound, -1.0, 32767 / 32768) * 32768).astype(np.int16)
    with storage.atomic_file(path) as part:
        encode(part, [samples], form=FORMATS[CLIP_SUFFIX], sample_rate=rate, note="made by Partita")


Task = SharedTask | SeedTask


def run_here(context: CompareContext, task: Task) -> Any:
    """Run a task in this process."""
    return task.run(context)


def run_apart(config: CompareConfig, corpus: Path, log: Any, task: Task) -> Any:
    """Run a task in another process."""
    return task.run(CompareContext(config, CompareFolder(config.out), Corpus.open(corpus), log))


def kept_clips(folder: CompareFolder, name: str) -> Iterator[Path]:
    """Yield the kept clips of an arm, in order."""
    yield from sorted(folder.clips(name).glob(f"*{CLIP_SUFFIX}"))


def absolute(config: CompareConfig) -> CompareConfig:
    """Return the config for workers, which may have another working directory."""
    base = config.start_from
    if base is not None and Path(base).exists():
        base = str(Path(base).absolute())
    return replace(config, out=config.out.absolute(), start_from=base)


def print_stage(line: str) -> None:
    """Print a line on a stage on standard error."""
    print_note(f"compare: {line}")
