"""Folders of generated audio are marked."""

from pathlib import Path

from partita.generated_folders import GENERATED_MARKER, is_generated, mark_generated


def test_a_marked_folder_is_recognized_and_its_marker_holds_the_description(tmp_path: Path) -> None:
    assert not is_generated(tmp_path)
    mark_generated(tmp_path, "Clips of a model.")
    assert is_generated(tmp_path)
    assert (tmp_path / GENERATED_MARKER).read_text() == "Clips of a model.\n"
