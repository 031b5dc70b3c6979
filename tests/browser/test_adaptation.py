"""The lessons from the networks to the statistics in a real JupyterLab with a real browser: their widgets by keyboard.

What it needs, and where its pictures go, says `helpers/browser.py`. Those that train for minutes are in `make test-long`.
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

beliefs, training, ablations = (
    lesson("07_extractor_beliefs_actors"), lesson("08_offline_training"), lesson("09_ablations"),
)  # fmt: skip
adaptation, deeper_adaptation = lesson("10_adaptation_and_execution"), lesson("10_adaptation_and_execution_deeper")
statistics = lesson("11_statistics")


def test_the_lesson_of_beliefs_runs(beliefs):
    ran_without_error(beliefs)


@pytest.mark.long
def test_the_lesson_of_offline_training_runs(training):
    ran_without_error(training)


@pytest.mark.long
def test_the_lesson_of_ablations_runs(ablations):
    ran_without_error(ablations)


@pytest.mark.long
def test_the_lesson_on_adaptation_runs(adaptation):
    ran_without_error(adaptation)


@pytest.mark.long
def test_a_guess_about_the_bystander_is_kept(adaptation):
    found = widget(adaptation, "A bystander.")
    choose(adaptation, found, "Your guess", "rises")
    found.locator("button", has_text="Reveal").focus()
    adaptation.keyboard.press("Enter")
    found.locator('svg[aria-label*="the truth is stays about the same. Not so."]').wait_for()
    widget(adaptation, "1 of 3 predictions made.")  # the sum of them, at the end


def test_a_threshold_is_chosen(deeper_adaptation):
    ran_without_error(deeper_adaptation)
    answer(deeper_adaptation, "Twice the threshold.")
    found = widget(deeper_adaptation, "Threshold ")
    picture_of(found, "change-watch-start")
    handle = found.locator('.widget-hslider:has-text("Threshold, nats") .noUi-handle')
    measure("ChangeWatch", deeper_adaptation, found, handle, ["ArrowRight", "ArrowLeft"] * 5 + ["ArrowLeft"] * 5)
    assert words_of(found).startswith("Threshold 1.5 nats")
    later = found.locator('.widget-hslider:has-text("Change after move") .noUi-handle')
    press_and_time(deeper_adaptation, found, later, ["ArrowRight"] * 2)
    assert "After move 100 comes one who likes scissors." in words_of(found)
    choose(deeper_adaptation, found, "Who comes", "nobody")
    found.locator('svg[aria-label*="Nobody comes. False alarms: "]').wait_for()
    choose(deeper_adaptation, found, "Who comes", "one who likes rock a little less")
    press_and_time(deeper_adaptation, found, handle, ["ArrowRight"] * 9)
    assert "Not noticed." in words_of(found)
    at_both_widths(deeper_adaptation, "Threshold 6.0", "change-watch")


def test_the_lesson_of_statistics_runs(statistics):
    ran_without_error(statistics)


def test_other_seeds_and_a_smaller_budget(statistics):
    answer(statistics, "Ten seeds.")
    found = widget(statistics, "Learning curves, ")
    picture_of(found, "curves-start")
    assert "after 102,400 environment steps" in words_of(found)
    handle = found.locator('.widget-hslider:has-text("Budget") .noUi-handle')
    measure("LearningCurves", statistics, found, handle, ["ArrowLeft", "ArrowRight"] * 6 + ["ArrowLeft"] * 4)
    assert "after 102,400 environment steps" not in words_of(found)
    seeds = found.locator('.widget-hslider:has-text("Seeds") .noUi-handle')
    press_and_time(statistics, found, seeds, ["ArrowRight"])
    assert "choices of 2 seeds" in words_of(found)
    at_both_widths(statistics, "Learning curves, ", "curves")
