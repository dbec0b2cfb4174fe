"""Make a model that ships with the package from a finished run: `src/partita/shipped/NAME`.

The card is a JSON file with `title`, `summary`, `licence`, `command` (how it was trained), `recordings` (a
list of `source`, `player`, `licence`, `attribution`), `scores` (NAME: `value`, `low`, `high`) and `limits` (a
list of what the model can't do). Sample rate, updates and time are added. Score the folder that this makes,
not the run: the weights may have been rounded. Run it as

    python docs/results/shipped/ship_model.py RUN NAME --card card.json --corpus CORPUS
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

from partita import Corpus, load
from partita.runs.shipped.card import card_lines, shipped_card
from partita.runs.shipped.export import export_model
from partita.runs.shipped.folder import SHIPPED


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    parser.add_argument("--card", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument(
        "--start-is-covered",
        action="store_true",
        help="the corpus holds all that the run's start has learnt from",
    )
    parser.add_argument("--replace", action="store_true", help="replace a model of this name")
    asked = parser.parse_args()
    card = json.loads(asked.card.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:  # a refused model leaves the old one
        made = export_model(
            asked.run,
            card,
            Corpus.open(asked.corpus),
            Path(scratch) / asked.name,
            start_is_covered=asked.start_is_covered,
        )
        if asked.replace:
            shutil.rmtree(SHIPPED / asked.name, ignore_errors=True)
        shutil.copytree(made, SHIPPED / asked.name)
    load(SHIPPED / asked.name).draw(seconds=0.1)
    print("\n".join(card_lines(shipped_card(asked.name))))


if __name__ == "__main__":
    main()
