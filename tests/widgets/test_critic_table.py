"""The critic's table without a browser: its words against plain loops, and where its learning leads."""

from html import unescape

import numpy as np
import pytest
from ipywidgets import HTML

from helpers.widgets import controls, drawings, numbers, stays_on_its_sheet
from micra_lite import exact
from micra_lite.registry import external_family, make
from micra_lite.widgets import CriticTable
from micra_lite.widgets.critic_table import (
    EPISODES,
    EXPLORATION,
    LENGTH,
    MOVES,
    PLAYED,
    PREY,
    RATE,
    STATES,
    SWEEPS,
    TabularData,
    collect_transitions,
    expected_targets,
    hunter_and_prey,
    learned_table,
    sweep,
    transitions_beside,
)
from micra_lite.widgets.drawing.base import STATIC


def cases():
    return [(e, p, a) for e in EXPLORATION.values() for p in PLAYED for a in PREY]


def swept_by_loops(q, data, policies, gamma):
    """One sweep, transition by transition and joint action by joint action: q, a dict (s, a, b) → value."""
    wanted = {}
    for s, joint, r, after in zip(data.state, data.joint, data.reward, data.next_state, strict=True):
        future = sum(
            policies[0][after, a] * policies[1][after, b] * q.get((after, a, b), 0.0)
            for a in range(5)
            for b in range(5)
        )
        wanted.setdefault((s, joint // 5, joint % 5), []).append(r + gamma * future)
    return {key: q.get(key, 0.0) + RATE * (sum(ys) / len(ys) - q.get(key, 0.0)) for key, ys in wanted.items()}


def test_sweeps_are_those_of_plain_loops():
    game, team, new, _ = hunter_and_prey()
    rng = np.random.default_rng(3)
    policies = [rng.dirichlet(np.ones(5), game.S), new[1]]  # a team that is not deterministic
    data = collect_transitions(game, policies, 20, 5, rng)
    by_loops, q = {}, np.zeros((game.S, 25))
    for _ in range(4):
        by_loops = swept_by_loops(by_loops, data, policies, game.gamma)
        q = sweep(q, data, expected_targets(game, data, q, exact.joint_policy(policies)), RATE)
    table = np.zeros((game.S, 5, 5))
    for key, value in by_loops.items():
        table[key] = value
    assert np.abs(table.reshape(q.shape) - q).max() < 1e-12
    assert team[0].shape == policies[0].shape


def test_data_follow_the_rules_of_the_game():
    """Every transition is one that the game can make, with its reward; and joint actions come as often as they should."""
    game, team, new, _ = hunter_and_prey()
    exploring = [0.8 * p + 0.2 / 5 for p in team]
    data = collect_transitions(game, [*exploring, new[0]], 2000, 10, np.random.default_rng(0))
    T = game.T.toarray().reshape(game.S, 25, game.S)
    assert (T[data.state, data.joint, data.next_state] > 0).all()
    assert np.array_equal(data.reward, exact.team_reward(game)[data.state, data.joint])
    counts = data.counts((game.S, 25))
    assert counts.sum() == len(data.state) == 20_000
    for s in range(game.S):
        p = exact.joint_policy([*exploring, new[0]])[s]
        n = counts[s].sum()
        assert np.abs(counts[s] - n * p).max() < 5 * np.sqrt(n * 0.25) + 1
    first = np.bincount(data.state[:2000], minlength=game.S) / 2000
    assert np.abs(first - game.start).max() < 5 * np.sqrt(0.25 / 2000)


def test_with_every_joint_action_in_the_data_the_table_becomes_exact():
    """A made-up D in which each outcome comes exactly as often as it should: nothing is left to chance."""
    game, team, new, _ = hunter_and_prey()
    T = game.T.toarray().reshape(game.S, 25, game.S)
    rewards, rows = exact.team_reward(game), []
    for s in range(game.S):
        for joint in range(25):
            for after in np.flatnonzero(T[s, joint]):
                rows += [(s, joint, rewards[s, joint], after)] * round(6 * T[s, joint, after])
    state, joint, reward, after = map(np.array, zip(*rows, strict=True))
    data, policies = TabularData(state, joint, reward, after), [*team, new[0]]
    q = np.zeros((game.S, 25))
    for _ in range(1200):
        q = sweep(q, data, expected_targets(game, data, q, exact.joint_policy(policies)), RATE)
    assert np.abs(q - exact.joint_q(game, policies).reshape(q.shape)).max() < 1e-10


def test_the_externals_are_who_they_are_said_to_be():
    """A and B are held out, and the 32 are not; the team is a best response to the training prey's average."""
    game, team, new, known = hunter_and_prey()
    pursuit = make("pursuit", size=2, hunters=1)
    family = external_family("pursuit", pursuit)
    for k in range(2):
        assert np.allclose(new[k], pursuit.tables(family.split("held-out")[k : k + 1])[0][0])
    average = pursuit.tables(family.split("train"))[0].double().mean(0).numpy()
    worth = exact.team_value(game, team, [average])
    for s in range(game.S):
        for a in range(5):
            other = team[0].copy()
            other[s] = np.eye(5)[a]
            assert exact.team_value(game, [other], [average]) <= worth + 1e-9
    assert len(known) == 32


@pytest.mark.parametrize(("exploration", "beside", "against"), cases())
def test_what_is_learned(exploration, beside, against):
    x = learned_table(exploration, beside, against)
    assert len(x.learned) == len(SWEEPS)
    for k in range(len(SWEEPS)):
        assert not x.learned[k][x.counts == 0].any()  # nothing is known of what was never done
    errors = [x.error(k, True) for k in range(len(SWEEPS))]
    if beside == "32 other prey" or against == "prey A":  # the prey's moves were seen
        assert errors == sorted(errors, reverse=True)
        assert errors[-1] < 0.2
    else:  # prey B's moves never were: more sweeps do not help
        assert errors[-1] > 2
        assert errors[-1] == pytest.approx(errors[-2], abs=0.1)
    if exploration == 0:  # only the team's own action, in every state
        assert set(zip(*np.nonzero(x.counts.reshape(16, 5, 5).sum(2)), strict=True)) <= set(enumerate(x.team))


def test_the_states_are_those_that_come_up():
    """All that can be reached, from any start and by anybody's moves: found by following every transition."""
    game = hunter_and_prey()[0]
    T = game.T.toarray().reshape(game.S, 25, game.S).max(1) > 0
    found = set(np.flatnonzero(game.start))
    while more := {after for s in found for after in np.flatnonzero(T[s])} - found:
        found |= more
    assert found == set(STATES)


def test_exploring_and_company_show_more_joint_actions():
    seen = {}
    for e in EXPLORATION.values():
        for beside in PLAYED:
            data = transitions_beside(e, beside)
            assert len(data.state) == EPISODES * LENGTH
            seen[e, PLAYED[beside]] = int((data.counts((16, 25)) > 0).sum())
    assert seen[0.0, 0] < seen[0.2, 0] < seen[0.2, 32]
    assert seen[0.0, 0] < seen[0.0, 32] < seen[0.2, 32]


# --- The words, parsed back ------------------------------------------------------------------------------------------


def check(table):
    """The words of the present picture against the exact values, computed here again, and the data's counts."""
    alt, s = table.alt, table.state.value
    x = table.table()
    game, team, new, _ = hunter_and_prey()
    truth = exact.joint_q(game, [*team, new[PREY[table.against.value]]])
    assert alt.startswith(
        f"{table.exploration.value}, played beside {table.played.value}, valued against {table.against.value}."
    )
    where = make("pursuit", size=2, hunters=1).states()[s].tolist()
    hunter, prey = (f"row {cell // 2 + 1} column {cell % 2 + 1}" for cell in where)
    assert f" State {s}: hunter in {hunter}, prey in {prey}; the team plays" in alt
    assert f"the team plays {MOVES[team[0][s].argmax()]}." in alt
    assert f"After {SWEEPS[table.sweeps.value]} sweeps" in alt
    learned = x.learned[table.sweeps.value].reshape(16, 5, 5)
    counts = (
        transitions_beside(EXPLORATION[table.exploration.value], table.played.value).counts((16, 25)).reshape(16, 5, 5)
    )
    for a, move in enumerate(MOVES):
        row = alt.split(f"Hunter {move}: ")[1].split(". ")[0] + "."
        assert numbers(row.rstrip("."))[0::2] == pytest.approx(learned[s, a].tolist(), abs=0.0051)
        assert numbers(row.rstrip("."))[1::2] == pytest.approx(truth[s, a].tolist(), abs=0.0051)
        assert [("never taken" in part) for part in row.split(", ")] == (counts[s, a] == 0).tolist()
    apart = np.abs(learned - truth)
    shown = alt[alt.index("Mean error in") :]
    for where, rows in (("in this state: ", slice(s, s + 1)), ("In all states: ", list(STATES))):
        words = shown.split(where)[1].split(". ")[0].split(", never taken ")
        for one, which in zip(words, (counts[rows] > 0, counts[rows] == 0), strict=True):
            if which.any():
                assert numbers(f" {one}")[0] == pytest.approx(apart[rows][which].mean(), abs=0.00051)
            else:
                assert one.removeprefix("taken ") == "none"
    assert alt.endswith(f"there are data: {(counts > 0).sum()} of 300.")
    (drawing,) = drawings(table.view.value)
    stays_on_its_sheet(drawing)
    assert unescape(drawing.split('aria-label="')[1].split('"')[0]) == alt


@pytest.mark.parametrize("exploration", EXPLORATION)
def test_every_control_over_its_range(exploration):
    table = CriticTable(exploration)
    for who in PLAYED:
        table.played.value = who
        for prey in PREY:
            table.against.value = prey
            check(table)
    for s in STATES:
        table.state.value = s
        check(table)
    for k in range(len(SWEEPS)):
        table.sweeps.value = k
        check(table)
    table.exploration.value = next(e for e in EXPLORATION if e != exploration)
    check(table)


def test_it_has_words_and_a_static_copy():
    table = CriticTable()
    assert all(c.description.strip() and not c.disabled for c in controls(table) if not isinstance(c, HTML))
    assert table.twin() == CriticTable().twin()
    assert " id=" not in table.twin()
    assert STATIC in table.twin()
    with pytest.raises(ValueError, match="'ε = 3' is not known"):
        CriticTable("ε = 3")


def test_without_the_choice_of_prey_nothing_is_told_of_other_prey():
    table = CriticTable(choose_prey=False)
    assert [c.description for c in controls(table) if not isinstance(c, HTML)] == ["Exploration", "Sweeps", "State"]
    for exploration in EXPLORATION:
        table.exploration.value = exploration
        check(table)
        assert "prey B" not in table.alt
        assert "32 other prey" not in table.alt
