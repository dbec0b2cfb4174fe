"""Shapes of networks: invalid ones are refused."""

from typing import Any

import pytest

from partita.errors import PartitaError
from partita.models.discriminators.multi_period import MultiPeriodConfig
from partita.models.discriminators.multi_resolution import MultiResolutionConfig
from partita.models.discriminators.multi_scale import MultiScaleConfig
from partita.models.discriminators.patchgan import PatchGANConfig
from partita.models.sizes import WaveNetConfig

CHANNELS = ("residual_channels", "dilation_channels", "skip_channels", "end_channels")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("blocks", 0),
        ("kernel_size", 1),
        ("classes", 40000),
        ("layers", 2.5),
        ("layers", True),
        ("layers", 10**9),
        ("blocks", 10**30),
        ("skip_channels", 10**6),
    ],
)
def test_invalid_shapes_are_refused(field: str, value: float) -> None:
    shape: dict[str, Any] = {
        "blocks": 1,
        "layers": 2,
        "residual_channels": 4,
        "dilation_channels": 4,
        "skip_channels": 4,
        "end_channels": 4,
    }
    with pytest.raises(PartitaError, match=field):
        WaveNetConfig(**{**shape, field: value})


def test_networks_that_are_too_large_are_refused() -> None:
    channels: dict[str, Any] = dict.fromkeys(CHANNELS, 4)
    with pytest.raises(PartitaError, match=r"the receptive field is .* must be at most"):
        WaveNetConfig(blocks=64, layers=20, **channels)
    wide: dict[str, Any] = dict.fromkeys(channels, 1 << 14)
    with pytest.raises(PartitaError, match=r"weights, must be at most .*: give fewer channels"):
        WaveNetConfig(blocks=1, layers=2, **wide)


@pytest.mark.parametrize("kind", [PatchGANConfig, MultiScaleConfig, MultiPeriodConfig, MultiResolutionConfig])
@pytest.mark.parametrize("field", ["layers", "channels"])
@pytest.mark.parametrize("value", [0, 10**9, 10**30])
def test_invalid_discriminators_are_refused(kind: type, field: str, value: int) -> None:
    # regression: a billion layers took minutes to refuse
    with pytest.raises(PartitaError, match=f"`{field}` is"):
        kind(**{field: value})


def test_too_many_sub_discriminators_are_refused() -> None:
    for kind, field in ((MultiPeriodConfig, "periods"), (MultiResolutionConfig, "sizes")):
        for values in ((), (64,) * 17, (0,), (1 << 30,)):
            settings: dict[str, Any] = {field: values}
            with pytest.raises(PartitaError, match=f"`{field}` is"):
                kind(**settings)
