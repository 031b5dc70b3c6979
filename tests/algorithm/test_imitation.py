"""Eq. 4 on a tiny network in float64: finite differences, loops over externals and pairs, one step down."""

import pytest
import torch
from torch.func import functional_call

from micra_lite.imitation import adapt, imitation_loss, meta_loss, meta_parameters, predict
from micra_lite.networks import MetaImitator

K, FEATURES, ACTIONS = 3, 2, 3  # externals; what one pair looks like


@pytest.fixture
def imitator():
    """A 2-3-3 network with random parameters, and another random step size for each of them."""
    net = MetaImitator(FEATURES, 3, ACTIONS, step_size=0.3).double()
    g = torch.Generator().manual_seed(0)
    for name, p in net.named_parameters():
        noise = torch.randn(p.shape, generator=g, dtype=torch.float64)
        p.data = 0.5 * noise - 1.0 if name.startswith("log_step_size") else noise
    return net


def pairs(count, seed):
    """Observations (K, count, F), actions (K, count), no weights."""
    g = torch.Generator().manual_seed(seed)
    seen = torch.randn(K, count, FEATURES, generator=g, dtype=torch.float64)
    return seen, torch.randint(ACTIONS, (K, count), generator=g), None


SUPPORT, QUERY = pairs(4, 1), pairs(5, 2)


def theta(imitator):
    """θ without what steers the inner loop."""
    return {n: p for n, p in imitator.named_parameters() if not n.startswith("log_")}


def loss_by_loops(imitator, parameters, seen, actions):
    """Mean cross-entropy of one external's pairs (P, F), (P,), one forward pass per pair."""
    losses = [-functional_call(imitator, parameters, (o,))[a] for o, a in zip(seen, actions.tolist(), strict=True)]
    return sum(losses) / len(losses)


def meta_loss_by_loops(imitator, support, query, steps, step_size, second_order):
    """Eq. 4, external by external; without second order the inner gradients count as constants."""
    total = 0.0
    for k in range(K):
        own = theta(imitator)
        for _ in range(steps):
            loss = loss_by_loops(imitator, own, support[0][k], support[1][k])
            slopes = torch.autograd.grad(loss, list(own.values()), create_graph=True)
            if not second_order:
                slopes = [s.detach() for s in slopes]
            rates = [step_size] * len(own)
            if step_size is None:
                trust = support[1].shape[1] / (support[1].shape[1] + imitator.log_prior_pairs.exp())
                rates = [trust * imitator.log_step_size["_".join(n.split(".")[1:])].exp() for n in own]
            own = {n: p - r * s for (n, p), r, s in zip(own.items(), rates, slopes, strict=True)}
        total = total + loss_by_loops(imitator, own, query[0][k], query[1][k])
    return total / K


def differences(parameters, function, step=1e-5):
    """Central finite differences of function() in every entry of the parameters, name → tensor."""
    slopes = {}
    for name, p in parameters:
        slopes[name], flat = torch.zeros_like(p), p.data.view(-1)
        for j in range(len(flat)):
            middle, ends = float(flat[j]), []
            for moved in (middle + step, middle - step):
                flat[j] = moved
                ends.append(float(function().detach()))
            flat[j] = middle
            slopes[name].view(-1)[j] = (ends[0] - ends[1]) / (2 * step)
    return slopes


def gradients(imitator, loss):
    names, tensors = zip(*imitator.named_parameters(), strict=True)
    return dict(zip(names, torch.autograd.grad(loss, tensors, allow_unused=True), strict=True))


@pytest.mark.parametrize("step_size", [0.4, None], ids=["one step size", "learned step sizes"])
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_second_order_gradient_is_the_finite_difference(imitator, steps, step_size):
    """The whole of Eq. 4, inner loop included, in every parameter, learned step size, and in n_0."""

    def outer():
        return meta_loss(imitator, SUPPORT, QUERY, steps, step_size)[0]

    found = gradients(imitator, outer())
    for name, slope in differences(imitator.named_parameters(), outer).items():
        if step_size is not None and name.startswith("log_"):
            assert found[name] is None
        elif steps or not name.startswith("log_"):
            torch.testing.assert_close(found[name], slope, rtol=1e-6, atol=1e-8)
            assert slope.abs().max() > 1e-6  # none of them is idle


@pytest.mark.parametrize("second_order", [True, False])
@pytest.mark.parametrize("step_size", [0.4, None], ids=["one step size", "learned step sizes"])
def test_equals_the_loop_over_externals(imitator, step_size, second_order):
    """Value and gradient of Eq. 4, three inner steps, against one external after the other."""
    loss, _ = meta_loss(imitator, SUPPORT, QUERY, 3, step_size, second_order)
    expected = meta_loss_by_loops(imitator, SUPPORT, QUERY, 3, step_size, second_order)
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-12)
    wanted = gradients(imitator, expected)
    for name, slope in gradients(imitator, loss).items():
        assert (slope is None) == (wanted[name] is None)
        if slope is not None:
            torch.testing.assert_close(slope, wanted[name], rtol=1e-10, atol=1e-12)


def test_a_batch_of_externals_estimates_the_mean_over_the_family(imitator):
    """Eq. 1 is a mean over p(𝒯): here a family of three, from which every batch of two may be drawn, repetition too."""

    def loss(*batch):
        support, query = ((seen[list(batch)], actions[list(batch)], None) for seen, actions, _ in (SUPPORT, QUERY))
        return meta_loss(imitator, support, query, 3)[0]

    alone = torch.stack([loss(k) for k in range(K)])
    assert alone.max() - alone.min() > 0.01  # it matters whom one meets
    batches = torch.stack([loss(j, k) for j in range(K) for k in range(K)])
    torch.testing.assert_close(batches.mean(), alone.mean(), rtol=1e-12, atol=1e-12)


def test_first_order_gradient_is_the_finite_difference_of_its_surrogate(imitator):
    """First order: the loss of θ + (θ′ − θ) with the difference held fixed; not the second-order gradient."""
    loss, adapted = meta_loss(imitator, SUPPORT, QUERY, 3, 0.4, second_order=False)
    found = gradients(imitator, loss)
    shift = {n: (adapted[n] - p).detach() for n, p in theta(imitator).items()}

    def surrogate():
        moved = [{n: p + shift[n][k] for n, p in theta(imitator).items()} for k in range(K)]
        return sum(loss_by_loops(imitator, moved[k], QUERY[0][k], QUERY[1][k]) for k in range(K)) / K

    for name, slope in differences(theta(imitator).items(), surrogate).items():
        torch.testing.assert_close(found[name], slope, rtol=1e-6, atol=1e-8)
    second = gradients(imitator, meta_loss(imitator, SUPPORT, QUERY, 3, 0.4)[0])
    assert any((found[n] - second[n]).abs().max() > 1e-3 for n in theta(imitator))


@pytest.mark.parametrize("step_size", [0.4, None])
def test_many_externals_at_once_equal_one_at_a_time(imitator, step_size):
    """`adapt` on (K, P, F) is K calls on (P, F); so are `predict` and `imitation_loss` with the adapted parameters."""
    seen, actions, _ = SUPPORT
    together = adapt(imitator, seen, actions, 3, step_size)
    assert set(together) == set(theta(imitator))
    log_policies, losses = predict(imitator, together, seen), imitation_loss(imitator, together, seen, actions)
    for k in range(K):
        alone = adapt(imitator, seen[k], actions[k], 3, step_size)
        for name, p in alone.items():
            torch.testing.assert_close(together[name][k], p, rtol=1e-12, atol=1e-12)
        expected = loss_by_loops(imitator, alone, seen[k], actions[k])
        torch.testing.assert_close(losses[k], expected, rtol=1e-12, atol=1e-12)
        for o, row in zip(seen[k], log_policies[k], strict=True):
            torch.testing.assert_close(row, functional_call(imitator, alone, (o,)), rtol=1e-12, atol=1e-12)
            assert float(row.exp().sum().detach()) == pytest.approx(1, abs=1e-12)


def test_each_step_size_moves_its_own_parameter(imitator):
    """All learned step sizes but one at zero: one parameter moves, by its step size times its slope."""
    seen, actions = SUPPORT[0][0], SUPPORT[1][0]
    slopes = torch.autograd.grad(
        loss_by_loops(imitator, theta(imitator), seen, actions), list(theta(imitator).values())
    )
    moving = set()
    for rate in imitator.log_step_size.values():
        for other in imitator.log_step_size.values():
            other.data.fill_(float("-inf"))
        rate.data.copy_(torch.linspace(-2, 0, rate.numel(), dtype=torch.float64).view_as(rate))
        adapted = adapt(imitator, seen, actions, 1)
        moved = [n for n, p in theta(imitator).items() if not torch.equal(adapted[n], p)]
        assert len(moved) == 1
        moving.update(moved)
        for (name, p), slope in zip(theta(imitator).items(), slopes, strict=True):
            if name in moved:
                trust = len(actions) / (len(actions) + imitator.log_prior_pairs.exp())
                torch.testing.assert_close(p - trust * rate.exp() * slope, adapted[name], rtol=1e-12, atol=1e-12)
    assert moving == set(theta(imitator))


@pytest.mark.parametrize("step_size", [0.4, None], ids=["one step size", "learned step sizes"])
def test_the_same_pairs_more_often_say_more(imitator, step_size):
    """Learned: one inner step is n/(n + n_0) of the longest. Given: Eq. 4 to the letter, a mean knows no number."""
    seen, actions, _ = SUPPORT
    whole = None
    for times in (10**7, 1, 5, 40):
        n = 4 * times
        if times == 10**7:  # as many as that by their weights
            adapted = adapt(imitator, seen, actions, 1, step_size, torch.full(actions.shape, float(times)).double())
        else:
            adapted = adapt(imitator, seen.repeat(1, times, 1), actions.repeat(1, times), 1, step_size)
        moved = adapted["layers.0.weight"] - imitator.layers[0].weight
        whole = moved if whole is None else whole
        share = 1.0 if step_size else n / (n + float(imitator.log_prior_pairs.detach().exp()))
        torch.testing.assert_close(moved, share * whole, rtol=1e-5, atol=1e-9)


def test_padding_is_ignored(imitator):
    """Externals with 4, 2 and 0 real pairs, garbage after them: as if they had been given without padding."""
    seen, actions, _ = pairs(4, 3)
    real = [4, 2, 0]
    weights = torch.tensor([[1.0] * r + [0.0] * (4 - r) for r in real], dtype=torch.float64)
    together = adapt(imitator, seen, actions, 3, None, weights)
    losses = imitation_loss(imitator, together, seen, actions, weights)
    for k, r in enumerate(real):
        alone = adapt(imitator, seen[k, :r], actions[k, :r], 3)
        for name, p in alone.items():
            torch.testing.assert_close(together[name][k], p, rtol=1e-12, atol=1e-12)
        expected = loss_by_loops(imitator, alone, seen[k, :r], actions[k, :r]) if r else torch.zeros(()).double()
        torch.testing.assert_close(losses[k], expected, rtol=1e-12, atol=1e-12)
    outer, _ = meta_loss(imitator, (seen, actions, weights), (seen, actions, weights), 3)
    torch.testing.assert_close(outer, losses.mean(), rtol=1e-12, atol=1e-12)
    single = adapt(imitator, seen[1], actions[1], 3, None, weights[1])
    torch.testing.assert_close(single, {n: p[1] for n, p in together.items()}, rtol=1e-12, atol=1e-12)


def test_nothing_watched_changes_nothing(imitator):
    """No pairs, no steps, or padding alone: θ′ = θ; and θ itself is never changed by adapting."""
    before = {n: p.detach().clone() for n, p in imitator.named_parameters()}
    (seen, actions, _), trace = SUPPORT, []
    for adapted in (
        adapt(imitator, seen[:, :0], actions[:, :0], 5, trace=trace),
        adapt(imitator, seen, actions, 0),
        adapt(imitator, seen, actions, 5, None, torch.zeros(K, 4, dtype=torch.float64)),
        meta_parameters(imitator, K),
        meta_loss(imitator, pairs(0, 0), QUERY, 5)[1],
    ):
        assert set(adapted) == set(theta(imitator))
        for name, p in adapted.items():
            assert torch.equal(p, before[name].expand(K, *p.shape[1:]))
    assert trace == []  # no steps, no losses
    adapt(imitator, seen, actions, 5)
    assert all(torch.equal(p, before[n]) for n, p in imitator.named_parameters())


@pytest.mark.parametrize("step_size", [0.01, None])
def test_an_inner_step_lowers_the_support_loss(imitator, step_size):
    """For every external, in every one of ten small steps; `trace` holds the loss before each of them, and after the last."""
    seen, actions, _ = SUPPORT
    for rate in imitator.log_step_size.values():
        rate.data -= 2.0  # small
    trace = []
    with torch.no_grad():  # as it is called outside training
        adapted = adapt(imitator, seen, actions, 10, step_size, trace=trace)
    first = [float(loss_by_loops(imitator, theta(imitator), seen[k], actions[k]).detach()) for k in range(K)]
    assert trace[0].tolist() == pytest.approx(first, abs=1e-12)
    losses = torch.stack(trace)
    assert torch.equal(losses[-1], imitation_loss(imitator, adapted, seen, actions).detach())
    assert losses.shape == (11, K)
    assert (losses.diff(dim=0) < 0).all()


@pytest.mark.parametrize("second_order", [True, False])
def test_a_meta_step_lowers_the_meta_loss(imitator, second_order):
    """One small step down the meta-gradient, in θ and in the step sizes."""

    def outer():
        return meta_loss(imitator, SUPPORT, QUERY, 3, None, second_order)[0]

    before = outer()
    before.backward()
    for p in imitator.parameters():
        p.data -= 0.01 * p.grad
    assert float(outer().detach()) < float(before.detach())


def test_mismatched_pairs_are_named(imitator):
    """An observation without its action is refused, for one external and for many."""
    seen, actions, _ = SUPPORT
    for o, a in ((seen, actions[:, 1:]), (seen[0], actions[0, 1:]), (seen[0], actions)):
        with pytest.raises(ValueError, match=r"observations \(.*\) and actions \(.*\) do not fit"):
            adapt(imitator, o, a, 1)
