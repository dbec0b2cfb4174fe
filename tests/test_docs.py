"""Every command and every example in the documents works: parsed by the real command line, run in miniature.

The commands of a document run one after the other in a folder that holds what its reader has: recordings, and
the corpus and runs of other pages. Only their size is changed (see `MINIATURE`); what takes minutes whatever
its size is parsed only.
"""

import os
import re
import shlex
import shutil
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import soundfile
from midi_files import midi_of, write_midi
from two_tiers import two_tier_run

from partita.cli.main import SUMMARIES, main
from partita.data.notes import Note
from partita.etudes.render import render
from partita.models.sizes import SIZES

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs").glob("*/*.md")),
]
IDS = [page.relative_to(ROOT).as_posix() for page in PAGES]

OTHERS = {"pip", "pytest", "export", "source", "python3", *("aplay", "play", "tensorboard")}
SHORT_RUN = "--steps 2 --targets 256 --batch 1 --validations 1 --preview-clips 0 --no-tensorboard"
MINIATURE = {
    "prepare": [],
    "train": ["--size", "tiny", *SHORT_RUN.split()],
    "generate": ["--seconds", "0.02"],
    "evaluate": ["--clips", "4", "--seconds", "0.1", "--prompt-seconds", "0.1", "--bits-seconds", "0.5"],
}
SCORE = "start_s,end_s,midi_pitch\n0.1,1.5,69\n1.5,2.5,72\n"
DIGITS = [
    f"{digit}_{speaker}_{take}" for digit in (3, 7) for speaker in ("george", "jackson") for take in (0, 1)
]
REPLACED = {"--minutes", "--steps", "--size", "--seconds"}


def blocks(page: Path, language: str) -> list[str]:
    """Return what stands in the page's fenced blocks of a language."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    """Return the words of every command in the page's shell blocks; a pipe is two."""
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    return [words for line in lines for part in re.split(r"&&|\|", line) if (words := shlex.split(part))]


def mentioned(page: Path) -> list[list[str]]:
    """Return the words of each `partita SUBCOMMAND ...` in the running text."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [shlex.split(span.partition(" > ")[0]) for span in re.findall(r"`(partita\s[^`]+)`", text)]


def in_miniature(words: list[str]) -> list[str]:
    """Return a command with its sizes replaced by the smallest."""
    _, name, *rest = words
    kept, skip = [], False
    for word in rest:
        if skip:
            skip = False
        elif word in REPLACED:
            skip = True
        else:
            kept.append(word)
    smallest = MINIATURE[name]
    if "--student-of" in kept:  # a student has a size of its own
        place = smallest.index("--size")
        smallest = [*smallest[:place], *smallest[place + 2 :], "--iaf.flows", "1"]
    return [name, *kept, *smallest]


def runs_for_real(words: list[str]) -> bool:
    return words[0] == "partita" and words[1] in MINIATURE and "--resume" not in words


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make what a reader has: recordings with notes, a prompt, a score, a line, a corpus and two runs."""
    home = tmp_path_factory.mktemp("reader")
    (home / "recordings").mkdir()
    for number in range(1, 5):
        sound = render(3, sample_rate=8000, seed=number)
        soundfile.write(home / "recordings" / f"study-{number:02d}.wav", sound, 8000)
        (home / "recordings" / f"study-{number:02d}.notes.csv").write_text(SCORE)
    (home / "digits").mkdir()
    for seed, name in enumerate(DIGITS, 5):
        soundfile.write(home / "digits" / f"{name}.wav", render(2, sample_rate=8000, seed=seed), 8000)
    soundfile.write(home / "hum.wav", 0.3 * np.sin(np.arange(8000) / 4), 8000)
    write_midi(home / "score.mid", midi_of([Note(0.0, 0.5, 69), Note(0.5, 1.0, 72)]))
    shutil.copy(home / "recordings" / "study-01.wav", home / "prompt.wav")
    before = Path.cwd()
    os.chdir(home)
    try:
        assert main(["prepare", "recordings", "--out", "corpus", "--sample-rate", "8000"]) == 0
        for name in ("violin", "mine"):
            assert main(["train", "corpus", "--out", f"runs/{name}", *MINIATURE["train"]]) == 0
    finally:
        os.chdir(before)
    return home


@pytest.fixture
def desk(reader: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a test its own copy of what the reader has, and work there."""
    shutil.copytree(reader, tmp_path / "desk")
    monkeypatch.chdir(tmp_path / "desk")
    return tmp_path / "desk"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_parse(page: Path, tmp_path: Path) -> None:
    run = two_tier_run(tmp_path / "run").path  # `--from` and `--student-of` read the run's shape
    for words in commands(page) + mentioned(page):
        for option in {"--from", "--student-of"} & {*words}:
            words[words.index(option) + 1] = str(run)
        if words[0] != "partita":
            assert words[0] in OTHERS, words
        elif words[1:2] == ["help"]:
            assert words[2] in SUMMARIES
        elif len(words) == 1 or words[1].startswith("-"):
            assert words[1:] in ([], ["--help"], ["--version"])
        elif len(words) == 2 or {"--help", "--help-all"} & {*words}:
            assert words[1] in SUMMARIES
        else:
            import_module(f"partita.cli.{words[1]}").read(words[2:])


@pytest.mark.parametrize("page", PAGES, ids=IDS)
@pytest.mark.usefixtures("desk")
def test_commands_run(page: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for words in commands(page):
        if runs_for_real(words):
            out = words[words.index("--out") + 1] if "--out" in words else None
            if words[1] == "train" and out is not None:
                shutil.rmtree(out, ignore_errors=True)
            capfdbinary.readouterr()
            assert main(in_miniature(words)) == 0, words
            if out == "-":
                assert len(capfdbinary.readouterr().out) >= 2 * round(0.02 * 8000)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name
)
@pytest.mark.usefixtures("desk")
def test_python_examples_run(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for block in blocks(page, "python"):
        exec(compile(block, page.name, "exec"), {})
        assert capsys.readouterr().out, "the example shows nothing"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("#"):
            assert (page.parent / target.partition("#")[0]).is_file(), target


def test_the_readme_begins_with_the_two_commands() -> None:
    top = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:25])
    assert "pip install . && partita demo" in top
    assert "pip install '.[test]' && pytest" in top


def test_the_table_of_sizes_is_right() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (\d+ x .*)\|$",
        (ROOT / "docs/concepts/model.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert [name for name, _ in rows] == list(SIZES)
    for name, row in rows:
        layers, channels, field, products = (cell.strip().replace(",", "") for cell in row.split(" | "))
        shape = SIZES[name]
        assert layers == f"{shape.blocks} x {shape.layers}"
        widths = (shape.residual_channels, shape.dilation_channels, shape.skip_channels, shape.end_channels)
        assert channels == " ".join(map(str, widths))
        assert (int(field), int(products)) == (shape.receptive_field, shape.multiply_adds)


def test_examples_in_docstrings_are_shown_as_code(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("griffe", reason="needs the `docs` extra")
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    fenced = import_module("doctests").fenced
    assert fenced("Add.\n\n>>> 1 + 1\n2\n\nMore.") == "Add.\n\n```pycon\n>>> 1 + 1\n2\n```\n\nMore."
    assert fenced("Add.\n\n>>> 1 + 1\n2") == "Add.\n\n```pycon\n>>> 1 + 1\n2\n```"


def test_lines_are_short() -> None:
    for page in PAGES:
        long = [line for line in page.read_text(encoding="utf-8").splitlines() if len(line) > 120]
        assert [line for line in long if not line.startswith("|") and "](" not in line] == [], page


def test_the_architecture_names_every_package_and_only_files_that_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    package = ROOT / "src" / "partita"
    tree = text.partition("## The tree")[2].partition("## To add")[0]
    for found in package.rglob("__init__.py"):
        if found.parent != package:
            assert f"{found.parent.name}/" in tree, found
    for name in re.findall(r"`((?:\w+/)*\w+\.py)`", text.partition("## The tree")[0]):
        assert list(package.rglob(name)), name
    for name in re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", text.partition("## To add")[2]):
        assert (package / name).is_file() or (ROOT / name).is_file(), name
