"""Generate the reference pages while MkDocs builds the site: the command line's help, and one page a module.

The navigation lists every page of a section `Reference`; this file adds them there. It needs Partita to be
importable, and reads nothing from a network.
"""

import ast
import contextlib
import io
import os
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from partita.cli.main import SUMMARIES, main

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "partita"
WIDTH = "92"  # columns of the help texts


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the generated pages to the navigation."""
    section = next(item for item in config.nav or () if "Reference" in item)
    section["Reference"] += [
        {"Command line": [{f"partita {name}": cli_page(name)} for name in SUMMARIES]},
        {"Python": [_entry(PACKAGE)]},
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Write the pages."""
    for name in SUMMARIES:
        files.append(File.generated(config, cli_page(name), content=_cli_text(name)))
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name != "__main__.py":
            files.append(File.generated(config, python_page(path), content=_python_text(path)))
    return files


def cli_page(name: str) -> str:
    """Return the page of a subcommand."""
    return f"reference/cli/{name}.md"


def python_page(path: Path) -> str:
    """Return the page of a module, or of a package for its `__init__.py`."""
    relative = path.relative_to(PACKAGE.parent)
    folder = relative.parent if path.name == "__init__.py" else relative.with_suffix("")
    return f"reference/python/{folder.as_posix()}/index.md"


def _entry(package: Path) -> dict[str, list[object]]:
    """Return the part of the navigation that a package has."""
    entries: list[object] = [python_page(package / "__init__.py")]
    for path in sorted(package.iterdir()):
        if (path / "__init__.py").exists():
            entries.append(_entry(path))
        elif path.suffix == ".py" and not path.name.startswith("__"):
            entries.append({path.stem: python_page(path)})
    return {package.name: entries}


def _cli_text(name: str) -> str:
    """Return the page of a subcommand: what `--help` prints, without colours."""
    option = "--help-all" if name == "train" else "--help"
    text = io.StringIO()
    before = dict(os.environ)
    os.environ |= {"COLUMNS": WIDTH, "NO_COLOR": "1", "TERM": "dumb"}
    try:
        with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
            main([name, option])
    finally:
        os.environ.clear()
        os.environ |= before
    head = f"---\nhide:\n  - toc\n---\n\n# `partita {name}`\n\n{SUMMARIES[name].capitalize()}.\n"
    return f"{head}\n```text\n{text.getvalue().strip()}\n```\n"


def _python_text(path: Path) -> str:
    """Return the page of a module: its docstring and its public names, or a package's list of modules."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    name = ".".join(parts[:-1] if path.name == "__init__.py" else parts)
    lines = [f"# `{name}`", "", f"::: {name}", ""]
    if path.name == "__init__.py":
        lines += ["", *(f"- [`{one}`]({link}): {text}" for one, link, text in _listed(path.parent))]
    return "\n".join(lines) + "\n"


def _listed(package: Path) -> list[tuple[str, str, str]]:
    """Return name, link and first line of each module and package in a package."""
    rows = []
    for path in sorted(package.iterdir()):
        if (path / "__init__.py").exists():
            rows.append((f"{path.name}/", f"{path.name}/index.md", _first_line(path / "__init__.py")))
        elif path.suffix == ".py" and not path.name.startswith("__"):
            rows.append((path.stem, f"{path.stem}/index.md", _first_line(path)))
    return rows


def _first_line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]
