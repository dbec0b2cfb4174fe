"""What free-running training can break, noticed and said in words: clips that collapse, fall silent or run
away.

It is told means over some updates: of the entropy of the predictions, in bits, on the model's own clips and
on real sound, and of both sounds' levels. It stops nothing.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

COLLAPSE = 0.5  # of the entropy on real sound
RUNAWAY = 1.5  # of the entropy on real sound, and a bit more
SILENCE = 0.1  # of the real level: 20 dB below
LOUD = 3.0  # of the real level: 10 dB above


def entropy_bits(logits: Tensor) -> Tensor:
    """Return the entropy of each prediction, (..., classes) -> (...), in bits, in float32 or better.

    >>> round(entropy_bits(torch.zeros(1, 8)).item(), 6)
    3.0
    """
    log_p = torch.log_softmax(logits if logits.dtype == torch.float64 else logits.float(), -1)
    return -(log_p.exp() * log_p).sum(-1) / math.log(2.0)


def trouble(numbers: Mapping[str, float]) -> str | None:
    """Return what is wrong with the model's own clips and what to try, or None.

    Args:
        numbers: `entropy_real`, `entropy_drawn`, `level_real` and `level_drawn`; without them nothing is
            wrong.

    >>> trouble({"entropy_real": 3.0, "entropy_drawn": 1.0, "level_real": 0.1, "level_drawn": 0.1})
    'the clips are collapsing: 1.00 bits of entropy a sample on them, 3.00 on real sound; lower the weight'
    >>> trouble({"entropy_real": 3.0, "entropy_drawn": 2.9, "level_real": 0.1, "level_drawn": 0.1})
    """
    if "entropy_drawn" not in numbers:
        return None
    real, drawn = numbers["entropy_real"], numbers["entropy_drawn"]
    entropy = f"{drawn:.2f} bits of entropy a sample on them, {real:.2f} on real sound"
    level = f"a level of {numbers['level_drawn']:.4f}, {numbers['level_real']:.4f} in real sound"
    if numbers["level_drawn"] < SILENCE * numbers["level_real"]:
        return f"the clips fall silent: {level}; lower the weight, or train longer by likelihood first"
    if drawn < COLLAPSE * real:
        return f"the clips are collapsing: {entropy}; lower the weight"
    if drawn > RUNAWAY * real + 1.0:
        return f"the clips run away: {entropy}; train longer by likelihood first, or lower the weight"
    if numbers["level_drawn"] > LOUD * numbers["level_real"]:
        return f"the clips run away: {level}; train longer by likelihood first, or lower the weight"
    return None
