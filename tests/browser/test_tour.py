"""The tour in a real JupyterLab with a real browser: run it all, move its widgets by keyboard, look at the result.

What it needs, and where its pictures go, says `helpers/browser.py`.
"""

import re

import pytest

from helpers.browser import (
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

tour = lesson("00_tour")


def test_the_tour_runs_without_error(tour):
    ran_without_error(tour)


def test_a_slider_moves_the_regret_bars(tour):
    found = widget(tour, "Game stag_hunt")
    picture_of(found, "explorer")
    handle = found.locator('.widget-hslider:has-text("column: P(stag)") .noUi-handle')
    before, bars = words_of(found), found.locator("svg").first.inner_html()
    assert "column plays stag 0.70, hare 0.30" in before
    press_and_time(tour, found, handle, ["ArrowLeft"] * 2)
    after = words_of(found)
    assert "column plays stag 0.60, hare 0.40" in after
    assert "should play stag more" in before
    assert "should play hare more" in after  # the bars changed sides
    assert found.locator("svg").first.inner_html() != bars
    measure("RegretExplorer", tour, found, handle, ["ArrowRight", "ArrowLeft"] * 8)
    picture_of(found, "explorer-moved")


def test_another_game_can_be_chosen_by_keyboard(tour):
    found = widget(tour, "Game stag_hunt")
    choose(tour, found, "Game", "odd_one_out")
    found = widget(tour, "Game odd_one_out")
    slider = found.locator('.widget-hslider:has-text("column: up")')
    slider.wait_for()
    assert slider.is_visible()  # the third action of the column player, which stag_hunt has not
    picture_of(found, "explorer-three-players")
    choose(tour, found, "Regrets of", "column")
    found = widget(tour, "Game odd_one_out, target column")
    choose(tour, found, "Game", "stag_hunt")
    widget(tour, "Game stag_hunt")


def test_the_stepper_steps(tour):
    found = widget(tour, "offline training")
    assert "update 1, stage 1 of 7, observation." in words_of(found)
    picture_of(found, "stepper-1")
    button = found.locator("button", has_text="Next")
    seen = [words_of(found)]
    for stage in range(2, 8):
        button.focus()
        tour.keyboard.press("Enter")
        found.locator(f'svg[aria-label*="stage {stage} of 7"]').wait_for()
        seen.append(words_of(found))
        picture_of(found, f"stepper-{stage}")
    assert [re.search(r"stage (\d)", words)[1] for words in seen] == list("1234567")
    handle = found.locator('.widget-hslider:has-text("Stage") .noUi-handle')
    measure("Stepper", tour, found, handle, ["ArrowLeft", "ArrowRight"] * 8)
    found.locator('.widget-hslider:has-text("Update") .noUi-handle').focus()
    tour.keyboard.press("ArrowRight")
    found.locator('svg[aria-label*="stage 7 of 7"]:not([aria-label*="update 1,"])').wait_for()


@pytest.mark.parametrize(("words", "name"), [("Game stag_hunt", "explorer"), ("offline training", "stepper")])
def test_nothing_is_cut_off(tour, words, name):
    """Pictures and controls fit into the notebook's column; screenshots to look at."""
    at_both_widths(tour, words, name)
