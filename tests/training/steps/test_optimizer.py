"""The optimizers: how an update changes matrices and other weights."""

import torch

from partita.models.sizes import SIZES
from partita.models.wavenet import WaveNet
from partita.training.config.train import TrainConfig
from partita.training.steps.optimizer import MATRICES, MATRIX_RATE, Muon, make_optimizer, orthogonal


def network() -> WaveNet:
    return WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))


def test_orthogonal_keeps_the_singular_vectors_and_levels_the_values() -> None:
    generator = torch.Generator().manual_seed(1)
    matrix = torch.randn(3, 12, 30, generator=generator, dtype=torch.float64)
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    for given in (matrix, matrix.mT):
        result = orthogonal(given) if given is matrix else orthogonal(given).mT
        inner = u.mT @ result @ v.mT
        values = inner.diagonal(dim1=1, dim2=2)
        assert ((values > 0.6) & (values < 1.2)).all()
        assert (inner - torch.diag_embed(values)).abs().max() < 1e-6


def test_a_matrix_moves_by_an_orthogonal_step_of_the_stated_size() -> None:
    model = network()
    optimizer = Muon(model, lr=1e-3, weight_decay=0.0)
    before = model.dilated.detach().clone()
    model.dilated.grad = torch.randn(before.shape, generator=torch.Generator().manual_seed(2))
    optimizer.step()
    values = torch.linalg.svdvals((before - model.dilated.detach()) / (MATRIX_RATE * 1e-3))
    assert values.max() < 1.25  # the smallest values of a square random matrix need more rounds to rise
    assert values.median() > 0.6


def test_weights_that_are_no_matrices_are_updated_by_adam() -> None:
    model, twin = network(), network()
    ours = Muon(model, lr=1e-2, weight_decay=0.1)
    theirs = torch.optim.AdamW(twin.parameters(), lr=1e-2, betas=(0.9, 0.95), weight_decay=0.1)
    for seed in range(4):
        for (name, a), (_, b) in zip(model.named_parameters(), twin.named_parameters(), strict=True):
            gradient = torch.randn(a.shape, generator=torch.Generator().manual_seed(seed))
            a.grad, b.grad = (None, None) if name in MATRICES else (gradient, gradient.clone())
        ours.step()
        theirs.step()
    for (name, a), (_, b) in zip(model.named_parameters(), twin.named_parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7, msg=name)


def test_each_optimizer_learns_a_pattern() -> None:
    classes = (torch.arange(1024 + 200) % 7 * 30)[None]
    for name, rate in (("muon", 4e-3), ("adamw", 2e-3), ("adam", 1e-3)):
        model = network()
        optimizer = make_optimizer(model, TrainConfig(optimizer=name, learning_rate=rate))
        losses = []
        for _ in range(25):
            logits = model(classes[:, :-1])
            loss = torch.nn.functional.cross_entropy(logits[0], classes[0, 1024:])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < 0.5 * losses[0], name
