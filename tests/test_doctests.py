"""The examples in all docstrings of the package run and print what they show."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import partita

IN_TRITON = {f"partita.sampling.gpu.{part}" for part in ("categorical", "kernel", "layers")}
MODULES = sorted(["partita", *(found.name for found in pkgutil.walk_packages(partita.__path__, "partita."))])


def test_all_packages_are_found() -> None:
    packages = {name.split(".")[1] for name in MODULES if name.count(".") == 2}
    first = {"app", "audio", "benchmarks", "cli", "data", "doctor", "etudes", "evaluation", "experiments"}
    assert packages == first | {"models", "ops", "reports", "runs", "sampling", "training"}


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in IN_TRITON:
        pytest.importorskip("triton")
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0
    assert list(Path().iterdir()) == [], "an example left files in the working folder"
