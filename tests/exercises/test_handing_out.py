"""What is handed out: the students' folder without solutions, variants of the numbers, the marking scheme in words."""

import json
import os
import re
import subprocess
import sys
import zipfile

import pytest
import torch

from helpers import ROOT
from micra_exercises import check
from micra_exercises.tutor import TutorError, scheme
from micra_exercises.tutor.build import build, remark
from micra_exercises.variants import choose
from micra_lite import __version__


def test_the_students_folder_has_everything_but_solutions(tmp_path):
    made = build(tmp_path / "a" / "student", 7)
    names = {p.relative_to(tmp_path / "a" / "student").as_posix() for p in made}
    assert {"START.md", "requirements.txt"} <= names
    for folder, target in (("notebooks", "lessons"), ("exercises", "exercises")):
        assert {f"{target}/{p.name}" for p in (ROOT / folder).glob("*.ipynb")} <= names
    assert not [n for n in names if "solution" in n or "executed" in n]
    rows = [
        row.split("|")[1:4]
        for row in (tmp_path / "a" / "student" / "START.md").read_text().splitlines()
        if "](lessons/" in row
    ]
    sheets = re.findall(r"exercises/(\w+)", "".join(sheet for _, _, sheet in rows))
    assert sheets == sorted(p.stem for p in (ROOT / "exercises").glob("*.ipynb"))  # each once, in the lessons' order
    listed = [
        re.search(r"lessons/(\w+)", cell)[1] for lesson, deeper, _ in rows for cell in (lesson, deeper) if cell.strip()
    ]
    assert sorted(listed) == sorted(p.stem for p in (ROOT / "notebooks").glob("*.ipynb"))
    for path in (tmp_path / "a" / "student" / "exercises").glob("*.ipynb"):
        text = path.read_text()
        assert "# solution, stub" not in text
        content = json.loads(text)
        assert content["metadata"]["micra_exercises"]["variant"] == 7
        assert "check.variant(7)" in next("".join(c["source"]) for c in content["cells"] if c["cell_type"] == "code")


def test_a_variant_is_shown_and_only_its_answer_is_right(tmp_path):
    build(tmp_path / "student", 7)
    text = (tmp_path / "student" / "exercises" / "02_regret.ipynb").read_text()
    assert check.regrets_by_hand.judge([0.2, -0.05]).passed
    choose(7)
    q, row, column = check.regrets_by_hand.example
    for share, line in zip(row, q, strict=True):
        assert f"({share:g}) | {line[0]:g} | {line[1]:g} | {line[2]:g} |" in text
    assert f"left ({column[0]:g}) | middle ({column[1]:g}) | right ({column[2]:g})" in text
    assert not check.regrets_by_hand.judge([0.2, -0.05]).passed
    right = [float(q[a] @ column - row @ q @ column) for a in (0, 1)]
    assert check.regrets_by_hand.judge(right).passed
    assert check.regrets_by_hand.judge([float(q[a] @ column) for a in (0, 1)]).mistake == "baseline_forgotten"


@pytest.mark.parametrize("one", [e for e in check.exercises() if e.vary], ids=lambda e: e.name)
def test_variants_differ_and_in_each_all_mistakes_tell_apart(one):
    seen = []
    for number in (1, 2, 7, 2026):
        choose(number)
        seen.append(repr(one.example))
        assert one.judge(one.reference(*one.example)).passed
        for known in one.mistakes:
            assert one.judge(known.function(*one.example)).mistake == known.name
    assert len(set(seen)) == 4


def test_a_variant_is_the_same_in_single_and_double_precision(printed):
    choose(7)
    found = []
    for default in (torch.float32, torch.float64):
        torch.set_default_dtype(default)
        try:
            found.append([x.tolist() for x in check.gradient_by_hand.example + check.regrets_by_hand.example[:1]])
        finally:
            torch.set_default_dtype(torch.float32)
    assert found[0] == found[1]


@pytest.mark.parametrize("number", [-1, 2**31, 1.5, True, "7"])
def test_a_variant_is_a_whole_number(number):
    with pytest.raises(ValueError, match="whole number"):
        check.variant(number)


def test_nothing_is_overwritten(tmp_path):
    with pytest.raises(TutorError, match="nothing was overwritten"):
        build(tmp_path)


def test_the_scheme_has_every_exercise_and_the_errors_every_mistake():
    marking, errors = scheme.marking(), scheme.errors()
    for one in check.exercises():
        assert f"(`{one.name}`)" in marking
        for words in (*(known.words for known in one.mistakes), *(words for _, _, words in one.properties)):
            assert one.say(words) in errors
        assert one.hints[3] not in errors


# --- a wheel in the folder ---


def packed(path, name="micra_lite", version=__version__, change=None):
    """A file that looks like a wheel of the course; `change` names a sheet that it has in another state."""
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(
            f"{name}-{version}.dist-info/METADATA", f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n\n"
        )
        for sheet in (ROOT / "exercises").glob("*.ipynb"):
            content = sheet.read_bytes() + (b"\n" if sheet.stem == change else b"")
            wheel.writestr(f"micra_exercises/course/exercises/{sheet.name}", content)
    return path


FILE = f"micra_lite-{__version__}-py3-none-any.whl"


def test_a_wheel_lies_in_the_folder_and_is_what_the_students_install(tmp_path):
    files = build(tmp_path / "student", 0, packed(tmp_path / FILE))
    assert (tmp_path / "student" / FILE).read_bytes() == (tmp_path / FILE).read_bytes()
    assert (tmp_path / "student" / "requirements.txt").read_text() == f"./{FILE}[notebooks]\n"
    assert FILE in (tmp_path / "student" / "START.md").read_text()
    assert remark(files) == ""


def test_without_a_wheel_the_tutor_is_told_where_the_package_must_be(tmp_path):
    files = build(tmp_path / "student")
    assert (tmp_path / "student" / "requirements.txt").read_text() == f"micra_lite[notebooks]=={__version__}\n"
    assert "ask whoever gave you this folder" in (tmp_path / "student" / "START.md").read_text()
    assert "index" in remark(files)


@pytest.mark.parametrize(
    ("wheel", "words"),
    [
        (lambda folder: folder / FILE, "is no file"),
        (lambda folder: folder, "is no file"),
        (lambda folder: packed(folder / FILE, name="numpy"), f"is numpy {__version__}, not micra_lite"),
        (lambda folder: packed(folder / FILE, version="0.0.9"), "is micra_lite 0.0.9, not"),
        (lambda folder: packed(folder / FILE, change="02_regret"), "another 02_regret.ipynb"),
        (lambda folder: packed(folder / FILE.replace(".whl", " (1).whl")), "its old name"),
        (lambda folder: packed(folder / "course.zip"), "its old name"),
        (lambda folder: ROOT / "README.md", "cannot be read as a wheel"),
    ],
)
def test_a_wrong_wheel_is_told_before_anything_is_written(tmp_path, wheel, words):
    (tmp_path / "in").mkdir()
    with pytest.raises(TutorError, match=re.escape(words)) as told:
        build(tmp_path / "out" / "student", 7, wheel(tmp_path / "in"))
    assert "\n" not in str(told.value)
    assert not (tmp_path / "out").exists()


def test_an_archive_that_is_no_wheel_is_told(tmp_path):
    with zipfile.ZipFile(tmp_path / FILE, "w") as archive:
        archive.writestr("x", "x")
    with pytest.raises(TutorError, match="is not a wheel"):
        build(tmp_path / "student", 0, tmp_path / FILE)


@pytest.fixture(scope="session")
def course_wheel(tmp_path_factory):
    """The package, built."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, timeout=1800)
    return next(folder.glob("*.whl"))


@pytest.fixture
def installed(tmp_path, course_wheel):
    """Run Python with what the wheel holds, without a checkout."""
    with zipfile.ZipFile(course_wheel) as wheel:
        wheel.extractall(tmp_path / "installed")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}

    def run(*arguments):
        command = [sys.executable, *arguments]
        return subprocess.run(command, check=True, cwd=tmp_path, env=environment, capture_output=True, text=True).stdout

    return run


@pytest.mark.long
def test_the_notebooks_come_with_the_wheel(tmp_path, installed):
    """Unpacked from the wheel, without a checkout: the same lessons and sheets."""
    installed("-m", "micra_exercises.tutor.cli", "notebooks", str(tmp_path / "mine"))
    for folder, target in (("notebooks", "lessons"), ("exercises", "exercises")):
        names = {p.name for p in (ROOT / folder).glob("*.ipynb")}
        assert {p.name for p in (tmp_path / "mine" / target).iterdir()} == names


@pytest.mark.long
def test_copies_of_the_solved_sheets_are_recognised_with_the_wheel_which_does_not_hold_them(tmp_path, installed):
    text = (ROOT / "exercises" / "solutions" / "02_regret.ipynb").read_text(encoding="utf-8")
    cells = ["".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
    (tmp_path / "cells.json").write_text(json.dumps(cells))
    found = installed(
        "-c",
        "import json, micra_exercises; from micra_exercises.tutor.copies import same_as_solution\n"
        "print(micra_exercises.__file__, same_as_solution(json.load(open('cells.json'))))",
    )
    assert found.startswith(str(tmp_path / "installed"))
    for one in check.exercises("02_regret"):
        assert (one.name in found) == (one.kind == "function")
    held = (tmp_path / "installed" / "micra_exercises" / "course" / "solutions.json").read_text()
    assert "torch" not in held
    assert not (tmp_path / "installed" / "micra_exercises" / "course" / "solutions").exists()


@pytest.mark.long
def test_students_can_install_what_they_get(tmp_path, course_wheel):
    """In a new environment, from the folder; without what the package needs, which comes from an index."""
    build(tmp_path / "student", 7, course_wheel)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "new")], check=True, timeout=1800)
    python = next(p for p in (tmp_path / "new").glob("*/python*") if p.stem == "python")
    command = [str(python), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "-r", "requirements.txt"]
    subprocess.run(command, check=True, cwd=tmp_path / "student", timeout=1800)
    about = (
        "from importlib.metadata import metadata; about = metadata('micra_lite')\n"
        "print(about['Version'], about.get_all('Provides-Extra'))"
    )
    said = subprocess.run([str(python), "-c", about], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert said.stdout.startswith(f"{__version__} [")
    assert "'notebooks'" in said.stdout
