"""Restore a run from its newest checkpoint, and check everything that is read against the run's config."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.models.choice import make_model
from partita.models.sizes import WaveNetConfig
from partita.runs.checkpoint import Checkpoint, load_checkpoint
from partita.runs.checkpoint_state import STATE, SUFFIX, damage_remedy
from partita.runs.config import from_table
from partita.runs.config_file import REMEDY
from partita.runs.folder import CONFIG, RunFolder
from partita.runs.model import ADDED as FRAMES_ADDED
from partita.runs.tensors import check_finite, check_tensor_specs, read_tensor_specs, tensor_specs
from partita.runs.weights import chosen_temperature, network_shapes
from partita.tables import Table
from partita.training.config.train import TrainConfig
from partita.training.new_run import frame_windows, training_windows
from partita.training.state import TrainerState, TrainingRun
from partita.training.steps.choice import make_learner
from partita.training.steps.learner import Learner

ROLLOUT = "rollout"
RATIO = "ratio"
MISSING_IN_OLDER = ("adversary-progress",)  # files that checkpoints of older versions lack
ADDED = {  # tensors that the files of older versions lack; they keep their first value
    **dict.fromkeys(("frames", "frames-average", "frames-best"), FRAMES_ADDED),
    "adversary-progress": ("penalty",),
}
CLIPS = frozenset({"past", "real", "drawn"})


def unfinished_config(folder: RunFolder, *, device: str | None = None) -> TrainConfig:
    """Return the training config of a run that can be resumed.

    Args:
        folder: the run's folder.
        device: a device that replaces the config's.

    Raises:
        PartitaError: the run is finished, or its config is damaged.
    """
    table = folder.config()
    where = f"{folder.path / CONFIG} [training]"
    config = from_table(TrainConfig, table["training"], where=where)
    network = from_table(WaveNetConfig, table["network"], where=f"{folder.path / CONFIG} [network]")
    if config.network_shape != network:
        raise PartitaError(f"{where} asks for another network than [network]: {REMEDY}")
    if device is not None:
        config = replace(config, device=device)
    if folder.finished:
        raise PartitaError(
            f"{folder.path} is finished: to train further, `partita train CORPUS --from {folder.path}"
            " --out ANOTHER`"
        )
    return config


def find_corpus(folder: RunFolder, given: Corpus | str | Path | None = None) -> Corpus:
    """Open the corpus of a run: at its old path, at its old path relative to the run, or where it is given.

    Args:
        folder: the run's folder.
        given: the corpus or its folder, if it has moved.

    Raises:
        PartitaError: no corpus is there, or its content is not the one that the run was trained on.
    """
    table = folder.config()["corpus"]
    if isinstance(given, Corpus) and given.fingerprint == table["fingerprint"]:
        return given
    if isinstance(given, Corpus):
        places = [given.path]
    elif given is not None:
        places = [Path(given)]
    else:
        places = [Path(table["path"]), folder.path.absolute() / table["relative"]]
    for place in places:
        if (place / "index.json").is_file() or given is not None:
            corpus = Corpus.open(place)
            if corpus.fingerprint == table["fingerprint"]:
                return corpus
            raise PartitaError(
                f"the corpus {place} is not the one that {folder.path} was trained on (its content has"
                " changed): give that one, `partita train CORPUS --resume RUN`, or train a new run"
            )
    raise PartitaError(
        f"the corpus of {folder.path} is neither {' nor '.join(map(str, places))}: give its path,"
        f" `partita train CORPUS --resume {folder.path}`"
    )


def restore_run(folder: RunFolder, config: TrainConfig, corpus: Corpus) -> TrainingRun:
    """Return a run as its newest checkpoint left it, and remove what was written after that checkpoint.

    Nothing is removed before the whole checkpoint is known to be undamaged.

    Args:
        folder: the run's folder, which no other process writes to.
        config: the run's config.
        corpus: the run's corpus.

    Raises:
        PartitaError: the checkpoint is damaged or does not fit the config.
        DivergedError: a weight is not finite.
    """
    newest = folder.newest_checkpoint()
    refuse_other_network(config, newest)
    checkpoint = load_checkpoint(newest)
    state = read_trainer_state(checkpoint, newest)
    train_step = make_learner(config, corpus.sample_rate)
    windows = training_windows(corpus, config, context=train_step.context)
    restore_tensors(train_step, checkpoint.tensors, newest)
    windows.restore(checkpoint.state["windows"])
    frames = frame_windows(corpus, config)
    if frames is not None:
        frames.restore(checkpoint.state.get("frame_windows", {}))
    return TrainingRun(
        folder=folder,
        corpus=corpus,
        config=config,
        train_step=train_step,
        windows=windows,
        frame_windows=frames,
        state=state,
        notes=tuple(folder.discard_unsaved()),
        frame_temperature=chosen_temperature(folder, newest, "frame_temperature"),
    )


def refuse_other_network(config: TrainConfig, checkpoint: Path) -> None:
    """Raise an error if a checkpoint's generator has another shape than the config's.

    Only shapes are read and compared, without memory for the weights.

    Args:
        config: the run's config.
        checkpoint: the checkpoint's folder.

    Raises:
        PartitaError: the shapes differ, or the file is damaged.
    """
    path = checkpoint / f"generator{SUFFIX}"
    wanted = network_shapes(lambda: make_model(config.network_shape, config.other_shape))
    check_tensor_specs(read_tensor_specs(path), wanted, path)


def restore_tensors(
    train_step: Learner[Any], tensors: dict[str, dict[str, Tensor]], checkpoint: Path
) -> None:
    """Load a checkpoint's tensors into a new train step, after checking their names, shapes and values.

    Args:
        train_step: a train step made from the run's config.
        tensors: file name without its suffix -> named tensors.
        checkpoint: the checkpoint's folder, for messages.

    Raises:
        PartitaError: a file is missing, or a tensor has a wrong name, shape or type.
        DivergedError: a value is not finite.
    """
    for name, fresh in train_step.tensors().items():
        path = checkpoint / f"{name}{SUFFIX}"
        if name not in tensors:
            if name in MISSING_IN_OLDER:
                continue
            raise PartitaError(f"{path} is missing: {damage_remedy(checkpoint)}")
        tensors[name] = {key: fresh[key] for key in ADDED.get(name, ())} | tensors[name]
        if name == ROLLOUT:
            _check_clips(tensors[name], train_step.config.quantizer.classes, path)
        elif name != RATIO and not name.endswith("optimizer"):  # the ratio's judge checks its clips itself
            check_tensor_specs(tensor_specs(tensors[name]), tensor_specs(fresh), path)
            check_finite(tensors[name], path)
    try:
        train_step.restore(tensors)
    except torch.OutOfMemoryError:
        raise
    except PartitaError as error:  # from the optimizer, which does not know the file
        raise PartitaError(f"{checkpoint}: {error}") from error
    except (KeyError, RuntimeError) as error:  # for example an invalid random state
        raise PartitaError(f"{checkpoint} is damaged ({error}): {damage_remedy(checkpoint)}") from error


def read_trainer_state(checkpoint: Checkpoint, folder: Path) -> TrainerState:
    """Return the trainer state in a checkpoint, after checking it against the folder's name.

    Args:
        checkpoint: the checkpoint.
        folder: the folder that it was read from.

    Raises:
        PartitaError: a value is missing, of a wrong type or out of range.
    """
    table = Table(checkpoint.state, str(folder / STATE), damage_remedy(folder))
    table.table("windows")
    state = TrainerState.from_json(table.table("position").values, where=table.source)
    if not folder.name.endswith(f"-{state.step:06d}") or state.step != checkpoint.step:
        raise PartitaError(f"{table.source} is of step {state.step}, another than its folder: {table.remedy}")
    return state


def _check_clips(tensors: dict[str, Tensor], classes: int, path: Path) -> None:
    """Refuse the file of a run's newest clips if it holds anything but rows of classes."""
    clips = {name: value for name, value in tensors.items() if name not in ("critic", "frames", "start")}
    valid = clips.keys() & CLIPS in (CLIPS, frozenset()) and clips.keys() <= CLIPS | {"older"}
    for value in clips.values():
        is_rows = value.ndim == 2 and not value.is_floating_point() and value.dtype != torch.bool
        valid &= is_rows and (value.numel() == 0 or 0 <= int(value.min()) <= int(value.max()) < classes)
    if not valid or ("real" in clips and clips["real"].shape != clips["drawn"].shape):
        raise PartitaError(f"{path} is damaged (it holds no clips): {damage_remedy(path.parent)}")
