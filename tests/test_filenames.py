"""File names that are not valid UTF-8: in TOML, for C libraries, and as the folder of corpora and runs."""

import os
import tomllib
from pathlib import Path

import numpy as np
import pytest
import soundfile
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.evaluation.evaluate import EvaluateConfig, evaluate
from partita.filenames import c_library_path, escape_surrogates, restore_surrogates, utf8_path
from partita.runs.loading import load
from partita.sampling.output.clip_files import write_clips
from partita.sampling.output.plan import plan_outputs
from partita.training.config.train import TrainConfig
from partita.training.train import resume, train

RATE = 8000
NOT_UTF8 = os.fsdecode(b"m\xe9lodies")


@given(st.binary(max_size=20).filter(lambda name: b"\0" not in name))
def test_names_survive_a_round_trip_through_toml(name: bytes) -> None:
    table = {"corpus": {"path": os.fsdecode(name), "all": [os.fsdecode(name)], "rate": 8000}}
    assert restore_surrogates(tomllib.loads(tomli_w.dumps(escape_surrogates(table)))) == table


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")))
def test_valid_text_is_unchanged(text: str) -> None:
    assert escape_surrogates(text) == text == restore_surrogates(text)


def test_the_utf8_path_leads_to_the_same_file(tmp_path: Path) -> None:
    (tmp_path / NOT_UTF8).mkdir()
    (tmp_path / NOT_UTF8 / "a").write_text("found")
    with utf8_path(tmp_path / NOT_UTF8) as folder, utf8_path(tmp_path / NOT_UTF8 / "a") as file:
        folder.encode()
        assert (Path(folder) / "a").read_text() == Path(file).read_text() == "found"


@pytest.mark.slow  # it compiles the sampler
def test_corpora_and_runs_work_in_a_folder_whose_name_is_not_utf8(tmp_path: Path) -> None:
    # regression: UnicodeEncodeError from TOML, soundfile, safetensors and TensorBoard
    folder = tmp_path / NOT_UTF8
    (folder / "in").mkdir(parents=True)
    for number in range(1, 5):
        tone = 0.5 * np.sin(np.arange(3 * RATE) * 0.1 * number)
        soundfile.write(c_library_path(folder / "in" / f"take-{number}.wav"), tone, RATE)
    corpus = prepare([folder / "in"], folder / "corpus", PrepareConfig(sample_rate=RATE, test=("*-1*",)))
    assert corpus.index["skipped"] == []
    config = TrainConfig(size="tiny", steps=2, targets=256, batch=1, preview_clips=1, preview_seconds=0.05)
    stopped = train(corpus, folder / "run", config, quiet=True, stop=lambda: True)
    run = resume(stopped, quiet=True)
    assert [path for path in run.glob("events.out.*") if path.stat().st_size > 100]
    loaded = load(run)
    assert Path(loaded.config["corpus"]["path"]) == (folder / "corpus").absolute()
    blocks = loaded.stream(seconds=0.05, prompt=None)
    outputs = plan_outputs(folder / "clip.wav", 1)
    assert write_clips(blocks, outputs, sample_rate=RATE).paths == [folder / "clip.wav"]
    settings = EvaluateConfig(clips=4, seconds=0.05, prompt_seconds=0.05, bits_seconds=0.5)
    assert evaluate(loaded, corpus, settings)["bits_per_sample"]["value"] > 0
