"""The subcommand `partita completion`: its one argument, and what it prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tyro.conf import Positional

from partita.cli.arguments import parse
from partita.cli.help import asks_for_help, help_page
from partita.terminal import print_line

USAGE = "partita completion SHELL"
GROUPS = {"shell": ("SHELL",)}
"""The options as `--help` shows them."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """Print a script that completes subcommands, options, choices and files when you press Tab.

    bash: partita completion bash > ~/.local/share/bash-completion/completions/partita

    zsh: partita completion zsh > a file `_partita` in a folder of $fpath

    fish: partita completion fish > ~/.config/fish/completions/partita.fish

    Open a new shell afterwards, and write the file again after an update of Partita.
    """

    shell: Positional[Literal["bash", "zsh", "fish"]]
    """Your shell: `bash`, `zsh` or `fish`."""

    def run(self) -> None:
        """Print the script on standard output."""
        from partita.cli.completion import bash, fish, zsh
        from partita.cli.completion.words import all_subcommands

        script = {"bash": bash.script, "zsh": zsh.script, "fish": fish.script}[self.shell]
        print_line(script(all_subcommands()))


def read(arguments: Sequence[str]) -> Command:
    """Return the subcommand with the given arguments."""
    if asks_for_help(arguments):
        print_line(help_page(Command, GROUPS, usage=USAGE, whole=True))
        raise SystemExit
    return parse(Command, arguments, prog="partita completion")
