"""A damaged, full or missing compile cache costs a compilation and one warning, never the command."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import pytest
from numba.core.caching import CompileResultCacheImpl

from partita.ops.code_cache import first_warning
from partita.ops.numba_cache import compiled_on_disk, sources_digest
from partita.storage import temporary_path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a fresh cache folder, in a process that has not shown a warning yet."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    first_warning.cache_clear()
    return tmp_path / "cache"


def anew() -> Any:
    """Return the same function each time, as a process that starts finds it."""
    first_warning.cache_clear()

    @compiled_on_disk(of=("test",))
    def add_one(x: int) -> int:
        return x + 1

    return add_one


def hits(function: Any) -> int:
    return sum(function.stats.cache_hits.values())


def only_file(cache: Path) -> Path:
    (path,) = (path for path in cache.rglob("*") if path.is_file())
    return path


def test_code_comes_from_disk_the_second_time(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for expected in (0, 1):
        function = anew()
        assert function(1) == 2 and hits(function) == expected
    assert only_file(cache).name.startswith(f"partita-{sources_digest()}-add_one-")
    assert capsys.readouterr().err == ""


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:1000]),
    "bit": flip,
    "garbage": lambda path: path.write_bytes(os.urandom(5000)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_told_once_and_written_again(
    cache: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # regression: EOFError and UnpicklingError ended every command until someone removed the files
    anew()(1)
    DAMAGES[damage](path := only_file(cache))
    damaged = anew()
    assert damaged(1) == 2 and hits(damaged) == 0
    line = capsys.readouterr().err
    assert line.startswith("partita: the compile cache") and line.count("\n") == 1
    assert "is damaged" in line and path.name in line and line.endswith(": compiling anew\n")
    after = anew()
    assert after(1) == 2 and hits(after) == 1
    assert capsys.readouterr().err == ""


def test_what_cannot_be_unpickled_is_damaged(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    anew()(1)
    with monkeypatch.context() as patch:
        patch.setattr(CompileResultCacheImpl, "rebuild", lambda *_: 1 / 0)
        assert anew()(1) == 2
    assert "is damaged" in (line := capsys.readouterr().err) and "ZeroDivisionError" in line


def test_a_file_that_cannot_be_read(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    anew()(1)
    make_folder(only_file(cache))
    assert anew()(1) == 2
    line = capsys.readouterr().err
    assert "can't be read (Is a directory)" in line and line.count("\n") == 1


def test_a_full_disk(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", fill)
    function = anew()
    assert function(1) == 2 and function(1.5) == 2.5  # two kinds of code, one line
    assert capsys.readouterr().err.splitlines() == [
        f"partita: the compile cache {function.stats.cache_path} can't be written (No space left on device):"
        " compiling anew"
    ]
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_no_folder_can_be_written(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write_text("a file where the folder should be")
    monkeypatch.setattr(
        CompileResultCacheImpl, "_locator_classes", CompileResultCacheImpl._locator_classes[:1]
    )
    function = anew()
    assert function(1) == 2 and function(1.5) == 2.5 and function.stats.cache_path is None
    line = capsys.readouterr().err
    assert "has no folder that can be written to" in line and line.count("\n") == 1


def test_a_folder_that_can_not_be_used_is_named(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # regression: another folder was taken without a word
    cache.write_text("a file where the folder should be")
    function = anew()
    assert function(1) == 2
    assert f"NUMBA_CACHE_DIR is {cache}, which can't be written to: " in capsys.readouterr().err
    for path in Path(function.stats.cache_path).glob("partita-*-add_one-*"):
        path.unlink()


def test_a_folder_removed_while_running_is_made_again(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    function = anew()
    assert function(1) == 2
    shutil.rmtree(cache)
    assert function(1.5) == 2.5 and only_file(cache)
    assert capsys.readouterr().err == ""


def test_leftovers_and_code_of_other_sources_go_and_the_rest_stays(cache: Path) -> None:
    function = anew()
    folder = Path(function.stats.cache_path)
    killed = temporary_path(folder / "partita-x.nbc")
    killed.write_bytes(b"half")
    stale, foreign = folder / f"partita-{'0' * 12}-walk-1.nbc", folder / "other.walk-1.py311.1.nbc"
    for path in (stale, foreign):
        path.write_bytes(b"code")
    function(1)
    assert foreign.exists() and not stale.exists() and not killed.exists()
