"""Helpers for tests of the arena's folder: start an arena, read its settings, and stand-ins for runs."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from partita.digests import file_digest
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.folder import ArenaFolder


def take(folder: ArenaFolder, config: ArenaConfig) -> None:
    """Start an arena in a folder, or continue it, and do nothing."""
    with folder.lock(config):
        pass


def settings_file(folder: ArenaFolder) -> dict[str, Any]:
    """Return the content of an arena's settings file without its digest."""
    content: dict[str, Any] = json.loads((folder.path / "arena.json").read_text())
    del content["digest"]
    return content


def stub_run(folder: Path, monkeypatch: pytest.MonkeyPatch, reader: ModuleType) -> Path:
    """Make a file that a module reads as a run and as its weights."""
    weights = folder / "weights"
    weights.write_bytes(b"one")
    monkeypatch.setattr(reader, "weights_digest", file_digest)
    return weights
