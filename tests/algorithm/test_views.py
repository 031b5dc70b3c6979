"""Partial views: what each agent sees by loops, who may depend on what, and that everything else still works."""

from itertools import combinations, product

import numpy as np
import pytest
import torch

from micra_lite import exact
from micra_lite.agent import prior_belief
from micra_lite.extensions.checkpoint import load, save
from micra_lite.interop.to_pettingzoo import to_parallel_env
from micra_lite.phases import offline_training, online_adaptation
from micra_lite.registry import GRID_TASKS, external_family, make
from micra_lite.rollouts import watch
from micra_lite.settings import Settings
from micra_lite.training_state import TrainingState, last

SMALL = {"updates": 6, "updates_per_round": 3, "externals_per_round": 3, "episodes_per_external": 8, "query_episodes": 4,
         "support_episodes": (0, 2), "externals_per_update": 3, "unwatched_externals": 1, "states_per_external": 8, "hidden": 16, "actor_hidden": 16}  # fmt: skip


@pytest.mark.parametrize("name", GRID_TASKS)
@pytest.mark.parametrize("view", [0, 1])
def test_windows_by_loops(name, view):
    """Who is at most `view` rows and columns away is seen on its cell, nobody else; and how far any two of them are apart."""
    game = make(name, view=view)
    states = torch.stack([torch.randint(r, (40,), generator=torch.Generator().manual_seed(j)) for j, r in enumerate(game.radix)], -1)  # fmt: skip
    seen = game.observe(states)
    for b, j, other, cell in product(range(40), range(len(game.agents)), range(len(game.agents)), range(game.cells)):
        (r, c), (at_r, at_c) = (divmod(int(states[b, x]), game.columns) for x in (j, other))
        near = abs(r - at_r) <= view and abs(c - at_c) <= view
        assert seen[j][b, other * game.cells + cell] == (near and cell == states[b, other])

    rows, columns = range(1 - game.rows, game.rows), range(1 - game.columns, game.columns)
    for b, j in product(range(40), range(len(game.agents))):
        at = [divmod(int(cell), game.columns) for cell in states[b]]
        near = [all(abs(x - y) <= view for x, y in zip(place, at[j], strict=True)) for place in at]
        expected = [
            near[one] and near[two] and (at[one][0] - at[two][0], at[one][1] - at[two][1]) == (row, column)
            for one, two in combinations(range(len(at)), 2)
            for row, column in product(rows, columns)
        ]
        assert seen[j][b, len(at) * game.cells :].tolist() == expected


@pytest.mark.parametrize("name", GRID_TASKS)
def test_a_window_that_holds_the_board_is_the_full_view(name):
    """Observations and externals' policies are the same; so is a policy wherever everybody is in view."""
    full, wide, narrow = make(name), make(name, view=3), make(name, view=1)
    states = full.states()
    for a, b in zip(full.observe(states), wide.observe(states), strict=True):
        assert torch.equal(a, b)
    some = external_family(name).split("held-out")[:5]
    assert torch.equal(full.tables(some)[0], wide.tables(some)[0])
    all_seen = (narrow.observe(states)[-1] == full.observe(states)[-1]).all(1)
    assert 0 < int(all_seen.sum()) < len(states)
    torch.testing.assert_close(full.tables(some)[0][:, all_seen], narrow.tables(some)[0][:, all_seen])


@pytest.mark.parametrize("name", GRID_TASKS)
def test_externals_ignore_whom_they_do_not_see(name):
    """States that look the same to the external are answered with the same policy."""
    game = make(name, view=1)
    states = game.states()
    views, which = torch.unique(game.observe(states)[-1], dim=0, return_inverse=True)
    assert len(views) < 0.85 * len(states)
    table = game.tables(external_family(name).split("held-out")[:4])[0]
    for k in range(4):
        first = torch.empty(len(views), table.shape[-1], dtype=table.dtype)
        first[which] = table[k]  # one of the states behind each view
        torch.testing.assert_close(table[k], first[which])


def test_actors_see_their_window_and_the_critic_the_state():
    """Two states that differ only outside of everybody's window but one: policies stay, the joint Q-values change."""
    game = make("pursuit", size=4, view=1)
    state = TrainingState.initial(game, Settings(rounds_kept=1, externals_per_round=1))
    # Hunter 1 in the top left corner; hunter 2 at the bottom right; the prey beside hunter 2, on either side.
    states = torch.tensor([[0, 15, 14], [0, 15, 11]])
    seen = [o[None] for o in state.observe(states)]
    agent, belief = state.agent, prior_belief(state.agent, 1)
    features = agent.features(seen)
    first, second = agent.act(belief, features, agent.predict(belief, features))
    torch.testing.assert_close(first[0, 0], first[0, 1])
    assert (second[0, 0] - second[0, 1]).abs().max() > 1e-3
    alone = torch.tensor([[0, 3, 12], [0, 15, 12]])  # nobody sees anybody; hunter 2 stands elsewhere
    seen = [o[None] for o in state.observe(alone)]
    features = agent.features(seen)
    q = agent.value(belief, features).table
    assert torch.equal(features[0][0, 0], features[0][0, 1])
    assert torch.equal(features[2][0, 0], features[2][0, 1])
    assert (q[0, 0] - q[0, 1]).abs().max() > 1e-6
    hidden = [f.clone() for f in features]
    for f in hidden[:3]:
        f.zero_()
    assert torch.equal(agent.value(belief, hidden).table, q)  # it looks at nothing else


def test_the_three_phases(tmp_path):
    """Training, a checkpoint, watching and every answer run under partial views; scores are exact."""
    game, family = make("rendezvous", view=1), external_family("rendezvous")
    state = last(offline_training(game, family, Settings(**SMALL))).state
    save(tmp_path / "checkpoint.pt", state)
    state = load(tmp_path / "checkpoint.pt")
    assert state.game.options == {"size": 3, "carriers": 2, "view": 1}
    assert state.game.critic_sees_state
    newcomer = family.split("held-out")[0]
    watched = watch(state, newcomer, 2)
    assert set(watched[0].observations) == set(game.agents)
    table = exact.tabulate(game)
    limit = exact.best_response(table, [t[0].numpy() for t in game.tables(newcomer)]).value
    for after in ("nothing", "actors", "actors and critic"):
        settings = Settings(**SMALL, after_imitation=after, adaptation_updates=3, adaptation_states=8)
        adapted = last(online_adaptation(state, watched, settings)).state
        value = exact.exact_values(adapted, table, newcomer)[0]
        assert 0 < value < limit
        teams = exact.team_tables(adapted)
        for i, team in zip(game.target_axes, teams, strict=True):  # each policy is one of its own view alone
            views, which = torch.unique(game.observe(game.states())[i], dim=0, return_inverse=True)
            first = torch.empty(len(views), team.shape[-1])
            first[which] = team[0]
            torch.testing.assert_close(team[0], first[which], atol=1e-5, rtol=0)


def test_the_pettingzoo_face_shows_the_windows_and_the_state():
    env = to_parallel_env(make("gates", view=1))
    seen, _ = env.reset(seed=0)
    assert env.state_space.shape == env.state().shape == (27 + 3 * 25,)  # cells, and displacements of three pairs
    board = env.state()[:27].reshape(3, 9)
    assert board.sum() == 3
    for j, agent in enumerate(env.agents):
        own = seen[agent][:27].reshape(3, 9)
        assert (own[j] == board[j]).all()
        assert ((own == board) | (own == 0)).all()
    assert np.stack(list(seen.values()))[:, :27].sum() < 9  # somebody is out of somebody's view


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="0 or more, or None; got -1"):
        make("crossing", view=-1)
