"""The regret explorer without a browser: every control over its range, against sums by brute force."""

import itertools
import math
import re
import xml.etree.ElementTree as ET
from html import unescape

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from ipywidgets import HTML

from helpers.widgets import controls, descendants, drawings, part, stays_on_its_sheet
from micra_lite.games.matrix import MATRIX_GAMES
from micra_lite.plotting.games import picture
from micra_lite.registry import make
from micra_lite.widgets import Chain, RegretExplorer, course_map, show
from micra_lite.widgets.drawing import charts, svg
from micra_lite.widgets.drawing.base import STATIC, Explorer, Picture
from micra_lite.widgets.regret_explorer import Regrets


def by_brute_force(game, i, policies):
    """Eq. 2 as plain loops over all joint actions, Python floats only: v given each own action, v, regrets."""
    given = [0.0] * game.n_actions[i]
    for joint in itertools.product(*[range(a) for a in game.n_actions]):
        weight = math.prod(policies[j][a] for j, a in enumerate(joint) if j != i)
        given[joint[i]] += weight * float(game.payoffs[joint][i])
    v = sum(p * x for p, x in zip(policies[i], given, strict=True))
    return given, v, [x - v for x in given]


# --- The regret explorer ------------------------------------------------------------------------------------------


def shown(explorer):
    """What the picture is made of, from the controls."""
    return Regrets.of(explorer.game, explorer.game.agents.index(explorer.target_menu.value), explorer.policies())


def check(explorer):
    """Eq. 2's terms against brute force from the sliders' values, and that the picture has the regrets."""
    policies = []
    for own in explorer.sliders:
        values = [s.value for s in own]
        if len(values) == 1:
            policies.append([values[0], 1 - values[0]])
        else:
            policies.append([v / sum(values) if sum(values) else 1 / len(values) for v in values])
    found = shown(explorer)
    given, v, regrets = by_brute_force(explorer.game, found.i, policies)
    assert [p.tolist() for p in found.policies] == [pytest.approx(p) for p in policies]
    assert found.values == pytest.approx(given, abs=1e-9)
    assert found.value == pytest.approx(v, abs=1e-9)
    assert found.regrets == pytest.approx(regrets, abs=1e-9)
    (drawing,) = drawings(explorer.view.value)
    assert unescape(re.search(r'aria-label="([^"]*)"', drawing)[1]) == explorer.alt
    drawn = ["".join(t.itertext()) for t in ET.fromstring(drawing).iter() if t.tag.endswith("text")]
    for regret in found.regrets:  # each bar has its value written beside it
        assert svg.number(regret) in drawn


@pytest.mark.parametrize("name", MATRIX_GAMES)
def test_the_words_say_what_is_drawn(name):
    explorer = RegretExplorer(name)
    found, alt = shown(explorer), explorer.alt
    flat = [p for policy in found.policies for p in policy.tolist()]
    assert part(alt, "Policies:", "Value of each") == pytest.approx(flat, abs=0.0051)
    assert part(alt, "Value of each own action:", "Value of the policy") == pytest.approx(found.values, abs=0.0051)
    assert part(alt, "Value of the policy:", "Regret advantage") == pytest.approx([found.value], abs=0.0051)
    told = part(alt, "Regret advantage:", "The policy" if "The policy should" in alt else "No action")
    assert told == pytest.approx(found.regrets, abs=0.0051)
    best = found.own[found.regrets.index(max(found.regrets))][0]
    better = f"The policy should play {best} more often."
    assert alt.endswith(better if max(found.regrets) > 0.005 else "No action would do better than the policy does.")


@pytest.mark.parametrize("name", MATRIX_GAMES)
def test_every_control_over_its_range(name):
    explorer = RegretExplorer("rectangular")
    explorer.game_menu.value = name
    for target in explorer.game.targets:
        explorer.target_menu.value = target
        check(explorer)
        for one in itertools.chain(*explorer.sliders):
            start = one.value
            for k in range(round((one.max - one.min) / one.step) + 1):
                one.value = one.min + k * one.step
                if k % 5 == 0:
                    check(explorer)
            one.value = start


def test_probabilities_make_room_for_one_another():
    explorer = RegretExplorer("rock_paper_scissors")
    rock, paper, scissors = explorer.sliders[1]
    drawn = []
    explorer.view.observe(lambda change: drawn.append(change["new"]), "value")
    for first, others in ((0.8, (0.12, 0.08)), (1.0, (0, 0)), (0.5, (0.3, 0.2)), (0.0, (0.6, 0.4))):
        rock.value = first
        assert (paper.value, scissors.value) == pytest.approx(others)
        assert explorer.policies()[1].tolist() == pytest.approx([first, *others])
        check(explorer)
    assert len(drawn) == 4  # one new picture for each move
    paper.value = 1.0
    scissors.value = 0.25  # of two that share what is left, one has nothing: so the other keeps it
    assert [one.value for one in explorer.sliders[1]] == pytest.approx([0, 0.75, 0.25])


def test_a_game_that_one_comes_back_to_is_as_it_was_left():
    explorer = RegretExplorer("odd_one_out", games=["odd_one_out", "stag_hunt"])
    explorer.sliders[1][2].value = 0.6
    explorer.sliders[2][0].value = 0.1
    explorer.target_menu.value = "column"
    left, policies = explorer.alt, [p.tolist() for p in explorer.policies()]
    explorer.game_menu.value = "stag_hunt"
    assert "Game stag_hunt, target row" in explorer.alt
    explorer.sliders[0][0].value = 0.25
    explorer.game_menu.value = "odd_one_out"
    assert explorer.alt == left
    assert [p.tolist() for p in explorer.policies()] == policies
    explorer.game_menu.value = "stag_hunt"
    assert "row plays stag 0.25" in explorer.alt


def test_it_opens_on_the_policies_and_offers_the_games_that_it_is_told():
    explorer = RegretExplorer("rectangular", games=["rectangular"], policies=[[0.5, 0.5], [0.5, 0.25, 0.25]])
    assert [p.tolist() for p in explorer.policies()] == [[0.5, 0.5], [0.5, 0.25, 0.25]]
    assert "Regret advantage: up 0.38, down −0.38" in explorer.alt
    assert "add up to 1" in " ".join(w.value for w in controls(explorer) if isinstance(w, HTML))
    offered = [c.description for c in controls(explorer)]
    assert "Game" not in offered  # there is one
    assert "Regrets of" not in offered
    explorer = RegretExplorer("stag_hunt", games=["meeting", "chicken"])
    assert explorer.game_menu.options == ("stag_hunt", "meeting", "chicken")
    assert "Game" in [c.description for c in controls(explorer)]
    explorer.game_menu.value = "meeting"
    assert explorer.target_menu.options == ("row", "column")
    assert "Regrets of" in [c.description for c in controls(explorer)]


def test_the_written_out_sums_are_right():
    """Each line 'left = products = result' is read back and calculated."""
    for name in ("rectangular", "odd_one_out", "penalty"):
        explorer = RegretExplorer(name)
        lines = re.findall(r"<tr><td[^>]*>(.*?) =</td><td[^>]*>(.*?)</td></tr>", explorer.view.value)
        assert len(lines) == 2 * explorer.game.n_actions[0] + 2
        for _, right in lines:
            terms, result = unescape(right).rsplit(" = ", 1)
            for sign, plain in (("·", "*"), (" − ", " - "), ("−", "-")):
                terms, result = terms.replace(sign, plain), result.replace(sign, plain)
            if re.fullmatch(r"[-+*(). 0-9]+", terms):
                assert eval(terms) == pytest.approx(float(result), abs=0.06)  # weights are shown with three decimals
            else:
                raise AssertionError(right)


@given(p=st.floats(0, 1), q=st.floats(0, 1))
def test_any_mixture_of_the_stag_hunt(p, q):
    explorer = STAG_HUNT
    explorer.sliders[0][0].value, explorer.sliders[1][0].value = p, q
    check(explorer)


STAG_HUNT = RegretExplorer("stag_hunt")


def test_the_stag_hunt_turns_at_two_thirds():
    explorer = RegretExplorer("stag_hunt")
    for p, better in ((0.6, "hare"), (0.65, "hare"), (0.7, "stag")):
        explorer.sliders[1][0].value = p
        assert f"should play {better} more" in explorer.alt


def test_unknown_games_are_refused():
    with pytest.raises(ValueError, match="'pursuit' is not a matrix game"):
        RegretExplorer("pursuit")
    with pytest.raises(ValueError, match="'pursuit' is not a matrix game"):
        RegretExplorer("stag_hunt", games=["stag_hunt", "pursuit"])


# --- What all of them share ---------------------------------------------------------------------------------------


@pytest.fixture(params=["explorer", "chain"])
def widget(request):
    return RegretExplorer("odd_one_out") if request.param == "explorer" else Chain("actors")


def test_controls_have_words_and_focus(widget):
    import ipywidgets

    found = [c for c in controls(widget) if not isinstance(c, ipywidgets.HTML)]
    assert len(found) >= 2
    for control in found:
        assert control.description.strip()
        assert not control.disabled
        if not isinstance(control, ipywidgets.Button):  # a shortened label would hide which action it is
            assert len(control.description) * 7 < int(control.style.description_width.removesuffix("px")) + 30


def test_one_picture_and_no_output_area(widget):
    import ipywidgets

    kinds = [type(w) for w in descendants(widget)]
    pictures = [w for w in descendants(widget) if isinstance(w, ipywidgets.HTML) and "<svg" in w.value]
    assert len(pictures) == 1
    assert ipywidgets.Output not in kinds


def test_the_twin_is_whole(widget):
    bundle = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    twin = bundle["text/html"]
    assert STATIC in twin
    assert len(drawings(twin)) == len(widget.twin_pictures())
    for drawn in widget.twin_pictures():
        assert drawn.svg in drawings(twin)
        assert drawn.alt in unescape(twin)
    assert bundle["text/plain"].startswith(type(widget).__name__)


def test_html_is_deterministic_and_well_formed():
    for make_one in (lambda: RegretExplorer("three_sites"), lambda: Chain("critic")):
        one, other = make_one(), make_one()
        assert one.twin() == other.twin()
        assert one._repr_mimebundle_()["text/plain"] == other._repr_mimebundle_()["text/plain"]
        assert " id=" not in one.twin()
        for drawing in drawings(one.twin()):
            ET.fromstring(drawing)


def test_drawings_stay_on_their_sheet():
    """For every game, and along the chain."""
    sheets = [d for name in MATRIX_GAMES for d in drawings(RegretExplorer(name).twin())]
    for share in (0.0, 0.5, 1.0):
        chain = Chain("imitator")
        chain.prey.value = share
        sheets += drawings(chain.twin())
    sheets += drawings(course_map("critic").twin())
    assert len(sheets) > len(MATRIX_GAMES) + 3
    for sheet in sheets:
        stays_on_its_sheet(sheet)


def test_negative_bars_are_hatched_and_inside():
    axis = charts.Axis(100, 300, -2, 2)
    bar = charts.bar(axis, 10, -1.5)
    assert "<path" in bar
    assert "<path" not in charts.bar(axis, 10, 1.5)
    points = [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", bar)]
    assert points
    assert all(axis(-1.5) - 1e-3 <= x <= axis(0) + 1e-3 and 10 - 1e-3 <= y <= 10 + charts.BAR + 1e-3 for x, y in points)


@given(st.floats(-1e6, 1e6))
def test_numbers_are_never_minus_zero(x):
    shown = svg.number(x)
    assert float(shown.replace("−", "-")) == pytest.approx(x, abs=0.00501)
    assert shown.strip("−0.") or "−" not in shown


@given(st.floats(1e-9, 1e9))
def test_axes_end_at_round_numbers_that_are_large_enough(x):
    end = svg.round_up(x)
    assert x <= end * (1 + 1e-9)
    assert end <= 10 * x
    assert f"{end:.0e}"[0] in "125"


def test_hostile_names_are_escaped():
    class Odd(Explorer):
        def picture(self):
            words = '<b> & "quoted"'
            return Picture(svg.document(20, [svg.text(0, 10, words)], words), words)

    odd = Odd()
    odd.show([])
    assert "<b>" not in odd.twin().replace("<b/>", "")
    assert ET.fromstring(drawings(odd.twin())[0]).attrib["aria-label"] == '<b> & "quoted"'


def test_show_gives_words_twice(monkeypatch):
    import IPython.display
    from matplotlib.figure import Figure

    shown = []
    monkeypatch.setattr(IPython.display, "display", shown.append)
    figure = Figure(figsize=(1, 1))
    figure.subplots()
    show(figure, "an <empty> figure")
    show(picture(make("pursuit"), torch.tensor([0, 1, 2])), "a board", trained=True)
    assert [image.alt for image in shown[::2]] == ["an <empty> figure", "a board"]
    assert "In words: an &lt;empty&gt; figure" in shown[1].data
    assert 'class="trained"' in shown[3].data
