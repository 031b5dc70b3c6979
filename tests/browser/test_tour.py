"""The tour in a real JupyterLab with a real browser: run it all, move the chain by keyboard, have the map explained.

What it needs, and where its pictures go, says `helpers/browser.py`.
"""

import pytest

from helpers.browser import (
    answer,
    at_both_widths,
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


def test_the_opening_game_takes_the_arrow_keys(tour):
    """JupyterLab leaves them to the game: the board changes, the notebook's cell does not."""
    game = tour.locator(".micra-game")
    board, words = game.locator("svg.board"), game.locator(".told")
    game.locator(".field").focus()
    for left in (7, 6, 5):
        before = board.get_attribute("aria-label")
        tour.keyboard.press("ArrowUp" if left % 2 else "ArrowRight")
        words.filter(has_text=f"{left} moves left").wait_for()
        assert board.get_attribute("aria-label") != before
        assert game.locator(".field").evaluate("field => field === document.activeElement")
    picture_of(tour.locator(".jp-OutputArea-output:has(.micra-game)"), "opening-game-in-jupyterlab")


def test_the_map_explains_the_word_that_has_the_focus_or_the_pointer(tour):
    found = widget(tour, "Map of MICRA")
    terms, tips = found.locator(".micra-term"), found.locator(".micra-tip")
    assert terms.count() == tips.count() == 9
    seen = [tip.evaluate("tip => getComputedStyle(tip).visibility") for tip in tips.all()]
    assert seen == ["hidden"] * 9
    terms.nth(2).focus()
    seen = [tip.evaluate("tip => getComputedStyle(tip).visibility") for tip in tips.all()]
    assert seen == ["hidden"] * 2 + ["visible"] + ["hidden"] * 6
    picture_of(found, "map-focus")
    tour.keyboard.press("Tab")  # to the next word
    assert tips.nth(3).evaluate("tip => getComputedStyle(tip).visibility") == "visible"
    terms.nth(8).locator("> text").hover()
    assert tips.nth(8).evaluate("tip => getComputedStyle(tip).visibility") == "visible"
    assert found.locator("svg").first.get_attribute("role") == "group"
    picture_of(found, "map-hover")


def test_the_arrows_turn_along_the_chain(tour):
    answer(tour, "The other prey.")
    found = widget(tour, "The chain: ")
    picture_of(found, "chain-a")
    before = words_of(found)
    assert "hunter 1 plays east (1.00)" in before
    handle = found.locator('.widget-hslider:has-text("Prey: A to B") .noUi-handle')
    measure("Chain", tour, found, handle, ["ArrowRight"] * 10 + ["ArrowLeft", "ArrowRight"] * 2)
    after = words_of(found)
    assert after.startswith("The chain: prey 100 percent B")
    assert "hunter 1 plays south (1.00)" in after
    watched = found.locator('.widget-hslider:has-text("Watched moves") .noUi-handle')
    press_and_time(tour, found, watched, ["ArrowLeft"] * 5)
    assert "0 moves watched" in words_of(found)
    at_both_widths(tour, "The chain: ", "chain")
