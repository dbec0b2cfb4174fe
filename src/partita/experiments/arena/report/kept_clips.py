"""A few clips of the teacher and of each arm, kept as files for the page, to be played.

The clips of the evaluation are short and many, these are long enough to be heard. All continue the same
sound of the teacher. Steered arms have none. This file computes no scores.
"""

from collections.abc import Mapping

import numpy as np
import soundfile

from partita.errors import PartitaError
from partita.evaluation.metrics.divergence import Clips
from partita.experiments.arena.context import ArenaContext
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.measure import StudentEvaluator
from partita.experiments.arena.selection import Choice
from partita.experiments.arm_spec import START, STEER
from partita.reports.listening import REAL, Clip, clip_file, write_clips
from partita.runs.folder import is_finished
from partita.runs.loading import load

FOLDER = "listen"  # beside the page; `clips` is the corpus that the students learn from
TEACHER = "teacher"
COUNT, SECONDS, PROMPT_SECONDS = 3, 3.0, 0.5


def keep_clips(context: ArenaContext, chosen: Mapping[str, Choice]) -> None:
    """Draw clips of the teacher and of each arm of the first test student, unless they are there.

    Args:
        context: the arena, whose runs are finished.
        chosen: the choice of each arm.
    """
    folder, seed = context.folder, context.config.first_seed
    runs = {
        arm: folder.start(seed) if choice.spec.arm == START else folder.run(choice.spec, seed)
        for arm, choice in chosen.items()
        if choice.spec.arm != STEER
    }
    runs = {arm: run for arm, run in runs.items() if is_finished(run)}
    names = [TEACHER, *runs]
    if all((folder.path / file).is_file() for row in range(COUNT) for file in _files(row, names)):
        return
    if not is_finished(context.teacher_run):
        return
    context.log(f"drawing {COUNT} clips of each arm to play")
    try:
        data = context.teacher_data
        teacher, rate = data.teacher, data.teacher.sample_rate
        clips = data.evaluation_clips(
            clips=COUNT,
            samples=round(SECONDS * rate) // data.hop * data.hop,
            field=context.config.start_training(seed).network_shape.receptive_field,
            seed=context.config.stream("clips to play"),
        )
    except PartitaError as error:  # too short recordings, or a corpus that has moved: scores need neither
        context.log(f"no clips to play: {error}")
        return
    drawn = {TEACHER: clips.sound} | {
        arm: _evaluator(context, clips).continuations(load(run).wavenet, chosen[arm].temperature).sound
        for arm, run in runs.items()
    }
    tail = clips.past[:, -round(PROMPT_SECONDS * rate) :]
    waveforms = {
        name: teacher.quantizer.decode(np.concatenate([tail, sound], 1)) for name, sound in drawn.items()
    }
    rows = [
        Clip(arm=number - 1, name=name, waveform=waveforms[name][row], file=file)
        for row in range(COUNT)
        for number, (name, file) in enumerate(zip(names, _files(row, names), strict=True))
    ]
    write_clips(folder.path, rows, rate)


def kept_clips(folder: ArenaFolder, arms: list[str]) -> tuple[list[list[Clip]], int, float]:
    """Return the clips that are kept: for each prompt the teacher's, then those of the arms that have one.

    Args:
        folder: the arena's folder.
        arms: the arms on the page, which decide the colours.

    Returns:
        The clips, their sample rate in Hz, and the length of their prompts in seconds.
    """
    rows, rate = [], 1
    for row in range(COUNT):
        clips = []
        for number, name in enumerate([TEACHER, *arms], REAL):
            path = folder.path / clip_file(row, name, number, folder=FOLDER)
            if path.is_file():
                sound, rate = soundfile.read(path, dtype="float32")
                file = path.relative_to(folder.path).as_posix()
                clips.append(Clip(arm=number, name=name, waveform=sound, file=file))
        if clips and clips[0].name == TEACHER:
            rows.append(clips)
    return rows, rate, PROMPT_SECONDS


def _files(row: int, names: list[str]) -> list[str]:
    return [clip_file(row, name, number, folder=FOLDER) for number, name in enumerate(names, REAL)]


def _evaluator(context: ArenaContext, clips: Clips) -> StudentEvaluator:
    config = context.config
    return StudentEvaluator(
        teacher=context.teacher_data.teacher,
        clips=clips,
        seed=config.stream(f"draws {config.first_seed}"),
        threads=config.threads,
    )
