"""Names that a student or a tutor writes are words in every drawing and page, whatever stands in them: never HTML."""

import importlib
from html.parser import HTMLParser

import IPython.display
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import ROOT
from micra_exercises import check
from micra_exercises.progress import Progress
from micra_exercises.tutor import report
from micra_exercises.tutor.corrections import Correction
from micra_exercises.tutor.grades import Grade, Mark, Table
from micra_exercises.verdict import NOT_YET, Verdict
from micra_lite import widgets
from micra_lite.games.matrix import MatrixGame
from micra_lite.games.scene import Board
from micra_lite.widgets import regret_explorer
from micra_lite.widgets.drawing import boards, charts, field, svg
from micra_lite.widgets.drawing.base import Picture

PLAIN = ("one", "two", "three", "four", "five", "six", "seven")
BAD = ("<img src=x onerror=alert(1)>", 'a"b&c', "</svg><script>", "'>", "<b>x</b>", "&lt;", "-->")
hostile = st.lists(st.sampled_from(BAD) | st.text("<>\"'&/=ab", min_size=1), min_size=7, max_size=7, unique=True)


class Structure(HTMLParser):
    """The tags of a page in order, each with the names of its attributes; and its words."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words = [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, [name for name, _ in attributes]))

    def handle_endtag(self, tag):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words += data


def game_of(names):
    game = MatrixGame(names[0], torch.tensor([[[4.0, 4.0], [0.0, 3.0]], [[3.0, 0.0], [2.0, 2.0]]]),
                      action_names=(tuple(names[1:3]), tuple(names[3:5])))  # fmt: skip
    game.agents = tuple(names[5:7])
    game.split_agents((names[5],), (names[6],))
    return game


def regrets(names):
    r = regret_explorer.Regrets.of(game_of(names), 0, [torch.tensor([0.5, 0.5]).double()] * 2)
    return regret_explorer.draw(r).html(still=True) + regret_explorer.sums(r)


def policy_field(names):
    half = torch.tensor([0.5, 0.5]).double()
    return field.draw(field.Trajectory.of(game_of(names), (half, half), field.PATHS[0], 5)).html(still=True)


def board(names):
    scene = Board(2, 2, {names[5]: 0, names[6]: 1}, sites={names[1]: 3}, title=names[2])
    parts, height, words = boards.board(game_of(names), scene)
    return Picture(svg.document(height, parts, words), words).html(still=True)


def panel(names):
    return charts.bar_panel(0, 0, 600, names[0], names[1:], [0.5] * 6, 0.0, 1.0, names[0])[0]


def questions(names):
    one = widgets.Prediction(names[0], names[1], names[2], options=names[2:4], because=names[4])
    return one.drawn(None, False).html(still=True) + widgets.Predictions([one]).picture().html(still=True)


def shown_words(names):
    shown = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(IPython.display, "display", shown.append)
        widgets.show(np.zeros((2, 2, 3), dtype=np.uint8), names[0])
        widgets.animate(b"GIF89a", names[1])
    return "".join(one.data for one in shown if isinstance(one, IPython.display.HTML))


def verdict(names):
    return Verdict(names[0], NOT_YET, names[1], names[2])._repr_html_()


def progress(names):
    return Progress(((names[0], names[1], 5, names[2]),))._repr_html_()


def grades(names):
    """The tutor's report: names of students and files, reasons, and what a submission made a check say."""
    one = check.exercises()[0]
    mark = Mark(one, Verdict(one.name, NOT_YET, names[1], names[2]), (), 1, 2, 0, Correction(1, names[3]))
    return report.html(Table((Grade(names[0], names[4], (mark,), (names[5],)),), (one,), (names[6],), (names[0],)))


@pytest.mark.parametrize(
    "draw",
    [regrets, policy_field, board, panel, questions, shown_words, verdict, progress, grades],
    ids=lambda f: f.__name__,
)
@given(names=hostile)
@settings(max_examples=25)
def test_the_same_is_drawn_whatever_the_names_are(draw, names):
    assert Structure(draw(names)).tags == Structure(draw(PLAIN)).tags


def test_the_test_notices_what_is_not_escaped():
    assert Structure(f"<p>{BAD[0]}</p>").tags != Structure("<p>one</p>").tags
    assert Structure(f'<p title="{BAD[1]}">').tags != Structure('<p title="one">').tags


@pytest.mark.parametrize("bad", BAD)
def test_a_name_is_still_read_as_it_is_written(bad):
    assert bad in Structure(regrets((*PLAIN[:1], bad, *PLAIN[2:]))).words


@pytest.mark.parametrize("bad", [bad for bad in BAD if "<" in bad])
def test_names_in_the_tables_of_results(monkeypatch, bad):
    """These are markdown, in which HTML would stay HTML: no tag is left."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    readme_tables = importlib.import_module("readme_tables")
    assert Structure("\n".join(readme_tables.lines_of(["task"], [[bad]]))).tags == []
