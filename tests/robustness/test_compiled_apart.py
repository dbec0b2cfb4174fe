"""Loops that were compiled in processes of their own are right in one process that uses both.

Regression: Numba's names of compiled functions count what a process has compiled, so two loops of one factory
had the same name, and who loaded both from disk ran one in place of the other, past the end of its arrays.
"""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.ops.llvm.bfloat16 import has_bfloat16_products

SCRIPT = Path(__file__).with_name("compiled_apart.py")
RIGHT = {"one": 1.0, "two": 2.0}
pairs = pytest.mark.skipif(
    not has_bfloat16_products(), reason="the processor has no products of bfloat16 pairs"
)


def words(cache: Path, *names: str) -> list[str]:
    return [sys.executable, str(SCRIPT), str(cache), *names]


def use(cache: Path, *names: str) -> dict[str, float]:
    """Return what loops compute in a process of their own."""
    done = subprocess.run(words(cache, *names), capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "compiling anew" not in done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    return found


def test_two_loops_of_one_factory_compiled_apart(tmp_path: Path) -> None:
    for name, value in RIGHT.items():
        assert use(tmp_path, name) == {name: value}
    assert use(tmp_path, *RIGHT) == RIGHT
    assert len(files_in(tmp_path)) == len(RIGHT)  # both came from disk


@pairs
@pytest.mark.slow
@pytest.mark.parametrize("order", [("float32", "bfloat16"), ("bfloat16", "float32")], ids="-".join)
def test_the_precisions_compiled_apart(order: tuple[str, str], tmp_path: Path) -> None:
    for repetition in range(10):  # with both orders, twenty fresh caches
        cache = tmp_path / str(repetition)
        for name in order:
            use(cache, name)
        found = use(cache, *order)
        assert found["float32"] < 1e-4 and found["bfloat16"] < 0.1, repetition


def files_in(cache: Path) -> list[Path]:
    return sorted(path for path in cache.rglob("*") if path.is_file())


@pytest.mark.slow
@pytest.mark.parametrize("first", ["one", "two"])
def test_ten_times_in_fresh_processes_with_fresh_caches(first: str, tmp_path: Path) -> None:
    right = RIGHT | {f"{name}-back": value for name, value in RIGHT.items()}
    order = sorted(right, reverse=first == "two")
    alone = [[name for name in order if name.startswith(start)] for start in (order[0][:3], order[-1][:3])]
    for repetition in range(10):  # with both orders, twenty fresh caches
        cache = tmp_path / str(repetition)
        for names in alone:
            assert use(cache, *names) == {name: right[name] for name in names}
        assert use(cache, *order) == right, repetition
        assert use(cache, *reversed(order)) == right, repetition


@pytest.mark.slow
def test_processes_that_fill_one_cache_at_once(tmp_path: Path) -> None:
    for repetition in range(5):
        cache = tmp_path / str(repetition)
        both = [subprocess.Popen(words(cache, *RIGHT), stdout=subprocess.PIPE, text=True) for _ in range(2)]
        assert [json.loads(one.communicate(timeout=300)[0]) for one in both] == [RIGHT, RIGHT]
        assert use(cache, *RIGHT) == RIGHT
        assert len(files_in(cache)) == len(RIGHT)


@pytest.mark.slow
def test_kills_at_random_moments_leave_the_cache_whole(tmp_path: Path) -> None:
    for moment in np.random.default_rng(0).uniform(0.5, 4.0, 20):
        killed = subprocess.Popen(words(tmp_path, *RIGHT), stdout=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            killed.wait(moment)
        killed.kill()
        killed.wait()
        assert use(tmp_path, *RIGHT) == RIGHT
        assert len(files_in(tmp_path)) == len(RIGHT)
        files_in(tmp_path)[0].unlink()  # the next process has one to write


@pytest.mark.slow
@pytest.mark.parametrize("first", ["train", "demo"])
def test_the_first_commands_of_the_readme_on_an_empty_cache(first: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    (tmp_path / "recordings").mkdir()
    for number in range(4):
        tone = 0.3 * np.sin(np.arange(8 * 16000) * 0.1 * (number + 1))
        sound = tone + 0.02 * random.standard_normal(len(tone))
        soundfile.write(tmp_path / "recordings" / f"take-{number}.wav", sound, 16000)
    train = [
        "train corpus --out r --size tiny --steps 2",
        "generate r --seconds 0.1 --out g.wav",
        "evaluate r corpus",
    ]
    demo = ["demo --minutes 0.1 --out d"]
    partita("prepare recordings --out corpus", tmp_path)
    for command in train + demo if first == "train" else demo + train:
        partita(command, tmp_path)
    assert soundfile.info(tmp_path / "g.wav").frames == 1600
    assert (tmp_path / "d" / "report.html").is_file()


def partita(command: str, home: Path) -> None:
    """Run a command in a process of its own, with a cache that only this test has."""
    line = [sys.executable, "-m", "partita", *command.split()]
    surroundings = os.environ | {"NUMBA_CACHE_DIR": str(home / "cache")}
    done = subprocess.run(
        line, cwd=home, env=surroundings, capture_output=True, text=True, check=False, timeout=1500
    )
    assert done.returncode == 0, f"{command}: {done.returncode} {done.stderr[-500:]}"
    assert "compiling anew" not in done.stderr
