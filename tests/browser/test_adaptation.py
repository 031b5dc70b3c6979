"""The lesson on adaptation in a real JupyterLab with a real browser: the watch for a change by keyboard.

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

adaptation = lesson("08_adaptation_and_execution")


def test_the_lesson_on_adaptation_runs(adaptation):
    ran_without_error(adaptation)


def test_a_threshold_is_chosen(adaptation):
    found = widget(adaptation, "Threshold ")
    picture_of(found, "change-watch-start")
    handle = found.locator('.widget-hslider:has-text("Threshold, nats") .noUi-handle')
    measure("ChangeWatch", adaptation, found, handle, ["ArrowRight", "ArrowLeft"] * 5 + ["ArrowLeft"] * 5)
    assert words_of(found).startswith("Threshold 1.5 nats")
    later = found.locator('.widget-hslider:has-text("Change after move") .noUi-handle')
    press_and_time(adaptation, found, later, ["ArrowRight"] * 2)
    assert "After move 100 comes one who likes scissors." in words_of(found)
    choose(adaptation, found, "Who comes", "nobody")
    found.locator('svg[aria-label*="Nobody comes. False alarms: "]').wait_for()
    choose(adaptation, found, "Who comes", "one who likes rock a little less")
    press_and_time(adaptation, found, handle, ["ArrowRight"] * 9)
    assert "Not noticed." in words_of(found)
    at_both_widths(adaptation, "Threshold 6.0", "change-watch")


def test_a_guess_about_the_bystander_is_kept(adaptation):
    found = widget(adaptation, "A bystander.")
    choose(adaptation, found, "Your guess", "rises")
    found.locator("button", has_text="Reveal").focus()
    adaptation.keyboard.press("Enter")
    found.locator('svg[aria-label*="the truth is stays about the same. Not so."]').wait_for()
    widget(adaptation, "1 of 6 predictions made.")  # the sum of them, at the end
