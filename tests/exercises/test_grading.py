"""From verdicts to grades: which call counts, marking schemes, corrections, what is flagged, and what runs again."""

import json
import math
import re
import threading
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import ROOT
from helpers.classroom import COMA, HALF_RIGHT, REGRETS, InProcess, graded, hand_in, lines, mark, without_variant
from micra_exercises import check
from micra_exercises.run_answer import Result, Run
from micra_exercises.tutor import TutorError
from micra_exercises.tutor.grade import verdicts
from micra_exercises.tutor.grades import statistics, table
from micra_exercises.tutor.plan import Plan
from micra_exercises.tutor.scheme import Scheme, points, read_scheme
from micra_exercises.verdict import NOT_ATTEMPTED, NOT_YET, RIGHT, Verdict

CALL = "check.coma(coma)"


def handed(tmp_path, **students):
    """Hand in one notebook a student."""
    for name, cells in students.items():
        hand_in(tmp_path / "handed" / f"{name}.ipynb", cells)


# --- what counts ---


def test_the_last_call_counts_and_a_wrong_one_after_a_right_one_is_shown(tmp_path):
    handed(tmp_path, ann=[REGRETS[True], REGRETS[False]], bob=[REGRETS[False], REGRETS[True]])
    grades = graded(tmp_path)
    ann, bob = (mark(grades[name], "regrets_by_hand") for name in ("ann", "bob"))
    assert (ann.points, ann.states, ann.was_right) == (0, (RIGHT, NOT_YET), True)
    assert (bob.points, bob.states, bob.was_right) == (bob.of, (NOT_YET, RIGHT), False)
    assert any("right in an earlier call" in note for note in grades["ann"].notes)
    assert "Right in an earlier call" in (tmp_path / "grades" / "report.html").read_text()
    assert not grades["bob"].notes


def test_only_the_newest_of_two_files_is_run_and_counts(tmp_path):
    sandbox = InProcess()
    hand_in(tmp_path / "handed" / "ann" / "z.ipynb", [REGRETS[False], COMA[False], CALL])
    hand_in(tmp_path / "handed" / "ann" / "a.ipynb", [REGRETS[True], COMA[True], CALL], hours=1)
    ann = graded(tmp_path, sandbox)["ann"]
    assert len(sandbox.ran) == 1
    assert {m.exercise.name for m in ann.marks if m.points} == {"regrets_by_hand", "coma"}
    assert "ann/a.ipynb" in lines(tmp_path / "grades")["ann"]["notes"]


def test_of_two_files_that_share_some_exercises_the_newer_counts_for_these(tmp_path):
    hand_in(tmp_path / "handed" / "ann" / "z.ipynb", [REGRETS[True], COMA[True], CALL])
    hand_in(tmp_path / "handed" / "ann" / "a.ipynb", [REGRETS[False]], hours=1)
    ann = graded(tmp_path)["ann"]
    assert {m.exercise.name for m in ann.marks if m.points} == {"coma"}


def test_a_check_that_was_not_reached_says_so(tmp_path):
    handed(tmp_path, ann=["x = 1 / 0\ncheck.coma(coma)", REGRETS[True]])
    ann = graded(tmp_path)["ann"]
    found = mark(ann, "coma").verdict
    assert (found.state, found.mistake) == (NOT_ATTEMPTED, "not_reached")
    assert "did not run" in found.message
    assert ann.notes[0] == "ann.ipynb, code cell 1: ZeroDivisionError: division by zero"


def test_many_errors_are_counted_and_hostile_words_stay_words(tmp_path):
    handed(tmp_path, ann=[REGRETS[True], "raise ValueError('<script>\\n')", *["1 / 0"] * 4])
    notes = graded(tmp_path)["ann"].notes
    assert len(notes) == 4
    assert notes[0].endswith(r"code cell 2: ValueError: <script>\n")
    assert notes[-1].endswith("2 more cells with errors")
    assert "<script>" not in (tmp_path / "grades" / "report.html").read_text()


def test_a_sheet_that_few_have_worked_on_does_not_count_and_is_named(tmp_path):
    """Untouched or worked on by one of three, it halves nobody's grade; named with --sheets, it counts."""
    untouched = "check.score(...)"
    handed(tmp_path, ann=[REGRETS[True], untouched], bob=[REGRETS[True]], eve=[REGRETS[True], "check.score(3)"])
    assert {m.exercise.lesson for m in graded(tmp_path)["ann"].marks} == {"02_regret"}
    how = table(Plan.read(tmp_path / "handed", tmp_path / "grades")).how
    assert how[0] == "Sheets that count: 02_regret (3 of 3 students)"
    assert "03_policy_gradient (1 of 3)" in how[1]
    grades = graded(tmp_path, sheets=["02_regret", "03_policy_gradient"])
    assert {m.exercise.lesson for m in grades["ann"].marks} == {"02_regret", "03_policy_gradient"}


def test_nobody_has_worked_on_anything(tmp_path):
    handed(tmp_path, ann=["check.score(...)"])
    ann = graded(tmp_path)["ann"]
    assert ann.points == 0
    assert ann.of > 0


def test_the_largest_hint_is_a_column(tmp_path):
    handed(tmp_path, ann=[REGRETS[True], "check.coma.hint()\ncheck.coma.hint()"], bob=[REGRETS[True]])
    graded(tmp_path)
    rows = lines(tmp_path / "grades")
    assert [rows[name]["coma hints"] for name in ("ann", "bob")] == ["2", "0"]
    assert rows["ann"]["regrets_by_hand hints"] == "0"


def test_a_variant_that_is_missing_or_another_is_flagged(tmp_path):
    for k in range(5):
        hand_in(tmp_path / "handed" / f"honest{k}.ipynb", [REGRETS[True]], variant=7)
    hand_in(tmp_path / "handed" / "other.ipynb", [REGRETS[True]], variant=3)
    hand_in(tmp_path / "handed" / "none.ipynb", [REGRETS[True]])
    without_variant(tmp_path / "handed" / "none.ipynb")
    for variant in (None, 7):
        notes = {name: one.notes for name, one in graded(tmp_path, variant=variant).items()}
        assert notes["honest0"] == ()
        assert "made for variant 3" in notes["other"][0]
        assert "does not say its variant" in notes["none"][0]


def test_the_variant_is_that_of_the_notebook_or_of_the_tutor(tmp_path):
    check.variant(7)
    right = [round(float(x), 6) for x in check.regrets_by_hand.reference(*check.regrets_by_hand.example)]
    check.variant(0)
    hand_in(tmp_path / "handed" / "a.ipynb", [f"check.regrets_by_hand({right})"], variant=7)
    hand_in(tmp_path / "handed" / "b.ipynb", [REGRETS[True]], variant=0)
    for variant, states in ((None, [RIGHT, RIGHT]), (7, [RIGHT, NOT_YET])):
        grades = graded(tmp_path, variant=variant)
        assert [mark(grades[name], "regrets_by_hand").verdict.state for name in "ab"] == states


def test_records_that_fit_no_exercise_are_no_right_answer():
    for run in (Run([Result("x")]), Run([Result(None)] * 9), 3):
        found = verdicts([{"exercise": "coma", "dtype": "torch.float64", "run": run}], 0, 0)
        assert [one.state for one in found] == [NOT_YET]


# --- marking ---


def test_a_function_that_is_right_by_chance_in_some_cases_gets_nothing(tmp_path):
    handed(tmp_path, ann=["def coma(q, row, c):\n    return 0 * row", CALL, REGRETS[True]])
    assert mark(graded(tmp_path, scheme="parts")["ann"], "coma").points == 0


@given(st.integers(0, 20), st.integers(1, 20), st.sampled_from(check.exercises()))
def test_the_share_of_right_parts_in_half_points(right, of, exercise):
    right = min(max(right, -(-of // 2)), of)  # fewer right cases of a function are chance
    found = Scheme("parts").reached(exercise, Verdict(exercise.name, NOT_YET, "", parts=(right, of)))
    share = points(exercise) * right / of if exercise.kind != "open" else 0
    assert found <= share < found + 0.5
    assert (2 * found).is_integer()
    assert Scheme("all").reached(exercise, Verdict(exercise.name, NOT_YET, "", parts=(right, of))) == 0
    for scheme in ("all", "parts"):
        assert Scheme(scheme).reached(exercise, Verdict(exercise.name, RIGHT, "")) == points(exercise)


def test_parts_of_real_answers(tmp_path):
    """One of two numbers by hand; a function that is right unless the other's action is the first."""
    first = "def coma(q, row, c):\n    return q[:, c] - row @ q[:, c] + (c == 0)"
    handed(tmp_path, ann=[HALF_RIGHT, first, CALL])
    both = {scheme: graded(tmp_path, scheme=scheme)["ann"] for scheme in ("all", "parts")}
    assert both["all"].points == 0
    assert mark(both["parts"], "regrets_by_hand").points == points(check.regrets_by_hand) / 2
    seed = json.loads((tmp_path / "grades" / "verdicts.jsonl").read_text().split("\n")[1])["seed"]
    share = [int(c) > 0 for _, _, c in check.coma.cases(seed)]
    assert sum(share) >= len(share) / 2
    expected = math.floor(2 * points(check.coma) * sum(share) / len(share)) / 2
    assert mark(both["parts"], "coma").points == expected


def test_a_scheme_of_the_tutors_own(tmp_path):
    (tmp_path / "scheme.toml").write_text('marks = "parts"\n[points]\nregrets_by_hand = 3\ncoma = 0\n')
    handed(tmp_path, ann=[HALF_RIGHT, COMA[True], CALL])
    ann = graded(tmp_path, scheme=str(tmp_path / "scheme.toml"))["ann"]
    assert (mark(ann, "regrets_by_hand").points, mark(ann, "regrets_by_hand").of) == (1.5, 3)
    assert "coma" not in {one.exercise.name for one in ann.marks}  # 0 points: it is left out
    assert mark(ann, "match_regrets").of == points(check.match_regrets)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("marks = 3", "may have `marks`"),
        ('marks = "some"', "may have `marks`"),
        ("point = 3", "may have `marks`"),
        ("points = 3", "may have `marks`"),
        ("[points]\ncoma2 = 3", "no exercise 'coma2'"),
        ("[points]\ncoma = -1", "a number from 0 on"),
        ("[points]\ncoma = nan", "a number from 0 on"),
        ('[points]\ncoma = "3"', "a number from 0 on"),
        ("[points]\ncoma = true", "a number from 0 on"),
        ("coma: 3", "is not a TOML file"),
    ],
)
def test_a_scheme_with_a_mistake(tmp_path, text, words):
    (tmp_path / "scheme.toml").write_text(text)
    with pytest.raises(TutorError, match=words):
        read_scheme(str(tmp_path / "scheme.toml"))


def test_a_scheme_that_does_not_exist():
    with pytest.raises(TutorError, match="'partly' is not 'all', not 'parts', and no file"):
        read_scheme("partly")


# --- corrections ---


def test_corrections_survive_when_graded_again_and_are_shown_with_their_reasons(tmp_path):
    handed(tmp_path, ann=[REGRETS[False]], bob=[REGRETS[True]])
    hand_in(tmp_path / "handed" / "=cem.ipynb", [COMA[False], CALL])
    corrections = tmp_path / "corrections.csv"
    corrections.write_text("""student;exercise;points;reason
ann;regrets_by_hand;2,5;a <slip>
bob;regrets_by_hand;0;"told; no"
'=cem;coma;1;x
""")
    for _ in range(2):
        grades = graded(tmp_path, corrections=corrections)
        assert {name: one.points for name, one in grades.items()} == {"ann": 2.5, "bob": 0, "=cem": 1}
        rows = lines(tmp_path / "grades")
        assert "regrets_by_hand: corrected to 2.5 of 6 points (a <slip>)" in rows["ann"]["corrections"]
        assert "told; no" in rows["bob"]["corrections"]
        assert rows["'=cem"]["points"] == "1"
        assert "Corrected: a &lt;slip&gt;" in (tmp_path / "grades" / "report.html").read_text()
    (tmp_path / "grades" / "options.json").unlink()
    assert graded(tmp_path)["ann"].points == 0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("anna,coma,1,x", "line 2: nobody is called 'anna'"),
        ("ann,comma,1,x", "line 2: there is no exercise 'comma'"),
        ("ann,coma,7,x", "line 2: the points for coma are a number from 0 to 6, not '7'"),
        ("ann,coma,-1,x", "a number from 0 to 6"),
        ("ann,coma,nan,x", "a number from 0 to 6"),
        ("ann,coma,one,x", "a number from 0 to 6"),
        ("ann,coma,1,", "line 2: there is no reason"),
        ("ann,coma,1,x,y", "line 2: 5 columns instead of 4"),
        ("ann,coma,1,x\nann,coma,2,y", "line 3: a second correction of coma for ann"),
    ],
)
def test_a_correction_with_a_mistake_is_told_before_anything_runs(tmp_path, line, words):
    handed(tmp_path, ann=[COMA[True], CALL])
    (tmp_path / "corrections.csv").write_text(f"student,exercise,points,reason\n{line}\n")
    sandbox = InProcess()
    with pytest.raises(TutorError, match=words):
        graded(tmp_path, sandbox, corrections=tmp_path / "corrections.csv")
    assert sandbox.ran == []
    assert not (tmp_path / "grades").exists()


# --- run again, and side by side ---


def test_again_only_what_is_new_is_run(tmp_path):
    handed(tmp_path, ann=[REGRETS[True]], bob=[REGRETS[False]])
    graded(tmp_path)
    before = (tmp_path / "grades" / "grades.csv").read_bytes()
    with (tmp_path / "grades" / "verdicts.jsonl").open("a") as file:
        file.write('{"key": "cut o')
    sandbox = InProcess()
    graded(tmp_path, sandbox)
    assert sandbox.ran == []
    assert (tmp_path / "grades" / "grades.csv").read_bytes() == before
    handed(tmp_path, new=["check.regrets_by_hand(1.0)"])
    graded(tmp_path, sandbox)
    assert sandbox.ran == [["check.regrets_by_hand(1.0)"]]


def test_one_student_is_graded_again_alone(tmp_path):
    handed(tmp_path, ann=[REGRETS[True]], bob=[REGRETS[False]])
    graded(tmp_path)
    handed(tmp_path, late=[REGRETS[True]])
    sandbox = InProcess()
    grades = graded(tmp_path, sandbox, student="ann")
    assert sandbox.ran == [[REGRETS[True]]]
    assert (grades["ann"].points, grades["bob"].points) == (points(check.regrets_by_hand), 0)
    handed(tmp_path, late=[REGRETS[True], "1"])
    late = graded(tmp_path, sandbox, student="ann")["late"]
    assert "not run yet" in late.notes[0]
    assert late.points is None  # not 0: nobody knows yet
    assert lines(tmp_path / "grades")["late"]["points"] == ""
    with pytest.raises(TutorError, match="nobody is called 'anna'"):
        graded(tmp_path, student="anna")


def test_a_later_grading_remembers_what_was_said(tmp_path):
    """Roster, scheme and corrections stay, also for one student and from another folder, until something else is said."""
    handed(tmp_path, ann=[HALF_RIGHT], bob=[REGRETS[True]])
    (tmp_path / "class.csv").write_text("student,name\nann,Ann Lee\neve,Eve\n")
    (tmp_path / "fixed.csv").write_text("student,exercise,points,reason\nbob,regrets_by_hand,1,late\n")
    said = {"roster": tmp_path / "class.csv", "scheme": "parts", "corrections": tmp_path / "fixed.csv"}
    first = graded(tmp_path, **said)
    assert {name: one.points for name, one in graded(tmp_path, student="Ann Lee").items()} == {
        name: one.points for name, one in first.items()
    }
    assert set(first) == {"ann", "bob", "eve"}
    assert first["bob"].points == 1
    assert graded(tmp_path, scheme="all")["ann"].points == 0
    plan = Plan.read(tmp_path / "handed", tmp_path / "grades")
    assert "scheme all" in plan.options.words()
    (tmp_path / "grades" / "options.json").write_text("{")
    with pytest.raises(TutorError, match=r"options\.json"):
        graded(tmp_path)


def test_what_was_graded_before_an_interruption_is_kept(tmp_path):
    class Interrupted(InProcess):
        def run(self, cells, seed=0, variant=0):
            if "stop" in cells:
                raise KeyboardInterrupt
            return super().run(cells, seed, variant)

    handed(tmp_path, ann=[REGRETS[True]], bob=["stop"])
    with pytest.raises(KeyboardInterrupt):
        graded(tmp_path, Interrupted())
    sandbox = InProcess()
    assert graded(tmp_path, sandbox)["ann"].points
    assert len(sandbox.ran) <= 2
    assert ["stop"] in sandbox.ran


def test_jobs_run_side_by_side_and_give_the_same_grades(tmp_path):
    together = threading.Barrier(3, timeout=600)

    class Waiting(InProcess):
        def run(self, cells, seed=0, variant=0):
            together.wait()  # until three are here
            return super().run(cells, seed, variant)

    handed(tmp_path, **{f"s{k}": [REGRETS[k % 2 == 0], COMA[k % 3 == 0], CALL, f"{k}"] for k in range(6)})
    found = {name: one.points for name, one in graded(tmp_path, Waiting(), jobs=3).items()}
    (tmp_path / "grades" / "verdicts.jsonl").unlink()
    assert found == {name: one.points for name, one in graded(tmp_path).items()}
    assert len(set(found.values())) == 3


# --- the report ---


def test_statistics_count_every_student_once(tmp_path):
    cells = {"right": REGRETS[True], "wrong": REGRETS[False], "neither": "check.regrets_by_hand(...)"}
    handed(tmp_path, **{f"{kind}{k}": [cell, f"{k}"] for kind, cell in cells.items() for k in range(len(kind))})
    graded(tmp_path)
    found = table(Plan.read(tmp_path / "handed", tmp_path / "grades"))
    one, states, mean, mistakes = next(row for row in statistics(found) if row[0].name == "regrets_by_hand")
    assert states == Counter({RIGHT: 5, NOT_YET: 5, NOT_ATTEMPTED: 7})
    assert mistakes == Counter(baseline_forgotten=5)
    assert mean == pytest.approx(points(one) * 5 / 17)
    assert "baseline forgotten (5)" in (tmp_path / "grades" / "report.html").read_text()


def test_who_handed_in_nothing_or_something_else_is_in_the_report(tmp_path):
    handed(tmp_path, ann=[REGRETS[True]], bob=["check.targets_by_hand(...)"])
    (tmp_path / "handed" / "task.pdf").write_bytes(b"%PDF")
    (tmp_path / "class.csv").write_text("student,name\nann,Ann <b>Lee\nzoe,Zoë\n")
    grades = graded(tmp_path, roster=tmp_path / "class.csv")
    page = (tmp_path / "grades" / "report.html").read_text(encoding="utf-8")
    assert grades["zoe"].notes == ("handed in nothing",)
    assert grades["bob"].notes == ("not in the roster", "nothing for 02_regret")
    assert list(grades) == ["ann", "bob", "zoe"]
    assert "task.pdf" in page
    assert "Ann &lt;b&gt;Lee" in page
    assert page.count("<section>") == 3
    assert lines(tmp_path / "grades")["zoe"]["points"] == "0"


def test_only_the_sheets_that_were_asked_for_count(tmp_path):
    handed(tmp_path, ann=[REGRETS[True], "check.targets_by_hand([1, 2])"])
    both = {one.exercise.lesson for one in graded(tmp_path)["ann"].marks}
    assert both == {"02_regret", "04_critic"}
    assert {one.exercise.lesson for one in graded(tmp_path, sheets=["01_games"])["ann"].marks} == {"01_games"}
    with pytest.raises(TutorError, match="there is no sheet 99_nothing"):
        graded(tmp_path, sheets=["99_nothing"])


def test_the_files_that_the_page_for_tutors_shows_are_accepted(tmp_path):
    shown = re.findall(
        r"```(?:toml|text)\n(.*?)```", (ROOT / "docs" / "tutor.md").read_text(encoding="utf-8"), re.DOTALL
    )
    files = {}
    for name, begin in (
        ("class.csv", "student,name"),
        ("corrections.csv", "student,exercise"),
        ("scheme.toml", "marks"),
    ):
        (files[name],) = [text for text in shown if text.startswith(begin)]
        (tmp_path / name).write_text(files[name], encoding="utf-8")
    handed(tmp_path, ann=[COMA[False], CALL])
    grades = graded(
        tmp_path, roster=tmp_path / "class.csv", corrections=tmp_path / "corrections.csv",
        scheme=str(tmp_path / "scheme.toml"),
    )  # fmt: skip
    assert grades["bob"].name == "Bob Stone"
    assert (mark(grades["ann"], "coma").points, mark(grades["ann"], "coma").of) == (4, 10)
