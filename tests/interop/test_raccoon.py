"""The raccoon: its rules worked out by hand, its family, and the best team against a search over all teams of one night."""

import warnings
from itertools import product

import numpy as np
import pytest
import torch

from micra_lite.interop import raccoon
from micra_lite.interop.raccoon import ENOUGH, GUARDS, NIGHTS, Raccoon, Raccoons, best_catches, raccoon_game, view
from micra_lite.settings import Settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # PettingZoo's tests import its old way of making Connect Four
    from pettingzoo.test import parallel_api_test


def test_it_keeps_to_pettingzoos_contract(capsys):
    parallel_api_test(Raccoon(), num_cycles=200)
    assert "Passed Parallel API test" in capsys.readouterr().out


@pytest.mark.parametrize(("ann", "bob", "visitor", "paid", "frightened"), [
    (0, 0, 0, (2.0, 0.0, 0.0), True),  # Ann alone
    (0, 2, 3, (0.0, 2.0, 0.0), True),  # Bob alone: his action 2 is bin 3
    (1, 0, 1, (1.0, 1.0, 0.0), True),  # both at bin 1 share
    (0, 0, 3, (0.0, 0.0, 1.0), False),  # a meal
])  # fmt: skip
def test_one_night(ann, bob, visitor, paid, frightened):
    env = Raccoon()
    env.reset()
    seen, rewards, terminated, truncated, _ = env.step({"ann": ann, "bob": bob, "raccoon": visitor})
    assert tuple(rewards[a] for a in env.possible_agents) == paid
    assert not any(terminated.values())
    assert not any(truncated.values())
    expected = view(visitor, frightened, int(not frightened)).numpy()
    for agent in env.agents:
        assert seen[agent] == pytest.approx(expected)
    assert seen["ann"] is not seen["bob"]


@pytest.mark.parametrize(("bob", "nights", "full"), [(0, ENOUGH, True), (2, NIGHTS, False)])
def test_two_ways_to_end(bob, nights, full):
    env = Raccoon()
    env.reset()
    for night in range(1, nights + 1):
        assert env.agents
        _, _, terminated, truncated, _ = env.step({"ann": 0, "bob": bob, "raccoon": 3})
        over = night == nights
        assert set(terminated.values()) == {over and full}
        assert set(truncated.values()) == {over and not full}
    assert not env.agents


def test_a_raccoon_by_hand():
    """Favourite bin 2, loyal 1, shy −1: scores 2 for the favourite, then 1 more where it ate, 1 less after its fright."""
    parameters = torch.tensor([2.0, 1.0, -1.0], dtype=torch.float64)
    cases = {
        view(): (0, 0, 2, 0),
        view(0, False, 1): (1, 0, 2, 0),
        view(1, True, 0): (0, 0, 1, 0),  # the bin after 1 is the favourite
        view(3, True, 0): (-1, 0, 2, 0),  # after bin 3 comes bin 0
    }
    for seen, scores in cases.items():
        wanted = np.exp(scores) / np.exp(scores).sum()
        assert Raccoons().probabilities(parameters, [seen])[0].numpy() == pytest.approx(wanted)


def test_all_mornings_are_those_that_come_up_in_play():
    env, rng, met = Raccoon(), np.random.default_rng(0), set()
    for _ in range(2000):
        seen, _ = env.reset()
        while env.agents:
            met.add(tuple(seen["raccoon"].tolist()))
            seen, *_ = env.step({a: int(rng.integers(env.action_space(a).n)) for a in env.agents})
    assert met == {tuple(m.tolist()) for m in raccoon.mornings()}
    assert len(met) == 29


def test_the_best_team_is_at_least_as_good_as_any_that_stays(monkeypatch):
    newcomers = Raccoons().split("held-out")[:4]
    for k in range(len(newcomers)):
        best = best_catches(newcomers[k])
        assert all(best >= stays(newcomers[k], at) - 1e-12 for at in GUARDS)
        assert best <= NIGHTS
    monkeypatch.setattr(raccoon, "NIGHTS", 1)  # on one night the best is the likeliest two bins that can be guarded
    for k in range(len(newcomers)):
        p = newcomers[k].policies(torch.tensor([0]), [view()[None]])[0][0].tolist()
        one_night = max(sum(p[b] for b in {a, b}) for a, b in product((0, 1), (1, 2, 3)))
        assert best_catches(newcomers[k]) == pytest.approx(one_night)


def stays(one, at):
    """Expected catches of a team that guards the same bins every night, forwards, by the chances of each situation."""
    chances, total = {(None, False, 0): 1.0}, 0.0
    for _ in range(NIGHTS):
        after = {}
        for (last, frightened, meals), chance in chances.items():
            p = one.policies(torch.tensor([0]), [view(last, frightened)[None]])[0][0].tolist()
            for b in range(4):
                caught = b in at
                total += chance * p[b] * caught
                if meals + (not caught) < ENOUGH:
                    key = (b, caught, meals + (not caught))
                    after[key] = after.get(key, 0.0) + chance * p[b]
        chances = after
    return total


def test_the_game_has_a_picture_and_its_settings_are_valid():
    game = raccoon_game()
    assert (game.targets, game.externals, game.horizon) == (("ann", "bob"), ("raccoon",), NIGHTS)
    state = game.reset(1, torch.Generator().manual_seed(0))
    step = game.step(state, torch.tensor([[0, 2, 0]]), torch.Generator())
    assert step.rewards.tolist() == [[1.0, 1.0, 0.0]]
    assert game.scene(step.state[0]).agents == {"raccoon": 0}
    assert game.scene(state[0]).agents == {}
    assert game.action_names[1] == ("bin 1", "bin 2", "bin 3")
    assert Settings(**raccoon.SETTINGS).updates == 80
