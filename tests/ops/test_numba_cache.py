"""Compiled functions have names of their own, made of all that their code depends on."""

import ast
import gc
import importlib
import re
from collections import Counter
from pathlib import Path

import numba
import pytest
from numba.core.dispatcher import Dispatcher

import partita
from partita.errors import PartitaError
from partita.ops.numba_cache import SOURCES, compiled, compiled_on_disk, sources_digest

PACKAGE = Path(partita.__file__).parent
NOT_CODE = {"ops/numba_cache.py", "ops/code_cache.py", "errors.py"}  # what they hold is not compiled
TYPES = {"ops/gated_stack/layout.py"}  # compiled code depends on the fields of its named tuples


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports as `a.b`, and the names in them as `a.b.name`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_every_file_that_makes_machine_code_is_a_source() -> None:
    tools = re.compile(r"(numba|llvmlite\.ir|partita\.ops\.numba_cache)(\..*)?")
    makers = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search("numba|llvmlite", path.read_text(encoding="utf-8"))
        and any(tools.fullmatch(name) for name in imported(path))
    }
    assert makers - NOT_CODE == set(SOURCES) - TYPES


def test_what_a_source_imports_is_a_source() -> None:
    for name in SOURCES:
        for module in imported(PACKAGE / name):
            path = Path(*module.split(".")[1:]).with_suffix(".py") if module.startswith("partita.") else None
            if path and (PACKAGE / path).is_file():
                assert path.as_posix() in {*SOURCES, *NOT_CODE}, f"{name} imports {module}"


def test_no_two_compiled_functions_share_a_name() -> None:
    # Numba names machine code after the module, the qualified name, the types of the arguments and a count
    for name in SOURCES:
        importlib.import_module("partita." + name.removesuffix(".py").replace("/", "."))
    ours = [
        one
        for one in gc.get_objects()
        if issubclass(type(one), Dispatcher) and one.__module__.startswith("partita.")
    ]
    names = Counter((one.__module__, one.py_func.__qualname__) for one in ours)
    assert max(names.values()) == 1
    assert all(name.startswith(f"{sources_digest()}.") for _, name in names)
    loops = [
        name for _, name in names if re.search(r"make_(forward|backward)_layers.<locals>.\w+_layers$", name)
    ]
    assert len(loops) == 4 and sum(name.endswith("_product.<locals>.product") for _, name in names) == 2


def test_the_digest_changes_with_any_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SOURCES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1")
    monkeypatch.setattr("partita.ops.numba_cache.__file__", str(tmp_path / "ops" / "numba_cache.py"))
    digests = [sources_digest.__wrapped__()]
    for name in SOURCES:
        (tmp_path / name).write_text("x = 2")
        digests.append(sources_digest.__wrapped__())
    assert len(set(digests)) == len(digests)


def test_a_function_made_in_another_must_say_of_what() -> None:
    for of in ((), (lambda x: x,)):
        with pytest.raises(ValueError, match=r"is made by another function: pass .* as `of`"):
            compiled(of=of)(lambda x: x)


def test_products_of_a_factory_are_named_after_what_they_are_made_of() -> None:
    def inner(number: int) -> object:
        @compiled(of=(number,))
        def add(x: int) -> int:
            return x + number

        return add

    def outer(function: object) -> str:
        @compiled_on_disk(of=(function,))
        def call(x: int) -> int:
            return function(x)  # type: ignore[operator]

        return call.py_func.__qualname__

    names = {inner(1).py_func.__qualname__, inner(2).py_func.__qualname__, outer(inner(1)), outer(inner(2))}
    assert len(names) == 4


@pytest.mark.parametrize("decorator", [compiled, compiled_on_disk])
def test_code_that_may_not_be_compiled_is_refused(decorator: object, monkeypatch: pytest.MonkeyPatch) -> None:
    # regression: NUMBA_DISABLE_JIT=1 ended every command as a fault of partita's
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    with pytest.raises(PartitaError, match=r"NUMBA_DISABLE_JIT is set.*: unset it"):
        decorator()
