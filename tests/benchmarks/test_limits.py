"""The benchmark that replaces MICRA's parts by exact ones: actors get exact regrets, of the external that they play with."""

from functools import partial

import numpy as np
import pytest
import torch

import micra_lite
from micra_lite import exact
from micra_lite.baselines import methods
from micra_lite.updates import counterfactual_regrets

SMALL = {"externals_per_round": 2, "episodes_per_external": 12, "support_episodes": (0, 2), "query_episodes": 4, "externals_per_update": 3,
         "states_per_external": 8, "features": 8, "hidden": 16, "actor_hidden": 16, "value_steps": 1, "conditioned": False}  # fmt: skip


@pytest.fixture
def limits(benchmark):
    return benchmark("limits")


def regret_by_iteration(table, policies, s, i):
    """Expected return of each own action in state s, the others by their policies, minus that of playing on: by values
    iterated until they stand still.
    """
    n = len(policies)
    letters = "abcdefg"[:n]
    average = "z" + letters + "," + ",".join(f"z{x}" for x in letters) + "->z"
    reward = table.R[..., list(table.target_axes)].mean(-1).reshape(table.S, *table.A)
    value = np.zeros(table.S)
    for _ in range(600):
        q = reward + table.gamma * (table.T @ value).reshape(reward.shape)
        value = np.einsum(average, q, *policies)
    own = letters[i]
    others = "".join(x for x in letters if x != own)
    each = np.einsum(letters + "," + ",".join(others) + "->" + own, q[s], *(policies[j][s] for j in range(n) if j != i))
    return each - each @ policies[i][s]


def test_actors_are_given_exact_regrets_of_the_team_as_it_plays(limits):
    met = []

    class Listening(limits.ExactCritic):
        def joint_q(self, state, k):
            met.append(int(k[0]))
            return super().joint_q(state, k)

    critic = Listening("pursuit:size=2")
    game, table = critic.game, critic.table
    family = micra_lite.external_family("pursuit", game)
    prey = game.tables(family.split("train"))[0].double().numpy()  # (K, S, A)
    settings = micra_lite.Settings(updates=9, seed=2, **SMALL)
    state = micra_lite.TrainingState.initial(game, settings)
    records = critic.train(game, family, settings, state)
    for _ in range(settings.updates):
        team = [t[0].double().numpy() for t in exact.team_tables(state)]
        record = next(records)
        s = int(game.encode(record.game_state))
        for position, i in enumerate(game.target_axes):
            expected = regret_by_iteration(table, [*team, prey[met[-1]]], s, i)
            np.testing.assert_allclose(record.regrets[position].numpy(), expected, atol=1e-4)
    assert len(met) == settings.updates
    assert len(set(met)) > 1
    assert np.ptp(record.regrets[0].numpy()) > 1e-3


def test_nothing_but_the_regrets_is_replaced(limits):
    """With the learned critic's regrets the loop is that of the ablation, bit for bit."""

    class Learned(limits.ExactCritic):
        def advantages(self, q, states):
            return counterfactual_regrets

    game, family = micra_lite.make("meeting"), micra_lite.external_family("meeting")
    settings = micra_lite.Settings(updates=11, **SMALL)
    parameters = []
    for train in (partial(methods.train, "MICRA, true external"), Learned("meeting").train):
        state = micra_lite.TrainingState.initial(game, settings)
        state = micra_lite.last(train(game, family, settings, state)).state
        parameters.append(torch.nn.utils.parameters_to_vector(state.agent.parameters()))
    assert torch.equal(*parameters)


def test_all_are_run_with_the_same_steps(limits, tmp_path):
    settings = limits.settings_of("meeting", "MICRA, true external", "nobody adapts", 1, 64, SMALL)
    curves = [limits.curve("meeting", replaced, 1, settings, tmp_path) for replaced in list(limits.METHOD)[1:]]
    given, more, exact = curves
    assert [step for step, _ in given] == [step for step, _ in more] == [step for step, _ in exact]
    assert given[0] == more[0] == exact[0]
    assert len({curve[-1] for curve in curves}) == 3
    assert torch.tensor([x for curve in curves for _, x in curve]).isfinite().all()
    assert limits.curve("meeting", "imitator and critic", 1, settings, tmp_path / "again") == exact
