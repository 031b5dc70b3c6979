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
from micra_exercises.tutor.build import build
from micra_exercises.variants import choose


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


@pytest.mark.long
def test_the_notebooks_come_with_the_wheel(tmp_path):
    """Unpacked from the wheel, without a checkout: the same lessons and sheets."""
    build_wheel = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(build_wheel, check=True, timeout=1800)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "installed")
    command = [sys.executable, "-m", "micra_exercises.tutor.cli", "notebooks", str(tmp_path / "mine")]
    subprocess.run(command, check=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")})
    for folder, target in (("notebooks", "lessons"), ("exercises", "exercises")):
        names = {p.name for p in (ROOT / folder).glob("*.ipynb")}
        assert {p.name for p in (tmp_path / "mine" / target).iterdir()} == names
    assert not (tmp_path / "installed" / "micra_exercises" / "course" / "solutions").exists()
