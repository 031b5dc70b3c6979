"""The opening game without a browser: its rules, what the team predicts and regrets, and the story that it tells."""

import dataclasses
import json
import math
import re

import numpy as np
import pytest
import torch

from helpers.opening import catches, replay
from micra_lite import exact
from micra_lite.widgets import OpeningGame
from micra_lite.widgets.chain import hunt
from micra_lite.widgets.drawing.base import STATIC
from micra_lite.widgets.opening_story import (
    GOAL,
    LUCK,
    PREY,
    STEPS,
    WATCHED,
    game_data,
    number,
    prepare,
    respond,
    step,
    story,
)


@pytest.fixture(scope="module")
def old():
    """Both hunters' moves that are best against prey 1."""
    return respond(story()[0].prey)


def alone(prey, mate):
    """Hunter 1's best moves against a prey, beside a mate who plays by table."""
    solo = dataclasses.replace(hunt().table, target_axes=(0,), external_axes=(1, 2))
    return exact.best_response(solo, [np.eye(5)[mate], prey]).policies[0].argmax(1)


def test_the_rules_are_those_of_pursuit():
    """One step, from random states, against what the game lists as outcomes; every free cell is as likely."""
    game, rng = hunt().game, np.random.default_rng(0)
    for one in story():
        for _ in range(60):
            cells = tuple(rng.integers(0, 9, 3).tolist())
            t, first, second = (int(rng.integers(n)) for n in (STEPS, 5, 5))
            actions = [first, second, int(one.moves[t, number(cells)])]
            outcomes = game.outcomes(torch.tensor([cells]), torch.tensor([actions]))
            possible = {tuple(c): float(p) for c, p in zip(outcomes.state[0].tolist(), outcomes.probability[0].tolist(), strict=True) if p}  # fmt: skip
            reached: dict = {}
            for k in range(56):  # 56 = 7 · 8: whether 7 or 8 cells are free, each gets as many
                new, move, caught = step(
                    dataclasses.replace(one, again=[(k + 0.5) / 56] * STEPS), t, cells, first, second
                )
                assert move == actions[2]
                assert caught == bool(outcomes.rewards[0, 0])
                reached[new] = reached.get(new, 0) + 1 / 56
            assert reached == pytest.approx(possible)


def policy(parameters, cells):
    """A prey's policy by the formula in `PreyFamily`."""
    flee, homing, down, right, shy, *habit = parameters
    home = (int(3 * down), int(3 * right))
    weights = []
    for (dr, dc), h in zip(((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)), habit, strict=True):
        row, column = divmod(cells[2], 3)
        wall = (dr, dc) != (0, 0) and not (0 <= row + dr < 3 and 0 <= column + dc < 3)
        row, column = (row, column) if wall else (row + dr, column + dc)
        near = min(abs(row - c // 3) + abs(column - c % 3) for c in cells[:2])
        far = abs(row - home[0]) + abs(column - home[1])
        weights.append(math.exp(flee * near - homing * far - shy * wall + h))
    return [w / sum(weights) for w in weights]


def test_prey_move_by_their_policies():
    """Inverse CDF by a loop, with the same luck; and over many seeds each move is made as often as it is likely."""
    for k, one in enumerate(story()):
        luck = np.random.default_rng([LUCK, k])
        start = luck.random()
        before = sum(float(hunt().table.start[s]) for s in range(number(one.start)))
        assert before <= start <= before + float(hunt().table.start[number(one.start)]) + 1e-12
        for t, (u, again) in enumerate(luck.random((STEPS, 2))):
            assert one.again[t] == pytest.approx(again, abs=1e-6)
            for s in range(0, 729, 7):
                chances = policy(PREY[k][0], (s // 81, s // 9 % 9, s % 9))
                assert one.prey[s] == pytest.approx(chances, abs=1e-5)
                move, sum_so_far = 0, float(one.prey[s, 0])
                while sum_so_far < u and move < 4:
                    move += 1
                    sum_so_far += float(one.prey[s, move])
                assert one.moves[t, s] == move


def test_the_prediction_is_that_of_bayes():
    known = hunt().known.numpy()
    for one in story():
        assert len(one.watched) == WATCHED
        likelihoods = [math.prod(float(prey[number(c), m]) for c, m in one.watched) for prey in known]
        for s in range(0, 729, 91):
            expected = [sum(w * prey[s, a] for w, prey in zip(likelihoods, known, strict=True)) for a in range(5)]
            assert one.predicted[s] == pytest.approx(np.array(expected) / sum(likelihoods), abs=1e-9)
        assert np.allclose(one.predicted.sum(1), 1)


def test_regrets_are_those_of_eq_2_and_the_team_takes_the_largest():
    """Q by the Bellman equation, the regrets by a loop over joint actions, in the states that the team came to."""
    home = hunt()
    table, habit = home.table, home.team[0].numpy()
    average = exact.best_response(table, [home.known.mean(0).numpy()]).policies[0]
    assert np.allclose(habit, 0.5 * average + 0.5 / 5)
    for k, one in enumerate(story()):
        team = [np.eye(5)[moves] for moves in one.team]
        assert all(map(np.array_equal, one.team, respond(one.predicted)))
        value = exact.evaluate(table, [*team, one.predicted])
        reward = exact.team_reward(table)
        for shown in game_data()["prey"][k]["team"]:
            s = number(shown["cells"])
            q = (reward[s] + table.gamma * table.T[125 * s : 125 * s + 125] @ value).reshape(5, 5, 5)
            v = [sum(one.predicted[s, e] * q[a, one.team[1][s], e] for e in range(5)) for a in range(5)]
            expected = [x - sum(habit[s, b] * v[b] for b in range(5)) for x in v]
            assert one.regrets[s] == pytest.approx(expected, abs=1e-8)
            assert shown["regret"] == pytest.approx(expected, abs=0.0051)
            assert shown["expected"] == pytest.approx(100 * one.predicted[s], abs=0.51)
            assert shown["moves"] == [
                one.team[0][s],
                one.team[1][s],
                one.moves[game_data()["prey"][k]["team"].index(shown), s],
            ]
        taken = np.take_along_axis(one.regrets, one.team[0][:, None], 1)[:, 0]
        assert (taken >= one.regrets.max(1) - 1e-8).all()


def test_the_story(old):
    """Old habits win against prey 1 and fail against prey 2; to change after three moves comes too late; to have watched wins."""
    first, second, third = game_data()["prey"]
    rounds = story()
    assert catches(replay(first, lambda _, s: old[0][s])) == 5
    assert catches(replay(second, lambda _, s: old[0][s])) == 0
    better = alone(rounds[1].prey, old[1])
    assert catches(replay(second, lambda t, s: (better if t >= 3 else old[0])[s])) == 3 < GOAL
    assert catches(replay(third, lambda _, s: old[0][s])) == 2
    assert [catches(replay(prey, lambda *_: 0)) for prey in (first, second, third)] == [1, 0, 2]  # the mate alone
    for prey, one, caught in zip((first, second, third), rounds, (6, 6, 6), strict=True):
        record = replay(prey, lambda _, s, one=one: one.team[0][s], lambda _, s, one=one: one.team[1][s])
        assert catches(record) == caught >= GOAL
        assert [c for _, c in record] == [shown["caught"] for shown in prey["team"]]
        assert [list(cells) for cells, _ in record[:-1]] == [shown["cells"] for shown in prey["team"][1:]]
        assert prey["team"][0]["cells"] == prey["start"]


def test_the_story_is_no_lucky_draw(old):
    """With other luck it is told as well, in most cases."""
    told = []
    better = alone(story()[1].prey, old[1])
    for seed in range(100, 116):
        rounds = [prepare(k, seed) for k in range(2)]
        prey = [{"start": one.start, "moves": one.moves, "again": one.again, "mate": old[1]} for one in rounds]
        naive = [catches(replay(p, lambda _, s: old[0][s])) for p in prey]
        late = catches(replay(prey[1], lambda t, s: (better if t >= 3 else old[0])[s]))
        first, second = rounds[1].team
        team = catches(replay(prey[1], lambda _, s, own=first: own[s], lambda _, s, mate=second: mate[s]))
        told.append(naive[0] >= GOAL and naive[1] <= 1 and late <= GOAL and team >= GOAL)
    assert sum(told) >= 11


def test_the_mate_knows_prey_1_and_learns_of_prey_3(old):
    first, second, third = game_data()["prey"]
    assert first["mate"] == second["mate"] == "".join(map(str, old[1]))
    assert third["mate"] == "".join(map(str, story()[2].team[1]))


def test_the_habits_in_words_are_true():
    """On average over the states in which nobody shares a cell with the prey."""
    states = [s for s in range(729) if s % 9 not in (s // 81, s // 9 % 9)]
    stay, north, south, west, east = np.array([one.prey[states].mean(0) for one in story()]).T
    corner = [one.prey[[s for s in states if s % 9 == c]].mean(0) for one, c in zip(story(), (0, 8, 4), strict=True)]
    assert north[0] + west[0] > 0.8
    assert corner[0][[0, 1, 3]].sum() > 0.9  # it stays there, or pushes against the walls
    assert east[1] > 0.6
    assert south[1] > 0.1 > north[1] + west[1]
    assert corner[1][[0, 2, 4]].sum() > 0.9
    assert north[2] + south[2] > 0.9
    assert stay[2] < 0.05


def test_the_data_fit_into_a_page():
    text = json.dumps(game_data(), separators=(",", ":"))
    assert json.loads(text) == game_data()
    assert len(text) < 40_000
    for prey in game_data()["prey"]:
        assert all(re.fullmatch("[0-4]{729}", moves) for moves in [*prey["moves"], prey["mate"]])
        assert len(prey["moves"]) == len(prey["again"]) == len(prey["team"]) == STEPS
    assert [len(prey["watched"]) for prey in game_data()["prey"]] == [0, 0, WATCHED]
    assert game_data()["prey"][2]["watched"] == [[*cells, move] for cells, move in story()[2].watched]


def test_the_script_can_be_put_into_a_page():
    script = OpeningGame._esm
    assert script.count("export default {") == script.count("export ") == 1
    assert not re.search(r"</script|^import |innerHTML|\bid=|https?://(?!www.w3.org)", script, re.MULTILINE)
    assert set(re.findall(r"model\.(\w+)", script)) <= {"get", "set", "save_changes", "on", "off"}
    assert len(script.splitlines()) <= 420


def test_the_static_copy_is_the_same_in_every_run():
    bundles = [OpeningGame()._repr_mimebundle_()[0] for _ in range(2)]
    first, second = ({k: v for k, v in b.items() if k.startswith("text/")} for b in bundles)
    assert first == second
    assert first["text/plain"] == "OpeningGame"
    page = first["text/html"]
    assert page.startswith('<div data-widget="&quot;OpeningGame&quot;">')
    assert STATIC in page
    assert 'alt="The opening game, prey 1.' in page
    assert "image/svg+xml;base64" in page
    assert "<svg" not in page
    assert bundles[0]["application/vnd.jupyter.widget-view+json"]["model_id"]


def test_python_can_read_the_result():
    game = OpeningGame()
    assert game.result == {"catches": [None] * 3, "team": [6, 6, 6]}
    assert game.data == game_data()
