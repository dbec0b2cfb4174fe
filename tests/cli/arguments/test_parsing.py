"""A mistake in the arguments is one line that names it; old names of options are replaced."""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Literal

import pytest
import tyro
from hypothesis import given
from hypothesis import strategies as st
from tyro.conf import Positional

from partita.cli import evaluate, train
from partita.cli.arguments import gather_repeats, parse, with_new_names
from partita.errors import PartitaError


@dataclass(frozen=True, kw_only=True)
class Voice:
    pitch: float = 440.0
    """Hz."""

    def __post_init__(self) -> None:
        if self.pitch <= 0:
            raise PartitaError(f"`pitch` is {self.pitch}, must be positive: {'a long remedy ' * 20}")


@dataclass(frozen=True, kw_only=True)
class Sing:
    """Sing."""

    song: Positional[str]
    """What."""
    loudness: int = 1
    """How loud (default: ask the neighbours)."""
    key: Literal["major", "minor"] = "major"
    """Key."""
    rest_seconds: float = 1.0
    """Silence."""
    voice: Annotated[Voice, tyro.conf.arg(name="")] = field(default_factory=Voice)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "missing: SONG; see `sing --help`"),
        (["--loudness", "3"], "missing: SONG; see `sing --help`"),
        (
            ["a", "--loudnes", "3"],
            "`--loudnes` is not an option (did you mean --loudness?); see",
        ),
        (["--loudnes=3"], "`--loudnes` is not an option (did you mean --loudness?); see"),
        (["a", "--no-hum"], "`--no-hum` is not an option; see `sing --help`"),
        (
            ["a", "--key", "mayor"],
            "`--key` is 'mayor': choose one of major, minor (did you mean major?)",
        ),
        (["a", "b"], "`b` is not expected here: leave it out; see `sing --help`"),
        (["a", "--rest-seconds", "1:75"], "`--rest-seconds` is '1:75': give a number, or a time such as"),
        (["a", "--loudness", "loud"], "`--loudness` is 'loud': give a whole number; see"),
        (
            ["a", "--loudness"],
            "`--loudness` has no value: give one; see `sing --help`",
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_mistakes(monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str, encoding: str) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    with pytest.raises(PartitaError) as caught:
        parse(Sing, arguments, prog="sing")
    assert str(caught.value).startswith(message)
    assert "│" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_the_error_of_a_dataclass_is_passed_on_unchanged() -> None:
    with pytest.raises(PartitaError) as caught:
        parse(Sing, ["a", "--pitch", "-2"], prog="sing")
    assert str(caught.value) == f"`pitch` is -2.0, must be positive: {'a long remedy ' * 20}"


@pytest.mark.parametrize("text", ["90", "90.0", "1:30", "0:01:30", "1m30s", "1.5min", "90s", "1m 30s"])
@pytest.mark.parametrize("joined", [False, True])
def test_a_time_is_written_in_many_ways(text: str, joined: bool) -> None:
    words = [f"--rest-seconds={text}"] if joined else ["--rest-seconds", text]
    assert parse(Sing, ["a", *words], prog="sing").rest_seconds == 90.0


def test_the_default_has_the_values_that_are_not_given() -> None:
    given_before = Sing(song="a", loudness=5)
    assert parse(Sing, ["--pitch", "220"], prog="sing", default=given_before) == Sing(
        song="a", loudness=5, voice=Voice(pitch=220.0)
    )


def test_repeats_are_collected_in_their_order() -> None:
    words = ["a", "b", "--test", "x", "y", "--out", "c", "--test", "z", "--no-trim", "--validation=v"]
    assert gather_repeats(words, ("--test", "--validation")) == [
        *("a", "b", "--out", "c", "--no-trim"),
        *("--test", "x", "y", "z", "--validation", "v"),
    ]


@given(st.lists(st.sampled_from(["a", "b", "--test", "--out", "--test=c", "--out=d"])))
def test_no_word_is_lost_among_repeats(words: list[str]) -> None:
    def bare(found: Iterable[str]) -> list[str]:
        return sorted(word for whole in found for word in whole.split("=") if word not in {"--test"})

    kept = gather_repeats(words, ["--test"])
    assert kept.count("--test") <= 1
    assert bare(word.replace("--test=", "") for word in kept) == bare(
        word.replace("--test=", "") for word in words
    )


def test_old_names_of_options_are_replaced_and_each_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["corpus", "--loud", "3", "--voice.high=5", "--loud=4", "--size", "6"]
    new = {"loud": "loudness", "voice.high": "voice.top_pitch"}
    found = with_new_names(words, prog="sing", renamed=lambda path: new.get(path, path))
    assert found == ["corpus", "--loudness", "3", "--voice.top-pitch=5", "--loudness=4", "--size", "6"]
    assert capsys.readouterr().err.splitlines() == [
        "sing: `--loud` is deprecated: use `--loudness`",
        "sing: `--voice.high` is deprecated: use `--voice.top-pitch`",
    ]


def test_training_takes_the_old_names_of_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "corpus",
        "--out",
        "run",
        "--clip",
        "0.5",
        "--average=0.9",
        "--clip_seconds",
        "2",
        "--rollout.seam=64",
    ]
    settings = train.read([*words, "--quantiser.kind=linear", "--clip", "0.25"]).settings
    assert (settings.grad_clip, settings.ema_decay, settings.preview_seconds) == (0.25, 0.9, 2.0)
    assert (settings.rollout.prompt_tail, settings.quantizer.kind) == (64, "linear")
    assert capsys.readouterr().err.splitlines() == [
        "partita train: `--clip` is deprecated: use `--grad-clip`",
        "partita train: `--average` is deprecated: use `--ema-decay`",
        "partita train: `--clip_seconds` is deprecated: use `--preview-seconds`",
        "partita train: `--rollout.seam` is deprecated: use `--rollout.prompt-tail`",
        "partita train: `--quantiser.kind` is deprecated: use `--quantizer.kind`",
    ]


def test_evaluation_takes_the_old_name_of_its_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.read(["run", "corpus", "--opening-seconds=0.5"]).config.prompt_seconds == 0.5
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "partita evaluate: `--opening-seconds` is deprecated: use `--prompt-seconds`"
