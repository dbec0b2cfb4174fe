"""Losses as pure functions of tensors, one file for each method.

The package knows no networks, optimizers, windows or files.
"""

from partita.training.losses.distillation import distillation_loss, kl_divergences
from partita.training.losses.gan import (
    adversarial_loss,
    discriminator_loss,
    feature_matching,
    feature_statistics,
    gradient_penalty,
    mean_over_discriminators,
)
from partita.training.losses.gradient_scaling import add_gradient, gradient_ratio
from partita.training.losses.gumbel import GumbelRelaxation, conditional_gumbels, straight_through
from partita.training.losses.likelihood import likelihood_bits, matching_loss, sample_nats
from partita.training.losses.pathwise import implicit_reparameterisation
from partita.training.losses.policy_gradient import advantages, discounted_returns, policy_loss
from partita.training.losses.relaxation import relaxed_clips
from partita.training.losses.spectral import spectral_distance

__all__ = [
    "GumbelRelaxation",
    "add_gradient",
    "advantages",
    "adversarial_loss",
    "conditional_gumbels",
    "discounted_returns",
    "discriminator_loss",
    "distillation_loss",
    "feature_matching",
    "feature_statistics",
    "gradient_penalty",
    "gradient_ratio",
    "implicit_reparameterisation",
    "kl_divergences",
    "likelihood_bits",
    "matching_loss",
    "mean_over_discriminators",
    "policy_loss",
    "relaxed_clips",
    "sample_nats",
    "spectral_distance",
    "straight_through",
]
