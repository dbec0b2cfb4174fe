"""Settings for all tests: shape checks at run time, few threads and reproducible Hypothesis examples.

The networks and the losses annotate their arrays with shapes (jaxtyping). beartype checks the shapes in the
tests only, because the checks take time. The import hook must be installed before these modules are imported.
Modules with functions compiled by Numba are not checked, because the compiler needs the original functions.
"""

import os
import signal

from hypothesis import settings
from jaxtyping import install_import_hook

CHECKED = [
    "partita.models.discriminators.base",
    "partita.models.discriminators.ensemble",
    "partita.models.discriminators.layers",
    "partita.models.discriminators.multi_period",
    "partita.models.discriminators.multi_resolution",
    "partita.models.discriminators.multi_scale",
    "partita.models.discriminators.patchgan",
    "partita.models.flows.block_biases",
    "partita.models.flows.maf",
    "partita.models.flows.spline_flow",
    "partita.models.frame_tier.columns",
    "partita.models.frame_tier.given",
    "partita.models.frame_tier.model",
    "partita.models.frame_tier.randomness",
    "partita.models.frame_tier.recurrent",
    "partita.models.wavenet",
    "partita.ops.gated_stack.dispatch",
    "partita.ops.gated_stack.reference",
    "partita.training.judges.adversary",
    "partita.training.judges.base",
    "partita.training.judges.critic",
    "partita.training.judges.critic_trainer",
    "partita.training.judges.rewards",
    "partita.training.losses.distillation",
    "partita.training.losses.gan",
    "partita.training.losses.gumbel",
    "partita.training.losses.likelihood",
    "partita.training.losses.pathwise",
    "partita.training.losses.policy_gradient",
    "partita.training.losses.relaxation",
    "partita.training.rollouts.clip_starts",
    "partita.training.rollouts.teacher_forced",
]

install_import_hook(CHECKED, "beartype.beartype")
os.environ.setdefault("MPLBACKEND", "Agg")

import torch  # noqa: E402 - after the import hook

# Without a GPU the kernels run in Triton's interpreter; the variable must be set before Triton is imported.
if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")

# Parallel test processes (pytest -n 2) use one thread each, a single process uses two.
torch.set_num_threads(1 if "PYTEST_XDIST_WORKER" in os.environ else 2)

# A shell starts background jobs with Ctrl-C ignored; restore the handler for the tests of signals.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A fixed seed, and no time limit, because a busy machine must not cause failures.
settings.register_profile("partita", derandomize=True, deadline=None, database=None)
settings.load_profile("partita")
