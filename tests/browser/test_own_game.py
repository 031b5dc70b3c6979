"""The last lesson in a real JupyterLab with a real browser: the three switches by keyboard.

What it needs, and where its pictures go, says `helpers/browser.py`.
"""

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

own_game = lesson("09_your_own_game")


def test_the_lesson_of_an_own_game_runs(own_game):
    ran_without_error(own_game)


def test_the_others_change_after_the_data(own_game):
    found = widget(own_game, "Three-way share ")
    picture_of(found, "switches-start")
    handle = found.locator('.widget-hslider:has-text("Others on: now") .noUi-handle')
    measure("ThreeSwitches", own_game, found, handle, ["ArrowLeft", "ArrowRight"] * 6 + ["ArrowLeft"] * 3)
    assert "with probability 0.5 in D, 0.5 now" in words_of(found)
    assert words_of(found).endswith("So: pairwise right, single right.")
    press_and_time(own_game, found, handle, ["ArrowRight"] * 2)
    data = found.locator('.widget-hslider:has-text("Others on: in D") .noUi-handle')
    press_and_time(own_game, found, data, ["ArrowLeft"] * 4)
    share = found.locator('.widget-hslider:has-text("Three-way share") .noUi-handle')
    press_and_time(own_game, found, share, ["ArrowLeft"] * 7)
    assert "pairwise points the wrong way" in words_of(found)
    at_both_widths(own_game, "Three-way share 0.3", "switches")


def test_a_guess_about_the_raccoon_is_kept(own_game):
    found = widget(own_game, "Five summers.")
    choose(own_game, found, "Your guess", "about the same")
    found.locator("button", has_text="Reveal").focus()
    own_game.keyboard.press("Enter")
    found.locator('svg[aria-label*="the truth is they rise by a tenth or more. Not so."]').wait_for()
    widget(own_game, "1 of 5 predictions made.")  # the sum of them, at the end
