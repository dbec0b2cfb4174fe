"""The teacher of a student: a trained WaveNet whose distribution the student's clips are held against."""

from pathlib import Path

from partita.audio.features.layout import same_frames
from partita.errors import PartitaError
from partita.models.heads.choice import CATEGORICAL
from partita.models.wavenet import WaveNet
from partita.runs.loading import LoadedModel, load
from partita.training.config.train import TrainConfig


def load_teacher(config: TrainConfig, sample_rate: int) -> LoadedModel:
    """Load the run that a config names as its teacher.

    Args:
        config: of the student's run.
        sample_rate: of the student's corpus, Hz.

    Raises:
        PartitaError: no teacher is named, it can't be read, it is no WaveNet with the head `categorical`, or
            its sample rate or its frames are others.

    >>> from partita.training.config.model_kinds import FINE
    >>> from partita.training.config.student import StudentConfig
    >>> config = TrainConfig(model="iaf", iaf=StudentConfig(), head="gaussian", quantizer=FINE)
    >>> load_teacher(config, 16000)
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: a student needs a teacher: name the run of a WaveNet, `--student-of RUN`
    """
    path = None if config.iaf is None else config.iaf.teacher
    if path is None:
        raise PartitaError("a student needs a teacher: name the run of a WaveNet, `--student-of RUN`")
    if Path(path).is_absolute() and not Path(path).exists():
        raise PartitaError(f"the teacher {path} is not there, and training needs it: put it back")
    loaded = load(path)
    check_teacher(loaded)
    if loaded.sample_rate != sample_rate:
        raise PartitaError(
            f"the teacher {path} has `sample_rate` {loaded.sample_rate}, the corpus {sample_rate}: prepare"
            f" the recordings again with `--sample-rate {loaded.sample_rate}`"
        )
    own = config.network_shape.condition
    unresolved = own is None and config.condition != ("none",)
    if not unresolved and not same_frames(loaded.model.config.condition, own):
        raise PartitaError(
            f"the teacher {path} is given other features or labels than this run: leave `condition` out, and"
            " give a corpus with the same labels"
        )
    return loaded


def check_teacher(loaded: LoadedModel) -> WaveNet:
    """Return the network of a teacher after checking that students can learn from it.

    Args:
        loaded: the teacher.

    Raises:
        PartitaError: it is no WaveNet, or has no probabilities of classes.
    """
    model = loaded.model
    if not isinstance(model, WaveNet) or model.config.head != CATEGORICAL:
        raise PartitaError(
            f"{loaded.name} has no probabilities of classes, which a student learns from: give the run of a"
            " WaveNet with the head `categorical`"
        )
    return model
