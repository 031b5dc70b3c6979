"""The site's widgets in a real browser, from the disk: no server, no kernel, no network."""

import json
import random
import re
import sys
from html import escape, unescape

import nbformat
import pytest

from helpers import ROOT
from helpers.browser import SCREENSHOTS, measure, words_of
from helpers.opening import catches, replay
from helpers.site import PHONE, pages, visit, watched

sys.path.insert(0, str(ROOT / "docs"))
import lesson_page
import live
import rerun

from micra_lite.widgets import Prediction, Predictions, RegretExplorer
from micra_lite.widgets.drawing import svg
from micra_lite.widgets.opening_story import STEPS, game_data, respond, story

pytestmark = pytest.mark.browser
DESK = {"width": 1280, "height": 900}
# lesson, widget, a slider, the keys that move it
DRIVEN = [
    ("00_tour", "Chain", "Prey: A to B", ["ArrowRight"] * 9),
    ("01_games", "GridPlayer", "Step shown", ["ArrowRight"] * 9),
    ("02_regret", "RegretExplorer", "row: P(up)", ["ArrowRight"] * 4 + ["ArrowLeft"] * 5),
    ("02_regret", "PolicyField", "Steps", ["ArrowLeft", "ArrowRight"] * 4),
    ("02_regret_deeper", "PolicyField", "row: P(rock)", ["ArrowRight"] * 9),
    ("03_policy_gradient", "GradientCloud", "row: P(up)", ["End", "Home"] * 4),
    ("04_critic", "CriticTable", "Sweeps", ["ArrowRight", "ArrowLeft"] * 4),
    ("05_meta_learning", "StartingPoint", "Start: δ(heads)", ["ArrowRight"] * 9),
    ("06_meta_imitator", "ImitatorBelief", "Watched moves", ["ArrowRight", "ArrowLeft"] * 4),
    ("10_adaptation_and_execution_deeper", "ChangeWatch", "Threshold, nats", ["ArrowRight", "ArrowLeft"] * 4),
    ("11_statistics", "LearningCurves", "Budget, % of steps", ["ArrowLeft", "ArrowRight"] * 4),
    ("13_many_agents", "ThreeSwitches", "Three-way share", ["ArrowRight", "ArrowLeft"] * 4),
]


@pytest.fixture
def page(browser, site):
    with watched(browser, site) as found:
        found.set_viewport_size(DESK)
        yield found
        assert found.problems == []


def opened(page, site, lesson):
    visit(page, site / "notebooks" / f"{lesson}.html")
    page.wait_for_function("() => document.documentElement.classList.contains('live-ready')")


def asking(page):
    return page.locator(".live[data-question] > .moving").all()


def guess(page, place):
    """Make some guess by keyboard and reveal the truth."""
    control = place.locator("input").first
    control.focus()
    page.keyboard.press("ArrowRight" if control.get_attribute("type") == "range" else "Space")
    place.locator("button").focus()
    page.keyboard.press("Enter")


def guess_all(page):
    for place in asking(page):
        guess(page, place)


def seen(page):
    return page.locator("article").inner_text()


LESSONS = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]


@pytest.mark.parametrize("lesson", LESSONS)
def test_nothing_gives_an_answer_away_before_the_guess(page, site, lesson):
    opened(page, site, lesson)
    questions = {
        q["known_as"]: q
        for q in (json.loads(p.get_attribute("data-question")) for p in page.locator("[data-question]").all())
    }
    waiting = page.locator("[data-waits-for]").all()
    assert all(not place.locator(".result, .moving").first.is_visible() for place in waiting)
    before = seen(page)
    assert "the truth is" not in before
    assert before.count("This waits for your prediction") == len(waiting)
    for key, question in questions.items():
        assert not question["because"] or question["because"][:60] not in before, key
    guess_all(page)
    after = seen(page)
    assert "This waits for" not in after
    assert all(place.locator(".result, .moving").first.is_visible() for place in waiting)
    for question in questions.values():
        assert " ".join(question["because"].split()) in " ".join(after.split())
    if questions:
        assert f"{len(questions)} of {len(questions)} predictions made." in page.locator(
            "[data-questions] svg[aria-label]"
        ).last.get_attribute("aria-label")


@pytest.mark.parametrize(("lesson", "name", "label", "keys"), DRIVEN)
def test_widgets_by_keyboard_show_what_python_draws(page, site, lesson, name, label, keys):
    """The picture after the keys is, byte for byte once parsed, the one that the lesson's own widget draws; with delays."""
    opened(page, site, lesson)
    guess_all(page)
    place = page.locator(f"""[data-widget='"{name}"'] > .moving""").first
    slider = place.locator(f'.slider:has(> span:text-is("{label}")) input')
    measure(name, page, place, slider, keys, "site")
    python, controls = lesson_widget(lesson, name)
    said = {
        row.locator("span").inner_text(): row.locator("output").inner_text() for row in place.locator(".slider").all()
    }
    set_to(controls()[label], said[label])
    assert {k: live.said(controls()[k], controls()[k].value) for k in said} == said
    python.redraw()
    assert unescape(words_of(place)) == python.alt
    assert same_picture(place, python.view.value)
    SCREENSHOTS.mkdir(exist_ok=True)
    place.screenshot(path=SCREENSHOTS / f"site-{lesson}-{name}.png")


def test_arrow_keys_do_not_leave_a_page(page, site):
    opened(page, site, "00_tour")
    for key in ("ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        page.wait_for_timeout(200)
        assert page.url.endswith("/notebooks/00_tour.html")


def test_choices_lead_to_their_pictures(page, site):
    """Buttons by keyboard, in a widget in which earlier choices change the later ones."""
    opened(page, site, "03_policy_gradient")
    guess_all(page)
    place = page.locator("""[data-widget='"GradientCloud"'] > .moving""").first
    python, controls = lesson_widget("03_policy_gradient", "GradientCloud")
    for label, option in (("Game", "climbing"), ("Logit of", "b"), ("Gradient of", "column"), ("Game", "rectangular")):
        menu = place.locator(f'.choice:has(legend:text-is("{label}"))')
        options = menu.locator("span").all_inner_texts()
        if option not in options:
            option = options[-1]
        page.evaluate("() => document.activeElement.blur()")
        menu.locator("input:checked").focus()
        while menu.locator("label:has(input:checked)").inner_text() != option:
            page.keyboard.press("ArrowRight")
        assert menu.locator("input:checked").evaluate("one => one === document.activeElement")
        controls()[label].value = option
        assert same_picture(place, python.view.value)


def test_regrets_drawn_from_numbers_are_pythons(page, site):
    """Every slider, target and game of two lessons' explorers, to the last letter."""
    for lesson in ("02_regret", "02_regret_deeper"):
        opened(page, site, lesson)
        guess_all(page)
        place = page.locator("""[data-widget='"RegretExplorer"'] > .moving""").first
        python, _ = lesson_widget(lesson, "RegretExplorer")
        for game in python.game_menu.options:
            if len(python.game_menu.options) > 1:
                place.locator(f'.choice label:has(span:text-is("{game}")) input').check()
                python.game_menu.value = game
            for k in range(place.locator(".slider").count()):
                slider = place.locator(".slider input").nth(k)
                slider.focus()
                for key in ("PageUp", "ArrowLeft", "End", "ArrowLeft", "Home", "ArrowRight"):
                    page.keyboard.press(key)
                    told = place.locator(".slider output").nth(k).inner_text()
                    set_to([c for own in python.sliders for c in own][k], told)
                    assert place.locator(".slider output").all_inner_texts() == [
                        f"{c.value:.2f}" for own in python.sliders for c in own
                    ]
                    assert same_picture(place, python.view.value)
            for target in python.target_menu.options[1:]:
                place.locator(f'.choice label:has(span:text-is("{target}")) input').check()
                python.target_menu.value = target
                assert same_picture(place, python.view.value)


def test_questions_drawn_from_numbers_are_pythons(page, site):
    """Before the guess, with it, and revealed: every question of three lessons, and the table of all."""
    for lesson in ("01_games", "02_regret", "11_statistics"):
        opened(page, site, lesson)
        made = []
        for place in asking(page):
            q = json.loads(place.locator("..").get_attribute("data-question"))
            ways = {
                "options": q["options"],
                "between": q["between"] and tuple(q["between"]),
                "step": q["step"],
                "unit": q["unit"],
            }
            python = Prediction(q["name"], q["question"], q["truth"], because=q["because"], **ways)
            assert same_picture(place, python.view.value)
            control = place.locator("input").first
            control.focus()
            page.keyboard.press("ArrowRight" if q["between"] else "Space")
            told = (
                place.locator("output").inner_text()
                if q["between"]
                else place.locator("label:has(:checked)").inner_text()
            )
            python.control.value = float(told.replace("−", "-")) if q["between"] else told
            assert same_picture(place, python.view.value)
            place.locator("button").click()
            python.reveal()
            assert same_picture(place, python.view.value)
            made.append(python)
        summary = page.locator("[data-questions] > .moving")
        assert same_picture(summary, Predictions(made).view.value)


def test_numbers_are_written_as_python_writes_them(browser):
    """Lengths and values below 1000, exact halves and very small ones among them."""
    rng = random.Random(1)
    eighths, hundredths = (rng.randrange(-7900, 7900) / 8 for _ in range(5000)), (k / 1600 for k in range(1600))
    values = [*eighths, *hundredths, *(k / 40 for k in range(4000)), *(10 ** rng.uniform(-9, 2.9) for _ in range(5000))]
    script = (ROOT / "docs" / "scripts" / "svg.js").read_text(encoding="utf-8")
    page = browser.new_page()
    told = page.evaluate(
        f"(values) => {{ {script} return values.map(x => [g4(x), g(x), rounded(x, 3), number(x), short(x)]); }}", values
    )
    page.close()
    assert told == [[svg.px(x), svg.px(x, 6), svg.px(x, 3), svg.number(x), svg.short(x)] for x in values]


def press(page, move):
    page.keyboard.press((" ", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight")[move])


def tap(page, move):
    page.locator(".micra-game .pad button").nth(move).tap()


def test_the_opening_game_answers_to_the_first_key(page, site):
    """The front page begins with it, and it has the focus; with delays."""
    visit(page, site / "index.html")
    game = page.locator(".moving .micra-game")
    page.locator(".moving .field:focus").wait_for()
    measure("OpeningGame", page, game, game.locator(".field"), ["ArrowDown", "ArrowUp"] * 4, "site")
    assert "0 moves left" in game.locator(".told").inner_text()


@pytest.mark.parametrize("way", ["keyboard", "touch"])
def test_the_opening_game_is_played_to_its_end_on_the_front_page(browser, site, way):
    """Prey 1's hunter in all rounds, then the team's round move by move; the catches are those of a replay in Python."""
    size = {"viewport": PHONE, "has_touch": True} if way == "touch" else {"viewport": DESK}
    with browser.new_context(**size) as context:
        page, problems = context.new_page(), []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith(site.as_uri()) else problems.append(asked.url))
        page.goto((site / "index.html").as_uri())
        game = page.locator(".moving .micra-game")
        game.locator(".field").focus()
        old, caught = respond(story()[0].prey)[0], []

        def go_on(name):
            button = game.get_by_role("button", name=name)
            page.keyboard.press("Enter") if way == "keyboard" else button.tap()

        for k, prey in enumerate(game_data()["prey"]):
            if prey["watched"]:
                press(page, 1) if way == "keyboard" else game.get_by_role("button", name="Watch a move").tap()
                game.get_by_role("button", name="Hunt now").focus()
                go_on("Hunt now")
            record = replay(prey, lambda _, s: old[s])
            before = tuple(prey["start"])
            for cells, _ in record:
                (press if way == "keyboard" else tap)(page, old[81 * before[0] + 9 * before[1] + before[2]])
                before = cells
            caught.append(catches(record))
            go_on("Next prey" if k < 2 else "See the team")
        team = [sum(step["caught"] for step in prey["team"]) for prey in game_data()["prey"]]
        told = [int(words.split()[0]) for words in game.locator("table td").all_text_contents()]
        assert told == [*caught, *team]
        while game.get_by_role("button", name="Previous").is_enabled():  # it opens at the move that tells most
            press(page, 3) if way == "keyboard" else game.get_by_role("button", name="Previous").tap()
        for number in range(2, STEPS + 1):
            press(page, 4) if way == "keyboard" else game.get_by_role("button", name="Next ▶").tap()
            assert f"Move {number} of {STEPS}." in game.locator(".told").inner_text()
        assert "This is the idea of MICRA" in game.inner_text()
        assert problems == []


def test_no_name_is_taken_for_html(browser, tmp_path, monkeypatch):
    """Questions, options, games, agents and actions with a picture in their names that would run a script."""
    evil = "<img src=x onerror='window.hit = 1'>\"&"
    monkeypatch.setenv("MICRA_LITE_UNATTENDED", "1")
    one = Prediction(evil, evil, evil, options=["b", evil], because=evil)
    explorer = RegretExplorer("stag_hunt", games=["stag_hunt"])
    games = json.dumps([{**explorer.live()["games"][0], "name": evil, "agents": [evil, "b"], "targets": [evil, "b"],
                         "actions": [[evil, "x"], ["y", evil]]}])  # fmt: skip
    played = re.sub(r'data-games="[^"]*"', lambda _: f'data-games="{escape(games)}"', live.page(explorer.twin(), None))
    parts = [live.page(one.twin(), None), live.page(Predictions([one]).twin(), None), played]
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{''.join(parts)}<script>{live.script(game=False)}</script>")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.wait_for_function("() => document.documentElement.classList.contains('live-ready')")
    guess_all(page)
    for key in ("ArrowRight", "End"):
        page.locator(".slider input").first.press(key)
    page.wait_for_timeout(100)
    assert page.evaluate("() => [window.hit ?? 0, document.querySelectorAll('.moving img').length]") == [0, 0]
    assert page.locator(".moving").all_inner_texts()[0].count(evil) >= 3
    page.close()


@pytest.mark.parametrize("lesson", ["02_regret", "06_meta_imitator"])
def test_paper_shows_the_still_pictures(page, site, lesson):
    opened(page, site, lesson)
    page.emulate_media(media="print")
    assert all(still.is_visible() for still in page.locator(".live > .still").all())
    assert not any(place.is_visible() for place in page.locator(".live > .moving, .waiting").all())
    assert all(place.is_visible() for place in page.locator(".waits > .result").all())


def test_without_scripts_the_still_pictures_are_shown(browser, site):
    page = browser.new_page(java_script_enabled=False)
    page.goto((site / "notebooks" / "02_regret.html").as_uri())
    assert all(still.is_visible() for still in page.locator(".live > .still").all())
    assert "This is a static copy" in seen(page)
    page.close()


def test_controls_fit_on_a_phone(page, site):
    page.set_viewport_size(PHONE)
    for lesson in ("02_regret", "03_policy_gradient", "11_statistics"):
        opened(page, site, lesson)
        guess_all(page)
        wide = page.evaluate("""() => [...document.querySelectorAll('.controls, .choice, .slider')].filter(
            one => one.checkVisibility() && one.getBoundingClientRect().right > window.innerWidth).length""")
        assert wide == 0


def test_no_page_is_larger_than_three_megabytes(site):
    assert {name: (site / name).stat().st_size for name in pages(site) if (site / name).stat().st_size > 3e6} == {}


# --- The same widgets in Python -----------------------------------------------------------------------------------


def lesson_widget(lesson, name):
    """The lesson's first widget of a class, as the site's builder makes it again, with its controls."""
    content = nbformat.read(ROOT / "notebooks" / "executed" / f"{lesson}.ipynb", as_version=4)
    cell = next(cell for cell, kind in lesson_page.widgets_in(content).items() if kind == name)
    made = live.Recorder(rerun.widgets(content, ROOT / "notebooks", [cell])[cell])
    return made.explorer, lambda: {control.description: control for control in [*made.choices(), *made.sliders()]}


def set_to(control, words):
    control.value = next(v for v in live.values(control) if live.said(control, v) == words)


def same_picture(place, html):
    """Whether what a place shows is what a browser makes of Python's HTML, to the last letter."""
    return place.locator(".picture").evaluate(
        """(picture, html) => {
            const other = document.createElement('div');
            other.innerHTML = html;
            return other.innerHTML === picture.innerHTML;
        }""",
        html,
    )
