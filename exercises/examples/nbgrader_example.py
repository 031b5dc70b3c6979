"""One exercise as an nbgrader assignment, from handing out to feedback: python nbgrader_example.py FOLDER

1. The assignment is generated, without its solution, with a deadline.
2. Three students hand in: a right answer, a wrong one, and a right one three hours late.
3. Graded; who is late loses points by our rule, an hour at a time (`late.py`, a plugin of nbgrader's).
4. An appeal: the tutor gives the wrong answer half a point, by hand; it survives another grading.
5. Feedback sheets: a page for each student, with what the check says.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

COMA = "def coma(q, row, c):\n    {}"
RIGHT, WRONG = "return q[:, c] - row @ q[:, c]", "return q[:, c] - q[:, c].mean()"
CHECK = "verdict = check.coma.judge(coma)\nassert verdict.passed, verdict.message"


def marked(name, points=None, solution=False):
    """The metadata that nbgrader needs of a cell."""
    known = {"schema_version": 3, "grade_id": name, "solution": solution, "grade": points is not None, "task": False}
    return {"nbgrader": known | {"locked": not solution} | ({"points": points} if points is not None else {})}


def sheet(answer):
    cells = [
        new_markdown_cell("Write COMA's advantage."),
        new_code_cell("import torch\nfrom micra_exercises import check"),
        new_code_cell(COMA.format(answer), metadata=marked("coma", solution=True)),
        new_code_cell(CHECK, metadata=marked("coma-check", points=1)),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "micra_lite"
c.Execute.timeout = 300
c.AssignLatePenalties.plugin_class = "late.HourByHour"
"""
LATE = """
from nbgrader.plugins import BasePlugin


class HourByHour(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return min(score, 0.1 * (total_seconds_late // 3600))
"""
DEADLINE = "2027-05-03 12:00:00 UTC"
HANDED_IN = {"right": (RIGHT, "2027-05-03 11:00:00 UTC"), "wrong": (WRONG, "2027-05-03 11:30:00 UTC"),
             "late": (RIGHT, "2027-05-03 15:00:01 UTC")}  # fmt: skip


def main() -> None:
    folder = Path(sys.argv[1])
    source = folder / "source" / "regret"
    source.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(CONFIG)
    (folder / "late.py").write_text(LATE)
    solved = f"### BEGIN SOLUTION\n    {RIGHT}\n    ### END SOLUTION"
    nbformat.write(sheet(solved), source / "coma.ipynb")

    def nbgrader(*arguments):
        path = os.pathsep.join(
            [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
        )  # it calls alembic by name
        environment = {**os.environ, "MICRA_LITE_PROGRESS": "", "PYTHONPATH": str(folder), "PATH": path}
        command = [sys.executable, "-m", "nbgrader", *arguments]
        subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr, env=environment)

    nbgrader("generate_assignment", "regret", "--create")
    released = (folder / "release" / "regret" / "coma.ipynb").read_text()
    assert RIGHT not in released, "the solution was handed out"
    assert "check.coma.judge" in released, "the check was not handed out"

    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        book.update_or_create_assignment("regret", duedate=DEADLINE)
    for student, (answer, when) in HANDED_IN.items():
        handed = folder / "submitted" / student / "regret"
        handed.mkdir(parents=True)
        content = nbformat.reads(released, as_version=4)
        content.cells[2].source = COMA.format(answer)
        nbformat.write(content, handed / "coma.ipynb")
        (handed / "timestamp.txt").write_text(when)
    nbgrader("autograde", "regret", "--create")

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        appealed = book.find_submission("regret", "wrong").notebooks[0].grades[0]
        appealed.manual_score, appealed.needs_manual_grade = 0.5, False
        book.db.commit()
    nbgrader("autograde", "regret", "--force")
    nbgrader("generate_feedback", "regret")
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        found = {name: book.find_submission("regret", name) for name in HANDED_IN}
        scores = {name: round(one.score - one.late_submission_penalty, 2) for name, one in found.items()}
    page = (folder / "feedback" / "wrong" / "regret" / "coma.html").read_text()
    assert "AssertionError" in page, "the feedback does not show what the check says"
    print(json.dumps(scores))


if __name__ == "__main__":
    main()
