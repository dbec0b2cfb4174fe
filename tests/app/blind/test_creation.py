"""A new test: nothing that is served depends on an arm, and the commitment binds the key and the clips."""

import hashlib
import json
import stat
from collections import Counter
from pathlib import Path

import pytest
from listening import ARMS, sealed_trials, write_clips
from scipy import stats

from partita.app.blind.config import BlindConfig
from partita.app.blind.creation import create_test
from partita.app.blind.folder import BlindTest
from partita.errors import PartitaError


def served_files(test: BlindTest) -> list[Path]:
    return sorted(path for path in (test.path / "served").rglob("*") if path.is_file())


def test_all_clips_have_one_size_one_time_and_one_header_and_no_two_have_the_same_bytes(
    blind_test: BlindTest,
) -> None:
    clips = [path for path in served_files(blind_test) if path.suffix == ".wav"]
    found = [path.stat() for path in clips]
    assert len({(one.st_size, one.st_mtime_ns, one.st_mode) for one in found}) == 1
    contents = [path.read_bytes() for path in clips]
    assert len({data[:44] for data in contents}) == 1
    assert len(set(contents)) == len(contents)


def test_every_listener_trial_and_copy_has_its_own_id(blind_test: BlindTest) -> None:
    trials = sealed_trials(blind_test)
    clips = [clip for trial in trials.values() for clip in trial.digests]
    ids = [*trials, *clips, *blind_test.listeners]
    assert len(set(ids)) == len(ids) and {len(one) for one in ids} == {32}


def test_the_digits_of_ids_are_uniform_and_tell_nothing_of_the_arm(tmp_path: Path) -> None:
    arms = write_clips(tmp_path / "clips", ("real", "policy"), items=10)
    config = BlindConfig(arms=arms, listeners=("AB", "CD"), seconds=0.1)
    test = create_test(tmp_path / "test", config)
    by_arm: dict[str, list[int]] = {"real": [], "policy": []}
    digits: Counter[str] = Counter()
    for trial in sealed_trials(test).values():
        for letter, clip in shown_clips(test, trial.listener, trial.trial).items():
            by_arm[trial.arm(letter)].append(int(clip[:12], 16))
            digits.update(clip)
    assert stats.chisquare(list(digits.values())).pvalue > 1e-6
    assert stats.mannwhitneyu(by_arm["real"], by_arm["policy"]).pvalue > 1e-6
    assert Counter(map(len, by_arm.values())) == {48: 2}  # 2 listeners x (20 items + 4 repeats)


def shown_clips(test: BlindTest, token: str, trial: str) -> dict[str, str]:
    passes = test.session(token).manifest["passes"]
    found = [one["clips"] for part in passes for one in part["trials"] if one["trial"] == trial]
    return {letter: clip for letter, clip in found[0].items() if letter in "AB"}


def test_no_arm_item_name_or_seed_is_in_what_is_served(blind_test: BlindTest) -> None:
    names = [name.encode() for name in (*ARMS, "AB", "0/0", "repeat", str(blind_test._key().seed))]
    for path in served_files(blind_test):
        if path.suffix == ".json":
            text = path.read_bytes().replace(b'"A"', b"").replace(b'"B"', b"")
            text = text.replace(b"Which one sounds better?", b"")
        else:
            text = path.read_bytes()[:44]
        assert [name for name in names if name in text] == []
        assert [name for name in names if name in path.name.encode()] == []


def test_a_repeat_has_other_ids_and_other_bytes_than_the_trial_that_it_repeats(blind_test: BlindTest) -> None:
    trials = sealed_trials(blind_test)
    repeats = [trial for trial in trials.values() if trial.repeat_of]
    assert len(repeats) == 2 * 2 * 2  # listeners, questions, repeats
    for repeat in repeats:
        first = trials[str(repeat.repeat_of)]
        assert (repeat.a, repeat.b, repeat.item) == (first.b, first.a, first.item)
        assert not set(repeat.digests) & set(first.digests)
        assert not set(repeat.digests.values()) & set(first.digests.values())
        if first.x is not None:
            assert repeat.arm(str(repeat.x)) == first.arm(first.x)


def test_both_clips_of_a_trial_are_of_the_same_item(blind_test: BlindTest) -> None:
    for trial in sealed_trials(blind_test).values():
        assert {trial.a, trial.b} == set(trial.pair) and trial.seed == trial.item.split("/")[0]


def test_the_commitment_is_the_digest_of_the_keys_file_and_every_listener_has_it(
    blind_test: BlindTest,
) -> None:
    key = blind_test.path / "sealed" / "key.json"
    digest = hashlib.sha256(key.read_bytes()).hexdigest()
    assert blind_test.commitment == digest
    for token in blind_test.listeners:
        assert blind_test.session(token).manifest["commitment"] == digest
    content = json.loads(key.read_text())
    assert len(content["salt"]) == 64
    for trial in content["trials"]:
        for clip, expected in trial["digests"].items():
            file = blind_test.path / "served" / trial["listener"] / "clips" / f"{clip}.wav"
            assert hashlib.sha256(file.read_bytes()).hexdigest() == expected


def test_only_the_owner_of_the_folder_can_read_the_key(blind_test: BlindTest) -> None:
    key = blind_test.path / "sealed" / "key.json"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_the_seed_decides_the_order_but_no_id(tmp_path: Path, arms: dict[str, Path]) -> None:
    config = BlindConfig(arms=arms, listeners=("AB",), seed=7)
    tests = [create_test(tmp_path / name, config) for name in ("one", "other")]
    orders = [
        [(trial.pair, trial.item, trial.a, trial.b) for trial in sealed_trials(test).values()]
        for test in tests
    ]
    assert orders[0] == orders[1]
    assert tests[0].commitment != tests[1].commitment
    assert not set(sealed_trials(tests[0])) & set(sealed_trials(tests[1]))


def test_listeners_get_the_questions_in_turn(blind_test: BlindTest) -> None:
    orders = [
        [part["question"] for part in blind_test.session(token).manifest["passes"]]
        for token in blind_test.listeners
    ]
    assert orders == [["better", "abx"], ["abx", "better"]]


def test_prompts_are_served_like_clips(tmp_path: Path, arms: dict[str, Path]) -> None:
    prompts = write_clips(tmp_path / "given", ("prompts",))["prompts"]
    config = BlindConfig(arms=arms, listeners=("AB",), questions=("prompt",), prompts=prompts)
    test = create_test(tmp_path / "test", config)
    (token,) = test.listeners
    trial = test.session(token).manifest["passes"][0]["trials"][0]
    assert set(trial["clips"]) == {"A", "B", "prompt"}
    assert len({len(test.session(token).clip(clip)) for clip in trial["clips"].values()}) == 1


def test_a_folder_that_exists_is_not_touched(tmp_path: Path, arms: dict[str, Path]) -> None:
    with pytest.raises(PartitaError, match="exists: give a new folder"):
        create_test(tmp_path, BlindConfig(arms=arms, listeners=("AB",)))


def test_nothing_is_left_of_a_test_that_could_not_be_made(tmp_path: Path, arms: dict[str, Path]) -> None:
    (arms["policy"] / "1" / "1.wav").write_text("no sound")
    with pytest.raises(PartitaError, match=r"1\.wav"):
        create_test(tmp_path / "test", BlindConfig(arms=arms, listeners=("AB",)))
    assert [path.name for path in tmp_path.iterdir()] == ["clips"]
