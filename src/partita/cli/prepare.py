"""`partita prepare`: recordings become a corpus."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from partita.cli.arguments import gather, parse
from partita.data.corpus import SPLITS
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.preparation.summary import corpus_notes
from partita.terminal import print_line, print_note

REPEATABLE = ("--test", "--validation")


@dataclass(frozen=True, kw_only=True)
class Command:
    """Make a corpus from recordings: mono, one rate, one level, without silence, split for train and test.

    WAV, FLAC, Ogg, Opus, MP3 and AIFF files are read, and with `partita[formats]` M4A, WMA, videos and more;
    they are never written to. Files that can't be used are named and skipped. Run it again after adding or
    removing recordings: only what changed is done again.
    """

    recordings: Positional[tuple[Path, ...]] = ()
    """Audio files, and folders, which are searched all the way down. They stand before the options."""
    out: Path
    """Folder of the corpus: new, empty, or a corpus that is to be brought up to date."""
    config: Annotated[PrepareConfig, tyro.conf.arg(name="")] = field(default_factory=PrepareConfig)

    def run(self) -> None:
        """Prepare, then say what came of it: warnings on standard error, amounts on standard output."""
        corpus = prepare(self.recordings, self.out, self.config, progress=True)
        for line in corpus_notes(corpus.index):
            print_note(line)
        amounts = ", ".join(f"{split} {corpus.seconds(split):.1f} s" for split in SPLITS)
        print_line(f"{corpus.path}: {amounts} at {corpus.sample_rate} Hz")
        for line in corpus.index["held_out"]:
            print_line(line)


def read(arguments: Sequence[str]) -> Command:
    """Return the command that the arguments ask for."""
    return parse(Command, gather(arguments, REPEATABLE), prog="partita prepare")
