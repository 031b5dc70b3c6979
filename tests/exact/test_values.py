"""The exact instruments against dense solves written here, exhaustive search, value iteration and played episodes."""

import math
import signal
from itertools import product

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix, identity, kron

from micra_lite import exact
from micra_lite.exact.tabulate import Tabulated
from micra_lite.games.tabular import Outcomes, TabularGame
from micra_lite.registry import make


class Toy(TabularGame):
    """Random rules from a seed: 3 agents with 2, 3 and 3 actions, stochastic, some outcomes end the episode.

    The targets come in the order (c, a) and the external sits between them, so that axes can be confused.
    """

    name, agents, n_actions, options = "toy", ("a", "b", "c"), (2, 3, 3), {}
    observation_sizes = (1, 1, 1)

    def __init__(self, seed, radix=(2, 2), gamma=0.8, ends=0.3):
        g = torch.Generator().manual_seed(seed)
        self.radix, self.gamma = radix, gamma
        shape = (self.n_states, *self.n_actions)
        self.p = torch.rand(*shape, 3, generator=g, dtype=torch.float64) ** 3
        self.p /= self.p.sum(-1, keepdim=True)
        self.to = torch.randint(self.n_states, (*shape, 3), generator=g)  # three outcomes, perhaps the same
        self.over = torch.rand(*shape, 3, generator=g) < ends
        self.pays = torch.randn(*shape, 3, generator=g)
        self.first = torch.rand(self.n_states, generator=g, dtype=torch.float64)
        self.first /= self.first.sum()
        self.split_agents(("c", "a"), ("b",))

    def starts(self):
        return self.states(), self.first

    def outcomes(self, state, actions):
        index = (self.encode(state), *actions.unbind(-1))
        return Outcomes(self.states()[self.to[index]], self.p[index], self.pays[index], self.over[index])

    def observe(self, state):
        return [state[:, :1].float()] * 3


def random_policies(table, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.dirichlet(np.ones(a), size=table.S) for a in table.A]


def externals_of(table, policies):
    return [policies[e] for e in table.external_axes]


def rules(game):
    """(state, joint action) → the team's mean reward, and [(next state, probability)] of what does not end."""
    listed, joints = {}, list(product(*map(range, game.n_actions)))
    for s, state in enumerate(game.states()):
        o = game.outcomes(state.expand(len(joints), -1), torch.tensor(joints))
        rewards, to = o.rewards.tolist(), game.encode(o.state).tolist()
        for j, joint in enumerate(joints):
            reward = sum(rewards[j][i] for i in game.target_axes) / len(game.targets)
            chances = zip(to[j], o.probability[j].tolist(), o.terminated[j].tolist(), strict=True)
            listed[s, joint] = reward, [(t, p) for t, p, over in chances if not over]
    return listed


def by_loops(game, listed, policies):
    """P (S, S) and the team's r (S,) under product policies, added up entry by entry."""
    P, r = np.zeros((game.n_states, game.n_states)), np.zeros(game.n_states)
    for (s, joint), (reward, chances) in listed.items():
        weight = math.prod(float(p[s, a]) for p, a in zip(policies, joint, strict=True))
        r[s] += weight * reward
        for t, p in chances:
            P[s, t] += weight * p
    return P, r


GAMES = {
    "toy": lambda: Toy(0),
    "endless toy": lambda: Toy(1, (3,), ends=0.0),
    "odd one out": lambda: make("odd_one_out"),
    "pursuit": lambda: make("pursuit", size=2),
}


@pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
def test_evaluate_occupancy_and_q_are_dense_solves(game):
    """V = (1 − γP)⁻¹ r, d = (1 − γPᵀ)⁻¹ μ, and Q by one more step, all from P and r put together by loops."""
    game = game()
    table, listed = exact.tabulate(game), rules(game)
    policies = random_policies(table)
    P, r = by_loops(game, listed, policies)
    inverse = np.linalg.inv(np.eye(table.S) - game.gamma * P)
    V = inverse @ r
    np.testing.assert_allclose(exact.evaluate(table, policies), V, atol=1e-9)
    np.testing.assert_allclose(exact.occupancy(table, policies), table.start @ inverse, atol=1e-9)
    team = [policies[i] for i in table.target_axes]
    assert exact.team_value(table, team, externals_of(table, policies)) == pytest.approx(table.start @ V, abs=1e-9)
    q = exact.joint_q(table, policies)
    for (s, joint), (reward, chances) in listed.items():
        assert q[(s, *joint)] == pytest.approx(reward + game.gamma * sum(p * V[t] for t, p in chances), abs=1e-9)


@pytest.mark.parametrize("game", [Toy(0), Toy(2, (3, 2), ends=0.05)], ids=["short", "long"])
def test_evaluate_is_the_mean_of_played_episodes(game):
    """100,000 episodes through `reset` and `step`, discounted, until γ^t is nothing: within 4 standard errors."""
    table = exact.tabulate(game)
    policies = [torch.tensor(p) for p in random_policies(table)]
    g = torch.Generator().manual_seed(0)
    state = game.reset(100_000, g)
    alive, total = torch.ones(len(state)), torch.zeros(len(state))
    for t in range(80):
        actions = torch.cat([torch.multinomial(p[game.encode(state)], 1, generator=g) for p in policies], 1)
        step = game.step(state, actions, g)
        total += game.gamma**t * alive * (step.rewards[:, 2] + step.rewards[:, 0]) / 2
        alive, state = alive * ~step.terminated, step.state
    value = table.start @ exact.evaluate(table, [p.numpy() for p in policies])
    assert abs(float(total.mean()) - value) < 4 * float(total.std()) / len(total) ** 0.5


@pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
def test_finite_horizons_step_by_step(game):
    """r + γP r + … + γ⁴P⁴ r, from P and r put together by loops; nothing in no steps, everything in very many."""
    game = game()
    table, listed = exact.tabulate(game), rules(game)
    policies = random_policies(table, 3)
    P, r = by_loops(game, listed, policies)
    total = sum(np.linalg.matrix_power(game.gamma * P, t) @ r for t in range(5))
    np.testing.assert_allclose(exact.evaluate(table, policies, horizon=5), total, atol=1e-10)
    assert (exact.evaluate(table, policies, horizon=0) == 0).all()
    np.testing.assert_allclose(exact.evaluate(table, policies, horizon=500), exact.evaluate(table, policies), atol=1e-8)


def random_chain(gamma, ends, S=1600):
    """One agent, two actions, three random next states each; beyond the size that is solved directly."""
    rng = np.random.default_rng(0)
    rows, columns = np.repeat(np.arange(2 * S), 3), rng.integers(0, S, 6 * S)
    T = csr_matrix((np.full(6 * S, (1 - ends) / 3), (rows, columns)), shape=(2 * S, S))
    start = np.zeros(S)
    start[:5] = 0.2
    return Tabulated(S, ("a",), (2,), T, rng.standard_normal((S, 2, 1)), (1,), [], start, gamma, (0,), ())


@pytest.mark.parametrize("seed", [0, 42])
def test_rounding_does_not_keep_large_games_from_being_solved(seed):
    """1,000 copies of a chain of 3 states; in seed 42's, the last digit of the values goes on changing for ever."""
    rng = np.random.default_rng(seed)
    P, r = rng.dirichlet(np.ones(3), 3), rng.random(3)
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it does not end"))
    signal.alarm(60)
    try:
        V = exact.values.solve(kron(identity(1000), csr_matrix(P), format="csr"), np.tile(r, 1000), 0.95)
    finally:
        signal.alarm(0)
    np.testing.assert_allclose(V, np.tile(np.linalg.solve(np.eye(3) - 0.95 * P, r), 1000), rtol=1e-11)


@pytest.mark.parametrize(("gamma", "ends"), [(0.95, 0.0), (0.9, 0.1), (1.0, 0.2)])
def test_large_games_are_solved_as_exactly_as_small_ones(gamma, ends):
    """1,600 states, solved by iteration or sparsely, against a dense solve; also without discount."""
    table = random_chain(gamma, ends)
    policies = random_policies(table)
    P = np.einsum("sa,sat->st", policies[0], table.T.toarray().reshape(table.S, 2, table.S))
    r = (policies[0] * table.R[:, :, 0]).sum(1)
    V = np.linalg.solve(np.eye(table.S) - gamma * P, r)
    np.testing.assert_allclose(exact.evaluate(table, policies), V, atol=1e-8)
    d = exact.occupancy(table, policies)
    np.testing.assert_allclose(d, np.linalg.solve(np.eye(table.S) - gamma * P.T, table.start), atol=1e-8)
    assert d.sum() == pytest.approx(1 / (1 - gamma * (1 - ends)), rel=0, abs=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_best_response_by_exhaustive_search(seed):
    """All deterministic joint team policies of a 4-state game, each solved: no state's value can be bettered."""
    game = Toy(seed)
    table, listed = exact.tabulate(game), rules(game)
    policies = random_policies(table, seed)
    response = exact.best_response(table, externals_of(table, policies))
    team = list(product(range(3), range(2)))  # the targets' order: c, then a
    models = [by_loops(game, listed, [np.eye(2)[[a] * 4], policies[1], np.eye(3)[[c] * 4]]) for c, a in team]
    best, best_start = np.full(4, -np.inf), -np.inf
    for choice in product(range(6), repeat=4):
        P = np.stack([models[choice[s]][0][s] for s in range(4)])
        V = np.linalg.solve(np.eye(4) - game.gamma * P, [models[choice[s]][1][s] for s in range(4)])
        best, best_start = np.maximum(best, V), max(best_start, table.start @ V)
    np.testing.assert_allclose(response.V, best, atol=1e-8)
    assert response.value == pytest.approx(best_start, abs=1e-8)
    assert [p.shape for p in response.policies] == [(4, 3), (4, 2)]
    achieved = exact.team_value(table, response.policies, externals_of(table, policies))
    assert achieved == pytest.approx(response.value, abs=1e-8)  # the policies are worth what is said of them


@pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
def test_best_response_by_value_iteration(game):
    """Repeated maximisation over joint team actions, the externals averaged out by loops."""
    game = game()
    table, listed = exact.tabulate(game), rules(game)
    policies = random_policies(table, 5)
    models = []
    for own in product(*[range(table.A[i]) for i in table.target_axes]):
        fixed = list(policies)
        for i, a in zip(table.target_axes, own, strict=True):
            fixed[i] = np.eye(table.A[i])[[a] * table.S]
        models.append(by_loops(game, listed, fixed))
    V = np.zeros(table.S)
    for _ in range(600):
        V = np.max([r + game.gamma * P @ V for P, r in models], axis=0)
    np.testing.assert_allclose(exact.best_response(table, externals_of(table, policies)).V, V, atol=1e-8)


def test_ties_go_to_the_lowest_joint_action():
    """Nothing matters: all play action 0. Earning now or, discounted, later is the same, but for rounding: the lower wins."""
    toy = Toy(0)
    toy.pays.zero_()
    table = exact.tabulate(toy)
    for policy in exact.best_response(table, externals_of(table, random_policies(table))).policies:
        assert (policy.argmax(1) == 0).all()
    T = csr_matrix(([1.0], ([0], [1])), shape=(4, 2))  # in state 0, action 0 leads to state 1; all else ends
    R = np.array([[[0.0], [0.15]], [[0.3], [0.1 + 0.2]]])  # there 0.3 is paid; action 1 pays half of it at once
    table = Tabulated(2, ("a",), (2,), T, R, (1,), [], np.array([1.0, 0.0]), 0.5, (0,), ())
    response = exact.best_response(table, [])
    assert response.policies[0].tolist() == [[1, 0], [1, 0]]
    assert response.value == pytest.approx(0.15)


@pytest.mark.parametrize("seed", [2, 6, 7, 9, 11])
def test_best_fixed_team_by_exhaustive_search(seed):
    """Mean value over three externals of all 1,296 fixed teams: it stays at the best of them, and mostly gets there."""
    table = exact.tabulate(Toy(seed))
    rng = np.random.default_rng(seed)
    externals = [[rng.dirichlet(np.full(3, 0.3), size=4)] for _ in range(3)]

    def mean(team):
        return np.mean([exact.team_value(table, team, x) for x in externals])

    teams = [[np.eye(3)[[g // 2 for g in choice]], np.eye(2)[[g % 2 for g in choice]]]
             for choice in product(range(6), repeat=4)]  # fmt: skip
    best = max(teams, key=mean)
    assert mean(exact.best_fixed_team(table, externals, best)) == pytest.approx(mean(best), abs=1e-9)
    for start in (teams[0], teams[700], teams[-1]):
        found = mean(exact.best_fixed_team(table, externals, start))
        assert mean(start) <= found <= mean(best) + 1e-9
        if seed != 11:  # the one with other local optima
            assert found == pytest.approx(mean(best), abs=1e-9)
