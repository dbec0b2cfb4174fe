"""The shapes of a network are computed without its memory, and without PyTorch's compiler."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from torch import nn

from partita.audio.features.layout import FrameLayout
from partita.models.choice import MODELS, Shape, make_model
from partita.models.flows.iaf import IAFConfig
from partita.models.flows.maf import MAFConfig
from partita.models.frame_tier.config import FrameModelConfig
from partita.models.frame_tier.model import FrameModel
from partita.models.sizes import SIZES
from partita.models.waveform_gan import GANConfig
from partita.runs.tensors import TensorSpecs, tensor_specs
from partita.runs.weights import network_shapes

SUPPORT = Path(__file__).parents[1] / "support"
LAYOUT = FrameLayout(hop_length=80, bands=6, sample_rate=8000)


NETWORK = replace(SIZES["tiny"], condition=LAYOUT, period_taps=3)


@pytest.mark.parametrize("shape", [None, IAFConfig(), MAFConfig(), GANConfig()], ids=MODELS)
def test_the_shapes_are_those_of_the_real_network(shape: Shape | None) -> None:
    network = NETWORK if shape is None else SIZES["tiny"]
    assert network_shapes(lambda: make_model(network, shape)) == specs_of(make_model(network, shape))


def test_the_shapes_are_those_of_the_real_frame_tier() -> None:
    config = FrameModelConfig(layout=LAYOUT)
    assert network_shapes(lambda: FrameModel(config)) == specs_of(FrameModel(config))


def specs_of(model: nn.Module) -> TensorSpecs:
    return tensor_specs(model.state_dict())


def test_loading_and_drawing_does_not_import_what_it_does_not_need(tmp_path: Path) -> None:
    """Loading a model once imported PyTorch's compiler, to compute shapes, which took a second."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from two_tiers import two_tier_run\nfrom pathlib import Path\n"
        "run = two_tier_run(Path(sys.argv[2]))\n"
        "from partita.runs.loading import load\n"
        "assert load(run.path).draw(seconds=0.02).shape == (1, 160)\n"
        "unwanted = {'torch._dynamo', 'sympy', 'scipy.signal', 'scipy.fft', 'scipy.special'}\n"
        "assert not unwanted & set(sys.modules), unwanted & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(SUPPORT), str(tmp_path / "run")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
