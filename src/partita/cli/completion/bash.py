"""The script for bash, from version 3.2 on, which macOS has. It needs no other package."""

from collections.abc import Sequence

from partita.cli.completion.words import Flag, Subcommand, Value

SCRIPT = """\
# Completion of `partita` in bash.
_partita() {
    local IFS=$' \\t\\n' word=${COMP_WORDS[COMP_CWORD]} option='' place words='' files='' subcommand
    COMPREPLY=()
    subcommand=${COMP_WORDS[1]}
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "SUBCOMMANDS help --help --version" -- "$word"))
        return
    fi
    if [ "$subcommand" = help ]; then
        [ "$COMP_CWORD" -eq 2 ] && COMPREPLY=($(compgen -W "SUBCOMMANDS" -- "$word"))
        return
    fi
    place=$((COMP_CWORD - 1))
    if [ "$word" = = ]; then  # bash makes `--size=tiny` three words
        word=''
    elif [ "${COMP_WORDS[place]}" = = ]; then
        place=$((place - 1))
    fi
    case ${COMP_WORDS[place]} in
    --*) option=${COMP_WORDS[place]} ;;
    *)  # an option that takes several words may be further to the left
        while [ "$place" -gt 1 ]; do
            case ${COMP_WORDS[place]} in
            --*)
                case "$subcommand ${COMP_WORDS[place]}" in
                SEVERAL) option=${COMP_WORDS[place]} ;;
                esac
                break
                ;;
            esac
            place=$((place - 1))
        done
        ;;
    esac
    case $word in
    -*)
        case $subcommand in
FLAGS
        esac
        ;;
    *)
        case "$subcommand $option" in
VALUES
        *)
            case $subcommand in
ARGUMENTS
            esac
            ;;
        esac
        ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    if [ "$files" = yes ]; then
        compopt -o filenames 2>/dev/null
        IFS=$'\\n'
        COMPREPLY+=($(compgen -f -- "$word"))
    fi
}
complete -F _partita partita
"""


def script(subcommands: Sequence[Subcommand]) -> str:
    """Return the script.

    Args:
        subcommands: what there is to complete.
    """
    valued = [(one.name, flag) for one in subcommands for flag in one.flags if flag.value]
    several = [f'"{name} {flag.name}"' for name, flag in valued if flag.value and flag.value.several]
    parts = {
        "SUBCOMMANDS": " ".join(one.name for one in subcommands),
        "SEVERAL": " | ".join(several),
        "FLAGS": "\n".join(f"        {one.name}) words='{_names(one.flags)}' ;;" for one in subcommands),
        "VALUES": "\n".join(_case(f'"{name} {flag.name}"', flag.value) for name, flag in valued),
        "ARGUMENTS": "\n".join("    " + _case(one.name, one.value) for one in subcommands),
    }
    text = SCRIPT
    for name, part in parts.items():
        text = text.replace(name, part)
    return text.rstrip("\n")


def _names(flags: Sequence[Flag]) -> str:
    return " ".join(flag.name for flag in flags)


def _case(pattern: str, value: Value | None) -> str:
    """Return a branch that offers the choices and, if there may be any, files."""
    assert value is not None
    files = "yes" if value.files else ""
    return f"        {pattern}) words='{' '.join(value.choices)}' files='{files}' ;;"
