"""Words of `--test` and `--validation` find recordings: exact names first, then globs."""

import time
from pathlib import Path

import pytest

from partita.data.preparation.name_patterns import RecordingNames, relative_to_root
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.preparation.splits import Recording, SplitRules, assign_splits, check_patterns
from partita.errors import PartitaError

NAMES = ["a/take1.wav", "a/take2.wav", "a/take[12].wav", "b/take1.wav", "b/Suite [dQw4w9WgXcQ].wav"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("take[12].wav", {"a/take[12].wav"}),
        ("a/take[12].wav", {"a/take[12].wav"}),
        ("Suite [dQw4w9WgXcQ].wav", {"b/Suite [dQw4w9WgXcQ].wav"}),
        ("a/take1.wav", {"a/take1.wav"}),
        ("take1.wav", {"a/take1.wav", "b/take1.wav"}),
        ("take[2].wav", {"a/take2.wav"}),
        ("a/*[12].wav", {"a/take1.wav", "a/take2.wav"}),
        ("*", set(NAMES)),
        ("c.wav", set()),
    ],
)
def test_an_exact_name_finds_only_its_file(word: str, expected: set[str]) -> None:
    assert RecordingNames(NAMES).find(word) == expected


def test_globs_match_paths_and_file_names() -> None:
    name = "john/bwv1002_mov8.mp3"
    assert RecordingNames([name]).matching("*mov8*") == RecordingNames([name]).matching("bwv*") == {name}
    assert not RecordingNames([name]).matching("mov8*")


def test_a_thousand_exact_names_are_found_quickly_among_ten_thousand(tmp_path: Path) -> None:
    """No word of an existing file, by its path from the working folder or its name, is compared with all."""
    names = [f"take{number}.wav" for number in range(10_000)]
    words = [f"{tmp_path.name}/{name}" for name in names[:500]] + names[500:1000]
    begun = time.process_time()
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(tmp_path.parent)
        patched.setattr(RecordingNames, "matching", lambda *_: pytest.fail("no glob is needed"))
        found = relative_to_root(words, tmp_path, names)
        check_patterns(rules(*found), names)
    assert found == tuple(names[:1000])
    assert time.process_time() - begun < 2.0  # 50 times what it takes


def rules(*test: str) -> SplitRules:
    return SplitRules(test=test, validation=(), validation_seconds=None, gap=0.1, seed=0)


def test_a_name_with_brackets_holds_out_only_its_file() -> None:
    recordings = [Recording(name, 10_000) for name in NAMES]
    parts = assign_splits(recordings, rules("take[12].wav"), 1000)
    assert [part.name for part in parts if part.split == "test"] == ["a/take[12].wav"]
    check_patterns(rules("Suite [dQw4w9WgXcQ].wav"), NAMES)


def test_the_name_of_a_skipped_recording_is_not_read_as_a_glob() -> None:
    recordings = [Recording(name, 10_000) for name in NAMES if name != "a/take[12].wav"]
    with pytest.raises(PartitaError, match="fits no usable recording"):
        assign_splits(recordings, rules("take[12].wav"), 1000, skipped=["a/take[12].wav"])


def test_a_path_from_the_working_folder_finds_its_file(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for word in ("recordings/more/3_ann_1.wav", str(folder / "more" / "3_ann_1.wav"), "recordings/*/3_*"):
        index = prepare([folder], tmp_path / "c", PrepareConfig(sample_rate=8000, test=(word,))).index
        held = [recording["source"] for recording in index["recordings"] if recording["split"] == "test"]
        assert held == ["more/3_ann_1.wav"]
