"""What the judge of a run says of every sample of some clips: the reward that the generator heard of.

The arena compares it with the exact log-ratio. This file does not draw, and knows no arms.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from partita.evaluation.metrics.divergence import Clips, log_ratios
from partita.models.discriminators.base import Discriminator
from partita.models.wavenet import WaveNet
from partita.runs.folder import RunFolder
from partita.runs.loading import LoadedModel, load, load_weights
from partita.runs.scorer import load_discriminator
from partita.training.judges.rewards import sample_rewards

Floats = NDArray[np.float64]


def judgements(run: RunFolder, loaded: LoadedModel, clips: Clips) -> Floats | None:
    """Return the reward of every sample, (clips, samples), in nats; None where nobody judged.

    A critic's is the log-ratio of both models, whose mean over each draw is what the generator followed; if
    it looks further back than the past goes, the first samples are left out. A discriminator hears parts as
    long as those it was trained on, each after the end of what came before it.

    Args:
        run: a finished run, with an adversary, a critic or neither.
        loaded: its model.
        clips: drawn by that model, or by others.
    """
    training = run.config()["training"]
    if "critic" in training:
        critic = _critic(run)
        return log_ratios(critic, loaded.model, _from_where_it_hears(critic, clips))
    if "adversary" not in training:
        return None
    discriminator = load_discriminator(run, run.newest()).eval().requires_grad_(False)
    free = training["rollout"]["route"] != "teacher_forced"
    length, seam = (
        (training["rollout"]["length"], training["rollout"]["prompt_tail"])
        if free
        else (training["targets"], 0)
    )
    sound = loaded.quantizer.decode(np.concatenate([clips.past, clips.sound], 1))
    squares = training["adversary"]["loss"] == "least-squares"
    return _heard(discriminator, sound, clips.past.shape[1], length, seam, least_squares=squares)


def _from_where_it_hears(critic: WaveNet, clips: Clips) -> Clips:
    """Return clips whose past is as long as the critic's receptive field."""
    begin = max(0, critic.receptive_field - clips.past.shape[1])
    past = np.concatenate([clips.past, clips.sound[:, :begin]], 1)
    return Clips(past, clips.sound[:, begin:])


def _critic(run: RunFolder) -> WaveNet:
    """Return the critic of a run: as it was named, or what it has learnt since."""
    critic = load(run.config()["training"]["critic"]["run"]).model
    learnt = run.newest() / "critic.safetensors"
    if learnt.exists():
        load_weights(critic, learnt)
    return critic


def _heard(
    discriminator: Discriminator,
    sound: NDArray[Any],
    begin: int,
    length: int,
    seam: int,
    *,
    least_squares: bool,
) -> Floats:
    """Return the rewards of all samples from `begin` on, part by part."""
    waveform, found = torch.from_numpy(np.ascontiguousarray(sound, np.float32)), []
    least = discriminator.min_samples
    for start in range(begin, waveform.shape[1], length):
        end = min(start + length, waveform.shape[1])
        first = max(0, min(start - seam, end - least))  # a short end is heard with more before it
        with torch.inference_mode():
            said = sample_rewards(discriminator, waveform[:, first:end], least_squares=least_squares)
        found.append(said[:, start - first :])
    return torch.cat(found, 1).double().numpy()
