"""The learner that a config asks for."""

from typing import Any

from partita.training.config.train import TrainConfig
from partita.training.judges.critic import load_critic
from partita.training.judges.teacher import load_teacher
from partita.training.steps.gan import GANStep
from partita.training.steps.learner import Learner
from partita.training.steps.maf import MAFStep
from partita.training.steps.student import StudentStep
from partita.training.steps.wavenet import WaveNetStep


def make_learner(config: TrainConfig, sample_rate: int) -> Learner[Any]:
    """Return the learner of a run, with initial weights, after loading its critic or its teacher.

    Args:
        config: the run's config, with resolved conditions.
        sample_rate: of its corpus, Hz.

    Raises:
        PartitaError: the critic or the teacher can't be read, or does not fit.

    >>> type(make_learner(TrainConfig(size="tiny"), 16000)).__name__
    'WaveNetStep'
    """
    if config.gan is not None:
        return GANStep(config)
    if config.iaf is not None:
        return StudentStep(config, load_teacher(config, sample_rate))
    if config.maf is not None:
        return MAFStep(config)
    return WaveNetStep(config, critic=load_critic(config, sample_rate))
