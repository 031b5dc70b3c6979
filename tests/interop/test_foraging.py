"""Partners of lbforaging's foragers: their ways on the board, their tastes, and what it is worth to know these."""

from dataclasses import replace

import pytest
import torch

pytest.importorskip("lbforaging", reason="lbforaging is not installed")

from helpers.played import generator
from micra_lite.interop.foraging import MOVES, SETTINGS, PartnerFamily, foraging
from micra_lite.phases import execution, offline_training, online_adaptation
from micra_lite.rollouts import watch
from micra_lite.settings import Settings
from micra_lite.training_state import last


def partner(right=0.0, down=0.0, near=0.0, initiative=1.0, helps=0.0, restless=0.0):
    return torch.tensor([right, down, near, initiative, helps, restless], dtype=torch.float64)


def seen(foods, me, other):
    """What a forager on a board of 6 cells sees: foods as (row, column), up to three of them; levels are 2 and 1."""
    foods = [(*f, 2) for f in foods] + [(-1, -1, 0)] * (3 - len(foods))
    return torch.tensor([*sum(foods, ()), *me, 1, *other, 1], dtype=torch.float32)


def moves(parameters, foods, me, other):
    """The actions that it may choose, with their probabilities, to three digits: tastes are sharp, not absolute."""
    p = PartnerFamily(6, 3).probabilities(parameters, [seen(foods, me, other)])[0]
    assert torch.isclose(p.sum(), torch.tensor(1.0, dtype=p.dtype))
    return {m: round(x, 3) for m, x in zip(MOVES, p.tolist(), strict=True) if x > 1e-3}


def test_it_goes_to_its_food_by_a_shortest_way_and_loads_there():
    assert moves(partner(), [(1, 1)], (4, 1), (5, 5)) == {"north": 1.0}
    assert moves(partner(), [(1, 1)], (2, 1), (5, 5)) == {"load": 1.0}
    # On a cell across from the food, both ways are equally short.
    assert moves(partner(), [(1, 1)], (3, 3), (5, 5)) == {"north": 0.5, "west": 0.5}
    # Another food stands in the way: around it, on either side.
    assert moves(partner(right=1.0), [(2, 2), (2, 4)], (2, 1), (5, 5)) == {"north": 0.5, "south": 0.5}
    # The other forager does: past it, though that is longer.
    assert moves(partner(), [(1, 1)], (4, 0), (3, 0)) == {"east": 1.0}
    # There is no way out of the corner.
    assert moves(partner(down=1.0), [(0, 1), (4, 4)], (0, 0), (1, 0)) == {"none": 1.0}


def test_taste_chooses_among_the_foods_that_are_left():
    foods = [(1, 4), (4, 1)]
    here, away = (2, 2), (5, 5)
    assert set(moves(partner(right=1.0), foods, here, away)) == {"north", "east"}
    assert set(moves(partner(down=1.0), foods, here, away)) == {"south", "west"}
    assert set(moves(partner(down=1.0), foods[:1], here, away)) == {"north", "east"}
    assert moves(partner(near=20.0), [(0, 0), (5, 4)], (5, 2), (0, 5)) == {"east": 1.0}
    assert moves(partner(), [], here, away) == {"none": 1.0}


def test_without_initiative_it_waits_to_be_asked():
    foods, here = [(1, 4), (4, 1)], (2, 2)
    likes_right = partner(right=1.0, initiative=0.0, helps=0.25)
    assert moves(likes_right, foods, here, (5, 5)) == {"none": 1.0}
    assert moves(likes_right, foods, here, (0, 4)) == {"north": 0.5, "east": 0.5}
    assert moves(likes_right, foods, here, (5, 1)) == {"none": 0.75, "south": 0.125, "west": 0.125}


def test_who_wanders_stays_on_the_board_and_off_others():
    p = moves(partner(initiative=0.0, restless=0.4), [(1, 1)], (0, 1), (0, 2))
    assert p == {"none": 0.6, "west": 0.4}  # the other is in the east, the food in the south
    assert moves(partner(initiative=0.0, restless=0.4), [(2, 2)], (0, 0), (5, 5)) == {
        "none": 0.6, "south": 0.2, "east": 0.2,
    }  # fmt: skip


def test_parameters_and_observations_broadcast_and_splits_are_strangers():
    family = PartnerFamily(6, 3)
    train, held_out = family.split("train"), family.split("held-out")
    assert not set(map(tuple, train.parameters.tolist())) & set(map(tuple, held_out.parameters.tolist()))
    states = torch.stack([seen([(1, 4), (4, 1)], (2, 2), (5, 5)), seen([(1, 1)], (0, 1), (0, 2))])
    asked = family.probabilities(train.parameters[:5, None], [states[None]])[0]  # (5, 2, 6)
    alone = family.probabilities(train.parameters[3], [states[1]])[0]
    torch.testing.assert_close(asked[3, 1], alone)
    torch.testing.assert_close(asked.sum(-1), torch.ones(5, 2, dtype=torch.float64))


def played(game, taste, partners, episodes):
    """The mean return of a forager who goes where `taste` (K, 3) says, beside each partner, (K,)."""
    family, g, K = PartnerFamily.of_game(game), generator(), len(taste)
    own = torch.nn.functional.pad(torch.cat([taste, torch.ones(K, 1)], 1), (0, 2)).repeat_interleave(episodes, 0)
    others = partners.repeat_interleave(episodes, 0)
    state, paid = game.reset(K * episodes, g), torch.zeros(K * episodes)
    for _ in range(game.horizon):
        views = game.observe(state)
        policies = [family.probabilities(p, [v])[0] for p, v in zip((own, others), views, strict=True)]
        actions = torch.cat([torch.multinomial(p, 1, generator=g) for p in policies], 1)
        step = game.step(state, actions, g)
        state, paid = step.state, paid + step.rewards[:, 0]  # nothing is paid after the end
    return paid.unflatten(0, (K, episodes)).mean(1)


def test_to_know_a_partners_taste_is_worth_much():
    """A forager who knows its partner's taste, one who goes to the nearest food, one who takes it for another's."""
    game, partners = foraging(), PartnerFamily().split("held-out").parameters[:32]
    tastes = partners[:, :3]
    nearest = torch.tensor([[0.0, 0.0, 20.0]], dtype=torch.float64).expand(32, 3)
    informed, blind, wrong = [played(game, t, partners, 6).mean() for t in (tastes, nearest, tastes.roll(7, 0))]
    assert informed > 1.4 * blind
    assert informed > 1.4 * wrong


def test_masks_leave_what_lbforaging_would_play_as_nothing():
    """Actions that are available: to stay, onto a cell of the board without a food, and to load beside one."""
    game, g = foraging(size=6, foods=3, horizon=None), generator()
    state, loads = game.reset(64, g), 0
    for _ in range(20):
        views = game.observe(state)
        for view, free in zip(views, game.available(views), strict=True):
            things = view[:, :15].unflatten(1, (5, 3))  # (B, 5, 3): foods, itself, the other
            foods, me = things[:, :3, :2], things[:, 3, :2]
            for move, step in enumerate([(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)]):
                at = me + torch.tensor(step)
                open_ = ((at >= 0) & (at < 6)).all(1) & ~(foods == at[:, None]).all(-1).any(1)
                assert torch.equal(free[:, move] > 0, open_)
            there = things[:, :3, 2] > 0
            beside = (((foods - me[:, None]).abs().sum(-1) == 1) & there).any(1)
            assert torch.equal(free[:, 5] > 0, beside)
            loads += int(beside.sum())
        actions = torch.cat([torch.multinomial(f, 1, generator=g) for f in game.available(views)], 1)
        state = game.step(state, actions, g).state
    assert loads > 100


TINY = replace(
    Settings(**SETTINGS), updates=3, externals_per_round=2, episodes_per_external=14, externals_per_update=3, states=16,
    states_per_external=8, updates_per_round=2, hidden=16, actor_hidden=16, features=16, adaptation_updates=2,
)  # fmt: skip


def test_all_three_phases_run_beside_a_partner():
    game, family = foraging(), PartnerFamily()
    state = last(offline_training(game, family, TINY)).state
    assert state.game.options == {"size": 5, "foods": 2, "gamma": 0.95, "horizon": 12}
    stranger = family.split("held-out")[0]
    adapted = last(online_adaptation(state, watch(state, stranger, 2))).state
    records = list(execution(adapted, game, stranger))
    assert 0 < len(records) <= 12
    assert all(torch.isfinite(r.rewards).all() for r in records)
