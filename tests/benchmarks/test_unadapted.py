"""The exact counterparts in benchmarks/unadapted.py are what they are called."""

import numpy as np
import pytest
import torch

import micra_lite
from micra_lite import exact
from micra_lite.agent import prior_belief


@pytest.fixture
def unadapted(benchmark):
    return benchmark("unadapted")


@pytest.fixture
def crossing():
    return micra_lite.make("crossing"), micra_lite.external_family("crossing").split("train")[:3]


def random_policies(table, seed):
    rng = np.random.default_rng(seed)
    return [torch.from_numpy(rng.dirichlet(np.ones(table.A[i]), table.S)) for i in table.target_axes]


def test_values_and_occupancies_are_those_of_exact_policy_evaluation(unadapted, crossing):
    game, externals = crossing
    table, views = exact.tabulate(game), unadapted.views_of(game, externals)
    team = random_policies(table, 0)
    values, occupancy = views.solve(team)
    for k, own in enumerate(unadapted.lists_of(game, externals)):
        policies = [p.numpy() for p in team]
        assert values[k].item() == pytest.approx(exact.team_value(table, policies, own))
        everyone = [np.empty(0)] * len(table.A)
        for axis, p in zip((*table.target_axes, *table.external_axes), (*policies, *own), strict=True):
            everyone[axis] = p
        np.testing.assert_allclose(occupancy[k].numpy(), exact.occupancy(table, everyone), atol=1e-9)


def test_the_bonus_is_the_discounted_entropy(unadapted, crossing):
    game, externals = crossing
    table, views = exact.tabulate(game), unadapted.views_of(game, externals)
    uniform = [torch.from_numpy(p) for p in exact.random_team(table)]
    plain, rich = views.solve(uniform)[0], views.solve(uniform, bonus=0.5)[0]
    per_step = 0.5 * sum(np.log(table.A[i]) for i in table.target_axes)
    torch.testing.assert_close(rich - plain, torch.full_like(plain, per_step / (1 - table.gamma)))


def test_against_one_external_the_exact_gradient_comes_near_the_best_response(unadapted, crossing):
    game, externals = crossing
    table = exact.tabulate(game)
    own = unadapted.lists_of(game, externals[:1])[0]
    team = unadapted.up_the_exact_gradient(game, unadapted.views_of(game, externals[:1]), 0.0)
    scale = exact.yardstick(table, [own])
    assert 0.9 < scale.normalised_score(np.array([exact.team_value(table, team, own)])) < 1 + 1e-9


def test_actors_and_regrets_are_those_of_the_team(unadapted, crossing):
    game, externals = crossing
    settings = micra_lite.Settings(
        features=8, hidden=8, actor_hidden=8, episodes_per_external=4, support_episodes=(1,), query_episodes=1
    )
    state = micra_lite.TrainingState.initial(game, settings)
    found = unadapted.actors_of(state)()
    for p, q in zip(found, exact.team_tables(state, prior_belief(state.agent, 1)), strict=True):
        torch.testing.assert_close(p.float(), q[0])
    regrets = unadapted.critic_regrets(state, externals)(found)
    for p, r in zip(found, regrets, strict=True):
        assert r.shape == (3, game.n_states, p.shape[1])
        torch.testing.assert_close((p * r).sum(-1), torch.zeros(3, game.n_states, dtype=r.dtype), atol=1e-5, rtol=0)
        assert r.abs().max() > 0
