"""The command line: each subcommand is one file that turns its arguments into one call.

The package has no logic of its own beyond arguments, messages and exit statuses.
"""
