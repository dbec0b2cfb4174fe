"""How temperature and smoothing change what a run plays from the features of real sound.

    python docs/results/two-tiers/settings.py RUN CORPUS --out settings.json --split validation

By default every pair of four temperatures and three smoothings is drawn.
"""

from scoring import CLIPS, SECONDS, excerpts, given_scores, parser_of, sound_scores

from partita import Corpus, load, storage
from partita.runs.versions import versions


def main() -> None:
    """Draw and score clips with every pair of settings, and write the file."""
    parser = parser_of(__doc__)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.6, 0.7, 0.85, 1.0])
    parser.add_argument("--smoothings", type=float, nargs="+", default=[0.0, 3.0, 6.0])
    asked = parser.parse_args()
    model, corpus = load(asked.run), Corpus.open(asked.corpus)
    real = excerpts(corpus, asked.split, model, before=corpus.sample_rate)
    rows = []
    for temperature in asked.temperatures:
        for smoothing in asked.smoothings:
            _, scores = given_scores(model, real, temperature=temperature, smoothing=smoothing)
            rows.append({"temperature": temperature, "smoothing": smoothing} | scores)
    storage.write_json(
        asked.out,
        {
            "run": model.name,
            "step": model.step,
            "split": asked.split,
            "clips": CLIPS,
            "seconds": SECONDS,
            "real": sound_scores(list(real["sound"]), corpus.sample_rate),
            "rows": rows,
            "versions": versions(),
        },
    )


if __name__ == "__main__":
    main()
