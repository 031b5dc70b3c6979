"""Our games as PettingZoo's environments: its own tests, and every transition against the game's own `outcomes`."""

import warnings

import numpy as np
import pytest
import torch

from helpers.played import cells_of, check_transitions, surprise
from micra_lite.games.matrix import MATRIX_GAMES
from micra_lite.interop.to_pettingzoo import to_parallel_env
from micra_lite.registry import external_family, make

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # PettingZoo's tests import its old way of making Connect Four
    from pettingzoo.test import parallel_api_test, parallel_seed_test


GAMES = [
    ("pursuit", {}), ("pursuit", {"size": 4, "hunters": 3}), ("rendezvous", {}), ("gates", {}), ("crossing", {}),
    ("rectangular", {}), ("odd_one_out", {}), ("three_sites", {}), ("climbing", {}),
    ("bystander", {}), ("weather", {}), ("pursuit", {"view": 1}), ("rendezvous", {"view": 1}), ("gates", {"view": 1}),
    ("crossing", {"view": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), GAMES)
@pytest.mark.parametrize("scripted", [False, True])
def test_passes_pettingzoos_own_tests(name, options, scripted, capsys):
    game = make(name, **options)
    externals = external_family(name, game).sample(0, 3) if scripted else None
    parallel_api_test(to_parallel_env(game, externals=externals), num_cycles=60)
    assert "Passed Parallel API test" in capsys.readouterr().out
    parallel_seed_test(lambda: to_parallel_env(game, externals=externals), num_cycles=60)


def random_play(env, steps, seed):
    """Play random actions; yields (observations before, actions, what step returned)."""
    rng = np.random.default_rng(seed)
    seen, _ = env.reset(seed=seed)
    for _ in range(steps):
        actions = {a: int(rng.integers(env.action_space(a).n)) for a in env.agents}
        after = env.step(actions)
        yield seen, actions, after
        seen = after[0] if env.agents else env.reset()[0]


@pytest.mark.parametrize("name", ["pursuit", "rendezvous", "gates", "crossing", "bystander"])
def test_the_face_agrees_with_outcomes(name):
    game = make(name)
    rows = []
    for seen, actions, (after, paid, terminated, _, _) in random_play(to_parallel_env(game), 1500, 3):
        assert not any(terminated.values())
        before = [cells_of(seen[a], game.cells) for a in game.agents]
        assert all((b == before[0]).all() for b in before)
        after_cells = cells_of(after[game.agents[-1]], game.cells)
        rows.append((before[0], [actions[a] for a in game.agents], after_cells, list(paid.values())))
    states, actions, next_states, rewards = (torch.tensor(np.array(column)) for column in zip(*rows, strict=True))
    check_transitions(game, states, actions, next_states, rewards.float())


@pytest.mark.parametrize("name", MATRIX_GAMES)
def test_matrix_games_pay_their_table_and_end(name):
    game = make(name)
    env = to_parallel_env(game)
    for _, actions, (seen, paid, terminated, truncated, _) in random_play(env, 20, 1):
        assert list(paid.values()) == game.payoffs[tuple(actions[a] for a in game.agents)].tolist()
        assert all(terminated.values())
        assert not any(truncated.values())
        assert set(seen) == set(game.agents)
    assert [env.action_space(a).n for a in game.agents] == list(game.n_actions)


def test_truncated_at_the_horizon_and_not_before():
    env = to_parallel_env(make("pursuit"))
    env.reset(seed=0)
    for t in range(1, 26):
        assert env.agents == env.possible_agents
        _, _, terminated, truncated, _ = env.step(dict.fromkeys(env.agents, 0))
        assert not any(terminated.values())
        assert all(truncated.values()) == any(truncated.values()) == (t == 25)
    assert env.agents == []
    with pytest.raises(RuntimeError, match="reset"):
        env.step({})


def test_seeds_spaces_and_state():
    env, twin = to_parallel_env(make("pursuit")), to_parallel_env(make("pursuit"))
    starts = [tuple(env.reset(seed=s)[0]["prey"]) for s in range(20)]
    assert starts == [tuple(twin.reset(seed=s)[0]["prey"]) for s in range(20)]
    assert len(set(starts)) > 10
    free = [tuple(e.reset()[0]["prey"]) for e in (to_parallel_env(make("pursuit", size=6)) for _ in range(5))]
    assert len(set(free)) > 1  # without a seed, episodes of fresh environments differ
    seen, _ = env.reset(seed=0)
    assert all(env.observation_space(a).contains(seen[a]) for a in env.agents)
    assert np.array_equal(env.state(), np.concatenate(list(seen.values())))
    assert env.state_space.contains(env.state())
    seen["prey"][:] = 7.0
    assert env.state().max() == 1.0  # what is handed out is a copy


def test_scripted_externals_play_their_policies():
    game = make("pursuit")
    externals = external_family("pursuit").sample(5, 2)
    env = to_parallel_env(game, externals=externals)
    assert env.possible_agents == list(game.targets)
    landed, predicted = [], []
    for k in (0, 1):
        for seed in range(300):
            seen, _ = env.reset(seed=seed, options={"external": k})
            o = torch.tensor(seen["hunter_1"])[None]
            policy = externals.policies(torch.tensor([k]), [o])[0][0]  # (5,)
            cells = cells_of(seen["hunter_1"])
            after, paid, *_ = env.step(dict.fromkeys(env.agents, 0))
            if paid["hunter_1"] == 0:  # else the prey is somewhere new
                free = [0.0 if game.landing[cells[2], a] in cells[:2] else float(policy[a]) for a in range(5)]
                p = np.zeros(9)
                np.add.at(p, game.landing[cells[2]].numpy(), np.array(free) / sum(free))
                predicted.append(p)
                landed.append(cells_of(after["hunter_1"])[2])
    z = surprise(predicted, landed)
    assert len(z) >= 5
    assert np.abs(z).max() < 4.5
    assert env.state().shape == env.state_space.shape == (3 * (27 + 75),)  # the scripted prey's view too


def test_every_scripted_external_gets_its_turn():
    externals = external_family("matching_pennies").sample(0, 4)
    env = to_parallel_env(make("matching_pennies"), externals=externals)
    drawn = []
    for seed in range(200):
        env.reset(seed=seed)
        drawn.append(int((externals.parameters == env._players.parameters).all(-1).int().argmax()))
    assert np.bincount(drawn, minlength=4).min() > 25


def test_wrong_use_of_our_env_is_named():
    game = make("rectangular")
    with pytest.raises(TypeError, match=r"micra_lite\.make"):
        to_parallel_env("rectangular")
    with pytest.raises(ValueError, match="'human'"):
        to_parallel_env(game, render_mode="human")
    with pytest.raises(ValueError, match="none"):
        to_parallel_env(game, externals=external_family("rectangular").sample(0, 1)[:0])
    env = to_parallel_env(game)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="'column'"):
        env.step({"row": 0})
    with pytest.raises(ValueError, match="2 is no action of 'row'"):
        env.step({"row": 2, "column": 0})
    with pytest.raises(ValueError, match="rgb_array"):
        env.render()


@pytest.mark.parametrize(("name", "options"), GAMES)
def test_pictures(name, options):
    game = make(name, **options)
    env = to_parallel_env(game, render_mode="rgb_array")
    env.reset(seed=0)
    picture = env.render()
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 10
    assert np.array_equal(picture, env.render())
    if name == "pursuit":
        env.reset(seed=1)
        assert not np.array_equal(picture, env.render())
