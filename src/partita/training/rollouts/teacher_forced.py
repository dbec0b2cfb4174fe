"""Rollouts: how the generator's output becomes sound that a discriminator or a norm can look at.

The one route here is `teacher_forced`, the report's: every x_t is drawn, or averaged, from p(. | real past),
in parallel. It is not the process that generates. Each point carries a fresh innovation that no later point
has seen, so even a perfect model's output is distributed differently from data; an adversary that judges it
has its optimum elsewhere, and pulls the entropy down. Gradients pass through the probabilities alone: the
drawn value moves as the mean does.

This file knows no discriminators or losses.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from partita.audio.quantizer import Quantizer


@dataclass(frozen=True)
class Rollout:
    """The same windows twice, real and fake, both through the same quantizer.

    Args:
        real: (batch, time) waveform of the targets.
        fake: (batch, time) waveform of the generator's; carries its gradient. Equal to `real` where no target
            is valid.
        prompt: so many samples at the beginning of both are real: there is nothing to tell.
    """

    real: Tensor
    fake: Tensor
    prompt: int = 0


def teacher_forced(
    logits: Float[Tensor, "batch time classes"],
    targets: Int[Tensor, "batch time"],
    valid: Bool[Tensor, "batch time"],
    *,
    quantizer: Quantizer,
    value: str = "draw",
    random: torch.Generator,
) -> Rollout:
    """Expand the targets, and what the model says in their place, to waveforms.

        draw:  g_t = T[c_t], c_t ~ p_t;                d g_t = d sum_c p_t(c) T[c]      (straight-through)
        mean:  g_t = Q(m_t), m_t = sum_c p_t(c) T[c];  d g_t = d m_t                    (straight-through)

    T is the quantizer's table, Q its rounding: without it the mean would be off the grid on which all real
    sound lies, and a discriminator would look at nothing else.

    Args:
        logits: of p_t.
        targets: the real classes.
        valid: which targets count.
        quantizer: classes -> waveform.
        value: "draw" or "mean".
        random: the draws' stream, on the CPU, so that the device changes no draw.

    Source: Bengio et al. 2013 (straight-through).

    >>> certain = torch.full((1, 1, 3), -1e9).index_fill(2, torch.tensor(2), 0.0)
    >>> one = torch.ones(1, 1, dtype=torch.bool)
    >>> scale = Quantizer(kind="linear", classes=3)
    >>> rolled = teacher_forced(certain, torch.tensor([[0]]), one, quantizer=scale, random=torch.Generator())
    >>> rolled.fake.item()
    1.0
    """
    table = torch.tensor(quantizer.table, device=logits.device)
    probability = torch.softmax(logits.float(), 2)
    mean = probability @ table
    with torch.no_grad():
        if value == "draw":
            uniform = torch.rand(targets.shape, generator=random).to(logits.device)
            classes = choose(probability, uniform)
        else:
            classes = torch.from_numpy(quantizer.encode(mean.cpu().numpy())).long().to(logits.device)
    real = table[targets]
    fake = table[classes] + (mean - mean.detach())
    return Rollout(real, torch.where(valid, fake, real))


def choose(probability: Float[Tensor, "*n classes"], uniform: Float[Tensor, "*n"]) -> Int[Tensor, "*n"]:
    """Return the first class whose cumulative probability exceeds u.

    >>> choose(torch.tensor([[0.2, 0.0, 0.8], [0.2, 0.0, 0.8]]), torch.tensor([0.19, 0.21])).tolist()
    [0, 2]
    """
    cumulative = probability.cumsum(-1)
    reached = cumulative > (uniform.unsqueeze(-1) * cumulative[..., -1:])
    return reached.byte().argmax(-1)
