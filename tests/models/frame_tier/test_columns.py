"""Mixtures of Gaussians: numbers computed by hand, densities that integrate to one, the order of columns."""

import math

import pytest
import torch
from torch import Tensor

from partita.models.frame_tier.columns import PITCH, ColumnChain, Mixture, semitone_bins


def chain_of(columns: int = 4, *, score: bool = False) -> ColumnChain:
    generator = torch.Generator().manual_seed(3)
    chain = ColumnChain(
        columns=columns, context=6, channels=5, mixtures=3, score=score, generator=generator
    ).double()
    with torch.no_grad():
        for parameter in chain.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.2)
    return chain


def inputs(rows: int, columns: int = 4) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(4)
    return tuple(
        torch.randn(1, 1, size, generator=generator, dtype=torch.float64).repeat(rows, 1, 1)
        for size in (6, columns, columns)
    )  # type: ignore[return-value]


def test_a_mixture_is_the_one_computed_by_hand() -> None:
    mixture = Mixture(
        torch.tensor([math.log(3.0), 0.0]), torch.tensor([1.0, -2.0]), torch.tensor([0.0, math.log(2.0)])
    )
    # 0.75 N(0.5; 1, 1) + 0.25 N(0.5; -2, 2) = 0.75 * 0.352065 + 0.25 * 0.091325
    assert float(mixture.nats(torch.tensor(0.5))) == pytest.approx(-math.log(0.286880), abs=1e-5)


@pytest.mark.parametrize("column", [0, 1, 2, 3])
def test_a_columns_density_integrates_to_one(column: int) -> None:
    axis = torch.linspace(-40.0, 40.0, 40_001, dtype=torch.float64)
    context, before, values = inputs(len(axis))
    values[:, 0, column] = axis
    with torch.no_grad():
        columns, pitch = chain_of()(context, before, values, None)
    nats = pitch.nats(values[..., 1]) if column == PITCH else columns.nats(values)[..., column]
    assert float(torch.trapezoid((-nats[:, 0]).exp(), axis)) == pytest.approx(1.0, abs=1e-6)


def test_a_column_depends_on_the_columns_before_it_alone() -> None:
    chain, (context, before, values) = chain_of(), inputs(1)
    values.requires_grad_()
    columns, pitch = chain(context, before, values, None)
    for d in range(4):
        mixture = pitch if d == PITCH else Mixture(*(part[:, :, d] for part in columns))
        total = torch.cat([part.flatten() for part in mixture]).sum()
        (gradient,) = torch.autograd.grad(total, values, retain_graph=True)
        assert (gradient[0, 0, d:] == 0).all()
        assert (gradient[0, 0, :d] != 0).all()


def test_the_pitch_has_a_gaussian_at_each_semitone() -> None:
    _, pitch = chain_of()(*inputs(1), None)
    semitones = 12.0 * pitch.means[0, 0, 3:] + 69.0
    torch.testing.assert_close(semitones.diff(), torch.ones(83, dtype=torch.float64), rtol=0, atol=1e-9)
    assert float((semitones[0].detach() - 24.0).abs()) < 1.0


def test_bins_tell_cents_apart() -> None:
    bins = semitone_bins(torch.tensor((60.25 - 69.0) / 12.0))
    assert [round(float(bins[i]), 5) for i in (35, 36, 37, 38)] == [0.0, 0.75, 0.25, 0.0]


def test_changes_of_the_pitch_are_in_semitones() -> None:
    # in octaves a network could not learn them: drawn pitch fell by a third of a semitone every frame
    chain, (context, before, values) = chain_of(), inputs(1)
    with torch.no_grad():
        chain.output.zero_()
        chain.output_bias.zero_()
        chain.output_bias[:, 3:6] = 1.0
        chain.carry_change.zero_()
        columns, _ = chain(context, before, values, None)
    change = columns.means[0, 0, :, 0] - before[0, 0]
    unit = torch.tensor([1.0, 1.0 / 12.0, 1.0, 1.0], dtype=torch.float64)
    torch.testing.assert_close(change, unit, rtol=0, atol=1e-7)
    torch.testing.assert_close(columns.log_deviations[0, 0, :, 0].exp(), unit, rtol=0, atol=1e-7)


def test_a_row_of_a_score_raises_its_semitones_and_no_others() -> None:
    chain = chain_of(score=True)
    rows = torch.zeros(1, 1, 3, 84, dtype=torch.float64)
    with torch.no_grad():
        _, without = chain(*inputs(1), rows)
        for row in range(3):
            changes = []
            for semitone in (20, 60):
                rows.zero_()[..., row, semitone] = 1.0
                _, pitch = chain(*inputs(1), rows)
                change = pitch.logits[0, 0, 3:] - without.logits[0, 0, 3:]
                changes.append(float(change[semitone]))
                assert float(change.abs().sum()) == pytest.approx(abs(changes[-1]), abs=1e-12)
            assert changes[0] == pytest.approx(changes[1], abs=1e-12) != 0.0, "the weights are shared"


def test_drawn_numbers_have_the_mean_and_the_variance_of_the_mixture() -> None:
    one = Mixture(
        torch.tensor([math.log(3.0), 0.0]), torch.tensor([1.0, -2.0]), torch.tensor([0.0, math.log(2.0)])
    )
    many = Mixture(*(part.expand(40_000, 2) for part in one))
    drawn = many.draw(torch.Generator().manual_seed(0))
    # mean 0.75 * 1 - 0.25 * 2, variance 0.75 * (1 + 1) + 0.25 * (4 + 4) - mean^2
    assert float(drawn.mean()) == pytest.approx(0.25, abs=0.05)
    assert float(drawn.var()) == pytest.approx(3.4375, rel=0.03)
