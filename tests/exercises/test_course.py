"""The command `micra-course`, and whole classes graded in the sandboxes that work here."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from helpers import ROOT
from helpers.classroom import InProcess, lines
from helpers.sandboxes import sandbox  # noqa: F401
from helpers.submissions import ANSWERS, COMA, HOSTILE, PENCIL, START, checksum, notebook, write_class
from micra_exercises import check
from micra_exercises.tutor import TutorError, cli, scheme
from micra_exercises.tutor.grade import run
from micra_exercises.tutor.grades import table
from micra_exercises.tutor.plan import Plan
from micra_exercises.tutor.report import save
from micra_exercises.tutor.sandbox import PACKAGES
from micra_exercises.verdict import NOT_YET, RIGHT

HONEST = [START, PENCIL[True], ANSWERS[0], COMA[True], ANSWERS[1]]


def test_a_class_is_graded_by_the_command_with_all_its_options(tmp_path, monkeypatch, capsys):
    (tmp_path / "handed").mkdir()
    cells = ["check.regrets_by_hand([0.2, 7.0])"]
    (tmp_path / "handed" / "ann.ipynb").write_text(notebook(cells, 7))
    (tmp_path / "handed" / "task.pdf").write_bytes(b"%PDF")
    (tmp_path / "class.csv").write_text("student,name\nann,Ann\nzoe,Zoë\n")
    (tmp_path / "corrections.csv").write_text("student,exercise,points,reason\nann,coma,2,ill\n")
    (tmp_path / "scheme.toml").write_text('marks = "parts"\n[points]\nregrets_by_hand = 3\n')
    monkeypatch.chdir(tmp_path)
    box = InProcess()
    box.__class__ = type("Opened", (InProcess,), {"__enter__": lambda self: self, "__exit__": lambda *a: None})
    monkeypatch.setattr("micra_exercises.tutor.sandbox.open_sandbox", lambda *a: box)
    line = (
        "grade handed --out marks --roster class.csv --scheme scheme.toml --corrections corrections.csv --jobs 2"
        " --student ann --sheets 02_regret --variant 0"
    )
    for _ in range(2):  # the student asked for is run again
        assert cli.main(line.split()) == 0
    assert box.ran == [cells] * 2
    said = capsys.readouterr()
    assert [one for one in said.out.split() if one.startswith("marks/")] == [
        "marks/grades.csv",
        "marks/report.html",
    ] * 2
    assert "Sheets that count: 02_regret (1 of 1 students)" in said.out
    assert "task.pdf" in said.err
    rows = lines(tmp_path / "marks")
    assert {name: row["points"] for name, row in rows.items()} == {"ann": "3.5", "zoe": "0"}
    assert "made for variant 7" in rows["ann"]["notes"]


def test_no_sandbox_is_opened_if_nothing_has_to_run(tmp_path, monkeypatch):
    (tmp_path / "handed" / "ann").mkdir(parents=True)
    monkeypatch.setattr("micra_exercises.tutor.sandbox.open_sandbox", None)
    assert cli.main(["grade", str(tmp_path / "handed"), "--out", str(tmp_path / "grades")]) == 0
    assert lines(tmp_path / "grades")["ann"]["notes"] == "no notebook"


def test_bad_input_is_told_in_one_line_before_anything_runs(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "handed").mkdir()
    (tmp_path / "handed" / "ann.ipynb").write_text(notebook([]))
    grade = ["grade", tmp_path / "handed", "--out", tmp_path / "out"]
    for arguments, words in (
        (["grade", tmp_path / "nowhere"], "is not a folder"),
        (["grade", tmp_path / "empty"], "is empty"),
        ([*grade, "--sheets", "99_nothing"], "there is no sheet"),
        ([*grade, "--roster", tmp_path / "nowhere"], "cannot read"),
        ([*grade, "--roster", tmp_path / "file"], "must have the columns student"),
        ([*grade, "--corrections", tmp_path / "file"], "must have the columns student, exercise, points, reason"),
        ([*grade, "--scheme", "partly"], "'all'"),
        ([*grade, "--student", "bob"], "nobody is called"),
        (["grade", tmp_path / "handed", "--out", tmp_path / "file"], "cannot use"),
        (["grade", tmp_path / "handed", "--out", tmp_path / "handed" / "out"], "within the submissions"),
        (["build", tmp_path / "empty"], "nothing was overwritten"),
        (["build", tmp_path / "file" / "student"], "cannot write"),
    ):
        assert cli.main(list(map(str, arguments))) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"micra-course {arguments[0]}: ")
        assert words in said
        assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()
    with pytest.raises(TutorError, match="there is no sheet"):
        scheme.of_lessons(["99_nothing"])


@pytest.mark.parametrize(
    "option", [["--variant", "-1"], ["--variant", "x"], ["--seconds", "0"], ["--memory", "63"], ["--jobs", "0"]]
)
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


def test_every_option_of_grading_says_what_it_is_good_for_and_has_an_example(capsys):
    with pytest.raises(SystemExit):
        cli.main(["grade", "--help"])
    told = re.findall(r"^  (--[a-z]+)(.*(?:\n {5,}.*)*)", capsys.readouterr().out, re.MULTILINE)
    assert len(told) >= 10
    for option, words in told:
        assert len(words.split()) > 5, option
        assert "such as" in words or option in ("--scheme", "--unsafe"), option


# --- in a sandbox ---


def test_honest_forging_and_leaving_students_side_by_side(tmp_path, sandbox):  # noqa: F811
    wrong = [START, PENCIL[False], ANSWERS[0]]
    cells = {"ann": HONEST, "bob": [*wrong, COMA[True], ANSWERS[1]], "hint": [*HONEST, "check.coma.hint()"]}
    cells |= {
        name: [*wrong, HOSTILE[name].format(canary="/"), COMA[False], ANSWERS[1]]
        for name in ("prints_a_verdict", "forges_a_verdict", "forges_records", "leaves")
    }
    (tmp_path / "handed").mkdir()
    for name, one in cells.items():
        (tmp_path / "handed" / f"{name}.ipynb").write_text(notebook(one))
    plan = Plan.read(tmp_path / "handed", tmp_path / "grades")
    run(plan, sandbox, 2)
    save(tmp_path / "grades", table(plan))
    rows = lines(tmp_path / "grades")
    coma, pencil = scheme.points(check.coma), scheme.points(check.regrets_by_hand)
    assert {name: float(row["points"]) for name, row in rows.items()} == {
        **dict.fromkeys(rows, 0), "ann": coma + pencil, "bob": coma, "hint": coma + pencil,
    }  # fmt: skip
    assert [rows[name]["coma hints"] for name in ("ann", "hint")] == ["0", "1"]
    assert rows["leaves"]["regrets_by_hand"] == NOT_YET


@pytest.mark.long
def test_two_hundred_submissions(tmp_path, sandbox):  # noqa: F811
    """Every honest one right, the hostile ones ended, and nothing outside changed."""
    canary = tmp_path / "canary"
    (canary / "deep").mkdir(parents=True)
    (canary / "deep" / "file").write_text("canary")
    known = write_class(tmp_path / "handed", canary, 200)
    watched = [canary, tmp_path / "handed", *PACKAGES]
    before = [checksum(folder) for folder in watched]
    sandbox.seconds = 20  # for each of those that never end
    plan = Plan.read(tmp_path / "handed", tmp_path / "grades", ["02_regret"])
    run(plan, sandbox, 2)
    save(tmp_path / "grades", table(plan))
    rows = lines(tmp_path / "grades")
    assert len(rows) == 200
    assert {s: {e: rows[s][e] for e in known[s]} for s in known} == known
    for name in HOSTILE:
        assert rows[name]["points"] == "0"
        assert rows[name]["regrets_by_hand"] == NOT_YET  # what came before is graded
    assert RIGHT in {row["coma"] for row in rows.values()}
    assert [checksum(folder) for folder in watched] == before


@pytest.mark.long
@pytest.mark.parametrize(
    ("tool", "scores"),
    [("nbgrader", {"right": 1.0, "wrong": 0.5, "late": 0.7}), ("otter", {"right": 1.0, "wrong": 0.0})],
)
def test_other_graders_run_the_same_checks(tool, scores, tmp_path):
    """In an environment of its own, whose Python MICRA_LITE_GRADERS names: neither tool is a dependency."""
    python = os.environ.get("MICRA_LITE_GRADERS", sys.executable)
    if subprocess.run([python, "-c", f"import {tool}, micra_exercises"], capture_output=True).returncode:
        pytest.skip(f"{tool} is not installed; exercises/examples/README.md says how to make an environment with it")
    script = ROOT / "exercises" / "examples" / f"{tool}_example.py"
    said = subprocess.run([python, str(script), str(tmp_path / tool)], capture_output=True, text=True, timeout=3600)
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout.splitlines()[-1]) == scores


def test_ctrl_c_is_one_line_and_the_next_grading_goes_on(tmp_path):
    """Two notebooks: the first is stored, then Ctrl-C while the second sleeps."""
    (tmp_path / "handed").mkdir()
    (tmp_path / "handed" / "ann.ipynb").write_text(notebook(["check.regrets_by_hand([0.2, -0.05])"]))
    (tmp_path / "handed" / "bob.ipynb").write_text(notebook(["import time\ntime.sleep(10**6)"]))
    code = (  # whoever started these tests may ignore Ctrl-C
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from micra_exercises.tutor.cli import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", code, "grade", "handed", "--unsafe", "--seconds", "600"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while '"key"' not in read(tmp_path / "grades" / "verdicts.jsonl"):
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=1800)[1]
    assert process.returncode == 130
    assert said.splitlines()[-1] == "micra-course grade: stopped; the same command goes on from there"
    assert "Traceback" not in said


def read(path):
    """A file's text, empty if it is not there."""
    return path.read_text() if path.exists() else ""
