"""`--model gan` from the command line: train, generate, evaluate, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.cli.main import main
from partita.cli.train import GROUPS, read

SMALL = [
    *("--model", "gan", "--gan.channels", "16", "--gan.latents", "4", "--targets", "2048", "--batch", "1"),
    *("--adversary.discriminators", "patchgan", "--adversary.patchgan.layers", "3"),
    *("--validations", "1", "--preview-clips", "1", "--preview-seconds", "0.1", "--threads", "1"),
    "--no-tensorboard",
]


@pytest.fixture(scope="module")
def gan(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("gan") / "run"
    assert main(["train", str(home / "corpus"), "--out", str(run), "--steps", "2", *SMALL]) == 0
    return run


def test_a_gan_draws(gan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "clip.wav"
    assert main(["generate", str(gan), "--seconds", "0.5", "--out", str(out), "--seed", "3"]) == 0
    sound, rate = soundfile.read(out)
    assert sound.shape == (rate // 2,)
    assert np.abs(sound).max() > 0.001
    capsys.readouterr()
    assert main(["generate", str(gan), "--seconds", "0.5", "--out", str(out), "--force", "--top-k", "3"]) == 2
    assert "`top_k`" in capsys.readouterr().err


def test_a_gan_continues_no_prompt(gan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prime = tmp_path / "prime.wav"
    soundfile.write(prime, np.zeros(4000), 8000)
    capsys.readouterr()
    words = ["generate", str(gan), "--seconds", "1", "--prime", str(prime), "--out", str(tmp_path / "a.wav")]
    assert main(words) == 2
    assert "continues no prompt: leave `--prime` out" in capsys.readouterr().err


def test_a_gan_has_the_scores_of_its_clips(home: Path, gan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["evaluate", str(gan), str(home / "corpus"), "--json", "--seconds", "0.5"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert "bits_per_sample" not in scores
    assert "seam_db" not in scores
    assert {"value", "low", "high"} <= scores["mmd_log_mel"].keys()
    assert any("is of a kind that has no bits" in warning for warning in scores["warnings"])


def test_a_gan_teaches_no_student(
    home: Path, gan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", str(home / "corpus"), "--out", str(tmp_path / "no"), "--student-of", str(gan)]
    assert main(words) == 2
    assert "is of the kind `gan`, but only a WaveNet can teach" in capsys.readouterr().err


def test_the_config_of_a_run_gives_its_settings(gan: Path) -> None:
    settings = read(
        ["corpus", "--out", "run", "--config", str(gan / "config.toml"), "--model", "gan"]
    ).settings
    assert settings.gan is not None
    assert (settings.gan.channels, settings.targets, settings.steps) == (16, 2048, 2)


def test_a_run_goes_on_from_a_gan(
    home: Path, gan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, run = str(home / "corpus"), tmp_path / "more"
    quick = ["--steps", "1", "--targets", "2048", "--preview-clips", "0", "--no-tensorboard"]
    quick += ["--adversary.discriminators", "patchgan", "--threads", "1"]
    assert main(["train", corpus, "--out", str(run), "--from", str(gan), "--arm", "gan", *quick]) == 0
    capsys.readouterr()
    words = ["train", corpus, "--out", str(tmp_path / "no"), "--from", str(home / "run"), "--model", "gan"]
    assert main(words) == 2
    assert "is of the kind `wavenet`, not `gan`: leave out `--model`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--arm", "gan"], "`arm` is 'gan' and `model` 'wavenet'"),
        (["--model", "gan", "--arm", "report"], "`arm` is 'report' and `model` 'gan'"),
        (["--model", "gan", "--size", "small"], "`size` is 'small', which has no effect on a GAN"),
        (["--model", "gan", "--condition", "features"], "`condition` is ('features',), which has no effect"),
        (["--model", "gan", "--frames.bands", "16"], "`frames.bands` is 16, which has no effect on a GAN"),
    ],
)
def test_what_does_not_fit_a_gan_is_one_line(
    home: Path, tmp_path: Path, words: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(home / "corpus"), "--out", str(tmp_path / "run"), *words]) == 2
    shown = capsys.readouterr().err
    assert error in shown
    assert len(shown.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_options_change_single_settings() -> None:
    words = ["corpus", "--out", "run", "--model", "gan", "--gan.factors", "8", "8", "--learning-rate", "1e-3"]
    settings = read(words).settings
    assert settings.gan is not None
    assert (settings.gan.hop_length, settings.learning_rate, settings.arm) == (64, 1e-3, "gan")


def test_the_help_of_a_gan_fits_two_screens(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["train", "--model", "gan", "--help"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) <= 100
    for name in (name for names in GROUPS.values() for name in names if name.startswith("--gan.")):
        assert any(row.startswith(f"  {name} ") for row in rows), name


def test_a_gan_is_no_base_of_a_comparison(
    home: Path, gan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", str(home / "corpus"), "--from", str(gan), "--out", str(tmp_path / "no")]
    assert main([*words, "--seeds", "2", "--steps", "1"]) == 2
    assert "is a GAN, which has no arms" in capsys.readouterr().err
