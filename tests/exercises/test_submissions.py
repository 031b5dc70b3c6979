"""Finding submissions: whose they are, which of two counts, what is none, and that hostile files harm nothing."""

import csv
import json
import os
import struct
import unicodedata
import warnings
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.classroom import COMA, REGRETS, hand_in
from helpers.submissions import notebook
from micra_exercises.tutor import TutorError, submissions, tables
from micra_exercises.tutor.submissions import find, parse


def found(folder, roster=None):
    """student → submission, and the stray files."""
    students, stray = find(folder, roster)
    return {one.student: one for one in students}, stray


@pytest.mark.parametrize(
    ("old", "new"), [("a.ipynb", "b.ipynb"), ("b.ipynb", "a.ipynb"), ("02_regret.ipynb", "x/y.ipynb")]
)
def test_of_two_files_of_one_sheet_the_newest_counts_and_a_note_says_so(tmp_path, old, new):
    hand_in(tmp_path / "ann" / new, [REGRETS[True]], hours=1)
    hand_in(tmp_path / "ann" / old, [REGRETS[False]])
    ann = found(tmp_path)[0]["ann"]
    assert [one.place for one in ann.that_count()] == [f"ann/{new}"]
    assert len(ann.notes) == 1
    assert f"ann/{new} of 2026-01-01" in ann.notes[0]
    assert f"not ann/{old} of 2026-01-01" in ann.notes[0]


@pytest.mark.parametrize(
    ("older", "newer"),
    [("a.ipynb", "b.ipynb"), ("a.ipynb", "a (1).ipynb"), ("a-1.ipynb", "a-2.ipynb"), ("a-9.ipynb", "a-10.ipynb"),
     ("990_a.ipynb", "1002_a-1.ipynb")],
)  # fmt: skip
def test_of_two_files_of_the_same_time_the_last_by_name_counts_and_the_note_says_so(tmp_path, older, newer):
    for k, name in enumerate((newer, older)):
        hand_in(tmp_path / "ann" / name, [REGRETS[True]], hours=k / 36000)  # a tenth of a second
    ann = found(tmp_path)[0]["ann"]
    assert [one.place for one in ann.that_count()] == [f"ann/{newer}"]
    assert f"ann/{newer} counts, not ann/{older}: they are equally old (2026-01-01 " in ann.notes[0]
    assert "order of names" in ann.notes[0]


def test_of_two_files_of_the_same_minute_the_note_gives_the_seconds(tmp_path):
    hand_in(tmp_path / "ann" / "b.ipynb", [REGRETS[True]], hours=1 / 360)
    hand_in(tmp_path / "ann" / "a.ipynb", [REGRETS[True]], hours=2 / 360)
    (note,) = found(tmp_path)[0]["ann"].notes
    assert ":00:20 counts" in note
    assert note.endswith(":00:10")


def test_canvas_says_who_is_late(tmp_path):
    hand_in(tmp_path / "leeann_LATE_4712_992_x.ipynb", [REGRETS[True]])
    hand_in(tmp_path / "leeann_4712_991_y.ipynb", [])
    hand_in(tmp_path / "bbob_4713_993_x.ipynb", [])
    (tmp_path / "zzoe_LATE_4714_994_x.pdf").write_bytes(b"%PDF")
    students, stray = found(tmp_path)
    assert {name: one.notes for name, one in students.items()} == {
        "4712": ["leeann_LATE_4712_992_x.ipynb: late, says Canvas"],
        "4713": [],
        "4714": ["no notebook", "zzoe_LATE_4714_994_x.pdf: late, says Canvas"],
    }
    assert students["4712"].name == "leeann"
    assert stray == ["zzoe_LATE_4714_994_x.pdf"]


def test_a_sheet_is_known_by_its_checks_not_by_its_name(tmp_path):
    hand_in(tmp_path / "ann" / "02_regret.ipynb", ["check.targets_by_hand(1.0)"])
    hand_in(tmp_path / "ann" / "04_critic.ipynb", [REGRETS[True], "# check.targets_by_hand(2.0)"], hours=1)
    ann = found(tmp_path)[0]["ann"]
    assert [one.calls for one in ann.that_count()] == [{"targets_by_hand"}, {"regrets_by_hand"}]
    assert ann.notes == []


def test_what_a_newer_notebook_lacks_still_counts(tmp_path):
    hand_in(tmp_path / "ann" / "a.ipynb", [REGRETS[True], COMA[True], "check.coma(coma)"])
    hand_in(tmp_path / "ann" / "b.ipynb", [REGRETS[True]], hours=1)
    assert len(found(tmp_path)[0]["ann"].that_count()) == 2


def test_the_roster_tells_who_handed_in_nothing(tmp_path):
    roster = tmp_path / "class.csv"
    roster.write_text("\ufeffstudent;name\r\nann;Ann, Lee\r\nzoe;Zoë\r\n", encoding="utf-8")
    hand_in(tmp_path / "handed" / "ann.ipynb", [REGRETS[True]])
    hand_in(tmp_path / "handed" / "bob.ipynb", [REGRETS[True]])
    (tmp_path / "handed" / "bob").mkdir()
    students, _ = found(tmp_path / "handed", roster)
    assert {name: (one.name, one.notes) for name, one in students.items()} == {
        "ann": ("Ann, Lee", []),
        "bob": ("", ["not in the roster"]),
        "zoe": ("Zoë", ["handed in nothing"]),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must have the columns student"),
        ("name\nann\n", "must have the columns student"),
        ("student,age\nann,3\n", "must have the columns student"),
        ("student\n", "has no students"),
        ("student\nann\nann\n", "line 3: ann is there twice"),
        ("student,name\n,Ann\n", "line 2: there is no student"),
        ("student,name\nann,Lee, Ann\n", "line 2: 3 columns instead of 2"),
    ],
)
def test_a_roster_with_a_mistake(tmp_path, text, words):
    (tmp_path / "class.csv").write_text(text)
    hand_in(tmp_path / "handed" / "ann.ipynb", [])
    with pytest.raises(TutorError, match=words):
        find(tmp_path / "handed", tmp_path / "class.csv")


def test_who_hands_in_another_kind_of_file_is_a_student_if_the_name_has_a_number(tmp_path):
    roster = tmp_path / "class.csv"
    roster.write_text("student,name\n4721,Zoe\n4722,Ann\n4723,Bob\n")
    handed = tmp_path / "handed"
    hand_in(handed / "leeann_4722_996_a.ipynb", [REGRETS[True]])
    names = ["leeann_4722_997_b.pdf", "task_of_week_2.pdf", "zzoe_4721_995_a.pdf"]
    for name in names:
        (handed / name).write_bytes(b"%PDF")
    (handed / "Cem Z_4724_assignsubmission_file_").mkdir()
    (handed / "Cem Z_4724_assignsubmission_file_" / "a.pdf").write_bytes(b"%PDF")
    students, stray = found(handed, roster)
    assert {name: (one.name, one.notes, one.unread) for name, one in students.items()} == {
        "4721": ("Zoe", ["no notebook"], False),
        "4722": ("Ann", [], False),
        "4723": ("Bob", ["handed in nothing"], False),
        "4724": ("Cem Z", ["no notebook", "not in the roster"], False),
    }
    assert sorted(stray) == ["Cem Z_4724_assignsubmission_file_/a.pdf", *names]


def test_files_of_other_kinds_are_listed_and_no_students(tmp_path):
    hand_in(tmp_path / "ann" / "sheet.ipynb", [REGRETS[True]])
    for place in ("task.pdf", "ann/photo.jpg", ".hidden", "ann/.ipynb_checkpoints/sheet.ipynb", "__MACOSX/._ann.ipynb"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(b"%PDF")
    students, stray = found(tmp_path)
    assert [one.place for one in students["ann"].notebooks] == ["ann/sheet.ipynb"]
    assert sorted(stray) == ["ann/photo.jpg", "task.pdf"]
    assert list(students) == ["ann"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_with_the_name_of_a_notebook_keeps_nobody_waiting(tmp_path):
    os.mkfifo(tmp_path / "ann.ipynb")
    assert found(tmp_path)[0]["ann"].notes[0].startswith("ann.ipynb: not a file")


def test_links_are_not_followed(tmp_path):
    hand_in(tmp_path / "real.ipynb", [REGRETS[True]])
    (tmp_path / "handed" / "eve").mkdir(parents=True)
    (tmp_path / "handed" / "eve" / "a.ipynb").symlink_to(tmp_path / "real.ipynb")
    (tmp_path / "handed" / "eve" / "folder").symlink_to(tmp_path)
    (tmp_path / "handed" / "mal.ipynb").symlink_to(tmp_path / "real.ipynb")
    students, stray = found(tmp_path / "handed")
    assert {name: (one.notebooks, one.notes) for name, one in students.items()} == {"eve": ([], ["no notebook"])}
    assert sorted(stray) == ["eve/a.ipynb (a link)", "eve/folder (a link)", "mal.ipynb (a link)"]


def test_of_too_many_notebooks_only_the_newest_are_graded(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MOST", 3)
    for k in range(5):
        hand_in(tmp_path / "ann" / f"{k}.ipynb", [f"check.coma({k})"], hours=-k)
    ann = found(tmp_path)[0]["ann"]
    assert [one.place for one in ann.notebooks] == ["ann/2.ipynb", "ann/1.ipynb", "ann/0.ipynb"]
    assert ann.notes[0] == "5 notebooks: only the newest 3 are graded"


def test_a_folder_without_submissions_is_an_error(tmp_path):
    with pytest.raises(TutorError, match="is empty"):
        find(tmp_path)
    (tmp_path / "task.pdf").write_bytes(b"%PDF")
    with pytest.raises(TutorError, match="only files of other kinds"):
        find(tmp_path)


# --- archives ---


def archive(path, files, kind=zipfile.ZIP_DEFLATED):
    """A zip archive of name → (content, hour of the first of January 2026)."""
    with zipfile.ZipFile(path, "w", kind) as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, (content, hour) in files.items():
            made.writestr(zipfile.ZipInfo(name, (2026, 1, 1, hour, 0, 0)), content, kind)


def test_notebooks_in_an_archive_are_read_where_they_lie(tmp_path):
    handed = tmp_path / "handed"
    (handed / "bob").mkdir(parents=True)
    old, new = notebook([REGRETS[False]]), notebook([REGRETS[True]])
    files = {"../../z.ipynb": (old, 3), "/etc/a.ipynb": (new, 4), "photo.jpg": ("", 0), "__MACOSX/._a.ipynb": ("", 0)}
    archive(handed / "ann.zip", files)
    archive(handed / "bob" / "all.ZIP", files)
    students, stray = found(handed)
    assert list(students) == ["ann", "bob"]
    for one in students.values():
        assert [n.cells for n in one.that_count()] == [(REGRETS[True],)]
        assert len(one.notebooks) == 2
    assert stray == []
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["all.ZIP", "ann.zip", "bob", "handed"]


def test_an_archive_that_would_fill_the_memory_is_a_note(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "UNPACKED", 2**20)
    monkeypatch.setattr(submissions, "ENTRIES", 10)
    archive(tmp_path / "large.zip", {"a.ipynb": (bytes(2**21), 0)})
    archive(tmp_path / "many.zip", {f"{k}.ipynb": ("{}", 0) for k in range(11)})
    archive(tmp_path / "together.zip", {f"{k}.ipynb": (bytes(2**18), 0) for k in range(5)})
    content = (tmp_path / "large.zip").read_bytes()
    size = struct.pack("<I", 2**21)
    assert size in content
    (tmp_path / "liar.zip").write_bytes(content.replace(size, struct.pack("<I", 5)))
    students, _ = found(tmp_path)
    assert [one.notebooks for one in students.values()] == [[]] * 4
    for name, words in {
        "large": "unpacks to more",
        "many": "more than 10 files",
        "together": "unpacks to more",
    }.items():
        assert words in students[name].notes[0]
    assert len(students["liar"].notes) == 1


@pytest.mark.parametrize("kind", ["broken", "empty", "encrypted", "unknown_method"])
def test_an_archive_that_cannot_be_read_is_a_note(tmp_path, kind):
    path = tmp_path / "ann.zip"
    archive(path, {"photo.jpg" if kind == "empty" else "a.ipynb": (notebook([]), 0)}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    directory = content.index(b"PK\x01\x02")
    if kind == "broken":
        content = content[:-30]
    elif kind == "encrypted":
        content[6] = content[directory + 8] = 1
    elif kind == "unknown_method":
        content[8] = content[directory + 10] = 77
    path.write_bytes(content)
    one = found(tmp_path)[0]["ann"]
    assert one.notebooks == []
    assert len(one.notes) == 1


def test_an_archive_within_an_archive_is_a_note_and_what_lies_beside_it_is_read(tmp_path):
    archive(tmp_path / "inner.zip", {"a.ipynb": (notebook([REGRETS[True]]), 0)})
    inner = (tmp_path / "inner.zip").read_bytes()
    handed = tmp_path / "handed"
    handed.mkdir()
    archive(handed / "ann.zip", {"week/all.ZIP": (inner, 0), "__MACOSX/._all.ZIP": ("", 0)})
    archive(handed / "bob.zip", {"all.tar.gz": (inner, 0), "b.ipynb": (notebook([]), 0)})
    students, _ = found(handed)
    assert {name: (one.notes, len(one.notebooks), one.unread) for name, one in students.items()} == {
        "ann": (["ann.zip: week/all.ZIP: an archive within an archive is not read"], 0, True),
        "bob": (["bob.zip: all.tar.gz: an archive within an archive is not read"], 1, False),
    }


@pytest.mark.parametrize(
    ("name", "content", "unread"),
    [("a.ipynb", b"", True), ("a.ipynb", b"Dear tutor", True), ("a.zip", b"PK", True), ("a.rar", b"Rar!", True),
     ("a.pdf", b"%PDF", False), (None, b"", False)],
)  # fmt: skip
def test_whether_something_that_may_be_a_notebook_could_not_be_read(tmp_path, name, content, unread):
    (tmp_path / "ann").mkdir()
    if name:
        (tmp_path / "ann" / name).write_bytes(content)
    assert found(tmp_path)[0]["ann"].unread == unread
    hand_in(tmp_path / "ann" / "b.ipynb", [])
    assert not found(tmp_path)[0]["ann"].unread


def test_an_archive_without_notebooks_was_read(tmp_path):
    archive(tmp_path / "ann.zip", {"photo.jpg": ("", 0)})
    ann = found(tmp_path)[0]["ann"]
    assert (ann.notes, ann.unread) == (["ann.zip: no notebook in it"], False)


# --- names and tables ---


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_hostile_names_stay_apart_and_on_one_line(tmp_path):
    names = [b"a\nb", b"a\\nb", b"=1+1", b"<script>", b"\xff", b"\xfe", b"x..", b"'", b'a;b,c"', b"\xe2\x80\xae"]
    for name in names:
        folder = os.path.join(os.fsencode(tmp_path), name)
        os.mkdir(folder)
        (tmp_path / os.fsdecode(name) / "sheet.ipynb").write_text(notebook([REGRETS[True]]))
    students, _ = found(tmp_path)
    assert len(students) == len(names)
    for name, one in students.items():
        assert name.isprintable()
        assert name.encode()
        assert one.notebooks


@given(st.text(), st.text())
def test_a_plain_name_is_printable_and_different_names_stay_different(one, other):
    assert tables.plain(one).isprintable()
    same = unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
    assert (tables.plain(one) == tables.plain(other)) == same


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1), min_size=2, max_size=2))
def test_a_spreadsheet_takes_nothing_for_a_formula_and_it_is_read_back(tmp_path_factory, row):
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    tables.write(path, [["a", "b"], row])
    with path.open(encoding="utf-8", newline="") as file:
        assert not [cell for line in csv.reader(file) for cell in line if cell.startswith(("=", "+", "-", "@"))]
    assert [list(read.values()) for _, read in tables.read(path, ["a", "b"])] == [row]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "x", '{"cells": 3}', '{"cells": [{}]}', '{"cells": [], "metadata": 3}', "[" * 10**5]
)
def test_what_is_no_notebook(text):
    with pytest.raises(ValueError, match="not a notebook"):
        parse(text.encode())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("<html>", "it is not JSON, so it is broken or something else"),
        (notebook(["x"])[:-20], "it is not JSON"),
        ("[" * 10**5, "it is not JSON"),
        ('{"metadata": {}, "nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": "x"}]}]}',
         "an old one: open and save it in Jupyter"),
        ('{"nbformat": 4}', "no cells"),
        ('"worksheets"', "no cells"),
    ],
)  # fmt: skip
def test_plain_words_say_why_a_file_is_no_notebook(text, words):
    with pytest.raises(ValueError, match=words) as error:
        parse(text.encode())
    assert "Error" not in str(error.value)


@pytest.mark.parametrize("variant", [-1, 2**31, 1.5, True, "7", [], None])
def test_a_variant_that_a_student_has_written_in_stops_no_grading(variant):
    content = {"cells": [], "metadata": {"micra_exercises": {"variant": variant}}}
    assert parse(json.dumps(content).encode()) == ((), None)


def test_who_hands_in_something_else_is_told_apart_from_who_hands_in_nothing(tmp_path):
    (tmp_path / "ann").mkdir()
    (tmp_path / "bob.ipynb").write_text("Dear tutor, my dog")
    students, _ = found(tmp_path)
    assert {name: one.notes[0].partition(":")[0] for name, one in students.items()} == {
        "ann": "no notebook", "bob": "bob.ipynb",
    }  # fmt: skip
