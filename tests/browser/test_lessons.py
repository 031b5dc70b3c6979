"""The lessons in a real JupyterLab with a real browser: their widgets by keyboard, and what they then show.

What it needs, and where its pictures go, says `helpers/browser.py`.
"""

import pytest

from helpers.browser import (
    answer,
    at_both_widths,
    choose,
    lesson,
    measure,
    picture_of,
    press_and_time,
    ran_without_error,
    widget,
    words_of,
)

pytestmark = pytest.mark.browser

games, regret, deeper_regret = lesson("01_games"), lesson("02_regret"), lesson("02_regret_deeper")
gradient, critic = lesson("03_policy_gradient"), lesson("04_critic")
learning, imitator = lesson("05_meta_learning"), lesson("06_meta_imitator")


def test_the_games_lesson_runs(games):
    ran_without_error(games)


def test_a_guess_is_kept_beside_the_truth(games):
    found = widget(games, "Chicken.")
    picture_of(found, "prediction-slider")
    handle = found.locator(".noUi-handle")
    measure("Prediction", games, found, handle, ["ArrowLeft", "ArrowRight"] * 5 + ["ArrowLeft"] * 4)
    assert "predicted 0.30. The truth is not shown yet" in words_of(found)
    found.locator("button", has_text="Reveal").focus()
    games.keyboard.press("Enter")
    found.locator('svg[aria-label*="predicted 0.30; the truth is 0.10. Off by 0.20."]').wait_for()
    picture_of(found, "prediction-slider-revealed")
    widget(games, "1 of 5 predictions made. Chicken: predicted 0.30, truth 0.10")  # the sum of them, at the end


def test_options_are_chosen_by_keyboard(games):
    found = widget(games, "States.")
    choose(games, found, "Your guess", "27")
    games.keyboard.press("Tab")
    games.keyboard.press("Space")
    found.locator('svg[aria-label*="You predicted 84."]').wait_for()
    found.locator("button", has_text="Reveal").focus()
    games.keyboard.press("Enter")
    found.locator('svg[aria-label*="the truth is 729. Not so."]').wait_for()
    picture_of(found, "prediction-options-revealed")


def test_a_hunter_is_played_by_arrow_keys_and_letters(games):
    found = widget(games, "pursuit beside prey 0")
    picture_of(found, "player-start")
    field = found.locator("[role=application]")
    before = games.evaluate("() => document.querySelector('.jp-WindowedPanel-outer, .jp-Notebook').scrollTop")
    measure("GridPlayer, arrow key", games, found, field, ["ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight"] * 2)
    assert "Step 8." in words_of(found)
    assert found.locator('.widget-text:has-text("Moves so far") input').input_value() == "nwsenwse"
    after = games.evaluate("() => document.querySelector('.jp-WindowedPanel-outer, .jp-Notebook').scrollTop")
    assert before == after  # the keys were the game's, and the page stayed
    games.keyboard.press("Backspace")
    found.locator('svg[aria-label*="Step 7."]').wait_for()
    keys = found.locator('.widget-text:has-text("Moves so far") input')
    keys.focus()
    measure("GridPlayer, letter", games, found, keys, list("n.t"))
    assert "Step 10." in words_of(found)
    found.locator("button", has_text="north").focus()
    games.keyboard.press("Enter")
    found.locator('svg[aria-label*="Step 11."]').wait_for()
    choose(games, found, "External", "prey 1")
    found = widget(games, "pursuit beside prey 1")
    assert "Step 11." in words_of(found)
    choose(games, found, "Show", "each target's regrets")
    found.locator('svg[aria-label*="Regret advantages of hunter_1"]').wait_for()
    found.locator("button", has_text="play to the end").click()
    handle = found.locator('.widget-hslider:has-text("Step shown") .noUi-handle')
    measure("GridPlayer, step", games, found, handle, ["ArrowRight", "ArrowLeft"] * 5)
    at_both_widths(games, "pursuit beside prey 1", "player")
    choose(games, found, "Game", "crossing")
    found = widget(games, "crossing beside stranger 0")
    assert found.locator("button", has_text="straight (s)").is_visible()
    picture_of(found, "player-crossing")


def test_the_regret_lesson_runs(regret):
    ran_without_error(regret)


def test_the_explorer_waits_and_follows_the_policies(regret):
    answer(regret, "Regret of up.")
    found = widget(regret, "Game rectangular")
    picture_of(found, "explorer")
    handle = found.locator('.widget-hslider:has-text("row: P(up)") .noUi-handle')
    measure("RegretExplorer", regret, found, handle, ["ArrowRight", "ArrowLeft"] * 5)
    before = words_of(found)
    column = found.locator('.widget-hslider:has-text("column: P(left)") .noUi-handle')
    press_and_time(regret, found, column, ["PageDown"] * 6)
    assert "column plays left 0.20, middle 0.40, right 0.40" in words_of(found)  # the others make room
    assert "should play up more" in before
    assert "should play down more" in words_of(found)  # the bars changed sides
    at_both_widths(regret, "Game rectangular", "explorer")


def test_a_start_is_moved_in_the_field(regret):
    answer(regret, "Both learn.")
    found = widget(regret, "Game matching_pennies")
    picture_of(found, "field-start")
    handle = found.locator('.widget-hslider:has-text("row: P(heads)") .noUi-handle')
    measure("PolicyField", regret, found, handle, ["ArrowLeft", "ArrowRight"] * 8)
    at_both_widths(regret, "Game matching_pennies", "field")
    choose(regret, found, "Game", "stag_hunt")
    found = widget(regret, "Game stag_hunt")
    picture_of(found, "field-stag-hunt")


def test_the_deeper_regret_lesson_runs(deeper_regret):
    ran_without_error(deeper_regret)


def test_three_players_and_two_triangles(deeper_regret):
    found = widget(deeper_regret, "Game odd_one_out")
    picture_of(found, "explorer-three-players")
    choose(deeper_regret, found, "Regrets of", "column")
    widget(deeper_regret, "Game odd_one_out, target column").wait_for()
    answer(deeper_regret, "Last or average.")
    found = widget(deeper_regret, "Game rock_paper_scissors")
    choose(deeper_regret, found, "Path", "regret matching")
    found.locator('svg[aria-label*="Path: regret matching, "]').wait_for()
    steps = found.locator('.widget-hslider:has-text("Steps") .noUi-handle')
    measure("PolicyField, regret matching", deeper_regret, found, steps, ["ArrowRight"] * 12)
    at_both_widths(deeper_regret, "Game rock_paper_scissors", "field-triangles")


def test_the_gradient_lesson_runs(gradient):
    ran_without_error(gradient)


def test_the_cloud_follows_the_policies(gradient):
    answer(gradient, "Right on average.")
    answer(gradient, "CRA's share.")
    found = widget(gradient, "Game rectangular, target row")
    picture_of(found, "cloud-start")
    handle = found.locator('.widget-hslider:has-text("row: P(up)") .noUi-handle')
    measure("GradientCloud", gradient, found, handle, ["ArrowRight", "ArrowLeft"] * 6 + ["ArrowRight"] * 4)
    assert "CRA: 1 possible" in words_of(found)  # P(up) = 0.5: both own actions say the same
    choose(gradient, found, "Logit of", "down")
    widget(gradient, "Game rectangular, target row, logit of down").wait_for()
    at_both_widths(gradient, "Game rectangular, target row", "cloud")


def test_the_critic_lesson_runs(critic):
    ran_without_error(critic)


def test_the_table_fills_in(critic):
    answer(critic, "Never taken.")
    found = widget(critic, "ε = 0.2, played beside prey A alone")
    picture_of(found, "critic-start")
    handle = found.locator('.widget-hslider:has-text("Sweeps") .noUi-handle')
    measure("CriticTable", critic, found, handle, ["ArrowRight", "ArrowLeft"] * 6 + ["ArrowRight"] * 4)
    assert "After 200 sweeps" in words_of(found)
    states = found.locator('.widget-hslider:has-text("State") .noUi-handle')
    press_and_time(critic, found, states, ["ArrowRight"] * 3)
    assert ". State 9: hunter in " in words_of(found)
    at_both_widths(critic, "ε = 0.2, played beside prey A alone", "critic")
    choose(critic, found, "Exploration", "ε = 0")
    widget(critic, "ε = 0, played beside prey A alone").wait_for()


def test_old_data_serve_a_new_prey(critic):
    answer(critic, "A prey that never played.")
    found = widget(critic, "ε = 0.2, played beside prey A alone, valued against prey B")
    choose(critic, found, "Played beside", "32 other prey")
    found = widget(critic, "ε = 0.2, played beside 32 other prey, valued against prey B")
    choose(critic, found, "Valued against", "prey A")
    widget(critic, "ε = 0.2, played beside 32 other prey, valued against prey A").wait_for()
    at_both_widths(critic, "ε = 0.2, played beside 32 other prey", "critic-relabelled")


def test_the_meta_learning_lesson_runs(learning):
    ran_without_error(learning)


def test_a_starting_point_is_moved(learning):
    answer(learning, "The best start.")
    found = widget(learning, "Columns 0.98, 0.96, 0.30")
    picture_of(found, "start-first")
    handle = found.locator('.widget-hslider:has-text("Start: ") .noUi-handle')
    measure("StartingPoint", learning, found, handle, ["ArrowRight", "ArrowLeft"] * 6 + ["ArrowRight"] * 4)
    assert ". Start 0.79, " in words_of(found)
    assert "endlessly many watched moves" in words_of(found)
    watched = found.locator('.widget-hslider:has-text("Watched") .noUi-handle')
    press_and_time(learning, found, watched, ["ArrowLeft"] * 2)
    assert "endlessly many" not in words_of(found)
    at_both_widths(learning, "Columns 0.98", "start")
    choose(learning, found, "Columns", "opposites")
    widget(learning, "Columns 0.90, 0.10").wait_for()
    at_both_widths(learning, "Columns 0.90, 0.10", "start-opposites")


def test_the_meta_imitator_lesson_runs(imitator):
    ran_without_error(imitator)


def test_a_belief_follows_the_moves(imitator):
    answer(imitator, "Before any move.")
    answer(imitator, "Moves from one half.")
    found = widget(imitator, "Prey 0, ")
    picture_of(found, "belief-start")
    handle = found.locator('.widget-hslider:has-text("Watched moves") .noUi-handle')
    measure("ImitatorBelief", imitator, found, handle, ["ArrowRight", "ArrowLeft"] * 6 + ["ArrowRight"] * 5)
    assert ", 10 moves watched" in words_of(found)
    states = found.locator('.widget-hslider:has-text("State") .noUi-handle')
    press_and_time(imitator, found, states, ["ArrowRight"] * 2)
    assert "State 3: hunter in row 1 column 1, prey in row 2 column 2." in words_of(found)
    at_both_widths(imitator, "Prey 0, ", "belief")
    choose(imitator, found, "Prey", "2")
    widget(imitator, "Prey 2, 10 moves watched").wait_for()
