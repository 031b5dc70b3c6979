"""The lessons' widgets without a browser: every control over its range, and the words against sums done again."""

import itertools
import math
import re
import tomllib
import warnings
from html import unescape
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_widgets import controls, descendants, drawings, numbers, part, stays_on_its_sheet

import micra_lite
from micra_lite import exact
from micra_lite.catalogue import GRID_TASKS, external_family, make
from micra_lite.widgets import GridPlayer, PolicyField, Prediction, Predictions, ask, dynamics
from micra_lite.widgets.base import STATIC
from micra_lite.widgets.episodes import SHOWN, TEAMS, company
from micra_lite.widgets.grid_player import SHOW
from micra_lite.widgets.policy_field import FIELD_GAMES, PATHS

QUESTIONS = tomllib.loads((Path(micra_lite.__file__).parent / "widgets" / "questions.toml").read_text(encoding="utf-8"))
NAMES = ("heads", "tails")

# --- Predictions --------------------------------------------------------------------------------------------------


def slide(truth=0.33):
    return Prediction("Score", "How much?", truth, between=(-0.5, 1.0), step=0.05, unit="points", because="So it is.")


def test_a_slider_over_its_range():
    for k in range(31):
        prediction = slide()
        prediction.control.value = -0.5 + 0.05 * k
        assert numbers(prediction.alt) == pytest.approx([-0.5 + 0.05 * k], abs=0.0051)
        assert "0.33" not in prediction.view.value
        prediction.button.click()
        told = numbers(prediction.alt)
        assert told[:2] == pytest.approx([-0.5 + 0.05 * k, 0.33], abs=0.0051)
        assert told[2] == pytest.approx(abs(-0.83 + 0.05 * k), abs=0.0051)
        assert "So it is." in prediction.view.value


def test_every_option():
    options = ["yes", "no", "perhaps"]
    for option in options:
        prediction = Prediction("Q", "Well?", "no", options=options)
        prediction.reveal()
        assert not prediction.revealed  # nothing was chosen
        prediction.control.value = option
        assert prediction.alt == f"Q. You predicted {option}. The truth is not shown yet."
        prediction.reveal()
        assert (
            prediction.alt == f"Q. You predicted {option}; the truth is no. {'Right.' if option == 'no' else 'Not so.'}"
        )


def test_the_first_prediction_is_kept():
    prediction = slide()
    prediction.control.value = 0.5
    prediction.reveal()
    prediction.reveal()
    assert prediction.kept == 0.5
    assert prediction.control.disabled
    assert prediction.button.disabled


def test_the_static_copy_hides_the_answer_behind_a_fold():
    for prediction in (slide(), Prediction("Q", "Well?", "no", options=["yes", "no"], because="It is.")):
        before, after = prediction.twin().split("<details>")
        truth = prediction.shown(prediction.truth)
        assert f"the truth is {truth}" in unescape(after)
        assert "the truth is" not in before
        assert STATIC in after
        assert len(drawings(prediction.twin())) == 2


def test_the_summary_follows_every_reveal():
    both = [slide(), Prediction("Other", "Well?", "no", options=["yes", "no"])]
    summary = Predictions(both)
    assert summary.alt.startswith("0 of 2 predictions made.")
    assert "0.33" not in summary.view.value
    both[0].control.value = 0.1
    both[0].reveal()
    assert summary.alt == (
        "1 of 2 predictions made. Score: predicted 0.10 points, truth 0.33 points; Other: not predicted yet."
    )


@pytest.mark.parametrize("key", QUESTIONS)
def test_every_question_can_be_asked(key):
    asked = QUESTIONS[key]
    truth = asked["options"][0] if "options" in asked else asked["between"][1]
    blanks = set(re.findall(r"{(\w+)}", asked["because"])) - {"truth"}
    prediction = ask(key, truth, **dict.fromkeys(blanks, "x"))
    assert "{" not in prediction.because
    assert 20 < len(prediction.question) < 160
    assert len(prediction.because) > 20
    notebooks = Path(__file__).parent.parent / "notebooks" / "src"
    assert any(f'ask("{key}"' in source.read_text() for source in notebooks.glob("*.py"))


def test_impossible_questions_are_refused():
    for bad in ({}, {"options": ["a"], "between": (0, 1)}, {"options": ["a"]}, {"between": (0, 1)}):
        with pytest.raises(ValueError, match=r"needs either|none of|outside"):
            Prediction("Q", "Well?", 2.0, **bad)
    with pytest.raises(ValueError, match="no question 'nothing'"):
        ask("nothing", 1.0)


# --- The grid player ----------------------------------------------------------------------------------------------


def held_out(player):
    return external_family(player.game_menu.value).split("held-out")[player.external_menu.value]


def check_player(player):
    """The words of the present picture, and the episode behind them, against the tabulated rules."""
    game, t, alt = make(player.game_menu.value), player.step.value, player.alt
    table, played, targets = game.tabulate(), player.played, list(game.target_axes)
    for k, joint in enumerate(played.actions):  # what happened was possible, and paid as the rules say
        s, after = (int(game.encode(played.states[k + i])) for i in (0, 1))
        row = s * math.prod(table.A) + int(np.ravel_multi_index(joint, table.A))
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
    for k, letter in enumerate(rng.choice([*player.who().letters(), "t"], 12)):
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
    for description in ("north (n)", "west (w)", "stay (.)", "as my team would (t)"):
        buttons[description].click()
    other.moves.value = "N w?.t"  # capitals count, what means nothing does not
    assert one.view.value == other.view.value
    assert one.moves.value == "nw.t"
    buttons["take back"].click()
    assert one.moves.value == "nw."
    one.step.value = 1
    buttons["east (e)"].click()  # goes on from the step that is shown
    assert one.moves.value == "ne"
    buttons["play on"].click()
    assert one.letters() == "ne" + 23 * "t"
    assert one.step.value == 2
    one.moves.value += "nn"  # the episode is over
    assert len(one.played.actions) == 25
    assert "Step 25, the end" in one.alt


def test_only_what_was_changed_differs():
    """Common random numbers: the same moves beside the same external are the same episode; the start never changes."""
    player = GridPlayer("pursuit")
    player.moves.value = "nnwwee"
    states = [s.tolist() for s in player.played.states]
    player.external_menu.value = 3
    assert player.played.states[0].tolist() == states[0]
    assert [s.tolist() for s in player.played.states] != states
    assert [a[0] for a in player.played.actions] == [1, 1, 3, 3, 4, 4]
    player.external_menu.value = 0
    assert [s.tolist() for s in player.played.states] == states


def test_what_can_be_expected_is_the_mean_of_many_episodes():
    """By an oracle of its own: sweeps over the tabulated rules, for each joint action, in plain loops."""
    who, random = company("crossing", 2, TEAMS[0]), company("crossing", 2, TEAMS[2])
    table = who.game.tabulate()
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
    table = make("pursuit").tabulate()
    moves = [t.numpy() for t in external_family("pursuit").split("held-out")[:2].tables(make("pursuit"))[0]]
    values = [exact.team_value(table, company("pursuit", 0, team).policies[:2], [moves[0]]) for team in TEAMS]
    assert values[0] == pytest.approx(exact.best_response(table, [moves[0]]).value)
    assert values[1] == pytest.approx(exact.cross_play(table, [[m] for m in moves])[1, 0])
    assert values[2] == pytest.approx(exact.team_value(table, exact.random_team(table), [moves[0]]))


def test_unknown_tasks_are_refused():
    with pytest.raises(ValueError, match="'chicken' is not a grid task"):
        GridPlayer("chicken")


# --- The policy field ---------------------------------------------------------------------------------------------


def plain_regrets(game, i, policies):
    """Eq. 2 in a two-player game, in plain loops."""
    given = [0.0] * game.n_actions[i]
    for joint in itertools.product(*map(range, game.n_actions)):
        given[joint[i]] += float(policies[1 - i][joint[1 - i]]) * float(game.payoffs[joint][i])
    v = sum(float(p) * x for p, x in zip(policies[i], given, strict=True))
    return [x - v for x in given]


def check_field(field):
    game, alt = field.game, field.alt
    start = part(alt, "Policies:", "Regret advantages")
    cut = game.n_actions[0]
    policies = [[s.value for s in own] for own in field.sliders]
    policies = [
        [p[0], 1 - p[0]] if len(p) == 1 else [x / sum(p) if sum(p) else 1 / len(p) for x in p] for p in policies
    ]
    assert start == pytest.approx([*policies[0], *policies[1]], abs=0.0051)
    told = part(alt, "Regret advantages:", ": row is")
    regrets = [plain_regrets(game, i, policies) for i in (0, 1)]
    assert told == pytest.approx([*regrets[0], *regrets[1]], abs=0.0051)
    for agent, names, own in zip(game.agents, game.action_names, regrets, strict=True):
        if max(own) > 0.006:
            best = re.search(rf"{agent} is pushed towards (\w+)", alt)[1]
            assert own[names.index(best)] == pytest.approx(max(own), abs=1e-9)
        elif max(own) < 0.004:
            assert f"{agent} is not pushed" in alt
    begin = "the average is" if "the average is" in alt else "the policies are"
    end = part(alt, begin, ", and the largest regret left is")
    assert sum(end[:cut]) == pytest.approx(1, abs=0.02)
    assert sum(end[cut:]) == pytest.approx(1, abs=0.02)
    if game.payoffs.abs().max() < 6:  # elsewhere two decimals are too few to compute with
        left = max(
            0.0, *plain_regrets(game, 0, [end[:cut], end[cut:]]), *plain_regrets(game, 1, [end[:cut], end[cut:]])
        )
        assert part(alt, "the largest regret left is", " Equilibria") == pytest.approx([left], abs=0.08)
    for sheet in drawings(field.view.value):
        stays_on_its_sheet(sheet)


@pytest.mark.parametrize("name", FIELD_GAMES)
def test_the_field_over_all_its_controls(name):
    field = PolicyField("chicken")
    field.game_menu.value = name
    check_field(field)
    for way in PATHS:
        field.way_menu.value = way
        for steps in (0, 10, 200, 400):
            field.steps.value = steps
            check_field(field)
        for one in itertools.chain(*field.sliders):
            start = one.value
            for k in range(0, round((one.max - one.min) / one.step) + 1, 5):
                one.value = one.min + k * one.step
                check_field(field)
            one.value = start


@pytest.mark.parametrize("name", FIELD_GAMES)
def test_equilibria_are_those_of_an_independent_solver(name):
    nashpy = pytest.importorskip("nashpy")
    payoffs = make(name).payoffs.double().numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # climbing and penalty have ties, which it points out
        theirs = list(nashpy.Game(payoffs[..., 0], payoffs[..., 1]).support_enumeration())
    ours = dynamics.equilibria(make(name).payoffs)
    for pair in theirs:
        assert any(np.allclose(np.concatenate(pair), np.concatenate(own), atol=1e-9) for own in ours)
    for k, own in enumerate(ours):  # it misses one of climbing and one of penalty: so these by their definition, too
        assert max(max(plain_regrets(make(name), i, own)) for i in (0, 1)) == pytest.approx(0, abs=1e-9)
        assert not any(np.allclose(np.concatenate(own), np.concatenate(other)) for other in ours[:k])


def pair(x, y):
    return torch.tensor([x, 1 - x], dtype=torch.float64), torch.tensor([y, 1 - y], dtype=torch.float64)


@given(x=st.floats(0.05, 0.95), y=st.floats(0.05, 0.95))
@settings(max_examples=25)
def test_in_a_zero_sum_game_regrets_go_round_for_ever(x, y):
    """The replicator dynamics of matching pennies keep Σ_i KL(π*_i ‖ π_i): they never come nearer."""
    path = dynamics.follow(make("matching_pennies").payoffs, pair(x, y), 200)
    distance = sum(-0.5 * p.log().sum(1) for p in path)
    assert distance.tolist() == pytest.approx([float(distance[0])] * 201, rel=1e-5)


@pytest.mark.parametrize("name", FIELD_GAMES)
def test_the_path_follows_the_field(name):
    payoffs, n = make(name).payoffs, len(make(name).action_names[0])
    start = torch.arange(1, n + 1, dtype=torch.float64) / sum(range(1, n + 1))
    rate = 1e-3
    path = dynamics.follow(payoffs, (start, start.flip(0)), 2, rate)
    moved = dynamics.drift(payoffs, (path[0][1:2], path[1][1:2]))
    for p, d in zip(path, moved, strict=True):
        slope = (p[2] - p[0]) / (2 * rate * dynamics.time_unit(payoffs))
        assert slope.tolist() == pytest.approx(d[0].tolist(), abs=1e-4 / dynamics.time_unit(payoffs))
        assert float(d.sum()) == pytest.approx(0, abs=1e-9)


def test_an_action_that_is_never_played_stays_so():
    path = dynamics.follow(make("stag_hunt").payoffs, pair(0.0, 0.9), 50)
    assert path[0][:, 0].tolist() == [0.0] * 51


@pytest.mark.parametrize("name", ["matching_pennies", "rock_paper_scissors", "stag_hunt"])
def test_regret_matching_is_its_definition(name):
    game = make(name)
    n = game.n_actions[0]
    start = [
        torch.arange(1, n + 1).double() / sum(range(1, n + 1)),
        torch.arange(n, 0, -1).double() / sum(range(1, n + 1)),
    ]
    rounds, averages = dynamics.regret_matching(game.payoffs, (start[0], start[1]), 40)
    now, total = [p.tolist() for p in start], [[0.0] * n, [0.0] * n]
    history = [[now[0]], [now[1]]]
    for _ in range(40):
        for i in (0, 1):
            total[i] = [t + r for t, r in zip(total[i], plain_regrets(game, i, now), strict=True)]
        positive = [[max(x, 0.0) for x in own] for own in total]
        now = [[x / sum(own) for x in own] if sum(own) else [1 / n] * n for own in positive]
        for i in (0, 1):
            history[i].append(now[i])
    for i in (0, 1):
        assert np.allclose(rounds[i].numpy(), history[i], atol=1e-9)
        assert averages[i][-1].tolist() == pytest.approx(np.mean(history[i], 0).tolist())


def test_its_average_converges_in_a_zero_sum_game():
    game = make("rock_paper_scissors")
    start = torch.tensor([0.8, 0.1, 0.1], dtype=torch.float64)
    _, averages = dynamics.regret_matching(game.payoffs, (start, start.flip(0)), 4000)
    for average in averages:  # regret matching: at most span·√(A / T) each
        assert average[-1].tolist() == pytest.approx([1 / 3] * 3, abs=0.05)


def test_games_without_a_field_are_refused():
    with pytest.raises(ValueError, match="'rectangular' has no field"):
        PolicyField("rectangular")


# --- What all of them share ---------------------------------------------------------------------------------------


def example(which):
    return {"player": GridPlayer, "field": PolicyField, "slide": slide}[which]()


@pytest.mark.parametrize("which", ["player", "field", "slide"])
def test_controls_have_words_and_there_is_one_picture(which):
    found = example(which)
    for control in controls(found):
        if not isinstance(control, ipywidgets.HTML):
            assert control.description.strip()
            assert not control.disabled
    pictures = [w for w in descendants(found) if isinstance(w, ipywidgets.HTML) and "<svg" in w.value]
    assert len(pictures) == 1
    assert not any(isinstance(w, ipywidgets.Output) for w in descendants(found))


@pytest.mark.parametrize("which", ["player", "field", "slide"])
def test_static_copies_are_whole_and_always_the_same(which):
    one, other = example(which), example(which)
    assert one.twin() == other.twin()
    assert " id=" not in one.twin()
    assert STATIC in one.twin()
    for sheet in drawings(one.twin()):
        stays_on_its_sheet(sheet)
        assert unescape(re.search(r'aria-label="([^"]*)"', sheet)[1]) in unescape(one.twin().split("figcaption", 1)[1])
