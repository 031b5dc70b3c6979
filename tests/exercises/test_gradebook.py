"""Grades in the files that Moodle and Canvas export: only the grades change."""

import csv
import io

import pytest

from helpers.classroom import REGRETS, graded, hand_in
from micra_exercises import check
from micra_exercises.tutor import TutorError
from micra_exercises.tutor.cli import main
from micra_exercises.tutor.gradebook import fill, rows, student_of
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
        "99: graded, but not in this file",
    ]
    assert found.content.startswith(BOM)
    assert [row[4] for row in table(found.content)] == ["Grade", "50", "", "100", "50.00"]
    assert found.content == MOODLE.replace(b'grading",,100.00,Yes,"Monday', b'grading",50,100.00,Yes,"Monday').replace(
        b'"40.00"', b'"100"'
    )


def test_a_moodle_that_speaks_another_language():
    german = ('ID,"Vollständiger Name",Bewertung,Bestwertung\n"Teilnehmer/in11","Ann Lee",,"100,00"\n').encode()
    with pytest.raises(TutorError, match="0 columns are called 'Grade'"):
        fill(german, {"11": (1, 3)})
    assert fill(german, {"11": (23, 46)}, "Bewertung").content.count(b",50,") == 1


def test_canvas_gradebook():
    found = fill(CANVAS, {"11": (23.5, 46), "12": (0, 46)}, "Sheet 2")
    assert found.content == CANVAS.replace(b"11,u11,ann,S1,,,", b"11,u11,ann,S1,,23.5,").replace(b"S1,7,,", b"S1,7,0,")
    assert fill(CANVAS, {"11": (23, 46)}, "Sheet 1 (900)").content == CANVAS.replace(b"ann,S1,,", b"ann,S1,5,")


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [(CANVAS, None, "--column"), (CANVAS, "Sheet 3", "0 columns"), (b"a,b\n1,2\n", None, "neither"), (b"", None, "neither"),
     (CANVAS.replace(b"Sheet 1", b"Sheet 2"), "Sheet 2", "2 columns"), (b"\xff\xfe", None, "UTF-8"), (b'a,"b\n', None, "quotation")],
)  # fmt: skip
def test_other_files_are_refused(content, column, message):
    with pytest.raises(TutorError, match=message):
        fill(content, {"11": (1, 2)}, column)


@pytest.mark.parametrize(
    ("name", "found"),
    [("Ann Lee_11_assignsubmission_file", ("Ann Lee", "11")), ("Ann_B Lee_11_assignsubmission_file_02.ipynb", ("Ann_B Lee", "11")),
     ("leeann_LATE_11_77_02_regret-1.ipynb", ("leeann", "11")), ("leeann_11_77_02_regret.ipynb", ("leeann", "11")),
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
    assert "File exists" in capsys.readouterr().err
    assert main(["gradebook", str(export), "--grades", str(tmp_path)]) == 2
    assert "No such file" in capsys.readouterr().err
