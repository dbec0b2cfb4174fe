"""The whole pipeline on a few seconds of sound: recordings, corpus, two arms, clips, scores and a page."""

import base64
import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.errors import PartitaError
from partita.etudes.render import write_etudes
from partita.evaluation.evaluate import EvaluateConfig, evaluate_with_clips
from partita.experiments.demo.config import ARMS, DemoConfig, EtudePlan
from partita.experiments.demo.run import demo
from partita.models.sizes import WaveNetConfig
from partita.reports.report import ArmReport, ReportData, write_report
from partita.runs import metrics
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.signals import Interrupted
from partita.training.config.arms import with_arm
from partita.training.config.tiers import FrameTierConfig
from partita.training.config.train import TrainConfig
from partita.training.interleaved import PlannedRun
from partita.training.train import train

RATE = 4000
NETWORK = WaveNetConfig(
    blocks=1, layers=6, residual_channels=8, dilation_channels=8, skip_channels=16, end_channels=16
)
FRAMES = FrameTierConfig(bands=4, length=20, batch=2, channels=16, layers=1)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("journey")
    write_etudes(folder / "recordings", count=3, seconds=4, sample_rate=RATE, seed=0)
    config = PrepareConfig(sample_rate=RATE, test=("etude-01.wav",), validation=("etude-02.wav",))
    return prepare([folder / "recordings"], folder / "corpus", config)


@pytest.mark.parametrize("arm", ARMS)
def test_a_few_steps_lead_from_recordings_to_a_page(arm: str, corpus: Corpus, tmp_path: Path) -> None:
    config = TrainConfig(
        network=NETWORK,
        frames=FRAMES,
        steps=30,
        targets=512,
        validations=3,
        preview_clips=0,
        tensorboard=False,
    )
    run = train(corpus, tmp_path / arm, with_arm(config, arm), quiet=True)
    model = load(run)
    drawn = model.draw(seconds=0.2, seed=1)
    assert drawn.shape == (1, 800)
    assert np.isfinite(drawn).all()
    found = evaluate_with_clips(model, corpus, EvaluateConfig(clips=4, seconds=0.3, prompt_seconds=0.1))
    json.dumps(found.scores, allow_nan=False)
    assert found.scores["conditional_bits_per_sample"]["value"] < 7.9  # an untrained model has 8
    assert found.scores["frame_bits_per_sample"]["value"] > 0.0
    records = metrics.read(RunFolder.open(run).metrics_path)
    report = ArmReport(
        name=arm, summary="", scores=found.scores, clips=found.clips, metrics=records, facts=[]
    )
    page = write_report(
        tmp_path / "report.html",
        ReportData(title="Journey", sentences=("", "", ""), real=found.real, arms=[report]),
    )
    sounds = re.findall(r'src="data:audio/flac;base64,([^"]+)"', page.read_text(encoding="utf-8"))
    assert len(sounds) == 2 * 4
    sound, rate = soundfile.read(io.BytesIO(base64.b64decode(sounds[1])))
    assert (len(sound), rate) == (1600, RATE)


def test_the_demo_runs_all_stages_and_does_not_repeat_its_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = EtudePlan(count=3, seconds=4, test="etude-01.wav", validation="etude-02.wav")
    monkeypatch.setattr("partita.experiments.demo.run.etudes_for", lambda _: few)
    monkeypatch.setattr("partita.experiments.demo.run.training_minutes", lambda *_, **__: 0.06)
    config = DemoConfig(minutes=0.2, out=tmp_path / "demo", size="tiny", sample_rate=RATE)
    lines: list[str] = []
    page = demo(config, log=lines.append)
    assert page == config.out / "report.html"
    html = page.read_text(encoding="utf-8")
    assert all(
        name in html for name in ("likelihood", "report", "etude-01.wav", "fingerprint", "partita demo")
    )
    assert lines[-1].endswith(f"open {page}")
    before = {path: path.stat().st_mtime_ns for path in (config.out / "runs").rglob("*.safetensors")}
    lines.clear()
    demo(config, log=lines.append)
    assert {path: path.stat().st_mtime_ns for path in (config.out / "runs").rglob("*.safetensors")} == before
    assert sum("already trained" in line for line in lines) == 3
    with pytest.raises(PartitaError, match="`seed` 0, now it is 1"):
        demo(replace(config, seed=1), log=lines.append)


@pytest.mark.parametrize("stage", ["start", "report", "scoring"])
def test_an_interrupted_demo_continues_with_its_corpus(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # regression: continuing prepared the corpus again, and the corpus of the trained arms was lost
    sounds, out = tmp_path / "recordings", tmp_path / "demo"
    write_etudes(sounds, count=3, seconds=4, sample_rate=RATE, seed=0)
    monkeypatch.setattr("partita.experiments.demo.run.training_minutes", lambda *_, **__: 0.12)
    config = DemoConfig(recordings=sounds, minutes=0.2, out=out, size="tiny", sample_rate=RATE)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def interrupted_train(corpus: Corpus, path: Path, *rest: Any, **named: Any) -> Path:
        if path.name != stage:
            return train(corpus, path, *rest, **named)
        # regression: on a busy machine the first step used the whole budget, and no step was left
        stopped.setattr("partita.training.trainer.Trainer.done", lambda _: False)
        train(corpus, path, *rest, **named, stop=lambda: True)
        raise KeyboardInterrupt

    def interrupted_turns(corpus: Corpus, planned: Sequence[PlannedRun]) -> None:
        for one in planned:
            if one.path.name == stage:
                interrupted_train(corpus, one.path, one.config, start_from=one.start_from)

    with monkeypatch.context() as stopped:
        if stage == "scoring":
            stopped.setattr("partita.experiments.demo.run.evaluate_with_clips", interrupt)
        else:
            stopped.setattr("partita.training.train.train", interrupted_train)
            stopped.setattr("partita.experiments.demo.run.train_in_turns", interrupted_turns)
        with pytest.raises(Interrupted, match="run the same command again to continue"):
            demo(config, log=lambda _: None)
    before = {path.name: path.read_bytes() for path in (out / "corpus").iterdir()}
    (sounds / "etude-01.wav").unlink()
    lines: list[str] = []
    page = demo(config, log=lines.append)
    assert lines[0] == "continuing with the existing corpus"
    assert [line.split(":")[0] for line in lines if "resuming training" in line] == (
        [] if stage == "scoring" else [stage]
    )
    assert {path.name: path.read_bytes() for path in (out / "corpus").iterdir()} == before
    assert "etude-01.wav" in page.read_text(encoding="utf-8")
