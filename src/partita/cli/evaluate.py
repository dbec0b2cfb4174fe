"""`partita evaluate`: score a model on held-out recordings, each score with its interval."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.conf import FlagCreatePairsOff, Positional

from partita.cli.arguments import parse, with_new_names
from partita.cli.help import asks_for_help, help_page
from partita.evaluation.clip_scores import GIVEN_PREFIX, NOISE_PREFIX
from partita.evaluation.evaluate import EvaluateConfig, evaluate
from partita.evaluation.metrics.distances.noise_scale import noise_sentence
from partita.evaluation.statistics.scores import Score
from partita.progress import ProgressBar
from partita.terminal import print_line, print_note

NEW_NAMES = {"opening_seconds": "prompt_seconds"}  # old names of options to current ones
USAGE = "partita evaluate MODEL CORPUS [OPTIONS]"
GROUPS = {
    "what to score": ("MODEL", "CORPUS", "--split", "--bits-seconds"),
    "clips": ("--clips", "--seconds", "--prompt-seconds", "--temperature", "--frame-temperature", "--seed"),
    "computation": ("--device", "--threads"),
    "output": ("--json",),
}
"""The options as `--help` shows them."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """Score a trained model on recordings that it was not trained on.

    Bits per sample measure how well the model predicts. The other scores compare its clips with real sound:
    distances in two feature spaces, and the white noise that takes real sound as far; tones against noise;
    drift from the second second to the last; clips that are silent, saturated or stuck on one tone.
    """

    model: Positional[Path]
    """Run folder, one of the checkpoints in it, or the name of a model that ships."""
    corpus: Positional[Path]
    """Corpus, made by `partita prepare`."""
    json: FlagCreatePairsOff[bool] = False
    """Print one JSON object on standard output, and nothing else there."""
    config: Annotated[EvaluateConfig, tyro.conf.arg(name="")] = field(default_factory=EvaluateConfig)

    def run(self) -> None:
        """Print the scores."""
        with ProgressBar("evaluating", 1.0) as bar:
            scores = evaluate(
                self.model, self.corpus, self.config, progress=lambda what, share: bar.update(share, what)
            )
        if self.json:
            print_line(json.dumps(scores, allow_nan=False))
            return
        for name, score in scores.items():
            if isinstance(score, dict) and "value" in score:
                print_line(_row(name, score))
        for warning in scores.get("warnings", ()):
            print_note(f"warning: {warning}")


def _row(name: str, score: dict[str, Any]) -> str:
    row = f"{name:38} {score['value']:10.4f}  [{score['low']:.4f}, {score['high']:.4f}]"
    if score.get("upper_bound"):
        return f"{row}   an upper bound: bits of the frames and of the samples given the frames"
    if name.removeprefix(GIVEN_PREFIX).startswith(NOISE_PREFIX):
        return f"{row}   {noise_sentence(Score(**score))}"
    real = score.get("real")
    return f"{row}   real {real['value']:.4f} [{real['low']:.4f}, {real['high']:.4f}]" if real else row


def read(arguments: Sequence[str]) -> Command:
    """Return the subcommand with the given arguments."""
    if asks_for_help(arguments):
        print_line(help_page(Command, GROUPS, usage=USAGE, whole=True))
        raise SystemExit
    arguments = with_new_names(
        arguments, prog="partita evaluate", renamed=lambda path: NEW_NAMES.get(path, path)
    )
    return parse(Command, arguments, prog="partita evaluate")
