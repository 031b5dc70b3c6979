"""The variance of gradient estimates against sampled estimators, loops over joint actions, and Rao and Blackwell."""

import math
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from micra_lite import exact
from micra_lite.baselines.advantages import coma_advantage
from micra_lite.registry import external_family, make
from micra_lite.regret import counterfactual_regret_advantage, policy_gradient_objective
from micra_lite.widgets.gradient_cloud import clouds

SIZES = [(2, 3), (3, 2, 2), (2, 1, 3, 2)]  # rectangular, with one agent who has no choice


def problem(sizes, states=3, seed=0):
    """Random q (S, A_1, …, A_n) and policies, some of whose entries are zero."""
    rng = np.random.default_rng(seed)
    policies = [rng.dirichlet(np.ones(size), states) for size in sizes]
    policies[-1][0] = np.eye(sizes[-1])[0]
    return rng.normal(1.0, 2.0, (states, *sizes)), policies


def by_loops(weight, policy, likely, i):
    """tr Cov of ∇ log π_i(a_i) · weight(a) in one state, the gradient taken by autograd; `likely` maps a to Pr(a)."""
    mean, square = np.zeros(len(policy)), 0.0
    for a, p in likely.items():
        if p == 0:
            continue
        logits = torch.tensor(policy).log().requires_grad_()
        logits.log_softmax(0)[a[i]].backward()
        estimate = logits.grad.nan_to_num().numpy() * weight(a)
        mean, square = mean + p * estimate, square + p * float(estimate @ estimate)
    return square - float(mean @ mean)


@pytest.mark.parametrize("sizes", SIZES)
def test_every_estimator_by_loops(sizes):
    q, policies = problem(sizes)
    for i in range(len(sizes)):
        found = exact.gradient_variances(q, policies, i, squared_return=q**2 + 0.7)
        assert set(found) == {"REINFORCE", "REINFORCE, exact Q", "baseline v(s)", "COMA", "CRA, sampled", "CRA, exact"}
        for s in range(len(q)):
            pi = [p[s] for p in policies]
            likely = {a: math.prod(pi[j][x] for j, x in enumerate(a)) for a in np.ndindex(sizes)}
            v = sum(p * q[s][a] for a, p in likely.items())

            def instead(a, s=s, i=i, pi=pi):
                return sum(pi[i][b] * q[s][(*a[:i], b, *a[i + 1 :])] for b in range(sizes[i]))

            def given_own(a, s=s, i=i, pi=pi, likely=likely):
                same = {b: p for b, p in likely.items() if b[i] == a[i]}
                return sum(p * q[s][b] for b, p in same.items()) / sum(same.values())

            weights = {
                "REINFORCE, exact Q": lambda a, s=s: q[s][a],
                "baseline v(s)": lambda a, s=s, v=v: q[s][a] - v,
                "COMA": lambda a, s=s, instead=instead: q[s][a] - instead(a),
                "CRA, sampled": lambda a, v=v, given_own=given_own: given_own(a) - v,
            }
            for name, weight in weights.items():
                assert found[name][s] == pytest.approx(by_loops(weight, pi[i], likely, i), rel=1e-9, abs=1e-9), name
            # a return that is ±√0.7 off its mean, by the toss of a coin
            tossed = {(*a, coin): p / 2 for a, p in likely.items() for coin in (-1, 1)}
            noisy = by_loops(lambda a, s=s: q[s][a[:-1]] + a[-1] * math.sqrt(0.7), pi[i], tossed, i)
            assert found["REINFORCE"][s] == pytest.approx(noisy, rel=1e-9, abs=1e-9)
        assert not found["CRA, exact"].any()


def test_sampled_estimators_scatter_as_computed():
    """Monte Carlo with the packaged advantages and objective: 100,000 joint actions, within 5 standard errors."""
    draws, i = 100_000, 1
    q, policies = problem((2, 3, 2), states=1, seed=4)
    generator = torch.Generator().manual_seed(0)
    many_q = torch.tensor(q).expand(draws, -1, -1, -1)
    many = [torch.tensor(p).expand(draws, -1) for p in policies]
    actions = torch.cat([torch.multinomial(p, 1, generator=generator) for p in many], 1)
    found = exact.gradient_variances(q, policies, i)
    advantages = {"COMA": coma_advantage(many_q, many, [i], actions)[0],
                  "CRA, sampled": counterfactual_regret_advantage(many_q, many, [i])[0]}  # fmt: skip
    means = []
    for name, advantage in advantages.items():
        logits = many[i].log().requires_grad_()
        objective = policy_gradient_objective(logits.log_softmax(-1), advantage, actions[:, i])
        estimates = torch.autograd.grad(objective, logits)[0] * draws  # the objective is a mean over the batch
        apart = (estimates - estimates.mean(0)).square().sum(1)
        assert abs(float(apart.mean()) - found[name][0]) < 5 * float(apart.std()) / math.sqrt(draws)
        means.append(estimates.mean(0))
    assert found["CRA, sampled"][0] < 0.9 * found["COMA"][0]
    assert torch.allclose(*means, atol=0.05)


def test_sums_to_the_variances_of_the_gradient_cloud():
    """The widget lists all estimates of one logit; over the logits its variances sum to these."""
    q, policies = problem((3, 2, 2), states=1, seed=2)
    found = exact.gradient_variances(q, policies, 0)
    of_logits = [clouds(torch.tensor(q[0]), [torch.tensor(p[0]) for p in policies], 0, logit, 1) for logit in range(3)]
    for k, name in ((0, "REINFORCE, exact Q"), (1, "baseline v(s)"), (2, "COMA"), (4, "CRA, sampled")):
        assert sum(cloud[k].variance for cloud in of_logits) == pytest.approx(found[name][0], rel=1e-6)


@given(seed=st.integers(0, 10_000), sizes=st.lists(st.integers(1, 3), min_size=2, max_size=4))
@settings(max_examples=60, deadline=None)
def test_averaging_over_one_more_agent_never_adds_variance(seed, sizes):
    """Rao–Blackwell along every chain from COMA to CRA; adding a number to Q changes neither."""
    q, policies = problem(sizes, states=2, seed=seed)
    order = list(np.random.default_rng(seed).permutation(len(sizes)))
    i, others = order[0], order[1:]
    chain = [exact.advantage_variance(q, policies, i, others[:k]) for k in range(len(sizes))]
    for before, after in pairwise(chain):
        assert (after <= before + 1e-9).all()
    found = exact.gradient_variances(q + 100.0, policies, i)
    np.testing.assert_allclose(chain[0], found["COMA"], rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(chain[-1], found["CRA, sampled"], rtol=1e-7, atol=1e-8)
    assert (chain[-1] <= found["baseline v(s)"] + 1e-9).all()


@pytest.mark.parametrize("walkers", [1, 2, 4])
def test_additive_control_has_ratio_one(walkers):
    game = make("weather", walkers=walkers)
    table = exact.tabulate(game)
    externals = [t[0].numpy() for t in game.tables(external_family("weather", game).split("held-out")[:1])]
    rng = np.random.default_rng(0)
    policies = [*(rng.dirichlet(np.full(table.A[i], 3.0), table.S) for i in table.target_axes), *externals]
    q = exact.joint_q(table, policies)
    for i in table.target_axes:
        found = exact.gradient_variances(q, policies, i)
        assert found["COMA"].max() > 1e-3
        np.testing.assert_allclose(found["CRA, sampled"], found["COMA"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "options"), [("weather", {"kinds": 3}), ("pursuit", {"size": 2}), ("crossing", {})])
def test_squared_return_by_playing(name, options):
    """Mean squares of 20,000 returns of episodes played by the game's own rules, within 5 standard errors."""
    game, gamma, steps, batch = make(name, **options), 0.7, 30, 20_000
    table = replace(exact.tabulate(game), gamma=gamma)
    rng = np.random.default_rng(1)
    policies = [rng.dirichlet(np.ones(size), table.S) for size in table.A]
    square = exact.squared_return(table, policies)
    q, generator = exact.joint_q(table, policies), torch.Generator().manual_seed(0)
    probabilities = [torch.tensor(p) for p in policies]
    for s, joint in ((0, tuple(0 for _ in table.A)), (table.S - 1, tuple(size - 1 for size in table.A))):
        state = game.states()[s].expand(batch, -1)
        actions = torch.tensor(joint).expand(batch, -1)
        total = torch.zeros(batch, dtype=torch.float64)
        for t in range(steps):
            step = game.step(state, actions, generator)
            total += gamma**t * step.rewards[:, list(table.target_axes)].double().mean(1)
            state = step.state
            number = game.encode(state)
            actions = torch.cat([torch.multinomial(p[number], 1, generator=generator) for p in probabilities], 1)
        for found, played in ((q[(s, *joint)], total), (square[(s, *joint)], total.square())):
            assert abs(found - float(played.mean())) < 5 * float(played.std()) / math.sqrt(batch) + 1e-3
    assert (square >= q**2 - 1e-9).all()


def test_squared_return_of_one_move():
    """Where the episode ends, it is the squared payoff to the team."""
    table = exact.tabulate(make("odd_one_out"))
    square = exact.squared_return(table, [np.full((1, size), 1 / size) for size in table.A])
    for a in product(*map(range, table.A)):
        paid = [(a[0] != a[1]) + (a[0] != a[2]), (a[1] != a[0]) + (a[1] != a[2])]
        assert square[(0, *a)] == pytest.approx((sum(paid) / 2) ** 2)


def test_the_own_action_cannot_be_averaged():
    q, policies = problem((2, 3))
    with pytest.raises(ValueError, match="average over others only"):
        exact.advantage_variance(q, policies, 1, [0, 1])
