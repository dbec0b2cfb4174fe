"""The arguments of `partita evaluate`, and its work: score each model, then print the scores."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.conf import FlagCreatePairsOff, Positional

from partita.cli.arguments import parse, with_new_names
from partita.cli.evaluate.heads import column_heads
from partita.cli.evaluate.opening import ORDER, naming, open_all
from partita.cli.evaluate.rows import score_names, score_row
from partita.cli.evaluate.table import table_lines
from partita.cli.help import asks_for_help, help_page
from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.evaluation.evaluate import EvaluateConfig, Evaluation, evaluate_with_clips
from partita.experiments.evaluation_page import EvaluationPage
from partita.progress import ProgressBar
from partita.runs.loading import LoadedModel
from partita.terminal import print_line, print_note

NEW_NAMES = {"opening_seconds": "prompt_seconds"}  # old names of options to current ones
USAGE = "partita evaluate MODEL... CORPUS [OPTIONS]"
GROUPS = {
    "what to score": ("MODEL", "CORPUS", "--split", "--bits-seconds"),
    "clips": ("--clips", "--seconds", "--prompt-seconds", "--temperature", "--frame-temperature", "--seed"),
    "computation": ("--device", "--threads"),
    "output": ("--out", "--json"),
}
"""The options as `--help` shows them."""
FLAGS = ("--json",)  # options without a value
WIDTH_OF_A_FILE = 100  # columns, if standard output is no terminal

Scores = dict[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Command:
    """Score a trained model, or several, on recordings that they were not trained on.

    Bits per sample measure how well the model predicts. The other scores compare its clips with real sound:
    distances in two feature spaces, and the white noise that takes real sound as far; tones against noise;
    drift from the second second to the last; clips that are silent, saturated or stuck on one tone.

    Several models are scored with the same prompts and the same seed, and their scores are one table.
    """

    corpus: Positional[Path]
    """Corpus, made by `partita prepare`; the last argument."""
    models: Annotated[Positional[tuple[str, ...]], tyro.conf.arg(name="model")]
    """Run folder, one of the checkpoints in it, or the name of a model that ships; one or more."""
    json: FlagCreatePairsOff[bool] = False
    """Print one JSON object on standard output, and nothing else there."""
    out: Path | None = None
    """Folder for a page with players, pictures and all scores, `report.html`, and the clips beside it. It
    must not exist, be empty, or hold the page of an earlier evaluation."""
    config: Annotated[EvaluateConfig, tyro.conf.arg(name="")] = field(default_factory=EvaluateConfig)

    def run(self) -> None:
        """Open and check all models, score them, and print the scores."""
        with ProgressBar("checking the corpus", transient=True):
            loaded, corpus = open_all(self.models, self.corpus, self.config.split)
        with self._page(corpus) as page:
            found = _evaluations(loaded, corpus, self.config)
            if page is not None:
                print_note(f"the page is {page.write(found)}")
        scores = {name: one.scores for name, one in found.items()}
        warnings = _warnings_of_all(loaded)
        if len(scores) == 1:
            (only,) = scores.values()
            _print_one(only, as_json=self.json)
        elif self.json:
            print_line(json.dumps({"models": scores, "warnings": warnings}, allow_nan=False))
        else:
            for line in table_lines(scores, shutil.get_terminal_size((WIDTH_OF_A_FILE, 24)).columns):
                print_line(line)
            for warning in [*_named_warnings(scores), *warnings]:
                print_note(f"warning: {warning}")

    @contextmanager
    def _page(self, corpus: Corpus) -> Iterator[EvaluationPage | None]:
        """Yield the page to write, whose folder is reserved while the block runs; None without `--out`."""
        if self.out is None:
            yield None
            return
        names = column_heads(list(self.models), reserved=["real"])
        page = EvaluationPage(
            out=self.out, models=self.models, names=names, corpus=corpus, config=self.config
        )
        with page.lock():
            yield page


def _evaluations(
    loaded: Mapping[str, LoadedModel], corpus: Corpus, config: EvaluateConfig
) -> dict[str, Evaluation]:
    """Score each model, with a progress bar that names it if there are several."""
    several = len(loaded) > 1
    found = {}
    for number, (name, head) in enumerate(zip(loaded, column_heads(list(loaded)), strict=True), 1):
        prefix = f"{number}/{len(loaded)} {head}: " if several else ""
        with naming(name, several=several):
            found[name] = _evaluation(loaded[name], corpus, config, prefix=prefix)
    return found


def _evaluation(loaded: LoadedModel, corpus: Corpus, config: EvaluateConfig, *, prefix: str) -> Evaluation:
    """Score a model, with a progress bar whose text begins with the prefix."""
    with ProgressBar(f"{prefix}evaluating", 1.0) as bar:
        return evaluate_with_clips(
            loaded, corpus, config, progress=lambda what, share: bar.update(share, f"{prefix}{what}")
        )


def _print_one(scores: dict[str, Any], *, as_json: bool) -> None:
    """Print the scores of one model, and its warnings on standard error."""
    if as_json:
        print_line(json.dumps(scores, allow_nan=False))
        return
    for name in score_names(scores):
        print_line(score_row(name, scores[name]))
    if "bits_per_sample" in scores:
        print_line(f"bits are per sample of {scores['about']['classes']}")
    for warning in scores["warnings"]:
        print_note(f"warning: {warning}")


def _named_warnings(scores: Scores) -> list[str]:
    """Return the warnings of the models with their names; one that all models have only once."""
    every = [scores[name]["warnings"] for name in scores]
    shared = [warning for warning in every[0] if all(warning in own for own in every)]
    return [f"all models: {warning}" for warning in shared] + [
        f"{name}: {warning}"
        for name in scores
        for warning in scores[name]["warnings"]
        if warning not in shared
    ]


def _warnings_of_all(loaded: Mapping[str, LoadedModel]) -> list[str]:
    """Return a warning if the models have different classes."""
    if len({model.quantizer for model in loaded.values()}) == 1:
        return []
    return [
        "the models divide the sound into different classes: their bits per sample do not compare, and the"
        " real sound that their clips are compared with differs slightly"
    ]


def read(arguments: Sequence[str]) -> Command:
    """Return the subcommand with the given arguments."""
    if asks_for_help(arguments):
        print_line(help_page(Command, GROUPS, usage=USAGE, whole=True))
        raise SystemExit
    if not arguments:
        raise PartitaError(f"no model and no corpus are given: {ORDER}")
    arguments = with_new_names(
        arguments, prog="partita evaluate", renamed=lambda path: NEW_NAMES.get(path, path)
    )
    return parse(Command, _corpus_first(arguments), prog="partita evaluate")


def _corpus_first(arguments: Sequence[str]) -> list[str]:
    """Return the arguments in the order in which they can be parsed: the corpus, the models, the options.

    The options may be anywhere among them. After `--` there are only names, which may begin with a dash.

    >>> _corpus_first(["runs/a", "--json", "runs/b", "--seed", "1", "corpus"])
    ['corpus', 'runs/a', 'runs/b', '--json', '--seed', '1']
    """
    names: list[str] = []
    options: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            names += words
        elif not word.startswith("-"):
            names.append(word)
        else:
            options.append(word)
            if word.startswith("--") and "=" not in word and word not in FLAGS:
                options += islice(words, 1)  # its value
    names = names[-1:] + names[:-1]
    return [*options, "--", *names] if "--" in arguments else names + options
