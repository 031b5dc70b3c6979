"""The lessons on one's own game and on many agents in a real JupyterLab with a real browser: the three switches by keyboard.

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

own_game, many_agents = lesson("12_your_own_game"), lesson("13_many_agents")


def test_the_lesson_of_an_own_game_runs(own_game):
    ran_without_error(own_game)


def test_a_guess_about_the_raccoon_is_kept(own_game):
    found = widget(own_game, "Five summers.")
    choose(own_game, found, "Your guess", "about the same")
    found.locator("button", has_text="Reveal").focus()
    own_game.keyboard.press("Enter")
    found.locator('svg[aria-label*="the truth is they rise by a tenth or more. Not so."]').wait_for()
    widget(own_game, "1 of 5 predictions made.")  # the sum of them, at the end


def test_the_lesson_of_many_agents_runs(many_agents):
    ran_without_error(many_agents)


def test_the_others_change_after_the_data(many_agents):
    answer(many_agents, "Three switches.")
    answer(many_agents, "Fitted where they play.")
    found = widget(many_agents, "Three-way share ")
    picture_of(found, "switches-start")
    handle = found.locator('.widget-hslider:has-text("Others on: now") .noUi-handle')
    measure("ThreeSwitches", many_agents, found, handle, ["ArrowLeft", "ArrowRight"] * 6 + ["ArrowLeft"] * 3)
    assert "with probability 0.5 in D, 0.5 now" in words_of(found)
    assert words_of(found).endswith("So: pairwise right, single right.")
    press_and_time(many_agents, found, handle, ["ArrowRight"] * 2)
    data = found.locator('.widget-hslider:has-text("Others on: in D") .noUi-handle')
    press_and_time(many_agents, found, data, ["ArrowLeft"] * 4)
    share = found.locator('.widget-hslider:has-text("Three-way share") .noUi-handle')
    press_and_time(many_agents, found, share, ["ArrowLeft"] * 2)
    assert "pairwise points the wrong way" in words_of(found)
    at_both_widths(many_agents, "Three-way share 0.3", "switches")
