"""Make a listening test: find the clips, plan every listener's trials, render the clips, seal the key.

The ids of trials and clips are random numbers of the operating system. Every listener, every trial and every
repeat has its own ids and its own copies of the clips. All copies have the same size and the same time stamp,
and the names sort in random order. This file asks nobody anything.
"""

import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita import storage
from partita.app.blind.config import BlindConfig
from partita.app.blind.folder import BlindTest
from partita.app.blind.key import FORMAT, Key, TrialKey, commitment_of
from partita.app.blind.order import PlannedTrial, plan_pass
from partita.app.blind.questions import PROMPT, QUESTIONS, A, B, Question, X
from partita.app.blind.rendering import RenderedClips, render_clips, render_prompts, served_wav
from partita.app.blind.sources import Item, choose_items, find_items
from partita.errors import PartitaError

SEED_BITS, SALT_BYTES, ID_BYTES = 128, 32, 16
SAME_TIME = 0  # the time stamp of all clips


def create_test(path: Path, config: BlindConfig) -> BlindTest:
    """Make a listening test in a new folder.

    Args:
        path: the folder; it must not exist.
        config: the settings.

    Returns:
        The test, ready for its listeners.

    Raises:
        PartitaError: the folder exists, or the clips can't be used.
    """
    if path.exists():
        raise PartitaError(f"{path} exists: give a new folder, or remove this one")
    seed = secrets.randbits(SEED_BITS) if config.seed is None else config.seed
    items = choose_items(find_items(config.arms, prompts=config.prompts), config.items, seed=seed)
    sound = _Sound.render(config, items)
    with storage.atomic_folder(path) as part:
        maker = _Maker(config=config, seed=seed, items=items, sound=sound, folder=part)
        maker.make()
    return BlindTest.open(path)


@dataclass(frozen=True, kw_only=True)
class _Sound:
    """The rendered clips of all items and arms, and the prompts."""

    clips: RenderedClips
    rows: dict[tuple[str, str], int]
    prompts: dict[str, NDArray[np.float64]]

    @classmethod
    def render(cls, config: BlindConfig, items: list[Item]) -> "_Sound":
        used = [arm for arm in config.arms if any(arm in pair for pair in config.chosen_pairs)]
        places = [(item, arm) for item in items for arm in used]
        clips = render_clips([item.clips[arm] for item, arm in places], seconds=config.seconds)
        with_prompt = [(item.name, item.prompt) for item in items if item.prompt is not None]
        sounds = render_prompts([path for _, path in with_prompt], clips)
        return cls(
            clips=clips,
            rows={(item.name, arm): row for row, (item, arm) in enumerate(places)},
            prompts={name: sound for (name, _), sound in zip(with_prompt, sounds, strict=True)},
        )

    def silent(self) -> list[list[str]]:
        """Return item and arm of the clips that have no loudness."""
        return [list(place) for place, row in self.rows.items() if row in self.clips.silent]


@dataclass(frozen=True, kw_only=True)
class _Maker:
    """Writes the files of a test into a folder."""

    config: BlindConfig
    seed: int
    items: list[Item]
    sound: _Sound
    folder: Path
    keys: list[TrialKey] = field(default_factory=list)

    def make(self) -> None:
        tokens = [secrets.token_hex(ID_BYTES) for _ in self.config.listeners]
        for name in ("served", "sealed", "answers"):
            (self.folder / name).mkdir(mode=0o700)
        passes = {token: list(self._passes(number, token)) for number, token in enumerate(tokens)}
        key = Key(
            salt=secrets.token_hex(SALT_BYTES), seed=self.seed, trials=tuple(self.keys), design=self._design()
        )
        key.write(self.folder / "sealed" / "key.json")
        facts = self._facts(key.commitment)
        for token, planned in passes.items():
            manifest = {"listener": token, "passes": planned} | facts
            storage.write_json(self.folder / "served" / token / "trials.json", manifest)
        names = zip(self.config.listeners, tokens, strict=True)
        links = [{"name": name, "token": token} for name, token in names]
        storage.write_json(self.folder / "links.json", {"listeners": links})
        storage.write_json(self.folder / "test.json", facts | {"made_at": time.time()})

    def _facts(self, commitment: str) -> dict[str, Any]:
        """Return what is public."""
        clips = self.sound.clips
        return {
            "format": FORMAT,
            "commitment": commitment,
            "questions": list(self.config.questions),
            "sample_rate": clips.sample_rate,
            "samples": clips.sounds.shape[1],
            "loudness": round(clips.loudness, 3),
            "loudness_unit": "LUFS" if clips.is_integrated else "dBFS RMS",
        }

    def _design(self) -> dict[str, Any]:
        return {
            "arms": list(self.config.arms),
            "pairs": [list(pair) for pair in self.config.chosen_pairs],
            "questions": list(self.config.questions),
            "items": [item.name for item in self.items],
            "silent": self.sound.silent(),
        }

    def _passes(self, number: int, token: str) -> Iterator[dict[str, Any]]:
        """Write the clips of a listener and yield the listener's passes; their order differs by listener."""
        (self.folder / "served" / token / "clips").mkdir(parents=True)
        questions, pairs = self.config.questions, self.config.chosen_pairs
        first = number % len(questions)
        for name in questions[first:] + questions[:first]:
            planned = plan_pass(
                pairs=len(pairs),
                items=len(self.items),
                repeats=self.config.repeats_of(len(pairs) * len(self.items)),
                seed=self.seed,
                purpose=name,
                listener=number,
            )
            question = QUESTIONS[name]
            ids: dict[tuple[int, int], str] = {}
            trials = []
            for trial in planned:
                made = self._trial(question, trial, token, ids.get((trial.pair, trial.item)))
                ids.setdefault((trial.pair, trial.item), made["trial"])
                trials.append(made)
            yield {"question": name, "text": question.text, "abx": question.is_abx, "trials": trials}

    def _trial(
        self, question: Question, planned: PlannedTrial, token: str, original: str | None
    ) -> dict[str, Any]:
        """Write the clips of a trial, note what is behind it, and return what the listener gets."""
        item, pair = self.items[planned.item], self.config.chosen_pairs[planned.pair]
        a, b = pair[::-1] if planned.swapped else pair
        sounds = {A: self._clip(item, a), B: self._clip(item, b)}
        if question.is_abx:
            sounds[X] = sounds[A if planned.x_is_a else B]
        if question.needs_prompt:
            sounds[PROMPT] = self.sound.prompts[item.name]
        ids = {letter: secrets.token_hex(ID_BYTES) for letter in sounds}
        digests = {ids[letter]: self._write(sound, token, ids[letter]) for letter, sound in sounds.items()}
        trial = secrets.token_hex(ID_BYTES)
        self.keys.append(
            TrialKey(
                trial=trial,
                listener=token,
                question=question.name,
                item=item.name,
                seed=item.seed,
                pair=pair,
                a=a,
                b=b,
                x=(A if planned.x_is_a else B) if question.is_abx else None,
                repeat_of=original if planned.repeat else None,
                digests=digests,
            )
        )
        return {"trial": trial, "clips": ids}

    def _clip(self, item: Item, arm: str) -> NDArray[np.float64]:
        sound: NDArray[np.float64] = self.sound.clips.sounds[self.sound.rows[item.name, arm]]
        return sound

    def _write(self, sound: NDArray[np.float64], token: str, clip: str) -> str:
        """Write a served clip and return its digest."""
        data = served_wav(sound, self.sound.clips.sample_rate)
        path = self.folder / "served" / token / "clips" / f"{clip}.wav"
        path.write_bytes(data)
        os.utime(path, (SAME_TIME, SAME_TIME))
        return commitment_of(data)
