"""A meta-update of Eq. 4, ours and by TorchOpt (Ren et al., 2023), which must agree before they are timed."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn.functional import cross_entropy

from micra_lite.imitation import meta_loss
from micra_lite.networks import MetaImitator


def meta_updates(inner_steps: int) -> tuple[Callable[[], int], Callable[[], int]]:
    """Ours and TorchOpt's, as functions to be timed, each of which returns the number of updates that it made.

    16 externals, 20 support and 20 query pairs each, a network 32-64-5, second order, Adam outside. Raises ImportError
    where TorchOpt is not installed, AssertionError where losses or meta-gradients differ by more than 1e-5.
    """
    import torchopt

    torch.manual_seed(0)
    imitator, (K, P), rate = MetaImitator(32, 64, 5, 0.1), (16, 20), 0.1
    layers, parameters = imitator.layers, list(imitator.layers.parameters())
    support, query = ((torch.randn(K, P, 32), torch.randint(5, (K, P))) for _ in range(2))

    def ours() -> torch.Tensor:
        return meta_loss(imitator, (*support, None), (*query, None), inner_steps, rate)[0]

    def theirs() -> torch.Tensor:
        inner, total = torchopt.MetaSGD(layers, lr=rate), torch.zeros(())
        before = [(part, torchopt.extract_state_dict(part, by="reference")) for part in (layers, inner)]
        for seen, moves, asked, answers in zip(*support, *query, strict=True):
            for _ in range(inner_steps):
                inner.step(cross_entropy(layers(seen), moves))
            total = total + cross_entropy(layers(asked), answers) / K
            for part, state in before:
                torchopt.recover_state_dict(part, state)
        return total

    losses = ours(), theirs()
    torch.testing.assert_close(*losses, rtol=0, atol=1e-5)
    for one, other in zip(*(torch.autograd.grad(loss, parameters) for loss in losses), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)

    def work(outer_loss: Callable[[], torch.Tensor], updates: int) -> Callable[[], int]:
        optimiser = torch.optim.Adam(parameters)

        def run() -> int:
            for _ in range(updates):
                optimiser.zero_grad()
                outer_loss().backward()
                optimiser.step()
            return updates

        return run

    return work(ours, 40), work(theirs, 8)
