"""Help pages with the options in groups, made from the dataclass of a subcommand.

Names, types, defaults and texts come from the fields and their docstrings, so each is written once. This file
knows no subcommand; the subcommand says which options are in which group.
"""

import ast
import inspect
import re
import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from tyro.conf import Positional

WIDEST = 100  # columns
TEXT_COLUMN = 26
POSITIONAL = Positional[int].__metadata__[0]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Option:
    """An option or a positional argument of a subcommand.

    Args:
        name: as it is typed, for example "--rollout.clips"; a positional argument in capitals; a flag as
            "--[no-]compile".
        value: the name of its value, for example "INT"; empty for a flag.
        text: its help.
        default: its value if it is not given.
    """

    name: str
    value: str
    text: str
    default: Any

    def rows(self, width: int, *, whole: bool) -> list[str]:
        """Return the rows of a help page: the name, and beside it the text with the default.

        Args:
            width: columns of the page.
            whole: show the whole text, not only its first sentence.
        """
        text = self.text if whole else self.text.partition(". ")[0].removesuffix(".") + "."
        if self.default is not None:
            text += f" [default: {_shown(self.default)}]"
        head = f"  {self.name} {self.value}".rstrip()
        rows = textwrap.wrap(text, width - TEXT_COLUMN, break_on_hyphens=False)
        first = [f"{head:{TEXT_COLUMN}}{rows.pop(0)}"] if len(head) < TEXT_COLUMN else [head]
        return first + [" " * TEXT_COLUMN + row for row in rows]


def help_page(command: Any, groups: Mapping[str, Sequence[str]], *, usage: str, whole: bool) -> str:
    """Return the help page of a subcommand.

    Args:
        command: the subcommand's dataclass with its defaults; its docstring is the introduction.
        groups: title -> names of the options in this group; names of options that there are not are ignored.
        usage: how to call the subcommand.
        whole: show every option with its whole text, not only those of the groups with their first sentence.

    >>> @dataclass
    ... class Sing:
    ...     '''Sing a song.'''
    ...     times: int = 1
    ...     '''How often. At least once.'''
    >>> print(help_page(Sing(), {"length": ("--times",)}, usage="sing [OPTIONS]", whole=False))
    usage: sing [OPTIONS]
    <BLANKLINE>
    Sing a song.
    <BLANKLINE>
    length:
      --times INT             How often. [default: 1]
    """
    width = min(WIDEST, shutil.get_terminal_size().columns)
    options = {option.name: option for option in _options(command)}
    sections = {
        title: [options.pop(name) for name in names if name in options] for title, names in groups.items()
    }
    if whole:
        for name, option in options.items():
            title = name.replace("[no-]", "").removeprefix("--").rpartition(".")[0] or "other"
            sections.setdefault(title, []).append(option)
    paragraphs = (inspect.getdoc(type(command)) or "").split("\n\n")
    parts = [f"usage: {usage}", *(textwrap.fill(" ".join(part.split()), width) for part in paragraphs)]
    for title, members in sections.items():
        rows = [row for option in members for row in option.rows(width, whole=whole)]
        parts.append("\n".join([f"{title}:", *rows]))
    return "\n\n".join(parts)


def _shown(default: Any) -> str:
    """Return a default as a help page shows it.

    >>> _shown(True), _shown((2, 3)), _shown(0.5)
    ('on', '2 3', '0.5')
    """
    if isinstance(default, bool):
        return "on" if default else "off"
    return " ".join(map(str, default)) if isinstance(default, tuple) else str(default)


def _options(config: Any, prefix: str = "") -> Iterator[Option]:
    """Yield the options of a dataclass and of the dataclasses that its fields hold."""
    hints, texts = get_type_hints(type(config), include_extras=True), _texts(type(config))
    for field in fields(config):
        hint, value = hints[field.name], getattr(config, field.name)
        marks = getattr(hint, "__metadata__", ())
        name = next((mark.name for mark in marks if getattr(mark, "name", None) is not None), field.name)
        if is_dataclass(value):
            yield from _options(value, f"{prefix}{name}." if name else prefix)
        elif POSITIONAL in marks:
            yield Option(name.upper(), "", texts[field.name], value)
        elif not any(is_dataclass(kind) for kind in _kinds(hint)):
            flag = f"--{prefix}{'[no-]' if isinstance(value, bool) else ''}{name}".replace("_", "-")
            yield Option(flag, _value_name(hint), texts[field.name], value)


def _kinds(hint: Any) -> list[Any]:
    """Return the types that an annotation allows, without None."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) not in {Union, UnionType}:
        return [hint]
    return [kind for kind in get_args(hint) if kind is not type(None)]


def _value_name(hint: Any) -> str:
    """Return the name of an option's value: that of its type.

    >>> _value_name(int | None), _value_name(bool), _value_name(tuple[str, ...])
    ('INT', '', 'STR ...')
    """
    kind = _kinds(hint)[0]
    if get_origin(kind) is tuple:
        return f"{_value_name(get_args(kind)[0])} ..."
    return "" if kind is bool else str(kind.__name__).upper()


def _texts(kind: type) -> dict[str, str]:
    """Return the texts of a dataclass's fields, each as one line.

    The text of a field is its docstring, or else its line in the docstring of the class.
    """
    texts: dict[str, str] = {}
    for base in reversed(kind.__mro__[:-1]):
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(tree, ast.ClassDef)
        for field, following in zip(tree.body, tree.body[1:], strict=False):
            if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
                continue
            name = field.target.id
            if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
                texts[name] = " ".join(str(following.value.value).split())
            elif found := re.search(rf"^ *{name}: (.*)$", base.__doc__ or "", re.MULTILINE):
                texts[name] = found[1]
    return texts
