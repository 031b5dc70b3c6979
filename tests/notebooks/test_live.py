"""Recorded widgets, and the making of them: every recorded picture is the one that the widget itself draws."""

import base64
import json
import random
import sys
import zlib
from functools import cache

import nbformat
import pytest

from helpers import ROOT
from micra_lite import widgets

sys.path.insert(0, str(ROOT / "docs"))
import lesson_page
import live
import rerun

MADE = {
    "chain": lambda: widgets.Chain("critic"),
    "choices that depend on choices": lambda: widgets.GradientCloud("rectangular"),
    "sliders that move each other": lambda: widgets.PolicyField("rock_paper_scissors", games=["rock_paper_scissors"]),
    "games with other sliders": lambda: widgets.PolicyField(games=["matching_pennies", "rock_paper_scissors"]),
    "many choices": lambda: widgets.CriticTable(),
    "five sliders": lambda: widgets.StartingPoint("opposites"),
    "three sliders": lambda: widgets.ThreeSwitches(),
    "thresholds": lambda: widgets.ChangeWatch(),
    "an episode": lambda: widgets.GridPlayer("pursuit"),
}


@cache
def recording(kind):
    return live.record(MADE[kind]())


def moved(control, words):
    """Set a control to the value that it calls `words`."""
    control.value = next(v for v in live.values(control) if live.said(control, v) == words)


@pytest.mark.parametrize("kind", MADE)
def test_recorded_pictures_are_the_widgets_own(kind):
    """Byte for byte, for settings drawn at random; and at most 400 pictures, the opening one first in its block."""
    recorded = recording(kind)
    assert len(recorded["pictures"]) <= live.PICTURES
    pictures = ["".join(recorded["tokens"][k] for k in pieces) for pieces in recorded["pictures"]]
    rng = random.Random(0)
    for block in rng.sample(recorded["blocks"], min(4, len(recorded["blocks"]))):
        for _ in range(4):
            fresh = MADE[kind]()
            player = live.Recorder(fresh)
            for k, (_, labels, chosen) in enumerate(block["choices"]):
                moved(player.choices()[k], labels[chosen])
            sliders = block["sliders"]
            if "told" in block:
                k = rng.randrange(len(sliders))
                position = rng.randrange(len(sliders[k][1]))
                moved(player.sliders()[k], sliders[k][1][position])
                local = sum(len(s[1]) for s in sliders[:k]) + position
                assert block["told"][local] == [live.said(c, c.value) for c in player.sliders()]
            else:
                local = 0
                for control, (_, labels, _) in zip(player.sliders(), sliders, strict=True):
                    position = rng.randrange(len(labels))
                    moved(control, labels[position])
                    local = local * len(labels) + position
            fresh.redraw()
            assert pictures[block["pictures"][local]] == fresh.view.value


@pytest.mark.parametrize("kind", MADE)
def test_a_recording_opens_where_the_widget_does(kind):
    widget = MADE[kind]()
    widget.recorded()
    opening = widget.view.value
    recorded = recording(kind)
    block = recorded["blocks"][0]
    if "told" in block:
        local = block["sliders"][0][2]
    else:
        local = 0
        for _, labels, start in block["sliders"]:
            local = local * len(labels) + start
    assert "".join(recorded["tokens"][k] for k in recorded["pictures"][block["pictures"][local]]) == opening


def test_every_combination_of_choices_has_a_block():
    recorded = live.record(widgets.CriticTable())
    chosen = {tuple(labels[k] for _, labels, k in block["choices"]) for block in recorded["blocks"]}
    assert len(chosen) == len(recorded["blocks"]) == 8


def test_what_is_packed_comes_out_again():
    data = {"words": "β < 1 & “so”", "numbers": [1, 2.5]}
    assert json.loads(zlib.decompress(base64.b64decode(live.packed(data)))) == data


@pytest.mark.parametrize(
    ("every", "opening", "most"),
    [(range(101), 37, 7), (range(5), 0, 9), (range(12), 11, 3), (range(9), 4, 3), (range(40), 1, 4)],
)
def test_thinned_values_keep_the_ends_and_the_opening_one(every, opening, most):
    kept = live.thinned(every, opening, most)
    assert len(kept) == min(most, len(every))
    assert {every[0], every[-1], opening} <= set(kept)
    assert kept == sorted(set(kept))


# --- Making a notebook's widgets again ----------------------------------------------------------------------------


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])


PROGRAM = [
    "import json\nfrom micra_lite import widgets\nunused = json.loads('[')",  # would raise
    "seen = []\ngames = ['stag_hunt']\nother = [1 / 0 for _ in seen]",
    "def more(name):\n    return prefix + name\nprefix = 'penal'",
    "games.append(more('ty'))\nprint(games, seen)",
    "for k in range(1):\n    games[k] = 'chicken'",
    "chain = widgets.RegretExplorer('chicken', games=games)\nchain.sliders[0][0].value = 0.25\nguess.covered(other.covered(chain))",
    "chain = None",
]


def test_only_what_a_widget_needs_is_run(tmp_path):
    """Changes by methods, by functions and by assignment to parts count; what is only shown, or comes later, does not."""
    made = rerun.widgets(notebook(*PROGRAM), tmp_path, [5])
    assert list(made) == [5]
    assert made[5].game_menu.options == ("chicken", "penalty")
    assert made[5].sliders[0][0].value == 0.25
    nodes = rerun.statements(notebook(*PROGRAM))
    last = max(place for place, (cell, _) in enumerate(nodes) if cell == 5)
    shown = {last: rerun.uncovered(nodes[last][1].value)}
    needed = {nodes[place][0] for place in rerun.needed(nodes, shown)} | {5}
    assert needed == {0, 1, 2, 3, 4, 5}
    assert "unused" not in {name for place in rerun.needed(nodes, shown) for name in rerun.bound(nodes[place][1])}


def test_outputs_wait_for_the_guesses_that_come_before_them():
    show = nbformat.v4.new_output
    cell = nbformat.v4.new_code_cell("x")
    cell.outputs = [
        show("stream", text="before\n"),
        show("display_data", {"text/html": '<span data-waits-for="[&quot;coin&quot;]"></span>'}),
        show("stream", text="half & half\n"),
        show("display_data", {"text/html": "<p>drawn</p>"}),
    ]
    page = lesson_page.alive(nbformat.v4.new_notebook(cells=[cell]), ROOT)
    first, second = page.cells[0].outputs
    assert first.text == "before\n"
    inside = '<div class="result"><pre>half &amp; half\n</pre><p>drawn</p></div>'
    assert second.data["text/html"] == f'<div class="waits" data-waits-for="[&quot;coin&quot;]">{inside}</div>'


def test_every_widget_of_the_course_moves_on_its_page():
    """Each is recorded, or drawn by the page from numbers; none is left as a picture."""
    found = 0
    for path in sorted((ROOT / "notebooks" / "executed").glob("*.ipynb")):
        content = nbformat.read(path, as_version=4)
        shown = [
            o.data["text/html"] for c in content.cells for o in c.get("outputs", []) if "text/html" in o.get("data", {})
        ]
        stills = [text for text in shown if "This is a static copy" in text]
        assert len(stills) == len(lesson_page.widgets_in(content)), path.stem
        found += len(stills)
    assert found > 100
