"""The teacher-forced rollout: the model's output for real pasts as a waveform, with a gradient.

This is the report's route. Every x_t is drawn, or averaged, from p(. | real past), in parallel. It is not the
process that generates: no later sample depends on the drawn one, so even a perfect model's output is
distributed differently from data. The optimum of an adversary on it is therefore not p_data, and it lowers
the model's entropy. The gradient passes through the probabilities only, and moves the drawn value as it moves
the mean.

This file knows no discriminators or losses.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from partita.audio.quantizer import Quantizer
from partita.training.judges.base import WaveformPair


def teacher_forced(
    logits: Float[Tensor, "batch time classes"],
    targets: Int[Tensor, "batch time"],
    valid: Bool[Tensor, "batch time"],
    *,
    quantizer: Quantizer,
    value: str = "draw",
    rng: torch.Generator,
) -> WaveformPair:
    """Return the waveforms of the real targets and of the model's output in their place.

        draw:  g_t = T[c_t], c_t ~ p_t;                d g_t = d sum_c p_t(c) T[c]      (straight-through)
        mean:  g_t = Q(m_t), m_t = sum_c p_t(c) T[c];  d g_t = d m_t                    (straight-through)

    T is the quantizer's table and Q its rounding. All real sound lies on the quantizer's grid; without Q a
    discriminator could tell the mean from it by that alone.

    Args:
        logits: of p_t.
        targets: the real classes.
        valid: which targets count; elsewhere the fake waveform equals the real one.
        quantizer: classes -> waveform.
        value: "draw" or "mean".
        rng: the random stream of the draws, on the CPU, so that they are the same on every device.

    Returns:
        real and fake, (batch, time); fake carries the gradient of the logits.

    Source: Bengio et al. 2013 (straight-through).

    >>> certain = torch.full((1, 1, 3), -1e9).index_fill(2, torch.tensor(2), 0.0)
    >>> one = torch.ones(1, 1, dtype=torch.bool)
    >>> linear = Quantizer(kind="linear", classes=3)
    >>> pair = teacher_forced(certain, torch.tensor([[0]]), one, quantizer=linear, rng=torch.Generator())
    >>> pair.fake.item()
    1.0
    """
    table = torch.tensor(quantizer.table, device=logits.device)
    probability = torch.softmax(logits.float(), 2)
    mean = probability @ table
    with torch.no_grad():
        if value == "draw":
            uniform = torch.rand(targets.shape, generator=rng).to(logits.device)
            classes = draw_by_inverse_cdf(probability, uniform)
        else:
            classes = torch.from_numpy(quantizer.encode(mean.cpu().numpy())).long().to(logits.device)
    real = table[targets]
    fake = table[classes] + (mean - mean.detach())
    return WaveformPair(real, torch.where(valid, fake, real))


def draw_by_inverse_cdf(
    probability: Float[Tensor, "*n classes"], uniform: Float[Tensor, "*n"]
) -> Int[Tensor, "*n"]:
    """Return the first class whose cumulative probability exceeds u.

    Args:
        probability: of each class; need not be normalised.
        uniform: u in [0, 1).

    >>> probability = torch.tensor([[0.2, 0.0, 0.8], [0.2, 0.0, 0.8]])
    >>> draw_by_inverse_cdf(probability, torch.tensor([0.19, 0.21])).tolist()
    [0, 2]
    """
    cumulative = probability.cumsum(-1)
    exceeds = cumulative > (uniform.unsqueeze(-1) * cumulative[..., -1:])
    return exceeds.byte().argmax(-1)
