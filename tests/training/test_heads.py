"""Training with a density head: 16-bit sound end to end, and judges that need logits are refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.evaluation.metrics.bits import bits_per_sample
from partita.models.sizes import MEAN_GAIN, SIZES, WaveNetConfig
from partita.runs.config import from_table
from partita.runs.config_formats import upgrade_run_config
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, RolloutConfig, TrainConfig
from partita.training.train import resume, train

Make = Callable[..., TrainConfig]
FINE = Quantizer(kind="linear", classes=65535)


@pytest.mark.parametrize("head", ["logistic", "gaussian"])
def test_a_run_of_16_bits_learns_resumes_and_draws(
    corpus: Corpus, make_config: Make, tmp_path: Path, head: str
) -> None:
    shape = replace(make_config().network_shape, head=head, classes=65535, mixtures=3)
    config = make_config(network=shape, quantizer=FINE, steps=30, learning_rate=4e-3)
    whole = train(corpus, tmp_path / "whole", config, quiet=True)
    begun = train(corpus, tmp_path / "begun", config, quiet=True, stop=lambda: True)
    resume(begun, corpus=corpus, quiet=True)
    first, second = (load(run).model.state_dict() for run in (whole, begun))
    assert all(np.array_equal(value.numpy(), second[name].numpy()) for name, value in first.items())
    loaded = load(whole)
    bits = bits_per_sample(loaded.wavenet, corpus, "validation", loaded.quantizer)
    assert bits.value < 15.5  # 16 for a uniform distribution
    clips = loaded.draw(0.1, clips=2, seed=1)
    assert clips.dtype == np.float32
    assert len(np.unique(clips)) > 256


@pytest.mark.parametrize("head", ["logistic", "gaussian"])
def test_clips_of_16_bits_and_their_judge_resume_bitwise(
    corpus: Corpus, make_config: Make, tmp_path: Path, head: str
) -> None:
    shape = replace(make_config().network_shape, head=head, classes=65535, mixtures=2)
    small = RolloutConfig(clips=4, length=128, initial_length=64, prompt_tail=1024)
    base = make_config(network=shape, quantizer=FINE, steps=6, validations=2, rollout=small)
    judge = AdversaryConfig(discriminators=("patchgan",), weight=0.25)
    config = replace(with_arm(base, "pathwise"), adversary=judge)
    whole = train(corpus, tmp_path / "whole", config, quiet=True)
    begun = train(corpus, tmp_path / "begun", config, quiet=True, stop=lambda: True)
    resume(begun, corpus=corpus, quiet=True)
    first, second = (RunFolder.open(run).newest_checkpoint() for run in (whole, begun))
    files = sorted(path.name for path in first.glob("*.safetensors"))
    assert "rollout.safetensors" in files and "adversary.safetensors" in files
    for name in files:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_the_settings_give_the_shape() -> None:
    config = TrainConfig(size="tiny", head="logistic", mixtures=4, quantizer=FINE)
    expected = replace(SIZES["tiny"], head="logistic", mixtures=4, classes=65535, mean_gain=MEAN_GAIN)
    assert config.network_shape == expected
    assert TrainConfig(size="tiny", quantizer=Quantizer(classes=512)).network_shape.classes == 512
    again = TrainConfig(network=config.network_shape, quantizer=FINE)
    assert again.network_shape == config.network_shape
    assert again.network_shape.embeddings == 256


def test_a_run_from_before_the_gain_of_means_goes_on_without_one(
    corpus: Corpus, make_config: Make, tmp_path: Path
) -> None:
    shape = replace(make_config().network_shape, head="gaussian", mean_gain=1.0)
    run = train(corpus, tmp_path / "run", make_config(network=shape, steps=4), quiet=True, stop=lambda: True)
    old = RunFolder.open(run).config()
    del old["network"]["mean_gain"], old["training"]["network"]
    old["training"]["head"] = "gaussian"
    upgraded = upgrade_run_config(old)
    assert upgraded["training"]["network"]["mean_gain"] == 1.0
    kept = from_table(WaveNetConfig, upgraded["training"]["network"], where="training")
    assert TrainConfig(network=kept, steps=4, head="gaussian").network_shape == shape


@pytest.mark.parametrize("gain", [0.0, 2.0, 0.3, -0.5])
def test_a_gain_is_a_power_of_two(gain: float) -> None:
    with pytest.raises(PartitaError, match="`mean_gain` is"):
        replace(SIZES["tiny"], mean_gain=gain)


def test_a_head_without_logits_has_no_judge() -> None:
    for arm in ("report", "policy", "gumbel", "ddo", "report-formula"):
        with pytest.raises(PartitaError, match=r"the head `gaussian` has no logits"):
            with_arm(TrainConfig(head="gaussian", steps=1), arm)


def test_too_many_classes_for_the_head_are_refused() -> None:
    with pytest.raises(PartitaError, match=r"the head `categorical` has at most 32768"):
        TrainConfig(quantizer=FINE)
    with pytest.raises(PartitaError, match=r"`head` is 'student'"):
        replace(SIZES["tiny"], head="student")


def test_settings_that_have_no_effect_or_waste_classes_are_refused() -> None:
    with pytest.raises(PartitaError, match=r"`mixtures` is 3, but the head `gaussian` has none"):
        TrainConfig(head="gaussian", mixtures=3)
    with pytest.raises(PartitaError, match=r"`quantizer.kind` is 'mu-law', which leaves most of 65535"):
        TrainConfig(head="gaussian", quantizer=Quantizer(classes=65535))


def test_another_head_or_other_classes_have_their_own_remedy(
    corpus: Corpus, make_config: Make, tmp_path: Path
) -> None:
    config = make_config(network=None, size="tiny", head="logistic", mixtures=2, steps=1)
    run = train(corpus, tmp_path / "run", config, quiet=True)
    for changes, words in (
        ({"head": "gaussian", "mixtures": None}, "give `--head logistic` and `--mixtures 2`"),
        ({"quantizer": Quantizer(classes=512)}, "has 256 mu-law classes, not 512 mu-law classes"),
    ):
        with pytest.raises(PartitaError, match=words):
            train(corpus, tmp_path / "other", replace(config, **changes), start_from=run, quiet=True)
