"""The whole way on a few seconds of sound: recordings, corpus, two arms, clips, scores, a page to listen."""

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
from partita.evaluation.evaluate import EvaluateConfig, evaluation
from partita.experiments.demo.config import ARMS, DemoConfig, Etudes
from partita.experiments.demo.run import demo
from partita.models.sizes import WaveNetConfig
from partita.reports.report import ArmReport, ReportData, write_report
from partita.runs import metrics
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.signals import Interrupted
from partita.training.config.arms import with_arm
from partita.training.config.train import TrainConfig
from partita.training.interleaved import PlannedRun
from partita.training.train import train

RATE = 4000
NETWORK = WaveNetConfig(
    blocks=1, layers=6, residual_channels=8, dilation_channels=8, skip_channels=16, end_channels=16
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    home = tmp_path_factory.mktemp("journey")
    write_etudes(home / "recordings", count=3, seconds=4, sample_rate=RATE, seed=0)
    config = PrepareConfig(sample_rate=RATE, test=("etude-01.wav",), validation=("etude-02.wav",))
    return prepare([home / "recordings"], home / "corpus", config)


@pytest.mark.parametrize("arm", ARMS)
def test_a_few_steps_lead_from_recordings_to_a_page(arm: str, corpus: Corpus, tmp_path: Path) -> None:
    config = TrainConfig(
        network=NETWORK, steps=30, targets=512, validations=3, preview_clips=0, tensorboard=False
    )
    run = train(corpus, tmp_path / arm, with_arm(config, arm), quiet=True)
    model = load(run)
    drawn = model.draw(seconds=0.2, seed=1)
    assert drawn.shape == (1, 800)
    assert np.isfinite(drawn).all()
    found = evaluation(model, corpus, EvaluateConfig(clips=4, seconds=0.3, prompt_seconds=0.1))
    json.dumps(found.scores, allow_nan=False)
    assert found.scores["bits_per_sample"]["value"] < 7.9  # 8 is to know nothing: it has learnt something
    records = metrics.read(RunFolder.open(run).metrics_path)
    report = ArmReport(
        name=arm, summary="", scores=found.scores, clips=found.clips, metrics=records, facts=[]
    )
    page = write_report(
        tmp_path / "report.html", ReportData(title="Journey", lead="", real=found.real, arms=[report])
    )
    sounds = re.findall(r'src="data:audio/flac;base64,([^"]+)"', page.read_text(encoding="utf-8"))
    assert len(sounds) == 2 * 4
    sound, rate = soundfile.read(io.BytesIO(base64.b64decode(sounds[1])))
    assert (len(sound), rate) == (1600, RATE)


def test_the_demo_goes_all_the_way_and_keeps_what_it_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Etudes(count=3, seconds=4, test="etude-01.wav", validation="etude-02.wav")
    monkeypatch.setattr("partita.experiments.demo.run.etudes_for", lambda _: few)
    monkeypatch.setattr("partita.experiments.demo.run.training_minutes", lambda *_, **__: 0.06)
    config = DemoConfig(minutes=0.2, out=tmp_path / "demo", size="tiny", sample_rate=RATE)
    said: list[str] = []
    page = demo(config, say=said.append)
    assert page == config.out / "report.html"
    html = page.read_text(encoding="utf-8")
    assert all(
        name in html for name in ("likelihood", "report", "etude-01.wav", "fingerprint", "partita demo")
    )
    assert said[-1].endswith(f"open {page}")
    before = {path: path.stat().st_mtime_ns for path in (config.out / "runs").rglob("*.safetensors")}
    said.clear()
    demo(config, say=said.append)
    assert {path: path.stat().st_mtime_ns for path in (config.out / "runs").rglob("*.safetensors")} == before
    assert sum("trained already, kept" in line for line in said) == 3
    with pytest.raises(PartitaError, match="`seed` 0, now it is 1"):
        demo(replace(config, seed=1), say=said.append)


@pytest.mark.parametrize("stage", ["start", "report", "scoring"])
def test_a_demo_of_recordings_goes_on_with_the_corpus_it_began_with(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # regression: going on prepared the corpus again first, and lost the one that the arms had learnt from
    sounds, out = tmp_path / "recordings", tmp_path / "demo"
    write_etudes(sounds, count=3, seconds=4, sample_rate=RATE, seed=0)
    monkeypatch.setattr("partita.experiments.demo.run.training_minutes", lambda *_, **__: 0.12)
    config = DemoConfig(recordings=sounds, minutes=0.2, out=out, size="tiny", sample_rate=RATE)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def interrupted_there(corpus: Corpus, path: Path, *rest: Any, **named: Any) -> Path:
        if path.name != stage:
            return train(corpus, path, *rest, **named)
        # regression: on a busy machine the first step took the whole budget, and nothing was left to do
        stopped.setattr("partita.training.trainer.Trainer.done", lambda _: False)
        train(corpus, path, *rest, **named, stop=lambda: True)
        raise KeyboardInterrupt

    def interrupted_among(corpus: Corpus, planned: Sequence[PlannedRun]) -> None:
        for one in planned:
            if one.path.name == stage:
                interrupted_there(corpus, one.path, one.config, start_from=one.start_from)

    with monkeypatch.context() as stopped:
        if stage == "scoring":
            stopped.setattr("partita.experiments.demo.run.evaluation", interrupt)
        else:
            stopped.setattr("partita.experiments.demo.run.train", interrupted_there)
            stopped.setattr("partita.experiments.demo.run.train_in_turns", interrupted_among)
        with pytest.raises(Interrupted, match="the same command goes on"):
            demo(config, say=lambda _: None)
    before = {path.name: path.read_bytes() for path in (out / "corpus").iterdir()}
    (sounds / "etude-01.wav").unlink()
    said: list[str] = []
    page = demo(config, say=said.append)
    assert said[0] == "going on with the corpus that is there"
    assert [line.split(":")[0] for line in said if "going on with its training" in line] == (
        [] if stage == "scoring" else [stage]
    )
    assert {path.name: path.read_bytes() for path in (out / "corpus").iterdir()} == before
    assert "etude-01.wav" in page.read_text(encoding="utf-8")
