"""PatchGAN: its shapes, its receptive field and its initial weights."""

import pytest
import torch
from torch.nn import functional

from partita.errors import PartitaError
from partita.models.discriminators.patchgan import PatchGAN, PatchGANConfig

NORMALISATIONS = ["group", "instance", "batch", "none"]


def network(**changes: object) -> PatchGAN:
    config = PatchGANConfig(**{"layers": 4, "channels": 16, "most_channels": 32, **changes})  # type: ignore[arg-type]
    return PatchGAN(config, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_feature_maps_halve_in_time_and_double_in_channels_and_logits_come_last(normalisation: str) -> None:
    maps = network(normalisation=normalisation)(torch.randn(3, 512))
    assert [tuple(m.shape) for m in maps] == [(3, 256, 16), (3, 128, 32), (3, 64, 32), (3, 32, 32), (3, 31)]


@pytest.mark.parametrize("samples", [64, 65, 511])
@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_it_equals_pytorchs_convolutions_and_normalisations(normalisation: str, samples: int) -> None:
    discriminator = network(normalisation=normalisation).double()
    waveform = torch.randn(3, samples, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    hidden = waveform[:, None]
    for layer, (kernel, bias) in enumerate(zip(discriminator.kernels, discriminator.biases, strict=True)):
        weight = kernel.unflatten(0, (4, -1)).permute(2, 1, 0)
        hidden = functional.conv1d(hidden, weight, bias, stride=2, padding=1)
        width = hidden.shape[1]
        if layer > 0 and normalisation == "batch":
            hidden = functional.batch_norm(hidden, None, None, training=True)
        elif layer > 0 and normalisation != "none":
            hidden = functional.group_norm(hidden, {"group": width // 16, "instance": width}[normalisation])
        hidden = functional.leaky_relu(hidden, 0.2)
    logits = functional.conv1d(hidden, discriminator.last[None], discriminator.last_bias[None], padding=1)[
        :, 0
    ]
    torch.testing.assert_close(discriminator(waveform)[-1], logits)


@pytest.mark.parametrize("layers", [1, 3, 5])
def test_a_logit_depends_exactly_on_its_patch(layers: int) -> None:
    """Without normalisation, whose means cover the whole clip, a logit has no gradient outside its patch."""
    discriminator = network(layers=layers, normalisation="none").double()
    waveform = torch.randn(
        1, 4 * discriminator.config.receptive_field, dtype=torch.float64, requires_grad=True
    )
    logits = discriminator(waveform)[-1]
    torch.autograd.backward(logits[0, logits.shape[1] // 2])
    assert waveform.grad is not None
    seen = waveform.grad[0].nonzero().flatten()
    assert int(seen[-1] - seen[0]) + 1 == discriminator.config.receptive_field


def test_initial_weights_are_those_of_pix2pix_and_come_from_the_stream() -> None:
    discriminator = network(channels=64, most_channels=256)
    kernels = torch.cat([p.flatten() for name, p in discriminator.named_parameters() if "kernels" in name])
    assert kernels.std().item() == pytest.approx(0.02, rel=0.02)
    assert kernels.mean().item() == pytest.approx(0.0, abs=1e-3)
    assert torch.equal(network().last, network().last)


@pytest.mark.parametrize("normalisation", ["group", "instance", "none"])
def test_the_clips_of_a_batch_are_independent(normalisation: str) -> None:
    discriminator = network(normalisation=normalisation)
    clips = torch.randn(3, 256, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(discriminator(clips)[-1][1:2], discriminator(clips[1:2])[-1])


@pytest.mark.parametrize("layers", [1, 4, 6])
def test_the_shortest_waveform_has_one_logit_and_a_shorter_one_is_refused(layers: int) -> None:
    discriminator = network(layers=layers, normalisation="none")
    least = 2 * 2**layers
    assert discriminator(torch.zeros(1, least))[-1].shape == (1, 1)
    with pytest.raises(PartitaError, match=f"needs at least {least}; lengthen `targets`"):
        discriminator(torch.zeros(1, least - 1))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"layers": 0}, "`layers` is 0"),
        ({"layers": 17}, "`layers` is 17"),
        ({"channels": 0}, "`channels` is 0"),
        ({"normalisation": "layer"}, "`normalisation` is 'layer'"),
    ],
)
def test_invalid_shapes_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(PartitaError, match=words):
        network(**changes)
