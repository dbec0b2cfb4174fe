"""Properties of all discriminators: shapes, receptive fields, independent clips, and spectral norm."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from partita.audio.quantizer import Quantizer
from partita.device import thread_limit
from partita.errors import PartitaError
from partita.models.discriminators.base import Discriminator, SubDiscriminator
from partita.models.discriminators.ensemble import (
    KINDS,
    DiscriminatorEnsemble,
    EnsembleConfig,
    make_discriminator,
)
from partita.models.discriminators.layers import ConvLayer, ConvStack, ConvStackConfig, SpectralNorm
from partita.models.discriminators.multi_period import MultiPeriodConfig, PeriodDiscriminator
from partita.models.discriminators.multi_resolution import MultiResolutionConfig, ResolutionDiscriminator
from partita.models.discriminators.multi_scale import MultiScaleConfig, ScaleDiscriminator
from partita.models.discriminators.patchgan import PatchGANConfig
from partita.models.discriminators.trunk import TrunkConfig, TrunkShape
from partita.models.sizes import WaveNetConfig

CONFIG = EnsembleConfig(
    discriminators=KINDS,
    patchgan=PatchGANConfig(layers=3, channels=16, most_channels=32),
    multi_scale=MultiScaleConfig(scales=2, layers=2, most_channels=32),
    multi_period=MultiPeriodConfig(periods=(2, 5), layers=2, most_channels=32),
    spectral=MultiResolutionConfig(sizes=(64, 128), layers=2),
    trunk=TrunkConfig(layers=3),
)
SHAPE = TrunkShape(
    WaveNetConfig(
        blocks=1, layers=4, residual_channels=6, dilation_channels=5, skip_channels=7, end_channels=4
    ),
    tuple(map(float, Quantizer().table)),
)
COMPLEX = replace(CONFIG, spectral=replace(CONFIG.spectral, view="complex"))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks as small as these lose more by sharing work among threads than they gain."""
    with thread_limit(1):
        yield


def made(config: EnsembleConfig, generator: torch.Generator | None = None) -> Discriminator:
    return make_discriminator(config, generator=generator, trunk_shape=SHAPE)


def without_normalisation(config: EnsembleConfig) -> EnsembleConfig:
    """Return the config without normalisation, whose means depend on the whole clip."""
    shapes: dict[str, Any] = {
        name: replace(getattr(config, name), normalisation="none")
        for name in ("patchgan", "multi_scale", "multi_period", "spectral")
    }
    return replace(config, **shapes)


def parts(config: EnsembleConfig) -> list[SubDiscriminator]:
    ensemble = made(config, generator=torch.Generator().manual_seed(0))
    assert isinstance(ensemble, DiscriminatorEnsemble)
    return [cast("SubDiscriminator", part) for part in ensemble.parts]


def noise(clips: int, samples: int, seed: int = 1) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(clips, samples, generator=random, dtype=torch.float64)


@pytest.mark.parametrize("samples", [512, 777])
@pytest.mark.parametrize("config", [CONFIG, COMPLEX])
def test_feature_maps_have_the_batch_first_and_time_next_and_logits_come_last(
    config: EnsembleConfig, samples: int
) -> None:
    ensemble = made(config)
    maps_of_each = ensemble.feature_maps(torch.zeros(3, samples))
    assert len(maps_of_each) == 8
    for maps in maps_of_each:
        assert len(maps) >= 3
        assert all(features.shape[0] == 3 and features.ndim >= 3 for features in maps[:-1])
        times = [features.shape[1] for features in maps[:-1]]
        assert times == sorted(times, reverse=True)
        assert maps[-1].ndim == 2


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("config", [CONFIG, COMPLEX])
def test_a_logit_depends_exactly_on_its_receptive_field(config: EnsembleConfig, number: int) -> None:
    part = parts(without_normalisation(config))[number].double()
    waveform = noise(1, 4 * part.receptive_field + 4).requires_grad_()
    logits = part(waveform)[-1]
    torch.autograd.backward(logits[0, logits.shape[1] // 2])
    assert waveform.grad is not None
    seen = waveform.grad[0].nonzero().flatten()
    assert int(seen[-1] - seen[0]) + 1 == part.receptive_field
    if isinstance(part, PeriodDiscriminator):
        assert set((seen - seen[0]).remainder(part.period).tolist()) == {0}


@pytest.mark.parametrize("spectral_norm", [False, True])
@pytest.mark.parametrize("config", [CONFIG, without_normalisation(COMPLEX)])
def test_every_weight_gets_a_gradient(config: EnsembleConfig, spectral_norm: bool) -> None:
    kinds = tuple(kind for kind in KINDS if not (spectral_norm and kind == "trunk"))
    ensemble = made(replace(config, spectral_norm=spectral_norm, discriminators=kinds)).double()
    maps_of_each = ensemble.feature_maps(noise(2, 600))
    torch.autograd.backward(torch.stack([maps[-1].square().mean() for maps in maps_of_each]).sum())
    for name, parameter in ensemble.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("config", [CONFIG, COMPLEX, without_normalisation(CONFIG)])
def test_the_clips_of_a_batch_are_independent(config: EnsembleConfig) -> None:
    ensemble = made(config).double()
    clips = noise(3, 600)
    together, alone = ensemble.feature_maps(clips), ensemble.feature_maps(clips[1:2])
    for maps, own in zip(together, alone, strict=True):
        for features, ours in zip(maps, own, strict=True):
            torch.testing.assert_close(features[1:2], ours)


@pytest.mark.parametrize("number", range(8))
def test_the_shortest_waveform_has_a_logit_and_a_shorter_one_is_refused(number: int) -> None:
    part = parts(CONFIG)[number]
    assert part(torch.zeros(1, part.min_samples))[-1].shape[1] >= 1
    with pytest.raises(
        PartitaError, match=f"has {part.min_samples - 1} samples: .* needs at least {part.min_samples}"
    ):
        part(torch.zeros(1, part.min_samples - 1))


def test_configs_give_the_shortest_waveform_and_an_ensemble_the_largest_receptive_field() -> None:
    ensemble = made(CONFIG)
    assert ensemble.min_samples == max(CONFIG.min_samples.values())
    assert ensemble.receptive_field == max(part.receptive_field for part in parts(CONFIG))
    for kind, least in CONFIG.min_samples.items():
        assert made(replace(CONFIG, discriminators=(kind,))).min_samples == least


@pytest.mark.parametrize("kind", ["multi-scale", "multi-period", "spectral"])
def test_the_default_receptive_fields_exceed_the_small_generators(kind: str) -> None:
    from partita.models.sizes import size_named

    field = made(EnsembleConfig(discriminators=(kind,))).receptive_field
    assert field > size_named("small").receptive_field


def test_initial_weights_come_from_the_stream() -> None:
    config = replace(CONFIG, spectral_norm=True, discriminators=KINDS[:-1])
    one, two, other = (
        made(config, generator=torch.Generator().manual_seed(seed)).state_dict() for seed in (0, 0, 1)
    )
    assert all(torch.equal(value, two[name]) for name, value in one.items())
    kernels = [name for name in one if "kernels" in name or name.endswith(".u")]
    assert kernels and not any(
        torch.equal(one[name], other[name]) for name in kernels if one[name].numel() > 1
    )


@pytest.mark.parametrize(("kernel_size", "stride"), [(15, 1), (12, 4), (5, 3), (4, 2)])
def test_a_convolution_divides_time_by_its_stride(kernel_size: int, stride: int) -> None:
    stack = ConvStack(ConvStackConfig((ConvLayer(kernel_size, stride, 16),)))
    for time in range(stride, 5 * stride):
        assert [maps.shape[1] for maps in stack(torch.zeros(1, time))] == [time // stride] * 2


def test_a_period_discriminator_reads_each_phase_separately_and_its_logits_are_in_the_order_of_time() -> None:
    part = PeriodDiscriminator(CONFIG.multi_period, period=5).double()
    waveform = noise(1, 5 * 40)
    phases = torch.stack([part.chain(waveform[:, phase::5])[-1] for phase in range(5)], 2)
    torch.testing.assert_close(part(waveform)[-1], phases.flatten(1))


def test_the_spectrum_of_a_cosine_by_hand() -> None:
    """A cosine gives half its amplitude times the sum of the window, which is scaled to norm 1."""
    part = ResolutionDiscriminator(MultiResolutionConfig(view="complex", layers=2), size=64).double()
    time = torch.arange(640, dtype=torch.float64)
    power = part.spectrum(0.3 * torch.cos(2 * torch.pi * 10 / 64 * time)[None]).square().sum(1)[0, 20]
    window = torch.hann_window(64, dtype=torch.float64)
    assert power.argmax() == 10
    assert power[10].item() == pytest.approx((0.15 * window.sum() / window.norm()).item() ** 2, rel=1e-6)
    logs = ResolutionDiscriminator(MultiResolutionConfig(layers=2), size=64).double()
    log_magnitude = logs.spectrum(0.3 * torch.cos(2 * torch.pi * 10 / 64 * time)[None])[0, 0, 20]
    torch.testing.assert_close(log_magnitude, torch.log1p(power / 1e-6) / 2)


def test_white_noise_has_its_variance_in_every_bin_and_silence_is_zero() -> None:
    part = ResolutionDiscriminator(MultiResolutionConfig(view="complex"), size=128)
    power = part.spectrum(0.1 * torch.randn(64, 2048)).square().sum(1)[:, 4:-4, 1:-1].mean()
    assert power.item() == pytest.approx(0.01, rel=0.05)
    magnitudes = ResolutionDiscriminator(MultiResolutionConfig(), size=128)
    assert magnitudes.spectrum(torch.zeros(1, 256)).abs().max() == 0
    silence = torch.zeros(1, 256, requires_grad=True)
    torch.autograd.backward(magnitudes.spectrum(silence).sum())
    assert silence.grad is not None and torch.isfinite(silence.grad).all()


def test_halving_the_rate_removes_the_highest_frequency() -> None:
    part = ScaleDiscriminator(CONFIG.multi_scale, halvings=1)
    fastest = torch.tensor([1.0, -1.0]).repeat(128)[None]
    inner = part(0.0 * fastest)[0][:, 10:-10]
    torch.testing.assert_close(part(fastest)[0][:, 10:-10], inner)


@pytest.mark.parametrize("shape", [(6, 4), (4, 9), (48, 1), (8, 3, 5)])
def test_spectral_norm_gives_a_largest_singular_value_of_1(shape: tuple[int, ...]) -> None:
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    bound = SpectralNorm(weight, generator=torch.Generator().manual_seed(1))
    for _ in range(100):
        bound(weight)
    assert torch.linalg.matrix_norm(bound(weight).flatten(1), ord=2).item() == pytest.approx(1, abs=1e-4)
    moved = weight + 0.1 * torch.randn(shape)
    for _ in range(100):
        bound(moved)
    assert torch.linalg.matrix_norm(bound(moved).flatten(1), ord=2).item() == pytest.approx(1, abs=1e-4)


def test_the_gradient_of_spectral_norm_agrees_with_the_exact_one() -> None:
    weight = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    bound = SpectralNorm(weight).double()
    for _ in range(200):
        bound(weight)
    target = torch.randn(5, 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda one: (one / torch.linalg.matrix_norm(one, ord=2) * target).sum(), weight.requires_grad_()
    )
    (ours,) = torch.autograd.grad((bound(weight) * target).sum(), weight)
    exact = (weight / torch.linalg.matrix_norm(weight, ord=2) * target).sum()
    torch.testing.assert_close(ours, torch.autograd.grad(exact, weight)[0])


def test_spectral_norm_is_computed_in_float32_under_autocast() -> None:
    weight = torch.randn(48, 16, generator=torch.Generator().manual_seed(0))
    bound = SpectralNorm(weight).eval()
    plain = bound(weight)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(bound(weight), plain)


def test_in_evaluation_mode_the_singular_vector_does_not_change() -> None:
    bound = SpectralNorm(torch.randn(5, 3)).eval()
    before = bound.u.clone()
    bound(torch.randn(5, 3))
    assert torch.equal(bound.u, before)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MultiScaleConfig(scales=0), "`scales` is 0"),
        (lambda: MultiScaleConfig(layers=9), "`layers` is 9"),
        (lambda: MultiScaleConfig(normalisation="batch"), "`normalisation` is 'batch'"),
        (lambda: MultiPeriodConfig(periods=()), "`periods` is ()"),
        (lambda: MultiPeriodConfig(layers=9), "`layers` is 9"),
        (lambda: MultiResolutionConfig(sizes=(100,)), "multiples of 8"),
        (lambda: MultiResolutionConfig(layers=9), "each at least 1024"),
        (lambda: MultiResolutionConfig(view="mel"), "`view` is 'mel'"),
        (lambda: MultiResolutionConfig(channels=0), "`channels` is 0"),
    ],
)
def test_invalid_shapes_are_refused(make: Any, words: str) -> None:
    with pytest.raises(PartitaError) as caught:
        make()
    assert words in str(caught.value)
