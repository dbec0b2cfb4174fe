"""`partita prepare`: make a corpus from recordings."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from partita.cli.arguments import gather_repeats, parse
from partita.cli.help import asks_for_help, help_page
from partita.data.corpus import SPLITS
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.preparation.summary import corpus_notes
from partita.terminal import print_line, print_note

REPEATABLE = ("--test", "--validation")
USAGE = "partita prepare RECORDINGS ... --out PATH [OPTIONS]"
GROUPS = {
    "recordings": ("RECORDINGS", "--out", "--labels", "--[no-]notes"),
    "sound": ("--sample-rate", "--peak-dbfs", "--[no-]trim"),
    "splits": ("--test", "--validation", "--validation-seconds", "--gap", "--seed"),
    "computation": ("--workers",),
}
"""The options as `--help` shows them."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """Make a corpus from recordings: mono, at one sample rate and level, without silence, in three splits.

    It reads WAV, FLAC, Ogg, Opus, MP3 and AIFF files, and with `partita[formats]` M4A, WMA, videos and more.
    It never writes to them. It names files that it can't use, and skips them. Run it again after you add or
    remove recordings; it then prepares only what has changed.
    """

    recordings: Positional[tuple[Path, ...]] = ()
    """Audio files and folders, before the options. Folders are searched with all folders in them."""
    out: Path
    """Folder of the corpus: a new or empty one, or a corpus to update."""
    config: Annotated[PrepareConfig, tyro.conf.arg(name="")] = field(default_factory=PrepareConfig)

    def run(self) -> None:
        """Prepare the corpus, then print warnings on standard error and durations on standard output."""
        corpus = prepare(self.recordings, self.out, self.config, progress=True)
        for line in corpus_notes(corpus.index):
            print_note(line)
        amounts = ", ".join(f"{split} {corpus.seconds(split):.1f} s" for split in SPLITS)
        print_line(f"{corpus.path}: {amounts} at {corpus.sample_rate} Hz")
        for line in corpus.index["held_out"]:
            print_line(line)


def read(arguments: Sequence[str]) -> Command:
    """Return the subcommand with the given arguments."""
    if asks_for_help(arguments):
        print_line(help_page(Command, GROUPS, usage=USAGE, whole=True))
        raise SystemExit
    return parse(Command, gather_repeats(arguments, REPEATABLE), prog="partita prepare")
