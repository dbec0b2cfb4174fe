"""Damaged files of a run raise an error that names the file."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from partita.data.index import MAX_SAMPLE_RATE
from partita.digests import file_digest
from partita.errors import DivergedError, PartitaError
from partita.runs.checkpoint import Checkpoint, load_checkpoint
from partita.runs.checkpoint_state import read_state
from partita.runs.config import write_toml
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.runs.weights import weights_path
from partita.tables import read_toml

Make = Callable[..., Checkpoint]


def flip(path: Path, place: int, bit: int = 0) -> None:
    """Flip one bit of a file."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << bit
    path.write_bytes(data)


def test_the_config_of_another_run_is_refused(run: RunFolder, tmp_path: Path, checkpoint: Make) -> None:
    # regression: the config of another run has a valid digest and was accepted
    config = run.config()
    other = RunFolder.create(tmp_path / "other", config | {"versions": {"torch": "0"}}, checkpoint(0))
    (run.path / "config.toml").write_bytes((other.path / "config.toml").read_bytes())
    run.save(checkpoint(10), keep=1, best=None)
    with pytest.raises(PartitaError, match=r"config\.toml and .* are of different runs: copy"):
        run.config()


def test_missing_records_of_a_finished_run_are_noticed(run: RunFolder, checkpoint: Make) -> None:
    # regression: the scores of an arena were computed without them and without a message
    run.log({"kind": "train", "step": 10})
    run.save(checkpoint(10), keep=9, best=None)
    assert run.records() == [{"kind": "train", "step": 10}]
    run.metrics_path.unlink()
    with pytest.raises(PartitaError, match=r"metrics\.jsonl has lost 1 records: copy it again, or remove"):
        run.records()


def remove_digests(run: RunFolder) -> None:
    """Remove the digests from the files of a run, as older versions wrote them."""
    write_toml(run.path / "config.toml", run.config())
    for step in run.steps():
        path = run.checkpoint_path(step) / "state.json"
        state = json.loads(path.read_text())
        path.write_text(json.dumps({name: state[name] for name in state if name not in ("files", "digest")}))


def test_a_checkpoint_lists_its_files_with_their_digests(run: RunFolder) -> None:
    files = {path.name: file_digest(path) for path in run.newest_checkpoint().glob("*.safetensors")}
    assert len(files) == 2
    assert read_state(run.newest_checkpoint())["files"] == files


@pytest.mark.parametrize("place", [-1, -33, 400])
def test_a_flipped_bit_in_weights_is_noticed(run: RunFolder, place: int) -> None:
    # regression: the model was loaded with a wrong weight
    flip(run.newest_checkpoint() / "average.safetensors", place)
    for use in (lambda: load(run.path), lambda: load_checkpoint(run.newest_checkpoint())):
        with pytest.raises(
            PartitaError, match=r"average\.safetensors is damaged .*: copy it again, or remove"
        ):
            use()


def test_a_missing_weights_file_is_noticed(run: RunFolder) -> None:
    # regression: the raw weights were loaded instead of the averaged ones
    (run.newest_checkpoint() / "average.safetensors").unlink()
    for use in (lambda: load(run.path), lambda: load_checkpoint(run.newest_checkpoint())):
        with pytest.raises(PartitaError, match=r"average\.safetensors is missing: copy it again, or remove"):
            use()
    with pytest.raises(PartitaError, match="is missing"):
        weights_path(run.newest_checkpoint())


def test_a_file_of_another_checkpoint_is_refused(run: RunFolder) -> None:
    path = run.newest_checkpoint() / "adversary.safetensors"
    path.write_bytes((run.newest_checkpoint() / "average.safetensors").read_bytes())
    with pytest.raises(
        PartitaError, match=r"adversary\.safetensors is not a file of this checkpoint: remove it"
    ):
        load_checkpoint(run.newest_checkpoint())


def test_saving_again_after_damage_does_not_hide_it(run: RunFolder, checkpoint: Make) -> None:
    flip(run.newest_checkpoint() / "generator.safetensors", -1)
    run.save(checkpoint(0, finished=True), keep=1, best=None)
    with pytest.raises(PartitaError, match=r"generator\.safetensors is damaged"):
        load_checkpoint(run.newest_checkpoint())


@pytest.mark.parametrize(
    ("old", "new"), [('"step": 0', '"step": 4'), ('"digest"', '"dagest"'), ('"files"', '"fides"')]
)
def test_a_changed_state_is_noticed(run: RunFolder, old: str, new: str) -> None:
    path = run.newest_checkpoint() / "state.json"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(PartitaError, match=r"state\.json"):
        load(run.path)


def test_a_changed_config_is_noticed_and_accepted_without_its_digest(run: RunFolder) -> None:
    path = run.path / "config.toml"
    path.write_text(path.read_text().replace("sample_rate = 8000", "sample_rate = 8001"))
    with pytest.raises(PartitaError, match=r"its digest does not match.*remove its line `digest`"):
        load(run.path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("digest")))
    assert load(run.path).sample_rate == 8001
    path.write_text(path.read_text().replace("sample_rate = 8001", f"sample_rate = {MAX_SAMPLE_RATE + 1}"))
    with pytest.raises(PartitaError, match=f"at most {MAX_SAMPLE_RATE}"):  # the highest rate of a corpus
        run.config()


def test_a_run_of_an_older_version_loads(run: RunFolder) -> None:
    before = load(run.path).wavenet.end2
    remove_digests(run)
    assert torch.equal(load(run.path).wavenet.end2, before)
    assert load_checkpoint(run.newest_checkpoint()).tensors.keys() == {"average", "generator"}
    (run.newest_checkpoint() / "average.safetensors").unlink()
    assert weights_path(run.newest_checkpoint()).name == "generator.safetensors"


def test_weights_of_another_type_are_refused(run: RunFolder) -> None:
    remove_digests(run)
    path = run.newest_checkpoint() / "average.safetensors"
    save_file({name: value.half() for name, value in load_file(path).items()}, path)
    with pytest.raises(PartitaError, match=r"has type torch\.float16 .* must be torch\.float32"):
        load(run.path)


def test_weights_that_are_not_finite_are_refused(run: RunFolder) -> None:
    remove_digests(run)
    path = run.newest_checkpoint() / "average.safetensors"
    save_file({name: value * float("nan") for name, value in load_file(path).items()}, path)
    with pytest.raises(DivergedError, match="contains NaN or infinity: the model diverged"):
        load(run.path)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("layers", 10**9, "`layers` is 1000000000: give at most 20"),
        ("skip_channels", 10**9, "`skip_channels` is 1000000000: give at most"),
        ("skip_channels", 16384, "config and weights are from different runs"),
        ("blocks", 4, "config and weights are from different runs"),
    ],
)
def test_a_network_size_that_differs_from_the_weights_is_refused_quickly(
    run: RunFolder, field: str, value: int, words: str
) -> None:
    # regression: the network was made first, which never ended with a billion layers
    table = run.config()
    table["network"][field] = value
    write_toml(run.path / "config.toml", table)  # edited by hand, so without a digest
    start = time.monotonic()
    with pytest.raises(PartitaError, match=words):
        load(run.path)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("key", ["corpus", "network", "training"])
@pytest.mark.parametrize("value", [3, "x", [1], True])
def test_a_section_that_is_not_a_table_is_refused(run: RunFolder, key: str, value: object) -> None:
    write_toml(run.path / "config.toml", run.config() | {key: value})
    with pytest.raises(PartitaError, match=f"`{key}` in .* must be a table"):
        load(run.path)


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = 0x" + "f" * 10_000, "a = nan", "= 1", "\0"])
def test_invalid_toml_is_refused(run: RunFolder, text: str) -> None:
    (run.path / "config.toml").write_text(text)
    with pytest.raises(PartitaError, match=r"config\.toml"):
        load(run.path)


def test_other_folders_among_the_checkpoints_are_ignored(run: RunFolder) -> None:
    for name in ("step-9", "step-000009x", "step-"):
        (run.checkpoints_path / name).mkdir()
    (run.checkpoints_path / "step-000008").write_text("a file")
    assert run.steps() == [0]
    assert read_toml(run.path / "config.toml", remedy="").values["format"] == 2
