"""The clips of the arms: which files of different arms continue the same prompt.

A clip's item is its path in the arm's folder without the suffix. Where the folder has subfolders, the first
one is the seed. This file does not read the sound.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from partita.audio.output_formats import FORMATS
from partita.errors import PartitaError
from partita.seeds import numpy_stream

SUFFIXES = frozenset(FORMATS)
ONE_SEED = ""
REAL = "real"


@dataclass(frozen=True, kw_only=True)
class Item:
    """Clips of all arms that continue the same prompt.

    Args:
        name: the path of the clips in their arm's folder, without the suffix.
        seed: the name of the seed's folder; empty if all clips are from one training.
        clips: the file of each arm.
        prompt: the file of the prompt, if there is one.
    """

    name: str
    seed: str
    clips: Mapping[str, Path]
    prompt: Path | None = None


def find_items(arms: Mapping[str, Path], *, prompts: Path | None = None) -> list[Item]:
    """Return the items that all arms have, sorted by name.

    Args:
        arms: the folder of each arm.
        prompts: the folder of the prompts; an item without a prompt is left out.

    Raises:
        PartitaError: a folder does not exist or holds no clips, or no item is in all of them.

    >>> find_items({"real": Path("nowhere")})
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: nowhere is not a folder: give the folder of the clips of `real`
    """
    files = {arm: _clips_in(folder, arm) for arm, folder in arms.items()}
    if prompts is not None:
        files["prompts"] = _clips_in(prompts, "prompts")
    given = files.pop("prompts", None) if prompts is not None else None
    names = set.intersection(*(set(found) for found in files.values()))
    if given is not None:
        names &= set(given)
    if not names:
        shown = "; ".join(f"{arm}: {sorted(found)[0]}, ..." for arm, found in files.items())
        raise PartitaError(f"no clip is in all folders under the same name ({shown}): rename the files")
    return [
        Item(
            name=name,
            seed=name.rpartition("/")[0].partition("/")[0],
            clips={arm: found[name] for arm, found in files.items()},
            prompt=None if given is None else given[name],
        )
        for name in sorted(names)
    ]


def choose_items(items: list[Item], count: int | None, *, seed: int) -> list[Item]:
    """Return `count` items at random, the same number of every seed as far as possible.

    Args:
        items: all items.
        count: the most items; None returns all.
        seed: of the choice, stream "blind/items".

    >>> items = [Item(name=f"{seed}/{n}", seed=str(seed), clips={}) for seed in range(3) for n in range(5)]
    >>> sorted(item.seed for item in choose_items(items, 6, seed=0))
    ['0', '0', '1', '1', '2', '2']
    """
    if count is None or count >= len(items):
        return items
    shuffled = [items[index] for index in numpy_stream(seed, "blind/items").permutation(len(items))]
    seeds = [item.seed for item in shuffled]
    turns = [seeds[:place].count(own) for place, own in enumerate(seeds)]
    chosen = np.argsort(turns, kind="stable")[:count]
    return sorted((shuffled[index] for index in chosen), key=lambda item: item.name)


def arms_of_comparison(folder: Path) -> dict[str, Path]:
    """Return the folders of clips of a finished comparison: of each arm, and of real sound.

    A comparison keeps the clips of its first seed only, so such a test says nothing of other trainings.

    Args:
        folder: the folder of the comparison.

    Raises:
        PartitaError: the comparison is not finished, or has no clips.

    >>> arms_of_comparison(Path("nowhere"))
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: nowhere is not a finished comparison: run `partita compare --out nowhere`
    """
    from partita.experiments.compare.folder import CompareFolder

    comparison = CompareFolder(folder)
    if not comparison.scores.is_file():
        raise PartitaError(f"{folder} is not a finished comparison: run `partita compare --out {folder}`")
    clips = comparison.clips(REAL).parent
    found = {path.name: path for path in sorted(clips.glob("*")) if path.is_dir()}
    if len(found) < 2:
        raise PartitaError(f"{clips} holds the clips of {len(found)} arms: give folders of clips instead")
    return found


def _clips_in(folder: Path, arm: str) -> dict[str, Path]:
    if not folder.is_dir():
        raise PartitaError(f"{folder} is not a folder: give the folder of the clips of `{arm}`")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    found = {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}
    if not found:
        raise PartitaError(f"{folder} holds no clips: give the folder of the clips of `{arm}`")
    if len(found) < len(files):
        raise PartitaError(
            f"{folder} has two files of the same name with different suffixes: keep one of them"
        )
    return found
