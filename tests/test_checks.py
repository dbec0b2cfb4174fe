"""Messages name what a person probably meant: the nearest choice, or the nearest file."""

from pathlib import Path

import pytest

from partita.checks import check_choice, did_you_mean, nearest_path
from partita.errors import PartitaError
from partita.experiments.arm_spec import ArmSpec
from partita.models.sizes import size_named
from partita.training.config.arms import arm_named


@pytest.mark.parametrize(
    ("make", "meant"),
    [
        (lambda: arm_named("reprot"), "report"),
        (lambda: size_named("smal"), "small"),
        (lambda: size_named("Tiny"), "tiny"),
        (lambda: ArmSpec.parse("likelyhood"), "likelihood"),
        (lambda: check_choice("device", "cudda", ("auto", "cpu", "cuda")), "cuda"),
    ],
)
def test_a_choice_that_is_nearly_right_is_suggested(make: object, meant: str) -> None:
    with pytest.raises(PartitaError, match=rf"choose one of .* \(did you mean {meant}\?\)$"):
        make()  # type: ignore[operator]


def test_nothing_is_suggested_for_another_word() -> None:
    assert did_you_mean("xylophone", ["tiny", "small"]) == ""
    assert did_you_mean("", []) == ""


def test_the_nearest_file_is_in_the_same_folder(tmp_path: Path) -> None:
    (tmp_path / "prompt.wav").touch()
    (tmp_path / "other.flac").touch()
    assert nearest_path(tmp_path / "promt.wav") == f" (did you mean {tmp_path / 'prompt.wav'}?)"
    assert nearest_path(tmp_path / "zzz") == ""
    assert nearest_path(tmp_path / "no folder" / "prompt.wav") == ""


def test_a_path_without_a_folder_stays_without_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "prompt.wav").touch()
    monkeypatch.chdir(tmp_path)
    assert nearest_path("promt.wav") == " (did you mean prompt.wav?)"
