"""Grades in the files that Moodle and Canvas export: only the grades change."""

import csv
import io

import pytest

from helpers.classroom import REGRETS, graded, hand_in
from micra_exercises import check
from micra_exercises.tutor import TutorError
from micra_exercises.tutor.cli import main
from micra_exercises.tutor.gradebook import enter, fill, rows, student_of
from micra_exercises.tutor.scheme import points

BOM = b"\xef\xbb\xbf"
MOODLE = (
    BOM
    + (
        'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
        '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
        '"Participant 11","Ann ""the"" Lee",ann@x.org,"Submitted for grading",,100.00,Yes,"Monday, 3 May 2027, 9:00 AM",-,""\n'
        '"Participant 12","Bob, B",bob@x.org,"No submission",,100.00,Yes,-,-,"two\nlines, and a comma"\n'
        '"Participant 13",Čapek,c@x.org,"Submitted for grading","40.00",100.00,Yes,-,-,""\n'
        '"Participant 14",Dora,d@x.org,"Submitted for grading",50.00,100.00,No,-,-,""\n'
    ).encode()
)
CANVAS = (
    b"Student,ID,SIS User ID,SIS Login ID,Section,Sheet 1 (900),Sheet 2 (901),Current Score\r\n"
    b"    Points Possible,,,,,10,46,(read only)\r\n"
    b'"Lee, Ann",11,u11,ann,S1,,,\r\n'
    b'"B, Bob",12,u12,bob,S1,7,,\r\n'
    b'"Student, Test",13,,,S1,,,\r\n'
)


def table(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("content", [MOODLE, CANVAS])
def test_fields_are_those_of_the_standard_library(content):
    assert [[field.text for field in row] for row in rows(content, b",")] == table(content)


def test_moodles_worksheet():
    found = fill(MOODLE, {"11": (23, 46), "13": (46, 46), "14": (1, 46), "99": (1, 46)})
    assert found.count == 2
    assert found.remarks == [
        "Participant 14: Moodle does not let this grade be changed",
        "1 grade from before replaced (Participant 13: 40.00, now 100)",
        "1 student without a grade here, left as they were: Participant 12",
        "99: graded, but not in this file",
    ]
    assert found.content.startswith(BOM)
    assert [row[4] for row in table(found.content)] == ["Grade", "50", "", "100", "50.00"]
    assert found.content == MOODLE.replace(b'grading",,100.00,Yes,"Monday', b'grading",50,100.00,Yes,"Monday').replace(
        b'"40.00"', b'"100"'
    )


def test_a_moodle_that_speaks_another_language():
    german = ('ID,"Vollständiger Name",Bewertung,Bestwertung\n"Teilnehmer/in11","Ann Lee",,"100,00"\n').encode()
    with pytest.raises(TutorError, match="no column is called 'Grade'; name it with --column: the file has ID, Vollst"):
        fill(german, {"11": (1, 3)})
    assert fill(german, {"11": (23, 46)}, "Bewertung").content.count(b",50,") == 1


@pytest.mark.parametrize("workflow", [False, True])
@pytest.mark.parametrize(
    ("lock", "yes", "no"),
    [("Bewertung kann geändert werden", "Ja", "Nein"), ("La note peut être modifiée", "Oui", "Non"),
     ("Not değiştirilebilir", "Evet", "Hayır"), ("允许更改成绩", "是", "否"), ("Grade can be changed", "Yes", "No")],
)  # fmt: skip
def test_a_locked_grade_stays_in_every_language_and_with_a_marking_workflow(lock, yes, no, workflow):
    state = ("State,", "Released,") if workflow else ("", "")
    head = f"ID,Note,Max,{state[0]}{lock},Last modified\n"
    lines = [f'P{number},,"100,00",{state[1]}{word},-\n' for number, word in ((11, yes), (12, no))]
    found = fill((head + "".join(lines)).encode(), {"11": (1, 2), "12": (1, 2)}, "Note")
    assert found.content == (head + lines[0].replace("P11,,", "P11,50,") + lines[1]).encode()
    assert found.remarks == ["P12: Moodle does not let this grade be changed"]


def test_without_a_maximum_points_are_entered_as_they_are_and_a_remark_says_so():
    moodle, words = MOODLE.replace(b"100.00", b""), "the file has no maximum: points were entered as they are, of 46"
    found = fill(moodle, {"11": (23, 46)})
    assert b'grading",23,,Yes' in found.content
    assert words in found.remarks
    for canvas in (
        CANVAS.replace(b"10,46,", b"10,,"),
        CANVAS.replace(b"    Points Possible,,,,,10,46,(read only)\r\n", b""),
    ):
        found = fill(canvas, {"11": (23, 46)}, "Sheet 2")
        assert b"ann,S1,,23," in found.content
        assert words in found.remarks


@pytest.mark.parametrize(
    ("content", "marks"),
    [(CANVAS.replace(b"10,46,", b"10,0,"), (1, 46)), (MOODLE.replace(b"100.00", b"0.00"), (1, 46)), (CANVAS, (0, 0)),
     (MOODLE, (0, 0))],
)  # fmt: skip
def test_a_maximum_of_0_is_an_error(content, marks):
    with pytest.raises(TutorError, match=r"is 0|of 0 points"):
        fill(content, {"11": marks}, "Sheet 2" if content.startswith(b"Student") else None)


def test_a_student_without_a_grade_yet_keeps_the_field():
    found = fill(MOODLE, {"11": (23, 46), "13": (None, 46), "99": (None, 46)})
    assert found.content == MOODLE.replace(b'grading",,100.00,Yes,"Monday', b'grading",50,100.00,Yes,"Monday')
    assert found.remarks[0] == "13: no grade yet, see the report"
    assert found.remarks[-1] == "99: no grade yet, and not in this file"


def test_of_many_students_without_a_grade_the_first_are_named():
    lines = [f"P{k},,10,Yes\n" for k in range(1, 19)]
    found = fill(("Identifier,Grade,Maximum Grade,Grade can be changed\n" + "".join(lines)).encode(), {"1": (1, 2)})
    assert found.remarks == ["17 students without a grade here, left as they were: P2; P3; P4; P5; P6; and 12 more"]


def test_excused_students_of_canvas_and_those_without_the_assignment_stay():
    canvas = (
        CANVAS.replace(b"ann,S1,,,", b"ann,S1,,EX,").replace(b"S1,7,,", b"S1,7,N/A,").replace(b",S1,,,\r", b",S1,,3,\r")
    )
    found = fill(canvas, {"11": (23, 46), "12": (1, 46), "13": (4, 46)}, "Sheet 2")
    assert found.content == canvas.replace(b"S1,,3,", b"S1,,4,")
    assert found.remarks[0] == "Lee, Ann (11): excused in Canvas (EX), left as it is"
    assert found.remarks[1].startswith("B, Bob (12): has not got this assignment")
    assert found.remarks[2:] == ["1 grade from before replaced (Student, Test (13): 3, now 4)"]


def test_a_grade_that_is_the_same_is_not_called_replaced():
    assert "replaced" not in " ".join(fill(MOODLE, {"13": (2, 5)}).remarks)


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [(MOODLE, "Identifier", "who the students are"), (MOODLE, "Full name", "who the students are"),
     (MOODLE, "Status", "who the students are"), (MOODLE, "Maximum Grade", "no number"),
     (MOODLE, "Last modified (grade)", "holds '-'"), (MOODLE.replace(b"Full name", b"Nom complet"), "Nom complet", "holds"),
     (MOODLE, "Feedback comments", "holds 'two"), (MOODLE.replace(b"100.00", b"Poor, Good").replace(b"40.00", b""), None, "no number|holds"),
     *((CANVAS, name, "who the students are") for name in ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")),
     (CANVAS, "Current Score", "Canvas takes no grades"),
     (CANVAS.replace(b"Sheet 1 (900)", b"Matriculation"), "Matriculation", "no number of Canvas's"),
     (CANVAS.replace(b"S1,7,", b"S1,A-,"), "Sheet 1", "holds 'A-'")],
)  # fmt: skip
def test_only_columns_of_grades_are_filled(content, column, message):
    with pytest.raises(TutorError, match=message):
        fill(content, {"11": (23, 46)}, column)


def test_an_empty_column_becomes_a_new_assignment_in_canvas():
    canvas = CANVAS.replace(b"Sheet 2 (901)", b"Sheet 2")
    assert fill(canvas, {"11": (23, 46)}, "Sheet 2").content == canvas.replace(b"ann,S1,,,", b"ann,S1,,23,")


@pytest.mark.parametrize("export", [MOODLE, CANVAS])
@pytest.mark.parametrize("marks", [{}, {"ann": (1, 2), "bob": (None, 2)}])
def test_if_no_student_matches_nothing_is_written(tmp_path, export, marks):
    (tmp_path / "x.csv").write_bytes(export)
    lines = [f"{name},{'' if got is None else got},{of}\n" for name, (got, of) in marks.items()]
    (tmp_path / "grades.csv").write_text("student,points,of\n" + "".join(lines), encoding="utf-8-sig")
    with pytest.raises(TutorError, match="no student of this file has a grade: it has 11, 12, 13"):
        enter(tmp_path / "x.csv", tmp_path, "Sheet 2" if export == CANVAS else None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grades.csv", "x.csv"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_table_of_grades_is_read_with_and_without_a_mark_of_order(tmp_path, encoding):
    (tmp_path / "x.csv").write_bytes(MOODLE)
    (tmp_path / "grades.csv").write_text("student,name,points,of\n11,Čapek,23,46\n13,Zoë,,46\n", encoding=encoding)
    filled, target = enter(tmp_path / "x.csv", tmp_path)
    assert (filled.count, filled.remarks[0]) == (1, "13: no grade yet, see the report")
    assert target.read_bytes() == MOODLE.replace(b'grading",,100.00,Yes,"Monday', b'grading",50,100.00,Yes,"Monday')


@pytest.mark.parametrize("text", ["name\nann\n", "student,points,of\n11\n", "student,points,of\n11,few,46\n"])
def test_another_table_is_an_error(tmp_path, text):
    (tmp_path / "x.csv").write_bytes(MOODLE)
    (tmp_path / "grades.csv").write_text(text)
    with pytest.raises(TutorError, match="not as `micra-course grade` writes it"):
        enter(tmp_path / "x.csv", tmp_path)


def test_a_row_that_is_too_short_is_an_error():
    with pytest.raises(TutorError, match="row of Participant 15 is too short"):
        fill(MOODLE + b"Participant 15,x\n", {"15": (1, 2)})


def test_canvas_gradebook():
    found = fill(CANVAS, {"11": (23.5, 46), "12": (0, 46)}, "Sheet 2")
    assert found.content == CANVAS.replace(b"11,u11,ann,S1,,,", b"11,u11,ann,S1,,23.5,").replace(b"S1,7,,", b"S1,7,0,")
    assert fill(CANVAS, {"11": (23, 46)}, "Sheet 1 (900)").content == CANVAS.replace(b"ann,S1,,", b"ann,S1,5,")


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [(CANVAS, None, "--column"), (CANVAS, "Sheet 3", "no column is called 'Sheet 3'"), (b"a,b\n1,2\n", None, "neither"), (b"", None, "neither"),
     (CANVAS.replace(b"Sheet 1", b"Sheet 2"), "Sheet 2", "2 columns"), (b"\xff\xfe", None, "UTF-8"), (b'a,"b\n', None, "quotation")],
)  # fmt: skip
def test_other_files_are_refused(content, column, message):
    with pytest.raises(TutorError, match=message):
        fill(content, {"11": (1, 2)}, column)


@pytest.mark.parametrize(
    ("name", "found"),
    [("Ann Lee_11_assignsubmission_file", ("Ann Lee", "11", False)), ("Ann_B Lee_11_assignsubmission_file_02.ipynb", ("Ann_B Lee", "11", False)),
     ("leeann_LATE_11_77_02_regret-1.ipynb", ("leeann", "11", True)), ("leeann_11_77_02_regret.ipynb", ("leeann", "11", False)),
     ("02_regret.ipynb", None), ("ann", None)],
)  # fmt: skip
def test_students_in_the_names_of_downloads(name, found):
    assert student_of(name) == found


def test_the_command_writes_a_copy_and_overwrites_nothing(tmp_path, capsys):
    """From the names of Canvas's downloads, through the table of grades, into its gradebook."""
    for name, right in (("leeann_11_77_02_regret.ipynb", True), ("bbob_LATE_12_78_02_regret.ipynb", False)):
        hand_in(tmp_path / "handed" / name, [REGRETS[right]])
    graded(tmp_path, sheets=["02_regret"])
    export = tmp_path / "canvas.csv"
    export.write_bytes(CANVAS)
    command = ["gradebook", str(export), "--grades", str(tmp_path / "grades"), "--column", "Sheet 2"]
    assert main(command) == 0
    total = sum(map(points, check.exercises("02_regret")))
    got = f"{46 * points(check.regrets_by_hand) / total:.2f}".rstrip("0").rstrip(".")
    filled = (tmp_path / "canvas-filled.csv").read_bytes()
    assert filled == CANVAS.replace(b"ann,S1,,,", f"ann,S1,,{got},".encode()).replace(b"S1,7,,", b"S1,7,0,")
    assert export.read_bytes() == CANVAS
    assert "2 grades in" in capsys.readouterr().out
    assert main(command) == 2
    assert "canvas-filled.csv is there already: remove or rename it" in capsys.readouterr().err
    assert main(["gradebook", str(export), "--grades", str(tmp_path)]) == 2
    assert "No such file" in capsys.readouterr().err
