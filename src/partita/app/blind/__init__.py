"""Blind listening tests: A/B and ABX between arms, with a sealed key.

- `config.py`, `questions.py`: settings of a test; the questions.
- `sources.py`, `rendering.py`: clips of the same prompts; clips made equally long and loud.
- `order.py`: the balanced order of the trials of a listener.
- `creation.py`, `folder.py`, `key.py`: make a test; its folder; the key and the commitment to it.
- `session.py`, `answers.py`: what a listener sees and does; the file of answers, which only grows.
- `offline.py`, `answer_file.py`: a test as one HTML file; its answers read back.
- `results.py`, `wording.py`: shares, tests and consistency; the verdict as a sentence.

`templates/` has the page's parts and scripts. This package has no server and draws no clips.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from partita.app.blind.answer_file import append_answer_file
    from partita.app.blind.answers import Answer
    from partita.app.blind.config import BlindConfig
    from partita.app.blind.creation import create_test
    from partita.app.blind.folder import BlindTest
    from partita.app.blind.offline import export_offline
    from partita.app.blind.questions import QUESTIONS
    from partita.app.blind.results import results_of
    from partita.app.blind.sources import arms_of_comparison

__all__ = [
    "QUESTIONS",
    "Answer",
    "BlindConfig",
    "BlindTest",
    "append_answer_file",
    "arms_of_comparison",
    "create_test",
    "export_offline",
    "results_of",
]

_MODULES = {
    "QUESTIONS": "questions",
    "Answer": "answers",
    "BlindConfig": "config",
    "BlindTest": "folder",
    "append_answer_file": "answer_file",
    "arms_of_comparison": "sources",
    "create_test": "creation",
    "export_offline": "offline",
    "results_of": "results",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module, so that the server starts without SciPy and PyTorch."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
