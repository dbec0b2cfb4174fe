"""`partita generate`: draw clips from a trained model, into files, a pipe or a device."""

from partita.cli.generate.command import GROUPS, Command, read

__all__ = ["GROUPS", "Command", "read"]
