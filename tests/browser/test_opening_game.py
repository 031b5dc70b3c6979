"""The opening game on a page of its own, as on the web site: played to its end by keys, by touch and by mouse.

What the page shows is compared with a replay of the same moves in Python, from the data alone.
"""

import json
import re

import numpy as np
import pytest

from helpers.browser import SCREENSHOTS
from helpers.opening import NAMES, catches, landed, replay
from micra_lite.widgets import OpeningGame
from micra_lite.widgets.opening_story import GOAL, STEPS, WATCHED, game_data, respond, story

pytestmark = pytest.mark.browser
KEYS = (" ", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight")
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
WHERE = [f"at the {row} {column}" for row in ("top", "middle", "bottom") for column in ("left", "middle", "right")]
WHERE[4] = "in the middle"
MODEL = """
    const traits = window.traits = { data: DATA };
    window.start = (where) => openingGame.render({ el: document.querySelector(where), model: {
        get: (name) => traits[name], set: (name, value) => { traits[name] = value; },
        save_changes: () => { window.saved = JSON.parse(JSON.stringify(traits.result)); }, on() {}, off() {},
    } });
    window.end = window.start("#one");
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with the game and nothing else."""
    script = OpeningGame._esm.replace("export default", "const openingGame =", 1)
    model = MODEL.replace("DATA", json.dumps(game_data()))
    path = tmp_path_factory.mktemp("game") / "game.html"
    path.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>Game</title><body style="margin: 8px"><div id="one"></div><div id="two"></div><script>{script}{model}</script>',
        encoding="utf-8",
    )
    return path.as_uri()


@pytest.fixture
def opened(browser, address):
    """A function that opens the page; whatever it complains of, or asks of others, fails the test at its end."""
    problems, contexts = [], []

    def open_page(**options):
        context = browser.new_context(**{"viewport": DESK, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda asked: problems.append(asked.url) if asked.url != address else None)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def shown(page):
    """What the page says: where all are, and how many catches."""
    board = page.locator("#one svg.board").get_attribute("aria-label")
    places = re.fullmatch(
        r"Board of 3 by 3 cells\. (?:You|Hunter 1) (.+), (?:Your mate|Hunter 2) (.+), Prey (.+)\.", board
    )
    return tuple(WHERE.index(place) for place in places.groups())


def told(page):
    return page.locator("#one .told").text_content()


def play(page, k, policy, act):
    """A round in which `act(move, cells)` makes each move; after each, the page must show what a replay says."""
    record = replay(game_data()["prey"][k], policy)
    cells, caught = tuple(game_data()["prey"][k]["start"]), 0
    for t, (new, landing) in enumerate(record):
        assert shown(page) == cells
        move = int(policy(t, 81 * cells[0] + 9 * cells[1] + cells[2]))
        act(move, cells)
        caught += landing
        assert shown(page) == new
        assert ("caught it!" in told(page)) == landing
        assert page.locator("#one .ring").count() == landing
        left = STEPS - 1 - t
        assert ("Goal reached!" in told(page)) == (landing and caught == GOAL)
        assert told(page).endswith(f"{left} move{'s' * (left != 1)} left, {caught} catch{'es' * (caught != 1)}.")
        assert page.evaluate("window.saved.catches")[k] == caught
        cells = new
    assert caught == catches(record)
    lead = page.locator("#one .lead").text_content()
    assert ("Goal reached" in lead) == (caught >= GOAL)
    assert f"{caught} catch" in lead


def policies():
    """Prey 1's hunter in rounds 1 and 2, the team's in round 3."""
    old = respond(story()[0].prey)[0]
    return [lambda _, s: old[s], lambda _, s: old[s], lambda _, s: story()[2].team[0][s]]


def test_by_keys_alone(opened):
    page = opened()
    page.keyboard.press("Tab")  # the team's button
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "field"

    def press(move, _):
        page.keyboard.press(KEYS[move])

    first, second, third = policies()
    play(page, 0, first, press)
    page.keyboard.press("Enter")
    play(page, 1, second, press)
    page.keyboard.press("Enter")
    for k, (*cells, move) in enumerate(game_data()["prey"][2]["watched"][:6]):
        page.keyboard.press("ArrowUp" if k % 2 else "Enter")
        assert f"{NAMES[move]}" in told(page)
        assert shown(page)[:2] == tuple(cells[:2])
        assert page.locator("#one .chips").get_attribute("aria-label").count(",") == k
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # hunt now
    play(page, 2, third, press)
    page.keyboard.press("Enter")
    team = [sum(step["caught"] for step in prey["team"]) for prey in game_data()["prey"]]
    assert page.evaluate("window.saved") == {"catches": [5, 0, 6], "team": team}
    cells = page.locator("#one table td").all_text_contents()
    assert cells == [f"{n} ✓" if n >= GOAL else str(n) for n in (5, 0, 6, *team)]
    assert f"the team made {sum(team)} catches and you 11." in page.locator("#one .lead").text_content()
    for _ in range(STEPS):  # it opens at the move that tells most
        page.keyboard.press("ArrowLeft")
    for t, step in enumerate(game_data()["prey"][1]["team"]):
        the_team_is_shown(page, step)
        assert told(page).startswith(f"Move {t + 1} of {STEPS}.")
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert told(page).startswith(f"Move {STEPS - 1} of {STEPS}.")
    page.get_by_role("button", name="Play again").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("window.saved.catches") == [None, None, None]
    play(page, 0, first, press)


def the_team_is_shown(page, step):
    """What was expected, what was regretted, what was done: on the board, in bars and in words."""
    assert shown(page) == tuple(step["cells"])
    expected, regret = page.locator("#one .bars").all()
    values = [int(v.removesuffix("%")) for v in expected.locator(".value").all_text_contents()]
    assert values == step["expected"]
    labels = page.locator("#one .percent").all_text_contents()
    assert labels == [f"{p}%" for p in step["expected"] if p >= 5]
    regrets = [float(v.replace("−", "-")) for v in regret.locator(".value").all_text_contents()]
    assert regrets == step["regret"]
    own, _, went = step["moves"]
    assert [li.get_attribute("class") for li in expected.locator("li").all()].index("marked") == went
    assert [li.get_attribute("class") for li in regret.locator("li").all()].index("marked") == own
    assert f"with the largest regret: {NAMES[own]}" in told(page)
    there = [landed(cell, NAMES[move]) for cell, move in zip(step["cells"], step["moves"], strict=True)]
    hunters = " and ".join(f"hunter {k + 1}" for k in (0, 1) if there[k] == there[2])
    assert told(page).endswith(f": caught by {hunters}!" if step["caught"] else ": not caught.")


def test_by_touch(opened):
    """Buttons in the first round, cells of the board in the second; all of it in view at once."""
    page = opened(viewport=PHONE, has_touch=True, is_mobile=True)
    first, second, third = policies()

    def tap_button(move, _):
        page.locator("#one .pad").get_by_role("button", name=NAMES[move]).tap()

    def tap_cell(move, cells):
        own, box = cells[0], page.locator("#one svg.board").bounding_box()
        to = next(c for c in range(9) if c == own + (0, -3, 3, -1, 1)[move])
        x, y = (
            box["x"] + box["width"] * (22 + 92 * (to % 3 + 0.5)) / 320,
            box["y"] + box["height"] * (22 + 92 * (to // 3 + 0.5)) / 320,
        )
        page.touchscreen.tap(x, y)

    assert page.locator("#one .pad .p2").bounding_box()["y"] + 48 <= PHONE["height"]
    sizes = [b.bounding_box() for b in page.locator("#one button:visible").all()]
    assert len(sizes) == 6
    assert all(min(b["width"], b["height"]) >= 44 for b in sizes)
    play(page, 0, first, tap_button)
    page.get_by_role("button", name="Next prey").tap()
    play(page, 1, lambda t, s: second(t, s) if inside(s // 81, second(t, s)) else 0, tap_cell)
    page.get_by_role("button", name="Next prey").tap()
    watch = page.get_by_role("button", name="Watch a move")
    for _ in range(WATCHED):
        watch.tap()
    assert watch.is_disabled()
    assert page.evaluate("document.activeElement.textContent") == "Hunt now"
    page.get_by_role("button", name="Hunt now").tap()
    play(page, 2, third, tap_button)
    page.get_by_role("button", name="See the team").tap()
    for k in range(3):
        page.locator("#one").get_by_role("button", name=f"Prey {k + 1}").tap()
        while page.get_by_role("button", name="Previous").is_enabled():
            page.get_by_role("button", name="Previous").tap()
        for step in game_data()["prey"][k]["team"]:
            the_team_is_shown(page, step)
            if page.get_by_role("button", name="Next ▶").is_enabled():
                page.get_by_role("button", name="Next ▶").tap()
    assert page.get_by_role("button", name="Next ▶").is_disabled()


def inside(cell, move):
    row, column = cell // 3 + (0, -1, 1, 0, 0)[move], cell % 3 + (0, 0, 0, -1, 1)[move]
    return row in range(3) and column in range(3)


def test_the_team_is_a_click_away_and_nothing_is_claimed(opened):
    page = opened()
    page.locator("#one .pad .p1").click()
    page.get_by_role("button", name="Skip to the watching team").click()
    assert page.locator("#one table td").all_text_contents()[:3] == ["–"] * 3
    assert " and you " not in page.locator("#one .lead").text_content()
    told_most = max(game_data()["prey"][1]["team"], key=lambda step: max(step["regret"]) - min(step["regret"]))
    the_team_is_shown(page, told_most)


@pytest.mark.parametrize(("own", "team", "words"), [(5, 6, "."), (6, 6, ": as many!"), (6, 5, ": you were better!")])
def test_who_does_as_well_as_the_team_is_told_so(opened, own, team, words):
    """Prey 1, with moves found by chance; and, since on this board nobody can do better than the team, with a worse team."""
    prey, rng = game_data()["prey"][0], np.random.default_rng(0)
    tries = (rng.integers(0, 5, STEPS) for _ in range(50_000))
    found = next(moves for moves in tries if catches(replay(prey, lambda t, _, moves=moves: moves[t])) == own)
    page = opened()
    if team < sum(step["caught"] for step in prey["team"]):
        page.evaluate("window.traits.data.prey[0].team.find((step) => step.caught).caught = false")
    page.locator("#one .field").focus()
    play(page, 0, lambda t, _: found[t], lambda move, _: page.keyboard.press(KEYS[move]))
    page.get_by_role("button", name="Skip to the watching team").click()
    said = f"the team made {team} catches and you {own}{words}"
    assert page.locator("#one .lead").text_content().endswith(said)


def test_keys_for_others_pass_and_a_held_key_is_one_move(opened):
    page = opened()
    page.locator("#one .field").focus()
    prevented = """(init) => !document.querySelector('#one .field').dispatchEvent(
        new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init }))"""
    for init in ({"key": "Tab"}, {"key": "a"}, {"key": "ArrowUp", "ctrlKey": True}):
        assert not page.evaluate(prevented, init)
    assert told(page) == f"{STEPS} moves left."
    assert page.evaluate(prevented, {"key": "ArrowUp", "repeat": True})
    assert told(page) == f"{STEPS} moves left."
    assert page.evaluate(prevented, {"key": "ArrowUp"})
    assert f"{STEPS - 1} moves left" in told(page)


def test_two_games_on_one_page_and_none_after_the_end(opened):
    page = opened()
    page.evaluate("void window.start('#two')")
    page.locator("#two .pad .p1").click()
    assert told(page) == f"{STEPS} moves left."
    assert page.locator("[id]").evaluate_all("all => all.map(e => e.id)") == ["one", "two"]
    page.evaluate("window.end()")
    assert page.locator("#one").inner_html() == ""
    assert page.locator("#two .micra-game").count() == 1


def test_the_board_changes_at_once_and_moves_only_where_wanted(opened):
    """In the same task as the key; with less motion, nothing is animated."""
    for wanted in ("no-preference", "reduce"):
        page = opened(reduced_motion=wanted)
        page.locator("#one .field").focus()
        label, animations = page.evaluate("""() => {
            const field = document.querySelector('#one .field');
            field.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
            return [field.querySelector('svg').getAttribute('aria-label'), document.getAnimations().map(
                a => a.effect.getComputedTiming().duration)];
        }""")
        assert WHERE[replay(game_data()["prey"][0], lambda *_: 2)[0][0][0]] in label
        assert max(animations, default=0) <= 150
        assert bool(animations) == (wanted == "no-preference")


CONTRASTS = """() => {
    const channel = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = (css) => { const [r, g, b] = css.match(/[\\d.]+/g).map(Number);
        return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
    const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
    const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
        if (!/, 0\\)$|transparent/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
    const found = [];
    for (const e of document.querySelectorAll('.micra-game *')) {
        if (!e.checkVisibility({ visibilityProperty: true }) || e.closest('style') || e.disabled) continue;
        const text = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()), style = getComputedStyle(e);
        if (e instanceof SVGElement) {
            const token = e.closest('.token'), below = token && e.tagName === 'text'
                ? getComputedStyle(token.firstChild).fill : ground(document.querySelector('.micra-game'));
            if (text) found.push([e.textContent, ratio(style.fill, below), 4.5]);
            else if (style.stroke !== 'none') found.push([e.outerHTML, ratio(style.stroke, below), 3]);
        } else if (text) found.push([e.textContent, ratio(style.color, ground(e)), 4.5]);
    }
    return found.filter(([, got, least]) => got < least);
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 900, 1280])
def test_at_every_width_in_light_and_dark(opened, width, theme):
    """Nothing is wider than the screen, nothing is hard to see; screenshots of every stage."""
    SCREENSHOTS.mkdir(exist_ok=True)
    page = opened(viewport={"width": width, "height": 844}, color_scheme=theme)

    def look(stage):
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        page.wait_for_timeout(200)
        assert page.evaluate(CONTRASTS) == []
        page.screenshot(path=SCREENSHOTS / f"opening-{width}-{theme}-{stage}.png", full_page=True)

    look("start")
    page.locator("#one .field").focus()
    for k, policy in enumerate(policies()):
        if k == 2:
            look("watch")
            for _ in range(7):
                page.locator("#one .field").press("ArrowLeft")
            look("watched")
            page.get_by_role("button", name="Hunt now").click()
        play(page, k, policy, lambda move, _: page.keyboard.press(KEYS[move]))
        look(f"over-{k + 1}")
        page.keyboard.press("Enter")
    for t in range(STEPS):
        look(f"team-{t + 1}")
        page.keyboard.press("ArrowRight")
    page.emulate_media(media="print")
    assert page.locator("#one button:visible").count() == 0
    assert page.locator("#one svg.board").is_visible()


@pytest.mark.parametrize(("scheme", "attribute", "value", "dark"), [
    ("dark", "data-theme", "auto", True), ("dark", "data-theme", "light", False), ("light", "data-theme", "dark", True),
    ("light", "data-jp-theme-light", "false", True), ("dark", "data-jp-theme-light", "true", False),
])  # fmt: skip
def test_the_page_says_whether_it_is_dark(opened, scheme, attribute, value, dark):
    page = opened(color_scheme=scheme)
    page.evaluate(f"document.body.setAttribute('{attribute}', '{value}')")
    ground = page.locator("#one .micra-game").evaluate("e => getComputedStyle(e).backgroundColor")
    assert ground == ("rgb(22, 25, 29)" if dark else "rgb(255, 255, 255)")
