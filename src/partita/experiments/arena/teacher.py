"""The truth of the arena: the teacher's clips, for the students to learn from and to be measured by.

The teacher goes on from places of a corpus, drawn by seed, and forgets them: what it draws in the first
receptive field is left out, and all that counts is its own. Training clips and measuring clips differ in
their seeds alone, so they come from one distribution. This file trains nothing.
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

SPLIT = "train"  # the largest: the teacher's clips from any split are new sound
VALIDATION_SHARE = 10  # one clip for the students' validation for so many to learn from

ETUDES, SECONDS, RATE = 24, 25.0, 8000  # ten minutes, where there are no recordings


@dataclass(frozen=True)
class Truth:
    """A teacher, and where it begins.

    Args:
        teacher: a loaded model: its distribution is the data's.
        corpus: sound that it goes on from.
        threads: to draw with; None is one for each core.
    """

    teacher: LoadedModel
    corpus: Corpus
    threads: int | None = None

    def sound(self, *, clips: int, samples: int, seed: int) -> NDArray[Any]:
        """Return (clips, samples) classes that the teacher drew, after a burn-in of one receptive field.

        Args:
            clips: how many.
            samples: of each.
            seed: of the places that it goes on from, and of its draws.
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

    def measuring_clips(self, *, clips: int, samples: int, field: int, seed: int) -> Clips:
        """Return prompts that the teacher drew, with how it went on from each.

        Args:
            clips: how many.
            samples: of each, without its prompt.
            field: samples that a student sees.
            seed: as for `sound`.
        """
        length = max(self.teacher.model.receptive_field, field, WINDOW)  # a judge hears WINDOW
        drawn = self.sound(clips=clips, samples=length + samples, seed=seed)
        return Clips(drawn[:, :length], drawn[:, length:])

    def training_corpus(self, out: Path, *, clips: int, samples: int, seed: int) -> Corpus:
        """Write the clips that students learn from, and a tenth as many for their validation.

        Args:
            out: the corpus's folder.
            clips: to learn from.
            samples: of each.
            seed: as for `sound`.
        """
        held_out = max(1, clips // VALIDATION_SHARE)
        drawn = self.sound(clips=clips + held_out, samples=samples, seed=seed)
        splits = {"train": drawn[:clips], "validation": drawn[clips:]}
        rate, quantizer = self.teacher.sample_rate, self.teacher.quantizer
        return corpus_from_classes(out, splits, sample_rate=rate, quantizer=quantizer)


def refuse_missing(config: ArenaConfig) -> None:
    """Raise a PartitaError where a teacher, a corpus or a critic was given that is none or that the students
    can't have, before anything is written."""
    home = ArenaFolder(config.out)
    if config.teacher is not None or config.corpus is not None:
        teachers_corpus(config, home, lambda line: None)
    teacher = None if config.teacher is None else load(config.teacher)
    if teacher is not None:
        replace(config.start_training(0), quantizer=teacher.quantizer)
    chosen = chosen_settings(home.choices)
    for entry in filter(config.names_critic, config.entries):
        wanted = config.all_seeds if chosen is None or entry.name in chosen else config.choice_seeds
        if all(home.result(entry, seed) is not None for seed in wanted):
            continue
        training = config.arm_training(config.judging(entry), seed=0, steps_before=1)
        if teacher is not None:
            load_critic(replace(training, quantizer=teacher.quantizer), teacher.sample_rate)
        elif training.critic is not None and training.critic.run is not None:
            load(training.critic.run)


def teachers_corpus(config: ArenaConfig, home: ArenaFolder, say: Callable[[str], None]) -> Corpus:
    """Return the sound that the teacher learns from, or goes on from.

    Args:
        config: what the arena is asked for.
        home: where synthetic studies go, if there is neither a teacher nor a corpus.
        say: told when they are made.

    Raises:
        PartitaError: no corpus where one is said to be, or another sample rate than the teacher's.
    """
    if config.teacher is not None:
        loaded = load(config.teacher)
        corpus = Corpus.open(config.corpus or loaded.config["corpus"]["path"])
        if corpus.sample_rate != loaded.sample_rate:
            raise PartitaError(
                f"the teacher {config.teacher} has `sample_rate` {loaded.sample_rate} but the corpus"
                f" {corpus.path} has {corpus.sample_rate}: give one of its rate with `--corpus`"
            )
        return corpus
    if config.corpus is not None:
        return Corpus.open(config.corpus)
    if read_index(home.sound) is None:
        say("composing synthetic studies for solo violin for the teacher")
        write_etudes(home.recordings, count=ETUDES, seconds=SECONDS, sample_rate=RATE, seed=config.seed)
        prepare([home.recordings], home.sound, PrepareConfig(sample_rate=RATE, seed=config.seed))
    return Corpus.open(home.sound)
