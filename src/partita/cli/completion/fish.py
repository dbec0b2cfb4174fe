"""The script for fish."""

from collections.abc import Iterator, Sequence

from partita.cli.completion.words import Flag, Subcommand, Value

HEAD = """\
# Completion of `partita` in fish.
function __partita_is
    set -l words (commandline -opc)
    test (count $words) -gt 1; and contains -- $words[2] $argv
end
function __partita_is_first
    test (count (commandline -opc)) -eq 1
end
function __partita_value_of
    set -l words (commandline -opc)
    test (count $words) -gt 2; and test "$words[2]" = $argv[1]; or return 1
    for word in $words[-1..3]
        if string match -q -- '--*' $word
            test $word = $argv[2]
            return
        end
    end
    return 1
end
complete -c partita -f"""
"""`__partita_value_of NAME OPTION`: the subcommand is NAME and its last option is OPTION."""


def script(subcommands: Sequence[Subcommand]) -> str:
    """Return the script.

    Args:
        subcommands: what there is to complete.
    """
    lines = [HEAD]
    for one in subcommands:
        lines.append(f"complete -c partita -n __partita_is_first -a {one.name} -d {_quoted(one.text)}")
        lines.append(f"complete -c partita -n '__partita_is help' -a {one.name} -d {_quoted(one.text)}")
    lines += [line for one in subcommands for line in _lines(one)]
    return "\n".join(lines)


def _lines(subcommand: Subcommand) -> Iterator[str]:
    """Yield the lines of a subcommand's options and of its arguments."""
    start = f"complete -c partita -n '__partita_is {subcommand.name}'"
    for flag in subcommand.flags:
        yield f"{start} -l {flag.name.removeprefix('--')}{_value(flag.value)} -d {_quoted(flag.text)}"
        if flag.value is not None and flag.value.several:
            yield _more(subcommand.name, flag)
    words = f" -a '{' '.join(subcommand.value.choices)}'" if subcommand.value.choices else ""
    if words or subcommand.value.files:
        yield f"{start}{' -F' if subcommand.value.files else ''}{words}"


def _more(name: str, flag: Flag) -> str:
    """Return the line of the words after the first one that an option takes."""
    assert flag.value is not None
    words = " ".join(flag.value.choices)
    return f"complete -c partita -n '__partita_value_of {name} {flag.name}' -a '{words}'"


def _value(value: Value | None) -> str:
    """Return how fish completes the value of an option."""
    if value is None:
        return ""
    words = f" -a '{' '.join(value.choices)}'" if value.choices else ""
    return (" -r -F" if value.files else " -x") + words


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
