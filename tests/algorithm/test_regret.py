"""Eq. 2 against plain loops: every expectation is written out as a sum over joint actions, in float64."""

from itertools import product
from math import log, prod, sqrt

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.loops import SEEDS, SIZES, entry, random_policies, regrets_by_loops
from micra_lite.baselines.advantages import coma_advantage, sampled_regret_advantage
from micra_lite.games.matrix import MATRIX_GAMES
from micra_lite.registry import make
from micra_lite.regret import counterfactual_regret_advantage


def random_q(sizes, batch, seed):
    return 10 * torch.randn(batch, *sizes, generator=torch.Generator().manual_seed(seed + 1), dtype=torch.float64)


def assert_close(found, expected, tolerance=1e-12):
    torch.testing.assert_close(torch.as_tensor(found), torch.as_tensor(expected), rtol=tolerance, atol=tolerance)


def check_against_loops(q, policies):
    everyone = list(range(len(policies)))
    for targets in (everyone, everyone[::-1], everyone[-1:]):
        found = counterfactual_regret_advantage(q, policies, targets)
        assert len(found) == len(targets)
        for i, advantage in zip(targets, found, strict=True):
            rows = [regrets_by_loops(q[b].tolist(), [p[b].tolist() for p in policies], i) for b in range(len(q))]
            assert_close(advantage, torch.tensor(rows, dtype=torch.float64), 1e-12 * q.abs().max().item())


@pytest.mark.parametrize("name", MATRIX_GAMES)
def test_equals_enumeration_on_matrix_games(name):
    """Eq. 2 for every agent as target, paid by every agent's payoffs, under ten policies at once."""
    payoffs = make(name).payoffs.double()
    policies = random_policies(payoffs.shape[:-1], 10, 0)
    for paid in payoffs.unbind(-1):
        check_against_loops(paid.expand(10, *paid.shape), policies)


@given(SIZES, st.integers(1, 3), SEEDS)
@settings(deadline=None, max_examples=60)
def test_equals_enumeration_on_drawn_games(sizes, batch, seed):
    """Eq. 2 for up to four agents with unequal numbers of actions, another table in every row of the batch."""
    check_against_loops(random_q(sizes, batch, seed), random_policies(sizes, batch, seed))


@given(SIZES, SEEDS, st.floats(-1e3, 1e3))
@settings(deadline=None, max_examples=40)
def test_mean_is_zero_and_constants_do_not_matter(sizes, seed, constant):
    """Σ_a π_i(a) A_i(a) = 0, and Q + c has the regrets of Q: for CRA, COMA and the sampled estimate alike."""
    q, policies, targets = random_q(sizes, 3, seed), random_policies(sizes, 3, seed), range(len(sizes))
    actions = torch.stack([p.argmax(-1) for p in policies], -1)
    for advantage in (
        lambda q: counterfactual_regret_advantage(q, policies, targets),
        lambda q: coma_advantage(q, policies, targets, actions),
        lambda q: sampled_regret_advantage(q, policies, targets, 2, torch.Generator().manual_seed(seed)),
    ):
        for policy, now, moved in zip(policies, advantage(q), advantage(q + constant), strict=True):
            assert_close((policy * now).sum(-1), torch.zeros(3, dtype=torch.float64), 1e-11)
            assert_close(moved, now, 1e-11 * (1 + abs(constant)))


@given(SIZES, SEEDS)
@settings(deadline=None, max_examples=30)
def test_coma_by_loops_and_its_mean_is_cra(sizes, seed):
    """COMA holds the others at what they did: read off the table; averaged over what they did, it is CRA."""
    q, policies = random_q(sizes, 1, seed), random_policies(sizes, 1, seed)
    table, lists, targets = q[0].tolist(), [p[0].tolist() for p in policies], range(len(sizes))
    means = [[0.0] * a for a in sizes]
    for joint in product(*map(range, sizes)):
        found = coma_advantage(q, policies, targets, torch.tensor([joint]))
        for i in targets:
            own = [entry(table, (*joint[:i], a, *joint[i + 1 :])) for a in range(sizes[i])]
            baseline = sum(p * v for p, v in zip(lists[i], own, strict=True))
            assert_close(found[i][0], torch.tensor([v - baseline for v in own], dtype=torch.float64), 1e-11)
            weight = prod(lists[j][joint[j]] for j in targets)
            for a in range(sizes[i]):
                means[i][a] += weight * float(found[i][0, a])
    for mean, cra in zip(means, counterfactual_regret_advantage(q, policies, targets), strict=True):
        assert_close(cra[0], torch.tensor(mean, dtype=torch.float64), 1e-10)


def gradient_variance(q, policies, i, advantage):
    """Mean and summed variance of ∇ log π_i(a_i)·A(a) in i's logits, by enumerating the joint actions."""
    own = policies[i][0].tolist()
    mean, square = [0.0] * len(own), 0.0
    for joint in product(*[range(p.shape[1]) for p in policies]):
        weight = prod(float(p[0, a]) for p, a in zip(policies, joint, strict=True))
        scale = float(advantage(torch.tensor([joint]))[0, joint[i]])
        gradient = [((a == joint[i]) - own[a]) * scale for a in range(len(own))]  # of the softmax's log
        mean = [m + weight * g for m, g in zip(mean, gradient, strict=True)]
        square += weight * sum(g * g for g in gradient)
    return mean, square - sum(m * m for m in mean)


@pytest.mark.parametrize("sizes", [(2, 3), (3, 2), (2, 2, 3), (3, 1, 2), (2, 3, 2, 2)])
@pytest.mark.parametrize("additive", [False, True])
def test_same_gradient_and_never_more_variance_than_coma(sizes, additive):
    """Rao–Blackwell per decision; where Q is a sum over agents the two advantages, and so the variances, agree."""
    for seed in range(6):
        q, policies = random_q(sizes, 1, seed), random_policies(sizes, 1, seed)
        if additive:
            parts = [random_q((a,), 1, seed + j) for j, a in enumerate(sizes)]
            q = sum(
                p.reshape([-1 if j == axis else 1 for axis in range(len(sizes))])[None] for j, p in enumerate(parts)
            )
        for i in range(len(sizes)):
            cra = counterfactual_regret_advantage(q, policies, [i])[0]
            mean, low = gradient_variance(q, policies, i, lambda _, cra=cra: cra)
            other_mean, high = gradient_variance(
                q, policies, i, lambda a, q=q, p=policies, i=i: coma_advantage(q, p, [i], a)[0]
            )
            assert_close(other_mean, mean, 1e-10)
            if additive or sizes[i] == 1:
                assert high == pytest.approx(low, abs=1e-10)
            else:
                assert high > low + 1e-3


def test_sampled_estimate_is_unbiased_and_its_variance_falls_as_one_over_samples():
    """20,000 estimates each from 1, 4 and 16 draws: means within 4 standard errors, variances as 1/samples."""
    sizes, repeats = (2, 3, 2), 20_000
    q, policies = random_q(sizes, 1, 5), random_policies(sizes, 1, 5)
    lists = [p[0].tolist() for p in policies]
    g = torch.Generator().manual_seed(0)
    many = q.expand(repeats, *sizes), [p.expand(repeats, -1) for p in policies]
    single = None
    for samples in (1, 4, 16):
        for i, estimate in zip((2, 0, 1), sampled_regret_advantage(*many, (2, 0, 1), samples, g), strict=True):
            truth = torch.tensor(regrets_by_loops(q[0].tolist(), lists, i), dtype=torch.float64)
            error = estimate.std(0) / sqrt(repeats)
            assert ((estimate.mean(0) - truth).abs() < 4 * error).all()
        variance = estimate.var(0)
        single = variance if single is None else single
        assert ((variance * samples / single - 1).abs() < 0.05).all()


def regret_matching(payoffs, rounds):
    """Hart & Mas-Colell (2000) with expected payoffs; yields both strategies, and both instantaneous regrets.

    payoffs[p][r][c] is what player p is paid.
    """
    sizes = [len(payoffs[0]), len(payoffs[0][0])]
    total = [[0.0] * size for size in sizes]
    total[0][0], total[1][-1] = 1.0, 1.0  # start away from uniform play
    for _ in range(rounds):
        strategies = []
        for regrets in total:
            positive = [max(r, 0.0) for r in regrets]
            norm = sum(positive)
            strategies.append([p / norm if norm > 0 else 1 / len(regrets) for p in positive])
        x, y = strategies
        worth_row = [sum(y[c] * payoffs[0][r][c] for c in range(sizes[1])) for r in range(sizes[0])]
        worth_column = [sum(x[r] * payoffs[1][r][c] for r in range(sizes[0])) for c in range(sizes[1])]
        got = sum(x[r] * w for r, w in enumerate(worth_row)), sum(y[c] * w for c, w in enumerate(worth_column))
        instant = [[w - got[0] for w in worth_row], [w - got[1] for w in worth_column]]
        yield strategies, instant
        total = [[t + r for t, r in zip(*pair, strict=True)] for pair in zip(total, instant, strict=True)]


@pytest.mark.parametrize("name", [n for n in MATRIX_GAMES if len(make(n).agents) == 2])
def test_equals_the_regrets_of_regret_matching(name):
    """Along a run of regret matching, CRA with Q = payoff is each player's instantaneous regret."""
    payoffs = make(name).payoffs.double()
    for strategies, instant in regret_matching([payoffs[..., p].tolist() for p in (0, 1)], 40):
        policies = [torch.tensor([s], dtype=torch.float64) for s in strategies]
        for p in (0, 1):
            found = counterfactual_regret_advantage(payoffs[None, ..., p], policies, [p])[0]
            assert_close(found[0], torch.tensor(instant[p], dtype=torch.float64), 1e-12 * payoffs.abs().max().item())


def test_regret_matching_finds_the_equilibrium_of_rock_paper_scissors():
    """The oracle above is regret matching indeed: its average play approaches a third each."""
    payoffs = make("rock_paper_scissors").payoffs.double()
    run = [x for (x, _), _ in regret_matching([payoffs[..., p].tolist() for p in (0, 1)], 4000)]
    assert [sum(x[a] for x in run) / len(run) for a in range(3)] == pytest.approx([1 / 3] * 3, abs=0.03)


def bound(q, true, predicted):
    """2·span(Q)·√(KL(π_ℰ‖δ)/2), the divergences of independent externals added up."""
    kl = sum(p * log(p / d) for x, y in zip(true, predicted, strict=True) for p, d in zip(x, y, strict=True))
    return 2 * (q.max() - q.min()).item() * sqrt(max(kl, 0.0) / 2)


@given(st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple), SEEDS, st.floats(0.0, 3.0))
@settings(deadline=None, max_examples=60)
def test_imitation_error_is_bounded(sizes, seed, wrong):
    """Replacing π_ℰ by δ moves no regret by more than the bound; one target (axis 1), all others external."""
    q, policies = random_q(sizes, 1, seed), random_policies(sizes, 1, seed)
    noise = random_policies(sizes, 1, seed + 7)
    predicted = [(p.log() + wrong * n.log()).softmax(-1) for p, n in zip(policies, noise, strict=True)]
    predicted[1] = policies[1]
    truth = torch.tensor(regrets_by_loops(q[0].tolist(), [p[0].tolist() for p in policies], 1), dtype=torch.float64)
    found = counterfactual_regret_advantage(q, predicted, [1])[0][0]
    others = [j for j in range(len(sizes)) if j != 1]
    limit = bound(q, [policies[j][0].tolist() for j in others], [predicted[j][0].tolist() for j in others])
    assert (found - truth).abs().max() <= limit + 1e-6


def test_imitation_bound_is_attained():
    """Matching pennies, own play almost never heads, an almost fair coin taken for a fair one: the bound is sharp."""
    q, own = make("matching_pennies").payoffs.double()[None, ..., 0], torch.tensor([[1e-4, 1 - 1e-4]]).double()
    true, predicted = torch.tensor([[0.51, 0.49]]).double(), torch.tensor([[0.5, 0.5]]).double()
    gap = [counterfactual_regret_advantage(q, [own, e], [0])[0] for e in (true, predicted)]
    assert 0.999 < (gap[0] - gap[1]).abs().max() / bound(q, true.tolist(), predicted.tolist()) < 1
