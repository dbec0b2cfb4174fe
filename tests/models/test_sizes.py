"""Shapes of networks: what is none is refused."""

import pytest

from partita.errors import PartitaError
from partita.models.sizes import WaveNetConfig


@pytest.mark.parametrize(
    ("field", "value"), [("blocks", 0), ("kernel_size", 1), ("classes", 40000), ("layers", 2.5)]
)
def test_shapes_that_are_no_network_are_refused(field: str, value: float) -> None:
    shape = {
        "blocks": 1,
        "layers": 2,
        "residual_channels": 4,
        "dilation_channels": 4,
        "skip_channels": 4,
        "end_channels": 4,
    }
    with pytest.raises(PartitaError, match=field):
        WaveNetConfig(**{**shape, field: value})
