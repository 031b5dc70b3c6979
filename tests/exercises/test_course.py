"""The tutor's kit: what is handed out, what is graded, and that no submission harms anything or gains by forging."""

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import torch

from helpers import ROOT
from helpers.submissions import ANSWERS, COMA, HOSTILE, PENCIL, START, notebook, write_class
from micra_exercises import check
from micra_exercises.tutor import TutorError, cli, scheme
from micra_exercises.tutor.build import build
from micra_exercises.tutor.grade import grade, notebooks, read_notebook, safe, verdicts
from micra_exercises.tutor.sandbox import KINDS, PACKAGES, Sandbox, SandboxError, open_sandbox, records
from micra_exercises.variants import choose


def checksum(folder):
    """Of all names, contents and rights below a folder."""
    told = [
        (str(p.relative_to(folder)), p.lstat().st_mode, p.read_bytes() if p.is_file() else b"")
        for p in sorted(folder.rglob("*"))
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def marks(out):
    """student → row of grades.csv."""
    lines = (out / "grades.csv").read_text(encoding="utf-8").splitlines()
    return {row["student"]: row for row in csv.DictReader(lines)}


@pytest.fixture(scope="module", params=KINDS[:2])
def sandbox(request):
    """A sandbox of each kind that protects, where it works."""
    try:
        found = Sandbox(request.param, seconds=60)
    except SandboxError as reason:
        pytest.skip(f"{request.param}: {reason}")
    with found:
        yield found


# --- handed out ---


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
        for name, function, _ in one.mistakes:
            assert one.judge(function(*one.example)).mistake == name
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


# --- scheme ---


def test_the_scheme_has_every_exercise_and_the_errors_every_mistake():
    marking, errors = scheme.marking(), scheme.errors()
    for one in check.exercises():
        assert f"(`{one.name}`)" in marking
        assert all(one.say(words) in errors for _, _, words in (*one.mistakes, *one.properties))
        assert one.hints[3] not in errors


# --- graded ---


def test_numbers_come_out_and_are_judged_outside(sandbox):
    found, ended = sandbox.run([START, PENCIL[True], ANSWERS[0], "1 / 0", COMA[False], ANSWERS[1]], seed=5)
    assert ended == "finished"
    said = verdicts(found, 5, 0)
    assert said["regrets_by_hand"].passed
    assert said["coma"].mistake == "own_policy_missing_from_baseline"
    assert not verdicts(found, 6, 0)["coma"].passed


def test_results_for_other_draws_are_not_right(sandbox):
    cells = [START, COMA[True], ANSWERS[1]]
    found, _ = sandbox.run(cells, seed=5)
    assert verdicts(found, 5, 0)["coma"].passed
    assert not verdicts(found, 6, 0)["coma"].passed


@pytest.mark.parametrize(
    "name", ["prints_a_verdict", "forges_a_verdict", "forges_records", "deletes_its_folder", "writes_outside", "leaves"]
)
def test_who_forges_gains_nothing_and_who_destroys_harms_nobody(sandbox, tmp_path, name):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_text("canary")
    before = checksum(tmp_path)
    found, _ = sandbox.run(
        [START, PENCIL[False], ANSWERS[0], HOSTILE[name].format(canary=tmp_path), COMA[False], ANSWERS[1]]
    )
    said = verdicts(found, 0, 0)
    assert said["regrets_by_hand"].state == "not yet"
    assert not any(v.passed for v in said.values())
    assert checksum(tmp_path) == before
    assert verdicts(sandbox.run([START, PENCIL[True], ANSWERS[0]])[0], 0, 0)["regrets_by_hand"].passed


def test_a_network_is_out_of_reach_in_bubblewrap(sandbox):
    code = "import socket\ntry:\n    socket.create_connection(('127.0.0.1', {}), 2)\n    x = 1.0\nexcept OSError:\n    x = 2.0\ncheck.regrets_by_hand([x, x])"
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        found, _ = sandbox.run([START, code.format(server.getsockname()[1])])
    assert found[0]["results"][0].value.tolist() == [2.0 if sandbox.kind == "bubblewrap" else 1.0] * 2


def test_lines_that_are_no_records_are_left_out():
    good = '{"exercise": "coma", "dtype": "torch.float64", "results": [{"shape": [1], "numbers": [1], "half": false}]}'
    bad = [
        "",
        "{",
        "[]",
        "null",
        "[" * 10**5,
        good.replace("[1]", "[7]", 1),
        good.replace("float64", "int8"),
        good.replace('"results"', '"got"'),
    ]
    assert len(records("\n".join([*bad, good]))) == 1


def test_records_that_fit_no_exercise_are_no_right_answer():
    line = '{"exercise": "coma", "dtype": "torch.float64", "results": %s}'
    for given in ('[{"shape": [1], "numbers": [1], "half": false}]', '[{"mistake": "too_slow", "message": "right"}]'):
        assert verdicts(records(line % given), 0, 0)["coma"].state == "not yet"
    assert verdicts(records(line % "[]"), 0, 0)["coma"].state == "not attempted yet"


def test_a_class_is_graded_and_only_what_is_new_is_run_again(tmp_path, sandbox, monkeypatch):
    handed, out = tmp_path / "handed", tmp_path / "grades"
    handed.mkdir()
    (handed / "ada.ipynb").write_text(notebook([START, PENCIL[True], ANSWERS[0], COMA[True], ANSWERS[1]]))
    (handed / "=bob").mkdir()
    (handed / "=bob" / "02_regret.ipynb").write_text(notebook([START, PENCIL[False], ANSWERS[0]]))
    (handed / "eve.ipynb").write_text("<script>")
    page = grade(handed, out, sandbox)
    rows = marks(out)
    assert rows["ada"]["points"] == str(scheme.points(check.regrets_by_hand) + scheme.points(check.coma))
    assert rows["'=bob"]["regrets_by_hand mistake"] == "baseline_forgotten"
    assert rows["'=bob"]["coma"] == "not attempted yet"
    assert "not a notebook" in rows["eve"]["notes"]
    assert "Two regrets by hand" in page.read_text()
    ran = []
    monkeypatch.setattr(sandbox, "run", lambda *a: ran.append(a) or ([], "finished"))
    before = (out / "grades.csv").read_text()
    with (out / "verdicts.jsonl").open("a") as file:
        file.write('{"key": "cut o')
    grade(handed, out, sandbox)
    assert ran == []
    assert (out / "grades.csv").read_text() == before
    (handed / "new.ipynb").write_text(notebook(["1"]))
    grade(handed, out, sandbox)
    assert len(ran) == 1


def test_the_variant_is_that_of_the_notebook_or_of_the_tutor(tmp_path, sandbox):
    handed = tmp_path / "handed"
    handed.mkdir()
    choose(7)
    right = [round(float(x), 6) for x in check.regrets_by_hand.reference(*check.regrets_by_hand.example)]
    choose(0)
    (handed / "a.ipynb").write_text(notebook([START, f"check.regrets_by_hand({right})"], variant=7))
    (handed / "b.ipynb").write_text(notebook([START, f"{PENCIL[True]}\ncheck.regrets_by_hand(regrets)"], variant=0))
    for variant, states in ((None, ["right", "right"]), (7, ["right", "not yet"])):
        grade(handed, tmp_path / f"out{variant}", sandbox, variant=variant)
        rows = list(marks(tmp_path / f"out{variant}").values())
        assert [row["regrets_by_hand"] for row in rows] == states
    assert "made for variant 0" in rows[1]["notes"]


def test_bad_input_is_told_in_one_line_before_anything_runs(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    for arguments, words in (
        (["grade", tmp_path / "nowhere"], "is not a folder"),
        (["grade", tmp_path / "empty"], "is empty"),
        (["build", tmp_path / "empty"], "nothing was overwritten"),
        (["build", tmp_path / "file" / "student"], "cannot write"),
    ):
        assert cli.main(list(map(str, arguments))) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"micra-course {arguments[0]}: ")
        assert words in said
        assert said.count("\n") == 1
    with pytest.raises(TutorError, match="no exercises for"):
        scheme.of_lessons(["99_nothing"])


@pytest.mark.parametrize("option", [["--variant", "-1"], ["--variant", "x"], ["--seconds", "0"], ["--memory", "63"]])
def test_an_impossible_option_is_told_by_its_name(option, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["grade", "submissions", *option])
    assert ended.value.code == 2
    assert f"argument {option[0]}: " in capsys.readouterr().err


@pytest.mark.parametrize("bug", [ValueError, TypeError, RuntimeError, KeyError])
def test_a_bug_keeps_its_traceback(bug, tmp_path, monkeypatch):
    def broken(*arguments):
        raise bug("ours")

    monkeypatch.setattr("micra_exercises.tutor.build.start", broken)
    with pytest.raises(bug, match="ours"):
        cli.main(["build", str(tmp_path / "student")])
    assert list(tmp_path.iterdir()) == []


def test_the_command_starts_as_a_module_and_its_help_has_examples():
    command = [sys.executable, "-m", "micra_exercises.tutor.cli"]
    for arguments in ([], ["build"], ["grade"]):
        said = subprocess.run(
            [*command, *arguments, "--help"], capture_output=True, text=True, timeout=1800, check=True
        )
        assert "\n  micra-course " in said.stdout


def test_without_a_safe_place_grading_is_refused(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    with pytest.raises(SandboxError, match=r"no sandbox.*--unsafe"):
        open_sandbox(unsafe=False)


def test_with_limits_only_it_still_ends():
    with Sandbox("limits") as box:
        found, ended = box.run([START, PENCIL[True], ANSWERS[0], "os._exit(3)"])
        assert ended == "stopped itself"
        assert verdicts(found, 0, 0)["regrets_by_hand"].passed


def test_links_are_not_followed(tmp_path):
    (tmp_path / "real.ipynb").write_text("x")
    (tmp_path / "handed" / "eve").mkdir(parents=True)
    (tmp_path / "handed" / "eve" / "a.ipynb").symlink_to(tmp_path / "real.ipynb")
    (tmp_path / "handed" / "mal.ipynb").symlink_to(tmp_path / "real.ipynb")
    assert notebooks(tmp_path / "handed") == {"eve": []}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "x", '{"cells": 3}', '{"cells": [{}]}', '{"cells": [], "metadata": 3}']
)
def test_what_is_no_notebook(tmp_path, text):
    (tmp_path / "a.ipynb").write_text(text)
    with pytest.raises(ValueError, match="not a notebook"):
        read_notebook(tmp_path / "a.ipynb")


@pytest.mark.parametrize("variant", [-1, 2**31, 1.5, True, "7", [], None])
def test_a_variant_that_a_student_has_written_in_stops_no_grading(tmp_path, variant):
    content = {"cells": [], "metadata": {"micra_exercises": {"variant": variant}}}
    (tmp_path / "a.ipynb").write_text(json.dumps(content))
    assert read_notebook(tmp_path / "a.ipynb") == ([], None)


def test_a_spreadsheet_takes_no_name_for_a_formula():
    assert [safe(x) for x in ("=1", "+1", "ada")] == ["'=1", "'+1", "ada"]


@pytest.mark.long
def test_two_hundred_submissions(tmp_path, sandbox):
    """Every honest one right, the hostile ones ended, and nothing outside changed."""
    canary = tmp_path / "canary"
    (canary / "deep").mkdir(parents=True)
    (canary / "deep" / "file").write_text("canary")
    known = write_class(tmp_path / "handed", canary, 200)
    watched = [canary, tmp_path / "handed", *PACKAGES]
    before = [checksum(folder) for folder in watched]
    sandbox.seconds = 20  # for each of those that never end
    grade(tmp_path / "handed", tmp_path / "grades", sandbox, ["02_regret"])
    rows = marks(tmp_path / "grades")
    assert len(rows) == 200
    assert {s: {e: rows[s][e] for e in known[s]} for s in known} == known
    for name in HOSTILE:
        assert rows[name]["points"] == "0"
        assert rows[name]["regrets_by_hand"] == "not yet"  # what came before is graded
    assert [checksum(folder) for folder in watched] == before


@pytest.mark.long
@pytest.mark.parametrize("tool", ["nbgrader", "otter"])
def test_other_graders_run_the_same_checks(tool, tmp_path):
    """In an environment of its own, whose Python MICRA_LITE_GRADERS names: neither tool is a dependency."""
    python = os.environ.get("MICRA_LITE_GRADERS", sys.executable)
    if subprocess.run([python, "-c", f"import {tool}, micra_exercises"], capture_output=True).returncode:
        pytest.skip(f"{tool} is not installed; exercises/examples/README.md says how to make an environment with it")
    script = ROOT / "exercises" / "examples" / f"{tool}_example.py"
    said = subprocess.run([python, str(script), str(tmp_path)], capture_output=True, text=True, timeout=3600)
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout.splitlines()[-1]) == {"right": 1.0, "wrong": 0.0}
