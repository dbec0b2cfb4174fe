"""Show the examples of docstrings as code: a Griffe extension, which puts them into fenced blocks."""

from typing import Any

from griffe import Extension, Object


def fenced(text: str) -> str:
    """Return a docstring with each block of `>>>` lines, and what they print, in a fence."""
    lines, inside = [], False
    for line in text.split("\n"):
        if line.startswith(">>>") and not inside:
            lines.append("```pycon")
            inside = True
        elif inside and not line.strip():
            lines.append("```")
            inside = False
        lines.append(line)
    return "\n".join([*lines, "```"] if inside else lines)


class FencedDoctests(Extension):
    """Put the examples of every docstring into fences before it is parsed."""

    def on_object(self, *, obj: Object, **_kwargs: Any) -> None:
        """Change the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)
