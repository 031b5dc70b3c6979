"""Guards over the committed notebooks: what strict nbval cannot see.

nbval compares nothing in a cell without execution count, and never a picture; so these say that everything was run, in
order, that nothing was left that breaks elsewhere, and that whoever cannot see a picture can read it.
"""

import re
import sys
from itertools import pairwise

import jupytext
import nbformat
import pytest

from helpers import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EXERCISES = sorted((ROOT / "exercises").glob("*.ipynb"))
TWINS = [p.parent / "executed" / p.name for p in (*NOTEBOOKS, *EXERCISES)]
SOLUTIONS = sorted((ROOT / "exercises" / "solutions").glob("*.ipynb"))
WIDGET = "application/vnd.jupyter.widget-view+json"

sys.path.insert(0, str(ROOT / "notebooks"))
import build  # noqa: E402
import measure  # noqa: E402


def read(path):
    return nbformat.read(path, as_version=4)


def outputs(path):
    """(number of the cell, its outputs' data bundles) for each code cell."""
    return [
        (k, [o.get("data", {}) for o in cell.outputs])
        for k, cell in enumerate(read(path).cells)
        if cell.cell_type == "code"
    ]


def test_there_are_notebooks_and_each_has_a_source():
    assert NOTEBOOKS
    assert [p.stem for p in NOTEBOOKS] == sorted(p.stem for p in (ROOT / "notebooks" / "src").glob("*.py"))


def test_each_sheet_of_exercises_has_a_source_and_solutions():
    sheets = sorted(p.stem for p in (ROOT / "exercises" / "src").glob("*.py"))
    assert sheets
    assert [p.stem for p in EXERCISES] == [p.stem for p in SOLUTIONS] == sheets
    assert {sheet[3:] for sheet in sheets} <= {p.stem[3:] for p in NOTEBOOKS}  # they keep their names by topic


def test_students_open_notebooks_without_outputs():
    for path in (*NOTEBOOKS, *EXERCISES):
        for cell in read(path).cells:
            assert not cell.get("outputs"), f"{path.name} was run and saved"
            assert not cell.get("execution_count"), f"{path.name} was run and saved"
            if "widgets.ask(" in cell.source and cell.cell_type == "code":
                assert build.hidden(cell), "a question's truth is out of sight"
                assert cell.source.startswith(build.ASKING), "and so is the first line of what computes it"


def test_no_twin_is_left_behind():
    for folder in ("notebooks", "exercises"):
        assert {p for p in TWINS if p.parent.parent.name == folder} == set((ROOT / folder / "executed").iterdir())


@pytest.fixture(params=[*TWINS, *SOLUTIONS], ids=lambda p: str(p.relative_to(ROOT).with_suffix("")))
def notebook(request):
    return request.param


def test_every_code_cell_was_executed_in_order_without_error(notebook):
    cells = [c for c in read(notebook).cells if c.cell_type == "code"]
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert [o for o in cell.outputs if o.output_type == "error" or o.get("name") == "stderr"] == []


def test_nothing_is_left_that_differs_from_run_to_run(notebook):
    stored = read(notebook)
    assert set(stored.metadata) == {"kernelspec", "language_info"}
    assert stored.metadata.kernelspec.name == "python3"
    for number, cell in enumerate(stored.cells):
        assert cell.metadata in ({}, build.HIDDEN)
        assert cell.id == f"{notebook.stem}-{number:02d}"
        printed = [o.get("name") for o in cell.get("outputs", [])]  # None where nothing is printed
        assert not [a for a, b in pairwise(printed) if a and a == b], "printed in one piece"
    assert not re.search(r"0x[0-9a-f]{6,}", notebook.read_text())


def test_every_widget_has_a_static_twin_that_says_so(notebook):
    widgets = 0
    for number, bundles in outputs(notebook):
        for data in bundles:
            assert WIDGET not in data, f"cell {number} kept its widget view; its model is not in the file"
            html = data.get("text/html", "")
            assert "<svg" not in html, f"cell {number} has a drawing that a notebook without trust shows as bare words"
            if "data:image/svg" in html and 'alt="Map of MICRA' not in html:
                widgets += 1
                assert "needs a running kernel" in html or "need a running kernel" in html
    assert widgets == 6 or notebook.stem != "00_tour"


def test_every_picture_can_be_read(notebook):
    for number, bundles in outputs(notebook):
        for data, after in zip(bundles, [*bundles[1:], {}], strict=False):
            if "image/png" in data:
                assert "In words: " in after.get("text/html", ""), f"no alt text after the figure of cell {number}"
            html = data.get("text/html", "")
            for image in re.findall(r"<img.*?>", html):
                assert re.search(r'alt="[^"]{20,}"', image)
            assert html.count("data:image/svg") == html.count("<figcaption")


def test_images_carry_their_words_as_metadata_too(notebook):
    for cell in read(notebook).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                assert len(output.metadata["image/png"]["alt"]) > 20


def test_small_enough_to_load_and_to_diff(notebook):
    assert notebook.stat().st_size < 2_000_000


def test_nothing_is_loaded_from_the_network(notebook):
    for cell in read(notebook).cells:
        texts = [cell.source] + [str(t) for o in cell.get("outputs", []) for t in o.get("data", {}).values()]
        for text in texts:
            loaded = re.findall(r"""(?:src|href)\s*=\s*["'](https?:)?//|@import|url\(\s*["']?https?:|<script""", text)
            assert not loaded
            assert not re.search(r"!\[[^]]*]\(https?:", text)
            assert not re.search(r"urllib|requests|pip install", text)


@pytest.mark.parametrize("name", build.sources())
def test_notebooks_are_what_their_sources_say(name):
    assert build.drifted(build.sources()[name]) is None


def test_drift_is_noticed(tmp_path):
    """The comparison itself: a changed, a missing and an additional cell, and a missing notebook."""
    source = tmp_path / "src" / "00_tour.py"
    source.parent.mkdir()
    source.write_text((ROOT / "notebooks" / "src" / "00_tour.py").read_text())
    assert "is missing" in build.drifted(source)
    stored = next(iter(build.notebooks(source).values()))
    target, twin = tmp_path / "00_tour.ipynb", tmp_path / "executed" / "00_tour.ipynb"
    nbformat.write(stored, target)
    assert build.drifted(source).endswith("executed/00_tour.ipynb is missing")
    twin.parent.mkdir()
    nbformat.write(stored, twin)
    assert build.drifted(source) is None
    code = next(c for c in stored.cells if c.cell_type == "code")
    code.execution_count = 1
    nbformat.write(stored, twin)
    assert build.drifted(source) is None
    nbformat.write(stored, target)
    assert "was run and saved" in build.drifted(source)
    code.execution_count = None
    shown = next(c for c in stored.cells if c.cell_type == "code" and not build.hidden(c))
    shown.metadata.jupyter = {"source_hidden": True}
    nbformat.write(stored, target)
    assert "differs from its source" in build.drifted(source)  # folded away by hand
    del shown.metadata["jupyter"]
    stored.cells[1].source += "\nx = 1"
    nbformat.write(stored, target)
    assert "cell 1" in build.drifted(source)
    del stored.cells[1]
    nbformat.write(stored, target)
    assert "cells, its source" in build.drifted(source)


def test_headers_say_what_why_and_how_long(notebook):
    first = read(notebook).cells[0].source
    for part in ("you can", "You need", "Time"):
        assert part in first


def test_every_function_that_is_named_exists(notebook):
    """Whatever prose calls micra_lite.… or micra_exercises.… can be found under this name."""
    import importlib

    prose = "\n".join(c.source for c in read(notebook).cells if c.cell_type == "markdown")
    missing = []
    for path in re.findall(r"`(micra_(?:lite|exercises)(?:\.\w+)+)", prose):
        found = importlib.import_module(path.split(".")[0])
        for k, part in enumerate(path.split(".")[1:], 2):
            if not hasattr(found, part):  # a module that nobody has imported yet, or nothing at all
                try:
                    importlib.import_module(".".join(path.split(".")[:k]))
                except ImportError:
                    missing.append(path)
                    break
            found = getattr(found, part)
    assert missing == []


LESSONS = [p for p in TWINS if p.parent.parent.name == "notebooks"]
CORE = [p for p in LESSONS if measure.core(p.stem)]


def parts(path):
    """A notebook's cells, its prose and its code."""
    cells = read(path).cells
    prose, code = ("\n".join(c.source for c in cells if c.cell_type == kind) for kind in ("markdown", "code"))
    return cells, prose, code


@pytest.mark.parametrize("lesson", [p for p in CORE if p.stem != "00_tour"], ids=lambda p: p.stem)
def test_lessons_have_all_their_parts(lesson):
    _, prose, code = parts(lesson)
    for heading in ("## Notation", "## Your predictions", "## Summary", "## Common mistakes", "## What was used"):
        assert heading in prose
    assert len(re.findall(r"widgets\.ask\(", code)) >= 3


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda p: p.stem)
def test_lessons_show_the_map_sum_predictions_up_and_check_themselves(lesson):
    cells, prose, code = parts(lesson)
    assert "## Summary" in prose
    first = [c for c in cells if c.cell_type == "code"][int(lesson.stem == "00_tour")]  # the tour begins with a game
    assert build.hidden(first)
    assert re.search(r"widgets\.course_map\([^)]*\)$", first.source), "the first cell ends with the map"
    asked = re.findall(r"^(\w+) = widgets\.ask\(", code, re.MULTILINE)
    if asked:
        summed = re.search(r"guesses = \[([^]]*)]\n\w+ = widgets\.Predictions\(guesses\)", code)[1].split(",")
        assert [name.strip() for name in summed if name.strip()] == asked
    assert "assert" in cells[-1].source
    assert build.hidden(cells[-1])
    assert "all checks passed" in str(cells[-1].outputs)
    if asked and lesson.stem != "00_tour":  # what the lesson found out is not read by accident before the guesses
        assert all(
            "<details>" in c.source
            for c in cells
            if re.search(r"^## (Summary|Common mistakes)", c.source, re.MULTILINE)
        )
    for cell in cells:  # one idea a cell
        assert cell.cell_type == "code" or "\n|" in cell.source or len(cell.source) < 1300


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda p: p.stem)
def test_lessons_take_no_longer_than_they_promise(lesson):
    found = measure.measure(build.sources()[lesson.stem])
    assert abs(found.minutes - found.promised) <= 2, found
    if lesson in CORE:
        assert found.words <= measure.WORDS, found
        assert found.lines <= measure.LINES, found
        assert found.minutes <= measure.MINUTES, found


def test_the_formula_of_minutes(tmp_path):
    """On a lesson of which everything is counted by hand."""
    source = tmp_path / "x.py"
    source.write_text(
        "# %% [markdown]\n# # Two words\n#\n# **Time**: 3 minutes\n#\n# **Question.** Is $a + b$ it?\n"
        '# %% tags=["hide-input"]\nimport os\n# %%\nx = 1\n\ny = 2  # three\n# %%\ng = widgets.ask("k", x)\n'
        "# %% [markdown]\n# | a | b |\n# |---|---|\n# $$c$$\n"
    )
    found = measure.measure(source)
    assert (found.words, found.lines, found.questions, found.promised) == (12, 2, 2, 3)
    assert found.minutes == pytest.approx(12 / 200 + 20 / 60 + 2)


@pytest.mark.parametrize("path", [*TWINS, *SOLUTIONS], ids=lambda p: str(p.relative_to(ROOT).with_suffix("")))
def test_code_fits_beside_the_file_browser(path):
    _, _, code = parts(path)
    assert max(len(line) for line in code.splitlines()) <= 88


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda p: p.stem)
def test_lessons_show_numbers_and_pictures_instead_of_a_test_log(lesson):
    for cell in read(lesson).cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                assert not re.search(r"\b(True|False)$", output.text, re.MULTILINE), output.text


def test_animations_have_words(notebook):
    for _, bundles in outputs(notebook):
        for data in bundles:
            for image in re.findall(r"<img[^>]*image/gif[^>]*>", data.get("text/html", "")):
                assert re.search(r'alt="[^"]{20,}"', image)
                assert "In words: " in data["text/html"]


@pytest.mark.parametrize("sheet", [p for p in TWINS if p.parent.parent.name == "exercises"], ids=lambda p: p.stem)
def test_exercises_come_unsolved_and_say_so(sheet):
    """Each exercise has its labels, a stub and a check; "Run all" says "not attempted yet", and no solution is left."""
    from micra_exercises import check

    cells = read(sheet).cells
    prose = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    code = "\n".join(c.source for c in cells if c.cell_type == "code")
    listed = check.exercises(sheet.stem)
    assert 4 <= len(listed) <= 7
    for number, one in enumerate(listed, 1):
        labels = f"Difficulty {one.difficulty}/5, importance {one.importance}/5, about {one.minutes} minutes."
        assert re.search(rf"## {number}\. {re.escape(one.title)}\n\n\*{re.escape(labels)}", prose), one.name
        assert len(re.findall(rf"^check\.{one.name}\(", code, re.MULTILINE)) == 1
        solved = one.hints[3].split(":\n", 1)[1]
        assert solved.strip() not in code
    said = [str(o.data) for c in cells if re.match(r"check\.\w+\(\w+\)$", c.source) for o in c.outputs]
    assert len(said) == len(listed)
    assert all("not attempted yet" in words for words in said)
    assert "solution, stub" not in code
    assert code.count("...") >= len(listed)
    assert f"{sum(one.minutes for one in listed)} minutes" in prose


@pytest.mark.parametrize("sheet", SOLUTIONS, ids=lambda p: p.stem)
def test_solutions_are_all_right(sheet):
    cells = read(sheet).cells
    said = [str(o.data) for c in cells if re.match(r"check\.\w+\(\w+\)$", c.source) for o in c.outputs]
    from micra_exercises import check

    assert len(said) == len(check.exercises(sheet.stem))
    assert all(": right" in words for words in said)
    assert not any("# solution" in c.source or "# end" in c.source for c in cells)
    assert "0 tried, 0 left" in str(cells[-1].outputs)


def test_exercises_are_made_of_their_source_by_its_marks(tmp_path):
    """The two versions of one source: what students get, and what the solutions have."""
    source = tmp_path / "exercises" / "src" / "x.py"
    source.parent.mkdir(parents=True)
    source.write_text(
        "# %%\ndef f(x):\n    # solution, stub: return ...\n    y = 2 * x\n    return y\n    # end\n\n\n"
        '# %%\n# solution, stub: a = ...  # one number\na = 3\n# end\nb = 1\n\n# %% [markdown] tags=["solution"]\n# Because.\n'
    )
    student, twin, solved = (build.cells(n) for n in build.notebooks(source).values())
    assert twin == student
    assert [s for _, s, _ in student] == ["def f(x):\n    return ...", "a = ...  # one number\nb = 1"]
    assert [s for _, s, _ in solved] == ["def f(x):\n    y = 2 * x\n    return y", "a = 3\nb = 1", "Because."]
    folders = ("exercises", "exercises/executed", "exercises/solutions")
    assert list(build.notebooks(source)) == [tmp_path / folder / "x.ipynb" for folder in folders]


@pytest.mark.parametrize("sheet", [p.stem for p in EXERCISES])
def test_each_exercise_can_be_done_without_those_before_it(sheet, monkeypatch):
    """What stands before the first exercise, and one exercise's own solution: that is enough."""
    import torch

    monkeypatch.setenv("MICRA_LITE_PROGRESS", "")
    whole = build.version(jupytext.read(build.sources()[f"exercises/{sheet}"]), solved=True)
    parts, number = {0: []}, 0
    for cell in whole.cells:
        if heading := re.match(r"## (\d+)\.", cell.source):
            number = int(heading[1])
        if cell.cell_type == "code" and not cell.source.startswith("check.progress"):
            parts.setdefault(number, []).append(cell.source)
    try:
        for number in range(1, len(parts)):
            names = {}
            for source in (*parts[0], *parts[number][:-1]):
                exec(source, names)
            assert eval(parts[number][-1], names).passed, f"exercise {number}"
    finally:
        torch.set_default_dtype(torch.float32)
