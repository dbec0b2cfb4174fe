"""Run the command line: `python -m partita` does the same as `partita`."""

from partita.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
