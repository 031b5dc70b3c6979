"""Eq. 3 and the losses built on it: gradients against finite differences of exact values, signs against one step.

The policies here are tables of logits, one row per state, so that the exact gradient of the exact value exists.
"""

import math
from functools import cache

import numpy as np
import pytest
import torch

from micra_lite import exact
from micra_lite.baselines.advantages import at_sampled_action
from micra_lite.exact import JointTable
from micra_lite.games.matrix import MATRIX_GAMES
from micra_lite.registry import make
from micra_lite.regret import counterfactual_regret_advantage, policy_gradient_objective
from micra_lite.settings import Settings
from micra_lite.training_state import TrainingState
from micra_lite.updates import actor_loss, critic_loss

GAMES = [("pursuit", {"size": 2}), *[(name, {}) for name in MATRIX_GAMES]]
IDS = [name for name, _ in GAMES]


@cache
def problem(name, size=None):
    """A tabulated game, random logits (S, A_i) per target and a random fixed policy (S, A_e) per external."""
    table = exact.tabulate(make(name, **({"size": size} if size else {})))
    rng = np.random.default_rng(3)
    logits = [torch.tensor(rng.standard_normal((table.S, table.A[i]))) for i in table.target_axes]
    externals = [rng.dirichlet(np.ones(table.A[e]), size=table.S) for e in table.external_axes]
    return table, logits, externals


def value(table, logits, externals):
    return exact.team_value(table, [t.softmax(-1).numpy() for t in logits], externals)


def exact_ingredients(table, logits, externals):
    """State weights d(s) and the regrets of the exact Q of the current policies."""
    policies = [None] * len(table.A)
    for axis, policy in zip(
        (*table.target_axes, *table.external_axes), (*[t.softmax(-1) for t in logits], *externals), strict=True
    ):
        policies[axis] = np.asarray(policy)
    q = torch.tensor(exact.joint_q(table, policies))
    regrets = counterfactual_regret_advantage(q, [torch.tensor(p) for p in policies], table.target_axes)
    return exact.occupancy(table, policies), regrets


def policy_gradient(table, logits, externals):
    """∇ of Σ_s d(s) · objective(s), one objective call per state; per target (S, A_i)."""
    leaves = [t.clone().requires_grad_() for t in logits]
    d, regrets = exact_ingredients(table, logits, externals)
    total = 0.0
    for leaf, regret in zip(leaves, regrets, strict=True):
        for s in range(table.S):
            total = total + d[s] * policy_gradient_objective(leaf[s : s + 1].log_softmax(-1), regret[s : s + 1])
    return torch.autograd.grad(total, leaves)


@pytest.mark.parametrize(("name", "options"), GAMES, ids=IDS)
def test_is_the_gradient_of_the_exact_value(name, options):
    """Eq. 3 along random directions in all logits of all targets, and along single logits: central differences agree."""
    table, logits, externals = problem(name, **options)
    gradient = policy_gradient(table, logits, externals)
    g = torch.Generator().manual_seed(0)
    directions = [[torch.randn(t.shape, generator=g, dtype=torch.float64) for t in logits] for _ in range(8)]
    for moved, t in enumerate(logits):
        for _ in range(4):
            one = [torch.zeros_like(u) for u in logits]
            one[moved].view(-1)[int(torch.randint(t.numel(), (1,), generator=g))] = 1.0
            directions.append(one)
    step = 1e-5
    for direction in directions:
        ends = [
            value(table, [t + h * u for t, u in zip(logits, direction, strict=True)], externals) for h in (step, -step)
        ]
        slope = sum(float((u * v).sum()) for u, v in zip(gradient, direction, strict=True))
        assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(("name", "options"), GAMES, ids=IDS)
def test_one_step_raises_the_value(name, options):
    """A small step up the gradient is worth about its squared norm."""
    table, logits, externals = problem(name, **options)
    gradient = policy_gradient(table, logits, externals)
    norm = sum(float(u.square().sum()) for u in gradient)
    assert norm > 0
    small = 1e-4 / math.sqrt(norm)
    after = value(table, [t + small * u for t, u in zip(logits, gradient, strict=True)], externals)
    assert after - value(table, logits, externals) == pytest.approx(small * norm, rel=0.05)


@pytest.mark.parametrize("name", ["rectangular", "odd_one_out", "climbing"])
def test_sampled_own_action_has_the_same_expectation(name):
    """Eq. 3 by the sampled action: Σ_a π(a) ∇(objective of a) is the gradient of the exact sum, for every target."""
    table, logits, externals = problem(name)
    _, regrets = exact_ingredients(table, logits, externals)
    for t, regret in zip(logits, regrets, strict=True):
        leaf = t.clone().requires_grad_()
        (whole,) = torch.autograd.grad(policy_gradient_objective(leaf.log_softmax(-1), regret), leaf)
        mean = torch.zeros_like(whole)
        for a, p in enumerate(t.softmax(-1)[0].tolist()):
            objective = policy_gradient_objective(leaf.log_softmax(-1), regret, torch.tensor([a]))
            assert float(objective.detach()) == pytest.approx(math.log(p) * float(regret[0, a]), rel=1e-12)
            mean += p * torch.autograd.grad(objective, leaf)[0]
        torch.testing.assert_close(mean, whole, rtol=1e-12, atol=1e-12)


def test_objective_is_a_batch_mean_and_stops_at_the_advantage():
    """Value by loops over the batch; the advantage gets no gradient although it depends on parameters."""
    log_policy = torch.randn(5, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64).log_softmax(-1)
    advantage = torch.arange(15.0, dtype=torch.float64).view(5, 3).requires_grad_()
    for actions in (None, torch.tensor([2, 0, 1, 1, 0])):
        total = 0.0
        for b in range(5):
            for a in range(3):
                if actions is None:
                    total += math.exp(float(log_policy[b, a])) * float(advantage.detach()[b, a]) / 5
                elif a == actions[b]:
                    total += float(log_policy[b, a]) * float(advantage.detach()[b, a]) / 5
        objective = policy_gradient_objective(log_policy.clone().requires_grad_(), advantage, actions)
        assert float(objective.detach()) == pytest.approx(total, rel=1e-12)
        objective.backward()
        assert advantage.grad is None


@pytest.fixture(scope="module")
def agent():
    settings = Settings(features=4, hidden=4, imitator_hidden=4, probes=2)
    return TrainingState.initial(make("odd_one_out"), settings).agent


def actors(batch=6):
    """Logits and regrets of two targets with 2 and 3 actions."""
    g = torch.Generator().manual_seed(2)
    logits = [torch.randn(batch, a, generator=g, dtype=torch.float64, requires_grad=True) for a in (2, 3)]
    regrets = [torch.randn(batch, a, generator=g, dtype=torch.float64) for a in (2, 3)]
    return logits, regrets


def test_actor_loss_by_loops_and_its_descent(agent):
    """−(Σ_a π A + entropy · H), averaged over states and summed over targets; a gradient step lowers it."""
    logits, regrets = actors()

    def loss(logits):
        return actor_loss([t.log_softmax(-1) for t in logits], regrets, 0.3)

    expected = 0.0
    for t, regret in zip(logits, regrets, strict=True):
        for row, gains in zip(t.softmax(-1).tolist(), regret.tolist(), strict=True):
            entropy = -sum(p * math.log(p) for p in row)
            expected -= (sum(p * a for p, a in zip(row, gains, strict=True)) + 0.3 * entropy) / len(regret)
    before = loss(logits)
    assert float(before.detach()) == pytest.approx(expected, rel=1e-12)
    gradient = torch.autograd.grad(before, logits)
    after = loss([t.detach() - 0.1 * u for t, u in zip(logits, gradient, strict=True)])
    assert float(after) < float(before.detach())


def test_entropy_bonus_raises_entropy_and_regret_raises_probability(agent):
    """The two signs by themselves: without regrets policies flatten; without bonus the better action gains."""
    logits, regrets = actors()
    for entropy, gains in ((0.1, [torch.zeros_like(r) for r in regrets]), (0.0, regrets)):
        loss = actor_loss([t.log_softmax(-1) for t in logits], gains, entropy)
        for t, gain, slope in zip(logits, gains, torch.autograd.grad(loss, logits), strict=True):
            moved = t.detach() - 0.01 * slope
            for before, after, a in zip(t.softmax(-1).tolist(), moved.softmax(-1).tolist(), gain.tolist(), strict=True):
                if entropy:
                    assert sum(-p * math.log(p) for p in after) > sum(-p * math.log(p) for p in before)
                else:
                    assert sum((p - q) * x for p, q, x in zip(after, before, a, strict=True)) > 0


def test_sampled_actor_loss_has_the_exact_gradient_on_average(agent):
    """With own actions drawn: over 20,000 draws in one state, within 4 standard errors of the exact gradient."""
    draws = 20_000
    logits, regrets = actors(batch=1)
    many = [t.detach().expand(draws, -1).clone().requires_grad_() for t in logits]
    gains = [r.expand(draws, -1) for r in regrets]
    generator = torch.Generator().manual_seed(0)
    own = [torch.multinomial(t.detach().softmax(-1), 1, generator=generator)[:, 0] for t in many]
    policies = [t.detach().softmax(-1) for t in many]
    sampled = [at_sampled_action(*given) for given in zip(gains, policies, own, strict=True)]
    loss = actor_loss([t.log_softmax(-1) for t in many], sampled, 0.0)
    for t, regret, rows in zip(logits, regrets, torch.autograd.grad(loss, many), strict=True):
        p = t.detach().softmax(-1)[0]
        whole = -p * (regret[0] - float((p * regret[0]).sum()))  # of −Σ_a π(a) A(a) in the logits
        rows = rows * draws  # the loss is a mean over the batch
        assert ((rows.mean(0) - whole).abs() < 4 * rows.std(0) / math.sqrt(draws)).all()
        assert rows.std(0).min() > 0.01  # and they are sampled indeed


def test_critic_loss_moves_the_taken_entries_toward_their_targets():
    """Mean squared error by loops on a rectangular three-player table; every other entry stays where it is."""
    q = torch.randn(4, 2, 3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    actions = torch.tensor([[0, 2, 1], [1, 0, 0], [1, 1, 1], [0, 0, 0]])
    target = torch.tensor([3.0, -2.0, 0.5, 0.0], dtype=torch.float64)
    taken = [(b, *row) for b, row in enumerate(actions.tolist())]
    loss = critic_loss(JointTable(q), actions, target)
    (gradient,) = torch.autograd.grad(loss, q)
    q = q.detach()
    errors = [(float(q[t]) - float(y)) ** 2 for t, y in zip(taken, target, strict=True)]
    assert float(loss.detach()) == pytest.approx(sum(errors) / 4, rel=1e-12)
    after = q - 0.1 * gradient
    for index in np.ndindex(*q.shape):
        if index in taken:
            y = float(target[index[0]])
            assert abs(float(after[index]) - y) < abs(float(q[index]) - y)
        else:
            assert float(after[index]) == float(q[index])
