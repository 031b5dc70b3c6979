"""The lessons' predictions without a browser, and what all widgets of the lessons share."""

import re
import tomllib
from html import unescape
from pathlib import Path

import ipywidgets
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import micra_lite
from helpers import ROOT
from helpers.widgets import controls, descendants, drawings, numbers, stays_on_its_sheet
from micra_lite.widgets import GridPlayer, PolicyField, Prediction, Predictions, ask, prediction_score
from micra_lite.widgets.drawing.base import STATIC

QUESTIONS = tomllib.loads((Path(micra_lite.__file__).parent / "widgets" / "questions.toml").read_text(encoding="utf-8"))


def slide(truth=0.33):
    return Prediction("Score", "How much?", truth, between=(-0.5, 1.0), step=0.05, unit="points", because="So it is.")


def test_a_slider_over_its_range():
    for k in range(31):
        prediction = slide()
        prediction.control.value = 0.0 if k else 0.5  # so that the next line changes it, whatever k is
        prediction.control.value = -0.5 + 0.05 * k
        assert numbers(prediction.alt) == pytest.approx([-0.5 + 0.05 * k], abs=0.0051)
        assert "0.33" not in prediction.view.value
        prediction.button.click()
        told = numbers(prediction.alt)
        assert told[:2] == pytest.approx([-0.5 + 0.05 * k, 0.33], abs=0.0051)
        assert told[2] == pytest.approx(abs(-0.83 + 0.05 * k), abs=0.0051)
        assert "So it is." in prediction.view.value


def test_every_option():
    options = ["yes", "no", "perhaps"]
    for option in options:
        prediction = Prediction("Q", "Well?", "no", options=options)
        prediction.reveal()
        assert not prediction.revealed  # nothing was chosen
        prediction.control.value = option
        assert prediction.alt == f"Q. You predicted {option}. The truth is not shown yet."
        prediction.reveal()
        assert (
            prediction.alt == f"Q. You predicted {option}; the truth is no. {'Right.' if option == 'no' else 'Not so.'}"
        )


@pytest.mark.parametrize("question", [slide, lambda: Prediction("Q", "Well?", "no", options=["yes", "no"])])
def test_a_question_has_no_default(question):
    """Neither the place where a slider begins nor anything else counts as a guess."""
    prediction = question()
    prediction.button.click()
    prediction.reveal()
    assert not prediction.revealed
    assert not prediction.control.disabled
    assert "No guess yet" in prediction.alt
    assert "○" not in prediction.view.value
    assert "◆" not in prediction.view.value


@pytest.mark.parametrize(("truth", "options", "between"), [
    ("no", ["no", "yes"], None), ("yes", ["no", "yes"], None), (0.0, (), (0, 1)), (0.33, (), (0, 1)), (1, (), (0, 1)),
])  # fmt: skip
def test_unattended_a_wrong_guess_is_made_and_the_truth_shown(truth, options, between, monkeypatch):
    monkeypatch.setenv("MICRA_LITE_UNATTENDED", "1")
    prediction = Prediction("Q", "Well?", truth, options, between)
    assert prediction.revealed
    assert prediction.kept != truth
    assert "<details>" not in prediction.twin()
    assert f"the truth is {prediction.shown(truth)}" in prediction.twin()


def test_the_first_prediction_is_kept():
    prediction = slide()
    prediction.control.value = 0.5
    prediction.reveal()
    prediction.reveal()
    assert prediction.kept == 0.5
    assert prediction.control.disabled
    assert prediction.button.disabled


def test_the_static_copy_hides_the_answer_behind_a_fold():
    for prediction in (slide(), Prediction("Q", "Well?", "no", options=["yes", "no"], because="It is.")):
        before, after = prediction.twin().split("<details>")
        truth = prediction.shown(prediction.truth)
        assert f"the truth is {truth}" in unescape(after)
        assert "the truth is" not in before
        assert STATIC in after
        assert len(drawings(prediction.twin())) == 2


def test_the_summary_follows_every_reveal():
    both = [slide(), Prediction("Other", "Well?", "no", options=["yes", "no"])]
    summary = Predictions(both)
    assert summary.alt.startswith("0 of 2 predictions made.")
    assert "0.33" not in summary.view.value
    both[0].control.value = 0.1
    both[0].reveal()
    assert summary.alt == (
        "1 of 2 predictions made. Score: predicted 0.10 points, truth 0.33 points; Other: not predicted yet."
    )


@pytest.mark.parametrize("key", QUESTIONS)
def test_every_question_can_be_asked(key):
    asked = QUESTIONS[key]
    truth = asked["options"][0] if "options" in asked else asked["between"][1]
    blanks = set(re.findall(r"{(\w+)}", asked["because"])) - {"truth"}
    prediction = ask(key, truth, **dict.fromkeys(blanks, "x"))
    assert "{" not in prediction.because
    assert 20 < len(prediction.question) < 160
    assert len(prediction.because) > 20
    notebooks = ROOT / "notebooks" / "src"
    assert any(re.search(rf'ask\(\s*"{key}"', source.read_text()) for source in notebooks.glob("*.py"))


def test_impossible_questions_are_refused():
    for bad in ({}, {"options": ["a"], "between": (0, 1)}, {"options": ["a"]}, {"between": (0, 1)}):
        with pytest.raises(ValueError, match=r"needs either|none of|outside"):
            Prediction("Q", "Well?", 2.0, **bad)
    with pytest.raises(ValueError, match="no question 'nothing'"):
        ask("nothing", 1.0)


# --- What all of them share ------------------------------------------------------------------------------------------


def example(which):
    return {"player": GridPlayer, "field": PolicyField, "slide": slide}[which]()


@pytest.mark.parametrize("which", ["player", "field", "slide"])
def test_controls_have_words_and_there_is_one_picture(which):
    found = example(which)
    for control in controls(found):
        if not isinstance(control, ipywidgets.HTML):
            assert control.description.strip()
            assert not control.disabled
    pictures = [w for w in descendants(found) if isinstance(w, ipywidgets.HTML) and "<svg" in w.value]
    assert len(pictures) == 1
    assert not any(isinstance(w, ipywidgets.Output) for w in descendants(found))


@pytest.mark.parametrize("which", ["player", "field", "slide"])
def test_static_copies_are_whole_and_always_the_same(which):
    one, other = example(which), example(which)
    assert one.twin() == other.twin()
    assert " id=" not in one.twin()
    assert STATIC in one.twin()
    for sheet in drawings(one.twin()):
        stays_on_its_sheet(sheet)
        assert unescape(re.search(r'aria-label="([^"]*)"', sheet)[1]) in unescape(one.twin().split("figcaption", 1)[1])


def test_the_score_over_all_lessons(tmp_path, monkeypatch):
    """The first guesses of all lessons count, each by how near it came; a damaged file counts as empty."""
    monkeypatch.setenv("MICRA_LITE_PROGRESS", str(tmp_path / "progress.json"))
    tried = {"regret-of-up": (0.25, 0.5), "constant": ("it stays as it is", "it rises by 50")}
    for _ in range(2):  # the second time, nothing is new
        summary = Predictions([ask(key, truth) for key, (truth, _) in tried.items()])
        assert "Your score appears here" in summary.view.value
        for one, (_, guess) in zip(summary.predictions, tried.values(), strict=True):
            one.control.value = guess
            one.reveal()
    low, high = QUESTIONS["regret-of-up"]["between"]
    near = [1 - 0.25 / (high - low), 0.0]
    assert f"in this lesson: {np.mean(near):.2f}. (1" in summary.view.value
    assert prediction_score.scores() == dict(zip(tried, near, strict=True))
    again = ask("regret-of-up", 0.25)
    again.control.value = 0.25
    again.reveal()
    assert prediction_score.scores()["regret-of-up"] == near[0]
    other = Predictions([again])
    assert f"over all lessons so far: {np.mean(near):.2f} (2 predictions)" in other.view.value
    (tmp_path / "predictions.json").write_text("{")
    assert prediction_score.scores() == {}
    for variable, value in (("MICRA_LITE_UNATTENDED", "1"), ("MICRA_LITE_PROGRESS", "")):
        monkeypatch.setenv(variable, value)
        assert prediction_score.score_file() is None


def test_a_widget_that_shows_the_truth_is_covered_until_the_guess(monkeypatch):
    prediction, told = slide(), PolicyField()
    cover = prediction.covered(told)
    assert "waits for your prediction “Score” above" in cover.children[0].value
    assert told not in cover.children
    prediction.control.value = 0.5
    prediction.reveal()
    assert cover.children == (told,)
    assert prediction.covered(told) is told
    monkeypatch.setenv("MICRA_LITE_UNATTENDED", "1")
    assert slide().covered(told) is told


def test_what_answers_two_questions_waits_for_both():
    first, second, told = slide(), slide(), PolicyField()
    cover = first.covered(told, second)
    for waits_for, one in (("predictions “Score” and “Score”", second), ("prediction “Score”", first)):
        assert f"waits for your {waits_for} above" in cover.children[0].value
        assert told not in cover.children
        one.control.value = 0.5
        one.reveal()
    assert cover.children == (told,)
    assert first.covered(told, second) is told


TWO = [
    "from micra_lite.widgets import Prediction\na, b = (Prediction(n, '?', 0.5, between=(0, 1)) for n in 'AB')\nb.control.value = a.control.value = 0.2",
    "with a.then(b):\n    print('half')",
    "b.reveal()",
    "a.reveal()",
]


def test_results_wait_for_two_guesses(monkeypatch):
    monkeypatch.setenv("MICRA_LITE_UNATTENDED", "")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in TWO])
    client, seen = NotebookClient(notebook, store_widget_state=False), []
    with client.setup_kernel():
        for number in range(4):
            client.execute_cell(notebook.cells[number], number)
            seen.append(str(notebook.cells[1].outputs))
    assert "waits for your predictions “A” and “B” above" in seen[1]
    assert "waits for your prediction “A” above" in seen[2]
    assert ["half" in words for words in seen] == [False, False, False, True]


WAITING = [
    "from micra_lite.widgets import Prediction, show\ncoin = Prediction('Coin', 'How often?', 0.5, between=(0, 1))\ncoin",
    "from matplotlib.figure import Figure\nwith coin.then():\n    print('half & half')\n    show(Figure(), 'A figure in which nothing is drawn.')\nx = 3",
    "coin.control.value = 0.2\ncoin.reveal()\nx",
    "with coin.then():\n    print('at once')",
]


@pytest.mark.parametrize("unattended", ["", "1"])
def test_results_wait_for_the_guess(unattended, monkeypatch):
    """In a kernel: what is printed and drawn is seen after Reveal, in its place; where nobody guesses, at once."""
    monkeypatch.setenv("MICRA_LITE_UNATTENDED", unattended)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in WAITING])
    client = NotebookClient(notebook, store_widget_state=False)
    with client.setup_kernel():
        for number in range(2):
            client.execute_cell(notebook.cells[number], number)
        before = str(notebook.cells[1].outputs)
        for number in range(2, 4):
            client.execute_cell(notebook.cells[number], number)
    after = str(notebook.cells[1].outputs)
    if unattended:
        assert "half & half" in before
        assert 'data-waits-for="[&quot;Coin&quot;]"' in before  # pages without a kernel wait, too
    else:
        assert "waits for your prediction “Coin” above" in before
        assert "half" not in before
        assert "image/png" not in before
        assert "half &amp; half" in after
        assert 'alt="A figure in which nothing is drawn."' in after
        assert "waits" not in after
    assert notebook.cells[3].outputs[-1].text == "at once\n"
