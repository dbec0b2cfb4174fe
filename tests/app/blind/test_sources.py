"""Clips of the same prompt are found by name, seeds by folder, and a comparison's clips by its layout."""

from collections import Counter
from pathlib import Path

import pytest
from listening import write_clips

from partita.app.blind.sources import arms_of_comparison, choose_items, find_items
from partita.errors import PartitaError


def test_items_are_the_clips_that_all_arms_have(tmp_path: Path) -> None:
    arms = write_clips(tmp_path, ("real", "policy"), seeds=2, items=3)
    (arms["policy"] / "1" / "2.wav").unlink()
    items = find_items(arms)
    assert [item.name for item in items] == ["0/0", "0/1", "0/2", "1/0", "1/1"]
    assert [item.seed for item in items] == ["0", "0", "0", "1", "1"]
    assert items[0].clips == {arm: folder / "0" / "0.wav" for arm, folder in arms.items()}


def test_clips_without_a_folder_of_a_seed_are_of_one_seed(tmp_path: Path) -> None:
    folders = {arm: folder / "0" for arm, folder in write_clips(tmp_path, ("real", "policy")).items()}
    assert [(item.name, item.seed) for item in find_items(folders)] == [("0", ""), ("1", "")]


def test_only_items_with_a_prompt_are_used(tmp_path: Path) -> None:
    arms = write_clips(tmp_path, ("real", "prompts"))
    prompts = arms.pop("prompts")
    (prompts / "0" / "0.wav").unlink()
    items = find_items(arms, prompts=prompts)
    assert [item.name for item in items] == ["0/1", "1/0", "1/1"]
    assert items[0].prompt == prompts / "0" / "1.wav"


def test_arms_without_a_common_name_are_refused(tmp_path: Path) -> None:
    arms = write_clips(tmp_path, ("real", "policy"), seeds=1, items=1)
    (arms["policy"] / "0" / "0.wav").rename(arms["policy"] / "0" / "9.wav")
    with pytest.raises(PartitaError, match=r"under the same name \(real: 0/0, ...; policy: 0/9, ...\)"):
        find_items(arms)


def test_an_empty_folder_and_a_name_with_two_suffixes_are_refused(tmp_path: Path) -> None:
    arms = write_clips(tmp_path, ("real",), seeds=1, items=1)
    with pytest.raises(PartitaError, match="holds no clips: give the folder of the clips of `policy`"):
        find_items({"policy": tmp_path / "real" / "0" / ".."} | {"policy": make(tmp_path / "empty")})
    (arms["real"] / "0" / "0.flac").write_bytes(b"")
    with pytest.raises(PartitaError, match="two files of the same name"):
        find_items(arms)


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_fewer_items_are_spread_over_the_seeds(tmp_path: Path) -> None:
    items = find_items(write_clips(tmp_path, ("real", "policy"), seeds=3, items=4))
    for seed in range(5):
        chosen = choose_items(items, 7, seed=seed)
        counts = Counter(item.seed for item in chosen)
        assert sorted(counts.values()) == [2, 2, 3] and chosen == sorted(chosen, key=lambda item: item.name)
    assert choose_items(items, 100, seed=0) == items
    assert choose_items(items, 3, seed=0) != choose_items(items, 3, seed=1)


def test_the_clips_of_a_finished_comparison_are_its_arms(tmp_path: Path) -> None:
    write_clips(tmp_path / "clips", ("real", "report", "twin"), seeds=1)
    with pytest.raises(PartitaError, match="is not a finished comparison"):
        arms_of_comparison(tmp_path)
    (tmp_path / "scores.json").write_text("{}")
    found = arms_of_comparison(tmp_path)
    assert found == {name: tmp_path / "clips" / name for name in ("real", "report", "twin")}
