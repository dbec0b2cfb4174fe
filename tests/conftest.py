"""What all tests share: shapes are checked at run time, few threads, the same examples each time.

The networks and the objectives annotate their arrays with shapes (jaxtyping); beartype checks them here and
only here, so that nobody pays for it in use. The hook must be in place before those modules are first
imported. Modules that hold compiled (Numba) functions are left out: the compiler needs them as they are.
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

import torch  # noqa: E402 - after the hook, as everything that could import partita

# Where there is no GPU its kernels run in Triton's interpreter, which must be said before Triton is imported.
if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")

# Two test processes at once (pytest -n 2) take one thread each, a single one takes two.
torch.set_num_threads(1 if "PYTEST_XDIST_WORKER" in os.environ else 2)

# A shell that starts the tests in the background has them ignore Ctrl-C, and so all their children: not here.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Examples drawn from one seed, and no time limit for each: a busy machine is no failure.
settings.register_profile("partita", derandomize=True, deadline=None, database=None)
settings.load_profile("partita")
