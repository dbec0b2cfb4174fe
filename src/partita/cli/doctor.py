"""`partita doctor`: find out what is wrong with a corpus or a run, and what to do."""

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional

from partita.cli.arguments import parse
from partita.cli.help import asks_for_help, help_page
from partita.progress import ProgressBar
from partita.terminal import print_line

USAGE = "partita doctor CORPUS_OR_RUN [OPTIONS]"
GROUPS = {
    "what to examine": ("CORPUS_OR_RUN", "--corpus", "--temperature", "--frame-temperature"),
    "output": ("--json",),
}
"""The options as `--help` shows them."""
WIDTH_OF_A_FILE = 100  # columns, if standard output is no terminal


@dataclass(frozen=True, kw_only=True)
class Command:
    """Find out what is wrong with a corpus or a run, and what to do about it.

    Of a corpus it examines the amount of sound, silence, clipping, offset, bandwidth, noise, voices, copies
    across splits and pitch, and how long training takes here until tones appear. Of a run it examines the
    curves, the age, the judge, and new clips beside real sound. The first line is the most important finding.
    """

    corpus_or_run: Positional[Path]
    """Corpus, made by `partita prepare`, or run, or the name of a model that ships."""
    corpus: Path | None = None
    """For a run: corpus of real sound to compare its clips with. Default: the corpus that it was trained
    on."""
    temperature: float | None = None
    """For a run: temperature of the samples of the clips. Default: the run's own."""
    frame_temperature: float | None = None
    """For a run: temperature of the frame tier. Default: the run's own."""
    json: FlagCreatePairsOff[bool] = False
    """Print one JSON object on standard output, and nothing else there."""

    def run(self) -> None:
        """Examine the corpus or the run, and print what was found."""
        from partita.doctor import examine

        with ProgressBar("examining", transient=True) as bar:
            diagnosis = examine(
                self.corpus_or_run,
                corpus=self.corpus,
                temperature=self.temperature,
                frame_temperature=self.frame_temperature,
                progress=lambda what: bar.update(label=what),
            )
        if self.json:
            findings = [finding.as_json() for finding in diagnosis.ordered]
            print_line(json.dumps({"findings": findings}, allow_nan=False))
            return
        from partita.doctor.terminal.page import page_lines

        styled = is_styled()
        width = shutil.get_terminal_size((WIDTH_OF_A_FILE, 24)).columns
        for line in page_lines(diagnosis, width=width, plots=styled):
            if styled:
                _print_styled(line)
            else:
                print_line("".join(text for text, _ in line))


def is_styled() -> bool:
    """Return whether standard output takes colours and bars: a terminal with UTF-8, and no NO_COLOR."""
    out = sys.stdout
    utf8 = (getattr(out, "encoding", None) or "").lower().replace("-", "") == "utf8"
    return bool(out is not None and out.isatty() and utf8 and not os.environ.get("NO_COLOR"))


def _print_styled(line: list[tuple[str, str]]) -> None:
    from rich.console import Console
    from rich.text import Text

    Console(highlight=False, soft_wrap=True).print(Text.assemble(*line))


def read(arguments: Sequence[str]) -> Command:
    """Return the subcommand with the given arguments."""
    if asks_for_help(arguments):
        print_line(help_page(Command, GROUPS, usage=USAGE, whole=True))
        raise SystemExit
    return parse(Command, arguments, prog="partita doctor")
