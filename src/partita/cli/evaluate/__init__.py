"""`partita evaluate`: score one model or several on held-out recordings, each score with its interval.

- `command.py`: the arguments; scores the models one after the other.
- `opening.py`: opens and checks all models and the corpus first.
- `rows.py`: the scores of one model as text.
- `table.py`: the scores of several models side by side.
- `heads.py`: short and distinct names for the columns.
"""

from partita.cli.evaluate.command import GROUPS, Command, read

__all__ = ["GROUPS", "Command", "read"]
