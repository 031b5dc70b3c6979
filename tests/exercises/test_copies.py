"""What is flagged as copied, from a solution or from another student, and what is not."""

import ast
import json
import time

import pytest

from helpers import ROOT
from helpers.classroom import COMA, REGRETS, graded, hand_in
from micra_exercises import check
from micra_exercises.definition import solution
from micra_exercises.tutor.copies import SHORT, same_as_each_other, same_as_solution
from micra_exercises.tutor.forms import functions
from micra_exercises.tutor.scheme import points

CALL = "check.coma(coma)"
OWN = """
def coma(table, mine, other):
    seen = table.T[other]
    mean = sum(p * x for p, x in zip(mine, seen))
    return seen - mean"""
LONG = '''
def suspicion(known, unknown, threshold):
    """known (T,), unknown (T,)."""
    doubt, doubts = 0.0, []
    for a, b in zip(known.tolist(), unknown.tolist()):
        doubt = max(0.0, doubt + b - a)  # never below zero
        if doubt > threshold:
            doubts.append(doubt - threshold)
        else:
            doubts.append(0.0)
    return torch.tensor(doubts)
'''
RENAMED = """
def mine(ours,
         theirs, limit):
    '''Mine!'''
    s, out = 0.0, []
    z: float
    for x, y in zip(ours.tolist(), theirs.tolist()):
        s = max(0.0, s + y - x)
        if s > limit: out.append(s - limit)
        else:
            out.append(0.0)  # mine
    return t.tensor(out)
"""
FUNCTIONS = [one.name for one in check.exercises() if one.kind == "function"]


def solved(kind):
    """(exercise, the cell with its solution in the solved sheet)."""
    for one in check.exercises():
        if one.kind == kind:
            text = (ROOT / "exercises" / "solutions" / f"{one.lesson}.ipynb").read_text(encoding="utf-8")
            cells = ["".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
            call = next(k for k, cell in enumerate(cells) if cell.startswith(f"check.{one.name}("))
            yield one.name, next((cell for cell in cells if f"def {one.name}(" in cell), cells[call - 1])


def handed(tmp_path, **students):
    """Hand in one notebook a student."""
    for name, cells in students.items():
        hand_in(tmp_path / "handed" / f"{name}.ipynb", cells)


def flags(tmp_path, name):
    return [note for note in graded(tmp_path)[name].notes if "the same" in note]


# --- the solutions ---


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_solution_of_the_last_hint_is_recognised_without_its_comments_and_docstring(name):
    source = solution(getattr(check, name).reference)
    head, _, body = source.partition('"""')
    without = head + body.partition('"""')[2].lstrip() if body else source
    for text in (source, f"{without}  # mine"):
        assert [note.partition(":")[0] for note in same_as_solution(["x = 1", text])] == [name]


@pytest.mark.parametrize(("name", "cell"), list(solved("function")))
def test_the_solution_of_the_solved_sheet_is_recognised(name, cell):
    tree = ast.parse(cell)
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for text in (cell, ast.unparse(tree), f"%time\n# mine\n{cell}", Renaming(names).of(cell)):
        assert [note.partition(":")[0] for note in same_as_solution(["x = 1", text])] == [name], text


class Renaming(ast.NodeTransformer):
    """Other names for local variables."""

    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        return ast.Name(f"{node.id}_", node.ctx) if node.id in self.names else node

    def visit_arg(self, node):
        return ast.arg(f"{node.arg}_") if node.arg in self.names else node

    def of(self, text):
        return ast.unparse(ast.fix_missing_locations(self.visit(ast.parse(text))))


def test_solutions_with_pencil_and_paper_and_open_ones_are_no_copies():
    assert same_as_solution([cell for kind in ("number", "open") for _, cell in solved(kind)]) == []


def test_the_solution_under_other_names_is_flagged_and_an_own_one_is_not(tmp_path):
    renamed = solution(check.coma.reference).replace("worth", "v").replace("row", "p").replace("def coma", "def f")
    handed(tmp_path, ann=[renamed, "check.coma(f)"], bob=[OWN, CALL], cem=[COMA[True], CALL])
    assert [note.partition(":")[0] for note in flags(tmp_path, "ann")] == ["coma"]
    assert flags(tmp_path, "bob") == flags(tmp_path, "cem") == []
    assert graded(tmp_path)["ann"].points == points(check.coma)


def test_short_solutions_share_a_note_that_says_so():
    found = same_as_solution([solution(getattr(check, name).reference) for name in ("coma", "score", "total_loss")])
    assert found == [
        "total_loss: the same code as the solution",
        "coma, score: the same code as the solution, but short: perhaps by chance",
    ]


# --- each other ---


def test_code_that_is_the_same_to_the_byte_is_flagged_for_both_and_costs_nothing(tmp_path):
    handed(tmp_path, ann=[OWN, CALL], bob=[OWN, CALL], cem=[OWN, CALL, "1"])
    assert flags(tmp_path, "ann") == ["all code the same as that of bob"]
    assert flags(tmp_path, "bob") == ["all code the same as that of ann"]
    assert flags(tmp_path, "cem") == []  # too short
    assert len({one.points for one in graded(tmp_path).values()}) == 1
    assert graded(tmp_path)["ann"].points > 0


def test_a_function_that_is_not_short_is_flagged_under_other_names_and_with_comments(tmp_path):
    coma = LONG.replace("suspicion", "coma").replace("- threshold", "+ threshold")
    handed(
        tmp_path,
        ann=["x = 1", coma, LONG, CALL, "check.suspicion(suspicion)"],
        bob=[RENAMED, f"{coma}# mine", "check.suspicion( mine )", CALL],
        cem=["import torch", coma, CALL],
    )
    words = "the same code as that of {}, perhaps with other names or comments"
    assert flags(tmp_path, "ann") == [f"coma: {words.format('bob, cem')}; suspicion: {words.format('bob')}"]
    assert flags(tmp_path, "bob") == [f"coma: {words.format('ann, cem')}; suspicion: {words.format('ann')}"]
    assert flags(tmp_path, "cem") == [f"coma: {words.format('ann, bob')}"]


def test_exercises_shared_with_the_same_students_share_a_note():
    both = [LONG, LONG.replace("suspicion", "coma").replace("0.0", "1.0"), CALL]
    notes = same_as_each_other([("ann", both), ("bob", [*both, "1"])])
    assert notes["ann"] == "suspicion, coma: the same code as that of bob, perhaps with other names or comments"


def test_who_has_all_the_same_is_not_named_for_each_exercise_too():
    notes = same_as_each_other([("ann", [LONG]), ("bob", [LONG]), ("cem", [LONG, "1"])])
    assert notes["ann"].startswith("all code the same as that of bob; suspicion: the same code as that of cem, ")
    assert notes["cem"].startswith("suspicion: the same code as that of ann, bob, ")


@pytest.mark.parametrize(
    "other",
    [
        LONG.replace("- threshold", "* threshold"),
        LONG.replace("0.0", "1.0"),
        LONG.replace("max", "min"),
        LONG.replace("tolist", "ravel"),
        LONG.replace("+ b - a", "+ a - b"),
        LONG.replace("append(doubt - threshold)", "append(threshold - doubt)"),
    ],
)
def test_other_code_is_no_copy(other):
    assert same_as_each_other([("ann", [LONG]), ("bob", [other])]) == {}


@pytest.mark.parametrize("cells", [[COMA[True], CALL], ["coma = lambda q, row, c: q[:, c] - row @ q[:, c]", CALL]])
def test_two_short_lines_with_nothing_else_are_no_copy(tmp_path, cells):
    sheets = [json.loads(p.read_text())["cells"] for p in sorted((ROOT / "exercises").glob("*.ipynb"))]
    stubs = ["".join(c["source"]) for sheet in sheets for c in sheet if c["cell_type"] == "code"]
    handed(tmp_path, ann=cells, bob=cells)
    assert flags(tmp_path, "ann") == []
    assert same_as_each_other([("ann", [*stubs, *cells]), ("bob", [*stubs, *cells])]) == {}


def test_the_solution_is_no_copy_of_another_student_who_has_it_too():
    cells = [solution(check.total_loss.reference)]
    assert same_as_each_other([("ann", cells), ("bob", [*cells, "1"])]) == {}


def test_untouched_sheets_and_numbers_alone_are_no_copies(tmp_path):
    untouched, numbers = [COMA[None], CALL, "check.regrets_by_hand(...)"], [REGRETS[True], COMA[None], CALL]
    handed(tmp_path, ann=untouched, bob=untouched, cem=numbers, dan=numbers)
    assert [flags(tmp_path, name) for name in ("ann", "bob", "cem", "dan")] == [[]] * 4


def test_one_student_with_two_equal_files_is_no_copy(tmp_path):
    for name in "ab":
        hand_in(tmp_path / "handed" / "ann" / f"{name}.ipynb", [LONG, OWN, CALL])
    assert flags(tmp_path, "ann") == []


@pytest.mark.parametrize(
    "source", ["def f(:", "def f():\n" + "-" * 10**5, "def f(): return " + "(" * 10**4, "\ud800 def ", "def f(): '\\d'"]
)
def test_code_that_cannot_be_read_is_no_copy(tmp_path, source):
    handed(tmp_path, ann=[source, REGRETS[True]], bob=[source, REGRETS[True], "1"])
    assert flags(tmp_path, "ann") == []


def test_many_students_are_counted_not_named():
    notes = same_as_each_other((f"s{k:02}", [LONG, f"{k}"]) for k in range(30))
    assert "that of s01, s02, s03 and 26 others, perhaps" in notes["s00"]


def test_a_class_of_a_hundred_takes_seconds():
    sheets = [LONG.replace("0.0", f"{k}.0").replace("suspicion", f"f{k}") for k in range(40)]
    began = time.process_time()
    notes = same_as_each_other((f"s{k}", [f"{one}# {k}" for one in sheets]) for k in range(100))
    assert len(notes) == 100
    assert time.process_time() - began < 60


def test_people_who_did_not_know_each_other_are_hardly_ever_flagged():
    """Of the writers' hundreds of answers that are not short, a few are alike: see the comment at SHORT."""
    writers = {}
    for path in sorted((ROOT / "tests" / "exercises" / "strangers").glob("writer_*/*.py")):
        writers.setdefault(path.parent.name, []).append(path.read_text(encoding="utf-8"))
    forms = [{one.form for text in texts for one in functions(text) if one.size >= SHORT} for texts in writers.values()]
    count = sum(map(len, forms))
    assert count > 300
    assert count - len(set.union(*forms)) < count / 100
