"""The lesson of offline training in a real JupyterLab with a real browser: learning curves by keyboard.

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

training = lesson("07_offline_training")


def test_the_lesson_of_offline_training_runs(training):
    ran_without_error(training)


def test_other_seeds_and_a_smaller_budget(training):
    found = widget(training, "Learning curves, ")
    picture_of(found, "curves-start")
    handle = found.locator('.widget-hslider:has-text("Budget") .noUi-handle')
    measure("LearningCurves", training, found, handle, ["ArrowLeft", "ArrowRight"] * 6 + ["ArrowLeft"] * 4)
    assert "after 15,360 environment steps" in words_of(found)
    seeds = found.locator('.widget-hslider:has-text("Seeds") .noUi-handle')
    press_and_time(training, found, seeds, ["ArrowRight"])
    assert "Over all 1 choices of 2 of the seeds" in words_of(found)
    at_both_widths(training, "Learning curves, ", "curves")


def test_a_guess_about_the_slow_copy_is_kept(training):
    found = widget(training, "No slow copy.")
    choose(training, found, "Your guess", "it learns faster")
    found.locator("button", has_text="Reveal").focus()
    training.keyboard.press("Enter")
    found.locator('svg[aria-label*="the truth is about the same. Not so."]').wait_for()
    widget(training, "1 of 7 predictions made.")  # the sum of them, at the end
