"""The grid player without a browser: every control over its range, against the tabulated rules."""

import itertools
import math
import re

import ipywidgets
import numpy as np
import pytest
import torch

from helpers.widgets import controls, drawings, numbers, stays_on_its_sheet
from micra_lite import exact
from micra_lite.exact.encounter import SHOWN, TEAMS, encounter
from micra_lite.registry import GRID_TASKS, external_family, make
from micra_lite.widgets import GridPlayer
from micra_lite.widgets.drawing.episode import SHOW
from micra_lite.widgets.grid_player import letters_of


def held_out(player):
    return external_family(player.game_menu.value).split("held-out")[player.external_menu.value]


def check_player(player):
    """The words of the present picture, and the episode behind them, against the tabulated rules."""
    game, t, alt = make(player.game_menu.value), player.step.value, player.alt
    table, played, targets = exact.tabulate(game), player.played, list(game.target_axes)
    for k, joint in enumerate(played.actions):  # what happened was possible, and paid as the rules say
        s, after = (int(game.encode(played.states[k + i])) for i in (0, 1))
        row = s * math.prod(table.A) + int(np.ravel_multi_index(joint.tolist(), table.A))
        assert table.T[row, after] > 0
        assert played.rewards[k].tolist() == pytest.approx(table.R.reshape(-1, len(table.A))[row].tolist())
    state = played.states[t]
    where = dict(re.findall(r"(\w+) at (row \d, column \d)", alt))
    for agent, cell in zip(game.agents, state.tolist(), strict=True):
        assert where[agent] == f"row {cell // game.columns + 1}, column {cell % game.columns + 1}"
    if t:
        for j, agent in enumerate(game.agents):
            assert f"{agent} {game.action_names[j][played.actions[t - 1][j]]}" in alt.split("Moved: ")[1]
    earned = sum(float(r[targets].mean()) for r in played.rewards[:t])
    assert numbers(alt.split(f"after {t} of 25 steps:")[1])[0] == pytest.approx(earned)
    s = int(game.encode(state))
    if player.show_menu.value == SHOW[1]:
        seen = game.observe(state[None])
        moves = held_out(player).policies(torch.tensor([0]), [seen[e] for e in game.external_axes])[0][0]
        assert numbers(alt.split("Probabilities of")[1]) == pytest.approx(moves.tolist(), abs=0.0051)
    if player.show_menu.value == SHOW[2]:
        who = player.who()
        told = iter(numbers(alt.split("Regret advantages of")[1]))
        for i in game.target_axes:
            given = [0.0] * game.n_actions[i]
            for joint in itertools.product(*map(range, game.n_actions)):
                weight = math.prod(who.policies[j][s][a] for j, a in enumerate(joint) if j != i)
                given[joint[i]] += weight * who.q[(s, *joint)]
            v = sum(p * x for p, x in zip(who.policies[i][s], given, strict=True))
            for x in given:
                assert next(told) == pytest.approx(x - v, abs=0.0051)
    for sheet in drawings(player.view.value):
        stays_on_its_sheet(sheet)


@pytest.mark.parametrize("name", GRID_TASKS)
def test_the_player_over_all_its_controls(name):
    player = GridPlayer("gates")
    player.game_menu.value = name
    check_player(player)
    rng = np.random.default_rng(0)
    for k, letter in enumerate(rng.choice([*letters_of(player.who()), "t"], 12)):
        player.move(letter)
        player.show_menu.value = SHOW[k % 3]
        check_player(player)
    for control, values in (
        (player.external_menu, range(SHOWN)), (player.team_menu, TEAMS), (player.you_menu, player.who().game.targets),
        (player.show_menu, SHOW), (player.step, range(12, -1, -1)),
    ):  # fmt: skip
        for value in values:
            control.value = value
            assert len(player.played.actions) == 12
            check_player(player)
    player.step.value = 20  # there are but 12
    assert player.step.value == 12
    for number in range(2, 21):
        player.episode.value = number
        assert player.moves.value == ""
        check_player(player)


def test_buttons_and_letters_are_the_same():
    one, other = GridPlayer("pursuit"), GridPlayer("pursuit")
    buttons = {b.description: b for b in controls(one) if isinstance(b, ipywidgets.Button)}
    for description in ("north (n)", "west (w)", "stay (.)", "let the team choose (t)"):
        buttons[description].click()
    other.moves.value = "N w?.t"  # capitals count, what means nothing does not
    assert one.view.value == other.view.value
    assert one.moves.value == "nw.t"
    buttons["take back"].click()
    assert one.moves.value == "nw."
    one.step.value = 1
    buttons["east (e)"].click()  # goes on from the step that is shown
    assert one.moves.value == "ne"
    buttons["play to the end"].click()
    assert one.letters() == "ne" + 23 * "t"
    assert one.step.value == 2
    one.moves.value += "nn"  # the episode is over
    assert len(one.played.actions) == 25
    assert "Step 25, the end" in one.alt


def test_the_opening_says_what_to_do_until_a_move_is_made():
    player = GridPlayer("rendezvous")
    assert player.step.value == 0
    assert (player.step.min, player.step.max) == (0, 1)  # there is nothing to look at yet
    player.step.value = 1
    assert player.step.value == 0
    for you in player.who().game.targets:
        player.you_menu.value = you
        assert f"Nothing was played yet. You are {you} (c{you[-1]} on the board)." in player.alt
        assert "Choose your move" in player.view.value
    player.moves.value = "ns"
    assert "Nothing was played yet" not in player.alt + player.view.value
    assert player.step.max == 2
    player.step.value = 0
    assert "Nothing was played yet" not in player.alt
    player.moves.value = ""
    assert "Nothing was played yet" in player.alt
    buttons = [b.description for b in controls(player) if isinstance(b, ipywidgets.Button)]
    assert buttons[-2:] == ["take back", "play to the end"]


def test_only_what_was_changed_differs():
    """Common random numbers: the same moves beside the same external are the same episode; the start never changes."""
    player = GridPlayer("pursuit")
    player.moves.value = "nnwwee"
    states = [s.tolist() for s in player.played.states]
    player.external_menu.value = 3
    assert player.played.states[0].tolist() == states[0]
    assert [s.tolist() for s in player.played.states] != states
    assert [int(a[0]) for a in player.played.actions] == [1, 1, 3, 3, 4, 4]
    player.external_menu.value = 0
    assert [s.tolist() for s in player.played.states] == states


def test_what_can_be_expected_is_the_mean_of_many_episodes():
    """By an oracle of its own: sweeps over the tabulated rules, for each joint action, in plain loops."""
    who, random = encounter("crossing", 2, TEAMS[0]), encounter("crossing", 2, TEAMS[2])
    table = exact.tabulate(who.game)
    for policies, expected in ((who.policies, who.best), (random.policies, who.random)):
        V = np.zeros(table.S)
        for _ in range(25):
            new = np.zeros(table.S)
            for a, joint in enumerate(itertools.product(*map(range, table.A))):
                rows = np.arange(table.S) * math.prod(table.A) + a
                weight = math.prod(p[:, x] for p, x in zip(policies, joint, strict=True))
                new += weight * (table.R[:, a, :2].mean(1) + table.T[rows] @ V)
            V = new
        np.testing.assert_allclose(V, expected, atol=1e-9)


def test_teams_are_what_they_are_called():
    table = exact.tabulate(make("pursuit"))
    moves = [t.numpy() for t in make("pursuit").tables(external_family("pursuit").split("held-out")[:2])[0]]
    values = [exact.team_value(table, encounter("pursuit", 0, team).policies[:2], [moves[0]]) for team in TEAMS]
    assert values[0] == pytest.approx(exact.best_response(table, [moves[0]]).value)
    assert values[1] == pytest.approx(exact.cross_play(table, [[m] for m in moves])[1, 0])
    assert values[2] == pytest.approx(exact.team_value(table, exact.random_team(table), [moves[0]]))


def test_unknown_tasks_are_refused():
    with pytest.raises(ValueError, match="'chicken' is not a grid task"):
        GridPlayer("chicken")


@pytest.mark.parametrize(("game", "pressed", "letters"), [
    ("pursuit", ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", " "], "nswe."),
    ("crossing", ["ArrowUp", "ArrowLeft", "ArrowRight", "ArrowDown"], "slr"),  # there is no way back
])  # fmt: skip
def test_arrow_keys_are_moves(game, pressed, letters):
    player = GridPlayer(game)
    for key in [*pressed, "x", "Enter"]:
        player.arrows._handle_custom_msg(key, [])  # as it comes from the browser
    assert player.moves.value == letters
    player.arrows._handle_custom_msg("Backspace", [])
    assert player.moves.value == letters[:-1]
    assert len(player.played.actions) == len(letters) - 1
