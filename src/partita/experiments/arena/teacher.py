"""The teacher's clips, which the students learn from and are evaluated with.

The teacher continues prompts from a corpus at positions that depend on the seed. Its first receptive field of
samples is dropped, so that every sample depends on the teacher's own samples only. A teacher that is given
features follows those of the sound after the prompt, and so do the students. Training clips and evaluation
clips differ only in their seeds and have the same distribution. This file trains nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from partita.data.corpus import Corpus, read_index
from partita.data.frames import frames_around
from partita.data.from_classes import corpus_from_classes
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.prompts import prompt_places, prompts, prompts_at
from partita.errors import PartitaError
from partita.etudes.render import write_etudes
from partita.evaluation.metrics.divergence import Clips
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.selection import chosen_settings
from partita.experiments.arm_spec import STEER
from partita.models.conditioning.conditioner import MARGIN
from partita.models.conditioning.conditions import Conditions
from partita.models.heads.choice import CATEGORICAL
from partita.runs.loading import LoadedModel, load
from partita.runs.scorer import WINDOW
from partita.sampling.config import SamplingConfig
from partita.sampling.frame_sources import GivenFrames
from partita.sampling.stream import draw
from partita.training.config.train import TrainConfig
from partita.training.judges.critic import load_critic

SPLIT = "train"  # the largest split; what the teacher draws from it is new sound
CLIPS_PER_VALIDATION_CLIP = 10

ETUDES, SECONDS, RATE = 24, 25.0, 8000  # ten minutes of synthetic studies
EARLIER = LATER = MARGIN + 2  # frames before and after clips: products at the ends of an excerpt differ


class Drawn(NamedTuple):
    """Clips that the teacher drew: (clips, samples) classes.

    `frames` are those that they follow, (clips, frames, columns), from `EARLIER` frames before the first
    sample on; None for a teacher without a condition.
    """

    sound: NDArray[Any]
    frames: NDArray[np.float32] | None


@dataclass(frozen=True)
class TeacherData:
    """A teacher and the corpus of its prompts.

    Args:
        teacher: the loaded model, whose distribution is the data's.
        corpus: the source of the prompts.
        threads: for drawing; None is one for each core.
    """

    teacher: LoadedModel
    corpus: Corpus
    threads: int | None = None

    @property
    def hop(self) -> int:
        """Samples from one frame of the teacher's condition to the next; 1 without a condition."""
        layout = self.teacher.model.config.condition
        return 1 if layout is None else layout.hop_length

    def draw(self, *, clips: int, samples: int, seed: int) -> Drawn:
        """Return clips that the teacher drew, after a burn-in of one receptive field, in whole frames.

        Args:
            clips: number of clips.
            samples: length of each clip.
            seed: of the prompts and the draws.
        """
        model, quantizer = self.teacher.wavenet, self.teacher.quantizer
        field = whole(model.receptive_field, self.hop)
        steps = field + samples
        given, frames = self._prompts(clips, field, steps, seed)
        drawn = draw(
            model,
            clips=clips,
            steps=steps,
            prompt=given,
            config=SamplingConfig(seed=seed, threads=self.threads),
            zero_class=quantizer.zero_class,
            conditions=None if frames is None else GivenFrames(frames, -EARLIER),
        )
        return Drawn(drawn[:, field:], None if frames is None else frames[:, field // self.hop :])

    def _prompts(
        self, clips: int, field: int, steps: int, seed: int
    ) -> tuple[NDArray[Any], NDArray[np.float32] | None]:
        """Return prompts, and the frames of the sound after them, from `EARLIER` frames before its start."""
        layout, quantizer = self.teacher.model.config.condition, self.teacher.quantizer
        if layout is None:
            given = prompts(self.corpus, SPLIT, count=clips, length=field, seed=seed, quantizer=quantizer)
            return given, None
        length = field + whole(steps, self.hop)
        places = prompt_places(self.corpus, SPLIT, count=clips, length=length, seed=seed, grid=self.hop)
        if any(stop - start < length for start, stop in places):
            seconds = length / self.corpus.sample_rate
            raise PartitaError(
                f"the recordings of {self.corpus.path} are shorter than {seconds:.1f} s, the features that a"
                " clip follows: give more and shorter clips, with `--clips` and `--train-clips`, or longer"
                " recordings"
            )
        known = [(start, start + field) for start, _ in places]
        starts, after = [stop for _, stop in known], steps // self.hop + LATER
        frames = frames_around(self.corpus, SPLIT, starts, layout, before=EARLIER, after=after)
        return prompts_at(self.corpus, known, length=field, quantizer=quantizer), frames

    def evaluation_clips(self, *, clips: int, samples: int, field: int, seed: int) -> Clips:
        """Return prompts that the teacher drew, with the teacher's continuations.

        Args:
            clips: number of clips.
            samples: length of each clip without its prompt.
            field: receptive field of the student without a condition, in samples.
            seed: of the prompts and the draws.
        """
        # a judge needs WINDOW samples
        teacher = self.teacher.wavenet
        length = whole(max(teacher.receptive_field, field + teacher.config.reach, WINDOW), self.hop)
        drawn, conditions = self.draw(clips=clips, samples=length + samples, seed=seed), None
        if drawn.frames is not None:
            start = torch.full((clips,), EARLIER * self.hop)
            conditions = Conditions(torch.from_numpy(drawn.frames), start)
        return Clips(drawn.sound[:, :length], drawn.sound[:, length:], conditions)

    def write_training_corpus(self, out: Path, *, clips: int, samples: int, seed: int) -> Corpus:
        """Write a corpus of clips to learn from, with a tenth as many for validation.

        Args:
            out: the corpus's folder.
            clips: number of training clips.
            samples: length of each clip.
            seed: of the prompts and the draws.
        """
        held_out = max(1, clips // CLIPS_PER_VALIDATION_CLIP)
        drawn = self.draw(clips=clips + held_out, samples=samples, seed=seed)
        rate, quantizer = self.teacher.sample_rate, self.teacher.quantizer
        features = None
        if drawn.frames is not None:
            frames = drawn.frames[:, EARLIER : EARLIER + samples // self.hop + 1]
            features = {"train": frames[:clips], "validation": frames[clips:]}
        splits = {"train": drawn.sound[:clips], "validation": drawn.sound[clips:]}
        return corpus_from_classes(out, splits, sample_rate=rate, quantizer=quantizer, features=features)


def whole(samples: int, hop: int) -> int:
    """Return a number of samples, rounded up to whole frames.

    >>> whole(500, 160), whole(500, 1)
    (640, 500)
    """
    return -(-samples // hop) * hop


def student_training(training: TrainConfig, teacher: LoadedModel) -> TrainConfig:
    """Return the training config of a model that learns from the teacher's clips.

    It has the teacher's classes. If the teacher is given features, it is given the same, and its past is not
    disturbed in training, since the arena asks how near the teacher's distribution it comes.

    Args:
        training: the config.
        teacher: the teacher.
    """
    training, layout = replace(training, quantizer=teacher.quantizer), teacher.model.config.condition
    if layout is None:
        return training
    frames = replace(training.frames, bands=layout.bands, every=0)
    undisturbed = replace(training, input_noise=0.0, input_gain_db=0.0, augment="off")
    taps = teacher.model.config.period_taps
    return replace(undisturbed, condition=("features",), frames=frames, period_taps=taps)


def refuse_missing(config: ArenaConfig) -> None:
    """Check the given teacher, corpus and critics before anything is written.

    A critic that is named by an arm may be missing if all results of that arm exist.

    Raises:
        PartitaError: one of them can't be loaded, or does not fit the students.
    """
    folder = ArenaFolder(config.out)
    if config.teacher is not None or config.corpus is not None:
        teachers_corpus(config, folder, lambda line: None)
    teacher = None if config.teacher is None else load(config.teacher)
    if teacher is not None:
        if teacher.model.config.head != CATEGORICAL:
            raise PartitaError(
                f"the teacher {config.teacher} has the head `{teacher.model.config.head}`, but the arena"
                " compares logits of classes: give a run with the head `categorical`"
            )
        student_training(config.start_training(0), teacher)
    chosen = chosen_settings(folder.choices)
    for spec in filter(config.names_critic, config.arm_specs):
        seeds = config.all_seeds if chosen is None or spec.name in chosen else config.choice_seeds
        if all(folder.result(spec, seed) is not None for seed in seeds):
            continue
        training = config.arm_training(config.judge_of(spec), seed=0, steps_before=1)
        if teacher is not None:
            load_critic(student_training(training, teacher), teacher.sample_rate)
        elif training.critic is not None and training.critic.run is not None:
            load(training.critic.run)


def _check_condition(config: ArenaConfig, teacher: LoadedModel) -> None:
    """Refuse a teacher whose students can't be given what it is given, and steering with features."""
    layout = teacher.model.config.condition
    if layout is None:
        return
    if not layout.bands or layout.notes or layout.labels:
        raise PartitaError(
            f"the teacher {config.teacher} is given notes or labels, which the arena does not support: give"
            " a run that was trained with `--condition features` or `--condition none`"
        )
    steered = [spec.name for spec in config.arm_specs if spec.arm == STEER]
    if steered:
        raise PartitaError(
            f"the teacher {config.teacher} is given features, with which {steered[0]} does not work: leave"
            " that arm out of `--arms`"
        )


def teachers_corpus(config: ArenaConfig, folder: ArenaFolder, log: Callable[[str], None]) -> Corpus:
    """Return the corpus that the teacher learns from or takes its prompts from.

    Args:
        config: what the arena compares.
        folder: where synthetic studies are written, if neither a teacher nor a corpus is given.
        log: called with a line before they are made.

    Raises:
        PartitaError: the corpus can't be opened, or its sample rate is not the teacher's.
    """
    if config.teacher is not None:
        loaded = load(config.teacher)
        _check_condition(config, loaded)
        corpus = Corpus.open(config.corpus or loaded.config["corpus"]["path"])
        if corpus.sample_rate != loaded.sample_rate:
            raise PartitaError(
                f"the teacher {config.teacher} has `sample_rate` {loaded.sample_rate} but the corpus"
                f" {corpus.path} has {corpus.sample_rate}: give a corpus of its rate with `--corpus`"
            )
        return corpus
    if config.corpus is not None:
        return Corpus.open(config.corpus)
    if read_index(folder.sound) is None:
        log("composing synthetic violin studies for the teacher")
        write_etudes(folder.recordings, count=ETUDES, seconds=SECONDS, sample_rate=RATE, seed=config.seed)
        prepare([folder.recordings], folder.sound, PrepareConfig(sample_rate=RATE, seed=config.seed))
    return Corpus.open(folder.sound)
