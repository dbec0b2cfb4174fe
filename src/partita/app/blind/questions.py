"""The questions of a listening test, in the words that the listener reads.

The texts are fixed, so that no name of an arm can get into them. One pass of a test asks one question.
"""

from dataclasses import dataclass

A, B, X, PROMPT = "A", "B", "X", "prompt"
CHOICES = (A, B)
LETTERS = (A, B, X, PROMPT)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question about two clips.

    Args:
        name: its name in configs and files.
        text: the question.
        is_abx: whether the listener says which of A and B a third clip, X, is; otherwise the question asks
            for a preference.
        needs_prompt: whether the prompt of the clips is played too.
    """

    name: str
    text: str
    is_abx: bool = False
    needs_prompt: bool = False


QUESTIONS = {
    question.name: question
    for question in (
        Question(name="better", text="Which one sounds better?"),
        Question(name="real", text="Which one sounds more like a real recording?"),
        Question(name="prompt", text="Which one fits the prompt better?", needs_prompt=True),
        Question(name="abx", text="Which one is X?", is_abx=True),
    )
}
"""All questions by name."""
