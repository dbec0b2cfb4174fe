"""What the matrices between hidden channels take in, by its second moments: how much, in which directions.

Sound is smooth: two samples beside each other are nearly equal, and so the inputs of most matrices vary a
hundred times more in some directions than in others. Who trains the matrices can allow for that. This file
trains nothing.

Layout: (batch, time, channels), as in `wavenet`.
"""

import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn import functional

from partita.models.wavenet import WaveNet


@torch.no_grad()
def input_moments(model: WaveNet, classes: Int[Tensor, "batch time"]) -> dict[str, Tensor]:
    """Return E[x x^T] of the inputs x of each hidden matrix, at the positions that predictions are made of.

    Args:
        model: the network.
        classes: (batch, time), time at least the receptive field.

    Returns:
        the weight's name -> (..., rows, rows): `dilated` and `residual` layer by layer, `skip` for all layers
        at once, and `end1`.

    >>> from partita.models.sizes import SIZES
    >>> moments = input_moments(WaveNet(SIZES["tiny"]), torch.arange(1100)[None] % 256)
    >>> {name: tuple(moment.shape) for name, moment in moments.items()}
    {'dilated': (10, 32, 32), 'residual': (9, 16, 16), 'skip': (160, 160), 'end1': (64, 64)}
    """
    config, hidden = model.config, model.embed(classes)
    wanted = classes.shape[1] - model.receptive_field + 1
    taken, gates = [], []
    for layer, dilation in enumerate(config.dilations):
        length = hidden.shape[1] - (config.kernel_size - 1) * dilation
        taps = torch.cat(
            [hidden[:, tap * dilation : tap * dilation + length] for tap in range(config.kernel_size)], 2
        )
        filters, openings = (taps @ model.dilated[layer] + model.dilated_bias[layer]).chunk(2, 2)
        gate = torch.tanh(filters) * torch.sigmoid(openings)
        taken.append(_moment(taps[:, -wanted:]))
        gates.append(gate[:, -wanted:])
        if layer < len(config.dilations) - 1:
            hidden = hidden[:, -length:] + gate @ model.residual[layer] + model.residual_bias[layer]
    every = torch.cat(gates, 2)
    skips = functional.relu(every @ model.skip.flatten(0, 1) + model.skip_bias)
    gated = torch.stack([_moment(gate) for gate in gates])
    return {
        "dilated": torch.stack(taken),
        "residual": gated[:-1],
        "skip": _moment(every),
        "end1": _moment(skips),
    }


def _moment(inputs: Tensor) -> Tensor:
    rows = inputs.flatten(0, -2)
    return rows.mT @ rows / rows.shape[0]
