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
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from tyro.conf import FlagCreatePairsOff, Positional, Suppress

from partita.cli.times import unit_of

WIDEST = 100  # columns
TEXT_COLUMN = 26
TIMES = "A TIME is a number, in the unit that the option says, or 1:30, 1:30:00 or 1m30s."
POSITIONAL, SINGLE_FLAG, SUPPRESSED = (
    get_args(marked)[1] for marked in (Positional[int], FlagCreatePairsOff[bool], Suppress[int])
)
"""Tyro's marks of annotations: a positional argument, a flag without `--no-`, a field without an option."""


@dataclass(frozen=True)
class Option:
    """An option or a positional argument of a subcommand.

    Args:
        name: as it is typed, for example "--rollout.clips"; a positional argument in capitals; a flag as
            "--[no-]compile".
        value: the name of its value, for example "INT"; empty for a flag.
        text: its help.
        default: its value if it is not given; None or an empty tuple where there is nothing to show, and
            `dataclasses.MISSING` if it must be given.
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

        >>> for row in Option("--times", "INT", "How often. At least once.", 1).rows(80, whole=False):
        ...     print(row)
          --times INT             How often. [default: 1]
        """
        text = self.text if whole else self.text.partition(". ")[0].removesuffix(".") + "."
        if self.default is MISSING:
            text += " [required]"
        elif self.default not in (None, ()):
            text += f" [default: {_shown(self.default)}]"
        head = f"  {self.name} {self.value}".rstrip()
        rows = textwrap.wrap(text, width - TEXT_COLUMN, break_on_hyphens=False)
        first = [f"{head:{TEXT_COLUMN}}{rows.pop(0)}"] if len(head) < TEXT_COLUMN else [head]
        return first + [" " * TEXT_COLUMN + row for row in rows]


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Return whether a subcommand's arguments ask for its help.

    >>> asks_for_help(["corpus", "--help"]), asks_for_help(["corpus", "--steps", "5"])
    (True, False)
    """
    return not {"-h", "--help"}.isdisjoint(arguments)


def help_page(command: Any, groups: Mapping[str, Sequence[str]], *, usage: str, whole: bool) -> str:
    """Return the help page of a subcommand.

    Args:
        command: the subcommand's dataclass, or one with the values of options that are not given; its
            docstring is the introduction.
        groups: title -> names of the options in this group; names of options that there are not are ignored.
        usage: how to call the subcommand.
        whole: show every option with its whole text, not only those of the groups with their first sentence.
    """
    width = min(WIDEST, shutil.get_terminal_size().columns)
    options = {option.name: option for option in options_of(command)}
    sections = {
        title: [options.pop(name) for name in names if name in options] for title, names in groups.items()
    }
    if whole:
        for name, option in options.items():
            title = name.replace("[no-]", "").removeprefix("--").rpartition(".")[0] or "other"
            sections.setdefault(title, []).append(option)
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    parts = [f"usage: {usage}", *(textwrap.fill(" ".join(part.split()), width) for part in paragraphs)]
    for title, members in sections.items():
        rows = [row for option in members for row in option.rows(width, whole=whole)]
        parts.append("\n".join([f"{title}:", *rows]))
    if any(option.value == "TIME" for members in sections.values() for option in members):
        parts.append(textwrap.fill(TIMES, width))
    return "\n\n".join(parts)


def flags_of(command: Any) -> list[str]:
    """Return the names of all options of a subcommand as they are typed, `--help` and negations included.

    Args:
        command: the subcommand's dataclass, or one with values.
    """
    found = ["--help"]
    for option in options_of(command):
        if option.name.startswith("--"):
            name = option.name.replace("[no-]", "")
            found += [name, *([option.name.replace("[no-]", "no-")] if name != option.name else [])]
    return found


def _shown(default: Any) -> str:
    """Return a default as a help page shows it.

    >>> _shown(True), _shown((2, 3)), _shown(0.5)
    ('on', '2 3', '0.5')
    """
    if isinstance(default, bool):
        return "on" if default else "off"
    return " ".join(map(str, default)) if isinstance(default, tuple) else str(default)


def options_of(config: Any, prefix: str = "") -> Iterator[Option]:
    """Yield the options of a dataclass, or of its values, and of the dataclasses that its fields hold.

    Args:
        config: the dataclass, or one with the values of options that are not given.
        prefix: what the names of options begin with.
    """
    kind = config if isinstance(config, type) else type(config)
    hints, texts = get_type_hints(kind, include_extras=True), _texts(kind)
    for field in fields(kind):
        hint = hints[field.name]
        value = _default(field) if config is kind else getattr(config, field.name)
        marks = getattr(hint, "__metadata__", ())
        name = _given(marks, "name") or field.name
        nested = next((one for one in _kinds(hint) if is_dataclass(one)), None)
        if SUPPRESSED in marks:
            continue
        if nested is not None:
            if value is not None:
                inner = f"{prefix}{name}." if _given(marks, "name") != "" else prefix
                yield from options_of(nested if value is MISSING else value, inner)
        elif POSITIONAL in marks:
            listed = _value_name(hint) if get_origin(_kinds(hint)[0]) is Literal else ""
            yield Option(name.upper(), listed, texts[field.name], value)
        else:
            paired = _kinds(hint)[0] is bool and SINGLE_FLAG not in marks
            flag = f"--{prefix}{'[no-]' if paired else ''}{name}".replace("_", "-")
            shown = None if SINGLE_FLAG in marks else value
            named = _given(marks, "metavar") or ("TIME" if unit_of(flag) else _value_name(hint))
            yield Option(flag, named, texts[field.name], shown)


def _default(field: "Field[Any]") -> Any:
    """Return the default of a field, or `MISSING`."""
    return field.default if field.default_factory is MISSING else field.default_factory()


def _given(marks: Sequence[Any], attribute: str) -> str | None:
    """Return what tyro's marks give as the name or the metavar of an option, or None."""
    return next((found for mark in marks if (found := getattr(mark, attribute, None)) is not None), None)


def _kinds(hint: Any) -> list[Any]:
    """Return the types that an annotation allows, without None."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) not in {Union, UnionType}:
        return [hint]
    return [kind for kind in get_args(hint) if kind is not type(None)]


def _value_name(hint: Any) -> str:
    """Return the name of an option's value: that of its type, or its choices.

    >>> _value_name(int | None), _value_name(bool), _value_name(tuple[str, ...])
    ('INT', '', 'STR ...')
    >>> _value_name(Literal["wav", "raw"])
    '{wav,raw}'
    """
    kind = _kinds(hint)[0]
    if get_origin(kind) is Literal:
        return f"{{{','.join(map(str, get_args(kind)))}}}"
    if get_origin(kind) is tuple:
        return f"{_value_name(get_args(kind)[0])} ..."
    return "" if kind is bool else str(kind.__name__).upper()


@cache
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
