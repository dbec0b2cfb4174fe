"""Every example in every docstring of the package runs and prints what it says."""

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
    assert packages == {
        *(
            "audio",
            "data",
            "etudes",
            "ops",
            "models",
            "sampling",
            "runs",
            "training",
            "evaluation",
            "reports",
        ),
        *("experiments", "benchmarks", "cli"),
    }


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name, tmp_path, monkeypatch):
    if name in IN_TRITON:
        pytest.importorskip("triton")
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0
    assert list(Path().iterdir()) == [], "an example left files in the working folder"
