"""Damage files at random: flip bits, overwrite or repeat ranges, change values, delete or swap files.

This file knows the file formats of Partita, but not their meaning.
"""

import json
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import tomli_w

TEXTS = (".json", ".jsonl", ".toml")
DEEP = "deep"
"""Is replaced by lists nested too deeply for a recursive parser."""
WRONG: list[Any] = [
    *(None, "", "x", "../../elsewhere", "/etc", "a\nb\x1b[31m", -1, 0, 1, 2, 2**63, 10**30, 1e300, 1e-300),
    *(float("nan"), float("inf"), 0.5, True, False, [], {}, [[]], {"": 0}, [0, "x"], {"x": [1, 2]}, DEEP),
]
"""Replacements for a value: other types, and extreme values of each type."""


def damage(folder: Path, random: Random) -> tuple[str, list[Path]]:
    """Damage one file of a folder, swap two files, or remove a subfolder.

    Returns:
        the kind of damage, and the damaged files or the removed folder.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    texts = [path for path in files if path.suffix in TEXTS]
    path = random.choice(texts if texts and random.random() < 0.5 else files)
    kind = random.choice(list(KINDS))
    if kind == "swap":
        alike = [other for other in files if other.suffix == path.suffix and other != path]
        if alike:
            other = random.choice(alike)
            mine, theirs = path.read_bytes(), other.read_bytes()
            path.write_bytes(theirs)
            other.write_bytes(mine)
            return kind, [path, other]
        kind = "flip"
    folders = sorted(path for path in folder.rglob("*") if path.is_dir())
    if kind == "remove" and folders:
        path = random.choice(folders)
        shutil.rmtree(path)
        return kind, [path]
    if kind in ("delete", "remove"):
        path.unlink()
        return "delete", [path]
    if kind == "value" and path.suffix not in (*TEXTS, ".safetensors"):
        kind = "flip"
    before = path.read_bytes()
    if not before:
        path.write_bytes(random.randbytes(random.randint(1, 64)))
        return "noise", [path]
    path.write_bytes(KINDS[kind](before, random, path.suffix))
    return kind, [path]


def flip(content: bytes, random: Random, suffix: str) -> bytes:
    """Flip one bit."""
    place = random.randrange(8 * len(content))
    changed = bytearray(content)
    changed[place // 8] ^= 1 << (place % 8)
    return bytes(changed)


def truncate(content: bytes, random: Random, suffix: str) -> bytes:
    """Cut off the end: everything, one byte or a random part."""
    return content[: random.choice([0, len(content) - 1, random.randrange(len(content))])]


def zero(content: bytes, random: Random, suffix: str) -> bytes:
    """Fill a range with zeros, like a disk that lost a block."""
    start, end = _range(content, random)
    return content[:start] + bytes(end - start) + content[end:]


def noise(content: bytes, random: Random, suffix: str) -> bytes:
    """Fill a range with random bytes."""
    start, end = _range(content, random)
    return content[:start] + random.randbytes(end - start) + content[end:]


def duplicate(content: bytes, random: Random, suffix: str) -> bytes:
    """Repeat a range."""
    start, end = _range(content, random)
    return content[:end] + content[start:end] + content[end:]


def value(content: bytes, random: Random, suffix: str) -> bytes:
    """Replace, remove, rename or add a value in JSON, TOML or the header of a safetensors file."""
    if suffix == ".safetensors":
        length = int.from_bytes(content[:8], "little")
        header = _changed(json.loads(content[8 : 8 + length]), random)
        encoded = json.dumps(header).encode()
        return len(encoded).to_bytes(8, "little") + encoded + content[8 + length :]
    text = content.decode()
    if suffix == ".jsonl":
        lines = text.splitlines()
        number = random.randrange(len(lines))
        lines[number] = json.dumps(_changed(json.loads(lines[number]), random))
        return ("\n".join(lines) + "\n").encode()
    if suffix == ".toml":
        return _deepened(tomli_w.dumps(_without_null(_changed(tomllib.loads(text), random))))
    return _deepened(json.dumps(_changed(json.loads(text), random)))


Change = Callable[[bytes, Random, str], bytes]
KINDS: dict[str, Change] = {
    "flip": flip,
    "truncate": truncate,
    "zero": zero,
    "noise": noise,
    "duplicate": duplicate,
    "value": value,
    "delete": flip,  # `delete` and `swap` act on whole files, `remove` on a folder; see `damage`
    "swap": flip,
    "remove": flip,
}


def _range(content: bytes, random: Random) -> tuple[int, int]:
    start = random.randrange(len(content))
    return start, min(len(content), start + random.choice([1, 16, 512, len(content)]))


def _changed(tree: Any, random: Random) -> Any:
    """Change one value of a tree of dictionaries and lists in place, and return the tree."""
    places = list(_places(tree))
    if not places:
        return random.choice(WRONG)
    container, key = random.choice(places)
    choice = random.random()
    if choice < 0.15:
        del container[key]
    elif choice < 0.2 and isinstance(container, dict):
        container[f"{key}x"] = container.pop(key)
    elif choice < 0.25 and isinstance(container, dict):
        container["unknown_key"] = random.choice(WRONG)
    elif choice < 0.4 and isinstance(container[key], int | float) and not isinstance(container[key], bool):
        container[key] = random.choice(
            [container[key] + 1, -container[key], container[key] * 1000, str(container[key])]
        )
    else:
        container[key] = random.choice(WRONG)
    return tree


def _deepened(text: str) -> bytes:
    return text.replace(f'"{DEEP}"', "[" * 50_000 + "]" * 50_000).encode()


def _places(tree: Any) -> Any:
    """Yield (container, key) of every value in a tree."""
    if isinstance(tree, dict | list):
        for key in tree if isinstance(tree, dict) else range(len(tree)):
            yield tree, key
            yield from _places(tree[key])


def _without_null(tree: Any) -> Any:
    """Return a tree without null, which TOML can't represent."""
    if isinstance(tree, dict):
        return {key: _without_null(entry) for key, entry in tree.items() if entry is not None}
    if isinstance(tree, list):
        return [_without_null(entry) for entry in tree if entry is not None]
    return tree
