"""The recurrent layer is PyTorch's, in values and gradients."""

import torch

from partita.models.frame_tier.recurrent import RecurrentLayer


def layer_of(inputs: int, channels: int) -> RecurrentLayer:
    generator = torch.Generator().manual_seed(0)
    layer = RecurrentLayer(inputs, channels, generator)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.3)
    return layer


def test_it_equals_the_librarys_layer_with_all_gradients() -> None:
    layer, generator = layer_of(5, 7).double(), torch.Generator().manual_seed(1)
    inputs, state, weights = (
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in ((3, 11, 5), (3, 7), (3, 11, 7))
    )
    inputs.requires_grad_(), state.requires_grad_()
    wanted = [inputs, state, *layer.parameters()]
    library = torch.nn.GRU(5, 7, batch_first=True).double()
    theirs_of = list(library.parameters())
    with torch.no_grad():
        theirs_of[0].copy_(layer.input.T)
        theirs_of[1].copy_(layer.state.T)
        theirs_of[2].copy_(layer.input_bias)
        theirs_of[3].zero_()[14:].copy_(layer.state_bias)
    ours, theirs = layer(inputs, state), library(inputs, state[None])[0]
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    found = torch.autograd.grad((ours * weights).sum(), wanted)
    expected = torch.autograd.grad((theirs * weights).sum(), [inputs, state, *theirs_of])
    transposed = [*expected[:2], expected[2].T, expected[4], expected[3].T, expected[5][14:]]
    for ours_, theirs_ in zip(found, transposed, strict=True):
        torch.testing.assert_close(ours_, theirs_, rtol=1e-12, atol=1e-12)


def test_products_in_bfloat16_are_close() -> None:
    layer, inputs = layer_of(16, 32), torch.randn(2, 20, 16, generator=torch.Generator().manual_seed(2))
    exact = layer(inputs, torch.zeros(2, 32))
    with torch.autocast("cpu", torch.bfloat16):
        close = layer(inputs, torch.zeros(2, 32))
    assert close.dtype == torch.float32
    torch.testing.assert_close(close, exact, rtol=0, atol=0.1)
    assert not torch.equal(close, exact)
