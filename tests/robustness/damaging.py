"""Ways to damage files, each decided by a stream of random numbers: bits, ranges, values, names.

This file damages; it knows nothing of Partita but the names of its formats.
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
"""Stands for lists in lists, more than a parser that recurses has room for."""
WRONG: list[Any] = [
    *(None, "", "x", "../../elsewhere", "/etc", "a\nb\x1b[31m", -1, 0, 1, 2, 2**63, 10**30, 1e300, 1e-300),
    *(float("nan"), float("inf"), 0.5, True, False, [], {}, [[]], {"": 0}, [0, "x"], {"x": [1, 2]}, DEEP),
]
"""What a value may be replaced by: other types, and the ends of what there is of each."""


def damage(folder: Path, random: Random) -> tuple[str, list[Path]]:
    """Damage one file of a folder, swap two of them, or remove a folder in it.

    Returns:
        the kind of damage, and the files, or the folder.
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
    """Cut off the end: all of it, a little or some."""
    return content[: random.choice([0, len(content) - 1, random.randrange(len(content))])]


def zero(content: bytes, random: Random, suffix: str) -> bytes:
    """Fill a range with zeros, as a disk does that lost a block."""
    start, end = _range(content, random)
    return content[:start] + bytes(end - start) + content[end:]


def noise(content: bytes, random: Random, suffix: str) -> bytes:
    """Fill a range with random bytes."""
    start, end = _range(content, random)
    return content[:start] + random.randbytes(end - start) + content[end:]


def duplicate(content: bytes, random: Random, suffix: str) -> bytes:
    """Write a range twice."""
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
    "delete": flip,  # this and the next are done to whole files, the last to a folder
    "swap": flip,
    "remove": flip,
}


def _range(content: bytes, random: Random) -> tuple[int, int]:
    start = random.randrange(len(content))
    return start, min(len(content), start + random.choice([1, 16, 512, len(content)]))


def _changed(tree: Any, random: Random) -> Any:
    """Change one place of a tree of dictionaries and lists, which is changed itself."""
    places = list(_places(tree))
    if not places:
        return random.choice(WRONG)
    holder, key = random.choice(places)
    act = random.random()
    if act < 0.15:
        del holder[key]
    elif act < 0.2 and isinstance(holder, dict):
        holder[f"{key}x"] = holder.pop(key)
    elif act < 0.25 and isinstance(holder, dict):
        holder["unheard_of"] = random.choice(WRONG)
    elif act < 0.4 and isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
        holder[key] = random.choice([holder[key] + 1, -holder[key], holder[key] * 1000, str(holder[key])])
    else:
        holder[key] = random.choice(WRONG)
    return tree


def _deepened(text: str) -> bytes:
    return text.replace(f'"{DEEP}"', "[" * 50_000 + "]" * 50_000).encode()


def _places(tree: Any) -> Any:
    """Yield (holder, key) of every value in a tree."""
    if isinstance(tree, dict | list):
        for key in tree if isinstance(tree, dict) else range(len(tree)):
            yield tree, key
            yield from _places(tree[key])


def _without_null(tree: Any) -> Any:
    """Return a tree as TOML can hold it: without null."""
    if isinstance(tree, dict):
        return {key: _without_null(entry) for key, entry in tree.items() if entry is not None}
    if isinstance(tree, list):
        return [_without_null(entry) for entry in tree if entry is not None]
    return tree
