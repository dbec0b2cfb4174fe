"""Arguments of any subcommand: checked as they were typed, rewritten, and parsed into its dataclass.

- `raw`: empty arguments, characters that no file name has, and `~`.
- `rewriting`: old names, repeated options.
- `parsing`: a dataclass from the arguments, or a message of one line.

The package knows no subcommand.
"""

from partita.cli.arguments.parsing import parse
from partita.cli.arguments.rewriting import gather_repeats, value_of, with_new_names

__all__ = ["gather_repeats", "parse", "value_of", "with_new_names"]
