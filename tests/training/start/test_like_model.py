"""The settings of a run that starts from a model are the model's, where no option gives them."""

from partita.audio.quantizer import Quantizer
from partita.training.config.train import TrainConfig
from partita.training.start.like_model import like_model, sample_rate_of


def test_shape_and_quantizer_are_the_models_unless_told_otherwise(stand_in: str) -> None:
    assert TrainConfig().size == "small"
    assert like_model(TrainConfig(), stand_in).size == "tiny"
    other = TrainConfig(quantizer=Quantizer(kind="linear"))
    assert like_model(other, stand_in).quantizer == Quantizer()
    assert like_model(other, stand_in, keep=["quantizer"]).quantizer == other.quantizer
    assert like_model(other, stand_in, keep=["size"]).size == "small"
    assert sample_rate_of(stand_in) == 8000
