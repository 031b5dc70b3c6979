"""One exercise as an nbgrader assignment: generated, submitted twice, graded. python nbgrader_example.py FOLDER"""

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


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'micra_lite'\nc.Execute.timeout = 300\n"
    )
    source = folder / "source" / "regret"
    source.mkdir(parents=True)
    solved = f"### BEGIN SOLUTION\n    {RIGHT}\n    ### END SOLUTION"
    nbformat.write(sheet(solved), source / "coma.ipynb")

    def nbgrader(*arguments):
        command = [sys.executable, "-m", "nbgrader", *arguments]
        subprocess.run(
            command, cwd=folder, check=True, stdout=sys.stderr, env={**os.environ, "MICRA_LITE_PROGRESS": ""}
        )

    nbgrader("generate_assignment", "regret", "--create")
    released = (folder / "release" / "regret" / "coma.ipynb").read_text()
    assert RIGHT not in released, "the solution was handed out"
    assert "check.coma.judge" in released, "the check was not handed out"
    for student, answer in (("right", RIGHT), ("wrong", WRONG)):
        handed = folder / "submitted" / student / "regret"
        handed.mkdir(parents=True)
        content = nbformat.reads(released, as_version=4)
        content.cells[2].source = COMA.format(answer)
        nbformat.write(content, handed / "coma.ipynb")
    nbgrader("autograde", "regret", "--create")

    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        scores = {name: book.find_submission("regret", name).score for name in ("right", "wrong")}
    print(json.dumps(scores))


if __name__ == "__main__":
    main()
