"""Slow and exact ways to draw, which tests compare the engines with; and models with peaked predictions."""

import numpy as np
import torch
from numpy.typing import NDArray

from partita.models.conditioning.conditions import Conditions
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.sampling.categorical import choose, mean_step, probabilities, smooth
from partita.sampling.config import SamplingConfig
from partita.sampling.reference import CachedStep
from partita.sampling.uniforms import uniforms

CHUNK = 4096
ODD = WaveNetConfig(
    blocks=2,
    layers=4,
    residual_channels=20,
    dilation_channels=12,
    skip_channels=70,
    end_channels=33,
    classes=90,
)
"""A network whose channels fill no whole vectors."""


@torch.inference_mode()
def exact_probabilities(
    model: WaveNet,
    history: NDArray[np.integer],
    config: SamplingConfig,
    conditions: Conditions | None = None,
) -> NDArray[np.float64]:
    """Return, in float64, the probabilities with which each sample after the first R is drawn.

    Args:
        model: the weights; it is not changed.
        history: (clips, R + steps) classes, R the receptive field.
        config: temperature, top_k and top_p.
        conditions: the frames around `history`, if the model has a condition.

    Returns:
        (clips, steps, classes): entry i is the distribution of history[:, R + i] given what is before it.
    """
    exact = WaveNet(model.config).double()
    exact.load_state_dict(model.state_dict())
    inputs = torch.as_tensor(np.asarray(history)[:, :-1], dtype=torch.long)
    reach = model.receptive_field - 1
    if conditions is not None:
        conditions = Conditions(conditions.frames.double(), conditions.start)
    chunks = [
        exact(
            inputs[:, start : start + CHUNK + reach],
            None if conditions is None else conditions.shifted(start),
        ).numpy()
        for start in range(0, inputs.shape[1] - reach, CHUNK)
    ]
    return probabilities(np.concatenate(chunks, 1), config)


def expected_classes(
    exact: NDArray[np.float64], u: NDArray[np.float64], config: SamplingConfig, *, error: float
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the classes that are drawn, and where another one is right too, within rounding.

    Args:
        exact: (..., classes) probabilities.
        u: (...) the uniforms.
        config: how to draw.
        error: of probabilities, and of means of classes.
    """
    chosen = choose(exact, u)
    near = np.abs(np.cumsum(exact, -1) - u[..., None]).min(-1) < error
    if config.smoothing:
        moved = mean_step(exact, chosen, config.smoothing)
        near |= np.abs(moved - np.floor(moved) - 0.5) < 10 * error
    return smooth(exact, chosen, config.smoothing), near


def peaked_model(config: WaveNetConfig, seed: int = 0) -> WaveNet:
    """Return a model whose predictions are far from uniform and depend on the past and on its biases."""
    generator = torch.Generator().manual_seed(seed)
    model = WaveNet(config, generator=generator)
    with torch.no_grad():
        model.end2.mul_(60.0)
        for name, value in model.named_parameters():
            if name.endswith("bias"):
                value.normal_(0.0, 0.1, generator=generator)
    return model


@torch.inference_mode()
def cached_loop(
    model: WaveNet,
    history: NDArray[np.integer],
    *,
    steps: int,
    config: SamplingConfig,
) -> NDArray[np.int64]:
    """Draw clips with `CachedStep`.

    Args:
        model: the model.
        history: (clips, receptive_field) classes, the last sample last.
        steps: samples to draw per clip.
        config: how to draw; `threads`, `block`, `device` and `precision` have no effect.

    Returns:
        (clips, steps) classes.
    """
    step = CachedStep(model, clips=len(history))
    for column in torch.as_tensor(history, dtype=torch.long).unbind(1):
        logits = step(column)
    numbers = uniforms(config.seed, len(history), 0, steps)
    drawn: list[NDArray[np.int64]] = []
    for time in range(steps):
        probability = probabilities(logits.numpy(), config)
        drawn.append(smooth(probability, choose(probability, numbers[:, time]), config.smoothing))
        logits = step(torch.from_numpy(drawn[-1]))
    return np.stack(drawn, 1) if drawn else np.zeros((len(history), 0), np.int64)
