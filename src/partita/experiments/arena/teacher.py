"""The teacher's clips, which the students learn from and are evaluated with.

The teacher continues prompts from a corpus at positions that depend on the seed. Its first receptive field of
samples is dropped, so that every sample depends on the teacher's own samples only. Training clips and
evaluation clips differ only in their seeds and have the same distribution. This file trains nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from partita.data.corpus import Corpus, read_index
from partita.data.from_classes import corpus_from_classes
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.prompts import prompts
from partita.errors import PartitaError
from partita.etudes.render import write_etudes
from partita.evaluation.metrics.divergence import Clips
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.selection import chosen_settings
from partita.runs.loading import LoadedModel, load
from partita.runs.scorer import WINDOW
from partita.sampling.config import SamplingConfig
from partita.sampling.stream import draw
from partita.training.judges.critic import load_critic

SPLIT = "train"  # the largest split; what the teacher draws from it is new sound
CLIPS_PER_VALIDATION_CLIP = 10

ETUDES, SECONDS, RATE = 24, 25.0, 8000  # ten minutes of synthetic studies


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

    def draw(self, *, clips: int, samples: int, seed: int) -> NDArray[Any]:
        """Return clips that the teacher drew, after a burn-in of one receptive field.

        Args:
            clips: number of clips.
            samples: length of each clip.
            seed: of the prompts and the draws.

        Returns:
            (clips, samples) classes.
        """
        model, quantizer = self.teacher.model, self.teacher.quantizer
        field = model.receptive_field
        given = prompts(self.corpus, SPLIT, count=clips, length=field, seed=seed, quantizer=quantizer)
        config = SamplingConfig(seed=seed, threads=self.threads)
        drawn = draw(
            model,
            clips=clips,
            steps=field + samples,
            prompt=given,
            config=config,
            zero_class=quantizer.zero_class,
        )
        return drawn[:, field:]

    def evaluation_clips(self, *, clips: int, samples: int, field: int, seed: int) -> Clips:
        """Return prompts that the teacher drew, with the teacher's continuations.

        Args:
            clips: number of clips.
            samples: length of each clip without its prompt.
            field: receptive field of the student, in samples.
            seed: of the prompts and the draws.
        """
        length = max(self.teacher.model.receptive_field, field, WINDOW)  # a judge needs WINDOW samples
        drawn = self.draw(clips=clips, samples=length + samples, seed=seed)
        return Clips(drawn[:, :length], drawn[:, length:])

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
        splits = {"train": drawn[:clips], "validation": drawn[clips:]}
        rate, quantizer = self.teacher.sample_rate, self.teacher.quantizer
        return corpus_from_classes(out, splits, sample_rate=rate, quantizer=quantizer)


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
        replace(config.start_training(0), quantizer=teacher.quantizer)
    chosen = chosen_settings(folder.choices)
    for spec in filter(config.names_critic, config.arm_specs):
        seeds = config.all_seeds if chosen is None or spec.name in chosen else config.choice_seeds
        if all(folder.result(spec, seed) is not None for seed in seeds):
            continue
        training = config.arm_training(config.judge_of(spec), seed=0, steps_before=1)
        if teacher is not None:
            load_critic(replace(training, quantizer=teacher.quantizer), teacher.sample_rate)
        elif training.critic is not None and training.critic.run is not None:
            load(training.critic.run)


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
        if loaded.model.config.condition is not None:
            raise PartitaError(
                f"the teacher {config.teacher} is given features, notes or labels, so the probabilities of"
                " its clips alone are not known: give a run that was trained with `--condition none`"
            )
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
