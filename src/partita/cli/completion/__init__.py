"""`partita completion`: print a script with which a shell completes subcommands, options, choices and files.

- `words`: what can follow each word of a command line, from the dataclasses of the subcommands.
- `bash`, `zsh`, `fish`: the script of each shell.
- `command`: the subcommand.

The scripts hold all words, so that a shell starts no Python when a person presses Tab.
"""

from partita.cli.completion.command import GROUPS, Command, read

__all__ = ["GROUPS", "Command", "read"]
