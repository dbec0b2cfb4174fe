"""Files that Partita did not draw, and the prompt, are not replaced unless `force` is given."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.audio.output_formats import FORMATS
from partita.errors import PartitaError
from partita.sampling.output.clip_files import write_clips
from partita.sampling.output.plan import OutputPlan, plan_outputs

TONE = 0.25 * np.sin(0.1 * np.arange(4000))


def recorded(path: Path) -> Path:
    form = FORMATS[path.suffix]
    soundfile.write(path, TONE, 16_000, format=form.name, subtype=form.subtype)
    return path


def drawn(path: Path) -> Path:
    write_clips([TONE[None]], plan_outputs(path, 1), sample_rate=16_000)
    return path


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_recording_is_not_replaced_but_a_clip_is(tmp_path: Path, suffix: str) -> None:
    foreign, own = recorded(tmp_path / f"take{suffix}"), drawn(tmp_path / f"clip{suffix}")
    with pytest.raises(PartitaError, match=r"take\..*is not marked as drawn by Partita.*`--force`"):
        plan_outputs(foreign, 1)
    assert plan_outputs(foreign, 1, force=True).paths == [foreign]
    assert plan_outputs(own, 1).paths == [own]


def test_any_other_file_is_not_replaced_except_an_empty_one(tmp_path: Path) -> None:
    text, empty = tmp_path / "notes", tmp_path / "empty.wav"
    text.write_text("made by partita 0, seed 1")
    empty.touch()
    with pytest.raises(PartitaError, match="is not marked as drawn by Partita"):
        plan_outputs(text, 1)
    assert plan_outputs(empty, 1).paths == [empty]


def test_the_prompt_is_recognised_by_any_name(tmp_path: Path) -> None:
    prompt = drawn(tmp_path / "clip.wav")  # even if Partita drew it
    (tmp_path / "link.wav").symlink_to("clip.wav")
    os.link(prompt, tmp_path / "hard.wav")
    for name in ("clip.wav", "link.wav", "hard.wav"):
        with pytest.raises(PartitaError, match=f"{name} is the recording that `--prime` names"):
            plan_outputs(tmp_path / name, 1, prompt=prompt)
        with pytest.raises(PartitaError, match="`--prime`"):
            plan_outputs(prompt, 1, prompt=tmp_path / name)
        assert plan_outputs(tmp_path / name, 1, prompt=prompt, force=True).paths == [tmp_path / name]


def test_a_link_to_a_recording_is_not_replaced(tmp_path: Path) -> None:
    recorded(tmp_path / "take.wav")
    (tmp_path / "link.wav").symlink_to("take.wav")
    with pytest.raises(PartitaError, match=r"link\.wav exists and is not marked"):
        plan_outputs(tmp_path / "link.wav", 1)


def test_every_clip_of_a_folder_is_checked(tmp_path: Path) -> None:
    recorded(tmp_path / "clip-02.wav")
    with pytest.raises(PartitaError, match=r"clip-02\.wav exists and is not marked as drawn"):
        plan_outputs(tmp_path, 3)
    with pytest.raises(PartitaError, match="is the recording"):
        plan_outputs(tmp_path, 3, prompt=tmp_path / "clip-02.wav")
    assert plan_outputs(tmp_path, 1).stale == []  # the recording is not a clip of an earlier call


def test_clips_of_an_earlier_call_do_not_stay_among_new_ones(tmp_path: Path) -> None:
    write_clips([np.zeros((4, 9))], plan_outputs(tmp_path, 4), sample_rate=1000)
    recorded(tmp_path / "clip-07.wav")
    drawn(tmp_path / "kept.wav")
    assert plan_outputs(tmp_path, 4).stale == []
    with pytest.raises(PartitaError, match=r"holds 2 more .*\(clip-03.wav, clip-04.wav\).*`--force`"):
        plan_outputs(tmp_path, 2)
    plan = plan_outputs(tmp_path, 2, force=True, prompt=tmp_path / "clip-04.wav")
    assert [path.name for path in plan.stale] == ["clip-03.wav"]
    plan.remove_stale()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["clip-01.wav", "clip-02.wav", "clip-04.wav", "clip-07.wav", "kept.wav"]


def test_an_earlier_clip_that_was_replaced_by_a_recording_stays(tmp_path: Path) -> None:
    write_clips([np.zeros((4, 9))], plan_outputs(tmp_path, 4), sample_rate=1000)
    plan = plan_outputs(tmp_path, 2, force=True)
    recorded(tmp_path / "clip-03.wav")
    plan.remove_stale()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip-01.wav", "clip-02.wav", "clip-03.wav"]


def test_a_path_that_was_taken_meanwhile_is_replaced_by_a_free_one(tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    plan, forced = plan_outputs(take, 1), plan_outputs(take, 1, force=True)
    assert plan.redirect(take) == take
    recorded(take)
    (tmp_path / "take-2.wav").symlink_to("nowhere")
    assert plan.redirect(take) == tmp_path / "take-3.wav"
    assert forced.redirect(take) == take
    drawn(tmp_path / "clip.wav")
    assert plan.redirect(tmp_path / "clip.wav") == tmp_path / "clip.wav"
    assert OutputPlan(paths=[], prompt=take).redirect(take) == tmp_path / "take-3.wav"


def test_earlier_clips_may_have_another_number_of_digits(tmp_path: Path) -> None:
    write_clips([np.zeros((2, 9))], plan_outputs(tmp_path, 2), sample_rate=1000)
    assert len(plan_outputs(tmp_path, 100, force=True).stale) == 2


def test_places_where_no_file_can_be_created(tmp_path: Path) -> None:
    (tmp_path / "a.wav").symlink_to("b.wav")
    (tmp_path / "b.wav").symlink_to("a.wav")
    (tmp_path / "file").write_text("")
    (tmp_path / "clip-01.wav").mkdir()
    os.mkfifo(tmp_path / "pipe")
    cases: list[tuple[str | Path, int, str]] = [
        (tmp_path / "a.wav", 1, "leads back to itself"),
        (tmp_path / "file" / "x.wav", 1, "is a file, so no folder"),
        (tmp_path, 1, "clip-01.wav is a folder"),
        (tmp_path / "pipe", 1, "is not a regular file: give another path"),
        (tmp_path / "x.m4a", 1, "not a format that can be written"),
        (tmp_path / "x.flac", 2, "2 clips need a folder: give `--out .*x`"),
        ("", 1, "is empty"),
        (tmp_path / "new", 0, "`--clips` is 0: give 1 to"),
        (tmp_path / "new", 10**12, "`--clips` is 1000000000000: give 1 to"),
    ]
    for out, clips, reason in cases:
        with pytest.raises(PartitaError, match=reason):
            plan_outputs(out, clips)
    assert not (tmp_path / "x").exists()


def test_temporary_files_of_a_killed_writer_are_removed(tmp_path: Path) -> None:
    for name in (".a.wav.0123abcd.part", ".b.wav.0123abcd.part"):
        (tmp_path / name).write_bytes(b"RIFF")
    plan_outputs(tmp_path / "a.wav", 1)
    assert [path.name for path in tmp_path.iterdir()] == [".b.wav.0123abcd.part"]
    plan_outputs(tmp_path, 2)
    assert not any(tmp_path.iterdir())
