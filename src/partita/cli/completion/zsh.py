"""The script for zsh, which works in a folder of $fpath and when it is sourced after `compinit`."""

from collections.abc import Sequence

from partita.cli.completion.words import Flag, Subcommand, Value

SCRIPT = """\
#compdef partita
# Completion of `partita` in zsh.
_partita_word_or_file() {
    compadd -- "$@"
    _files
}
_partita() {
    local curcontext=$curcontext subcommand=$words[2] context state state_descr line
    typeset -A opt_args
    local -a subcommands
    subcommands=(
SUBCOMMANDS
    )
    if (( CURRENT == 2 )); then
        _describe subcommand subcommands
        return
    fi
    if [[ $subcommand == help ]]; then
        (( CURRENT == 3 )) && _describe subcommand subcommands
        return
    fi
    shift words
    (( CURRENT-- ))
    case $subcommand in
BRANCHES
    esac
}
if [[ $funcstack[1] == _partita ]]; then
    _partita "$@"
else
    compdef _partita partita
fi
"""
MOST_WORDS = 72
"""The characters of an option's text that a list shows."""


def script(subcommands: Sequence[Subcommand]) -> str:
    """Return the script.

    Args:
        subcommands: what there is to complete.
    """
    rows = [f"        {_quoted(f'{one.name}:{one.text}')}" for one in subcommands]
    branches = [row for one in subcommands for row in _branch(one)]
    text = SCRIPT.replace("SUBCOMMANDS", "\n".join(rows)).replace("BRANCHES", "\n".join(branches))
    return text.rstrip("\n")


def _branch(subcommand: Subcommand) -> list[str]:
    """Return the branch of a subcommand: a line for each option, and one for its arguments."""
    lines = [f"    {subcommand.name})", "        _arguments -S \\"]
    lines += [f"            {_quoted(_spec(flag))} \\" for flag in subcommand.flags]
    return [*lines, f"            {_quoted(f'*:argument:{_action(subcommand.value)}')}", "        ;;"]


def _spec(flag: Flag) -> str:
    """Return how `_arguments` writes an option."""
    text = "".join(f"\\{letter}" if letter in "[]:" else letter for letter in flag.text[:MOST_WORDS])
    if flag.value is None:
        return f"{flag.name}[{text}]"
    if flag.value.several:
        return f"*{flag.name}[{text}]:*-*:value:{_action(flag.value)}"
    return f"*{flag.name}=[{text}]:value:{_action(flag.value)}"


def _action(value: Value) -> str:
    """Return how `_arguments` completes a value."""
    words = " ".join(value.choices)
    if value.files:
        return f" _partita_word_or_file {words}" if words else "_files"
    return f"({words})" if words else " "


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
