"""The regret explorer and the stepper without a browser: every control over its range, against sums by brute force."""

import itertools
import math
import re
import xml.etree.ElementTree as ET
from html import unescape

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import micra_lite
from helpers.widgets import controls, descendants, drawings, numbers, part, stays_on_its_sheet
from micra_lite.game import Game
from micra_lite.games.matrix import MATRIX_GAMES
from micra_lite.plotting.games import picture
from micra_lite.registry import make
from micra_lite.widgets import RegretExplorer, Stepper, show
from micra_lite.widgets.drawing import charts, svg
from micra_lite.widgets.drawing.base import STATIC, Explorer, Picture
from micra_lite.widgets.drawing.update_stages import STAGES, logit_gradients
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


def test_weights_that_are_all_zero_mean_a_uniform_policy():
    explorer = RegretExplorer("rock_paper_scissors")
    for one in explorer.sliders[1]:
        one.value = 0
    assert explorer.policies()[1].tolist() == pytest.approx([1 / 3] * 3)
    check(explorer)


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


# --- The stepper --------------------------------------------------------------------------------------------------


def train(name, updates=3, **options):
    game = make(name, **options)
    settings = micra_lite.Settings(
        updates=updates, externals_per_update=3, states_per_external=4, inner_steps=1, features=8, hidden=16
    )
    return list(micra_lite.offline_training(game, micra_lite.external_family(name, game), settings))


@pytest.fixture(scope="module", params=[("pursuit", {"size": 3}), ("rectangular", {}), ("three_sites", {})], ids=str)
def records(request):
    name, options = request.param
    return train(name, **options)


def words_of(stepper):
    """The words of all stages of the present update."""
    found = []
    for k in range(len(STAGES)):
        stepper.stage.value = k + 1
        found.append(stepper.alt.split(". ", 1)[1])
    return found


def test_each_stage_says_what_the_record_says(records):
    stepper = Stepper(records)
    for k, record in enumerate(records):
        stepper.update.value = k
        game = record.state.game
        _, features, prediction, q, regret, gradient, policy = words_of(stepper)
        shown = [float(x) for x in record.features[0]]
        assert numbers(features)[-2:] == pytest.approx([min(shown), max(shown)], abs=0.0051)
        flat = [float(x) for p in record.predictions for x in p]
        assert numbers(prediction) == pytest.approx(flat, abs=0.0051)

        # The joint Q: the slice that is shown has the others at their likeliest action.
        likely = dict(zip(game.externals, record.predictions, strict=True))
        likely.update(zip(game.targets, record.policies, strict=True))
        axes = [*game.target_axes, *game.external_axes][:2]
        entries = {}
        for joint in itertools.product(*[range(a) for a in game.n_actions]):
            if all(joint[j] == int(likely[a].argmax()) for j, a in enumerate(game.agents) if j not in axes):
                entries[joint] = float(record.q[joint])
        assert numbers(q)[:2] == pytest.approx([min(entries.values()), max(entries.values())], abs=0.0051)
        best = max(entries, key=entries.get)
        top = ", ".join(f"{game.agents[j]} {game.action_names[j][best[j]]}" for j in axes)
        assert f"The largest: {top}." in q

        # Regrets again by brute force, from the same record's Q, policies and predictions.
        joint_policy = [likely[a].double().tolist() for a in game.agents]
        told, pushed = iter(numbers(regret)), iter(numbers(gradient))
        for i, own in zip(game.target_axes, record.policies, strict=True):
            given = [0.0] * game.n_actions[i]
            for joint in itertools.product(*[range(a) for a in game.n_actions]):
                weight = math.prod(joint_policy[j][a] for j, a in enumerate(joint) if j != i)
                given[joint[i]] += weight * float(record.q[joint])
            v = sum(p * x for p, x in zip(own.tolist(), given, strict=True))
            for p, x in zip(own.tolist(), given, strict=True):
                assert next(told) == pytest.approx(x - v, abs=0.0052)
                assert next(pushed) == pytest.approx(p * (x - v), abs=0.0052)
        after = [float(x) for p in record.new_policies for x in p]
        assert part(policy, "update.", "Largest") == pytest.approx(after, abs=0.0051)


def test_the_largest_change_and_the_count_are_the_records(records):
    stepper = Stepper(records)
    stepper.stage.value = len(STAGES)
    record = records[0]
    agree = sum(
        int((new[a] - old[a]) * g[a] > 0)
        for old, new, g in zip(record.policies, record.new_policies, logit_gradients(record), strict=True)
        for a in range(len(old))
    )
    assert f"{agree} of {sum(len(p) for p in record.policies)} probabilities" in stepper.view.value
    for agent, old, new in zip(record.state.game.targets, record.policies, record.new_policies, strict=True):
        a = int((new - old).abs().argmax())
        name = record.state.game.action_names[record.state.game.agents.index(agent)][a]
        assert f"{agent}'s {name} went from {old[a]:.3f} to {new[a]:.3f}" in stepper.alt


def test_logit_gradients_are_the_formula(records):
    for record in records:
        for g, p, a in zip(logit_gradients(record), record.policies, record.regrets, strict=True):
            p, a = p.double(), a.double()
            torch.testing.assert_close(g, p * (a - (p * a).sum()))
            assert float(g.sum()) == pytest.approx(0, abs=1e-9)


def test_the_board_is_drawn_where_the_agents_are():
    record = train("pursuit", updates=1)[0]
    stepper = Stepper([record])
    cells = dict(re.findall(r"(\w+) at (row \d, column \d)", stepper.alt))
    assert cells == {
        agent: f"row {cell // 3 + 1}, column {cell % 3 + 1}"
        for agent, cell in zip(record.state.game.agents, record.game_state.tolist(), strict=True)
    }
    tokens = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>(h1|h2|p)</text>', stepper.view.value)
    where = {label: (float(x), float(y)) for x, y, label in tokens[::2]}  # each is drawn again in the legend
    for label, cell in zip(("h1", "h2", "p"), record.game_state.tolist(), strict=True):
        x, y = where[label]
        assert (int((x - 8) // 64), int((y - 8) // 64)) == (cell % 3, cell // 3)


def test_buttons_walk_through_stages_and_updates(records):
    stepper = Stepper(records[:2])
    seen = [stepper.view.value]
    for _ in range(2 * len(STAGES) - 1):
        stepper.next.click()
        seen.append(stepper.view.value)
    assert len(set(seen)) == 2 * len(STAGES)
    assert (stepper.update.value, stepper.stage.value) == (1, len(STAGES))
    stepper.next.click()  # there is nothing after the last
    assert stepper.view.value == seen[-1]
    for expected in reversed(seen[:-1]):
        stepper.back.click()
        assert stepper.view.value == expected
    stepper.back.click()
    assert (stepper.update.value, stepper.stage.value) == (0, 1)


def test_records_without_an_update_are_left_out():
    record = train("rectangular", updates=1)[0]
    inner = micra_lite.Record("online adaptation", 1, record.state, {"imitation_loss": 1.0})
    externals = micra_lite.external_family("rectangular").sample(0)
    played = list(micra_lite.execution(record.state, record.state.game, externals))
    assert Stepper([inner, record, *played]).records == [record]
    with pytest.raises(ValueError, match="no record shows an update"):
        Stepper([inner])


def test_a_game_without_a_picture_shows_its_observation():
    record = train("pursuit", updates=1)[0]

    plain = Game()  # no board, no payoff table
    plain.__dict__.update(vars(record.state.game))
    record.state.game = plain
    stepper = Stepper([record])
    assert "An observation of 102 numbers from 0.00 to 1.00." in stepper.alt


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage[0])
def test_the_function_that_a_stage_names_exists(stage):
    for path in stage[2].split(", "):
        found = micra_lite
        for piece in path.split("."):
            found = getattr(found, piece)
        assert callable(found)


# --- What all of them share ---------------------------------------------------------------------------------------


@pytest.fixture(params=["explorer", "stepper"])
def widget(request):
    return RegretExplorer("odd_one_out") if request.param == "explorer" else Stepper(train("pursuit", updates=2))


def test_controls_have_words_and_focus(widget):
    import ipywidgets

    found = [c for c in controls(widget) if not isinstance(c, ipywidgets.HTML)]
    assert len(found) >= 4
    for control in found:
        assert control.description.strip()
        assert not control.disabled
        if not isinstance(control, ipywidgets.Button):  # a shortened label would hide which action it is
            assert len(control.description) * 7 < int(control.style.description_width.removesuffix("px")) + 30


def test_one_picture_and_no_output_area(widget):
    import ipywidgets

    kinds = [type(w) for w in descendants(widget)]
    assert kinds.count(ipywidgets.HTML) == 1
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
    for make_one in (lambda: RegretExplorer("three_sites"), lambda: Stepper(train("pursuit", updates=1))):
        one, other = make_one(), make_one()
        assert one.twin() == other.twin()
        assert one._repr_mimebundle_()["text/plain"] == other._repr_mimebundle_()["text/plain"]
        assert " id=" not in one.twin()
        for drawing in drawings(one.twin()):
            ET.fromstring(drawing)


def test_drawings_stay_on_their_sheet():
    """For every game and stage."""
    sheets = [d for name in MATRIX_GAMES for d in drawings(RegretExplorer(name).twin())]
    for name in ("pursuit", "rectangular", "odd_one_out"):
        sheets += drawings(Stepper(train(name, updates=1)).twin())
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
