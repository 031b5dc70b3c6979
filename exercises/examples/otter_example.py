"""One exercise as an otter-grader assignment: generated, submitted twice, graded. python otter_example.py FOLDER"""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

COMA = "def coma(q, row, c):\n    {}"
RIGHT, WRONG = "return q[:, c] - row @ q[:, c]", "return q[:, c] - q[:, c].mean()"
CHECK = "verdict = check.coma.judge(coma)\nassert verdict.passed, verdict.message"


def sheet():
    """An assignment for otter, whose marks are raw cells around the question, its solution and its tests."""
    cells = [
        new_raw_cell("# ASSIGNMENT CONFIG\nname: regret\nexport_cell: false\ncheck_all_cell: false\nrun_tests: false"),
        new_code_cell("import torch\nfrom micra_exercises import check"),
        new_raw_cell("# BEGIN QUESTION\nname: coma\npoints: 1"),
        new_markdown_cell("Write COMA's advantage."),
        new_raw_cell("# BEGIN SOLUTION"),
        new_code_cell(COMA.format(f"{RIGHT} # SOLUTION")),
        new_raw_cell("# END SOLUTION"),
        new_raw_cell("# BEGIN TESTS"),
        new_code_cell(CHECK),
        new_raw_cell("# END TESTS"),
        new_raw_cell("# END QUESTION"),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(sheet(), folder / "coma.ipynb")

    def otter(*arguments):
        command = [sys.executable, "-m", "otter", *arguments]
        subprocess.run(
            command, cwd=folder, check=True, stdout=sys.stderr, env={**os.environ, "MICRA_LITE_PROGRESS": ""}
        )

    otter("assign", "coma.ipynb", "dist")
    released = (folder / "dist" / "student" / "coma.ipynb").read_text()
    assert RIGHT not in released, "the solution was handed out"
    (grader,) = (folder / "dist" / "autograder").glob("*.zip")
    scores = {}
    for student, answer in (("right", RIGHT), ("wrong", WRONG)):
        content = nbformat.reads(released, as_version=4)
        (cell,) = (c for c in content.cells if c.cell_type == "code" and c.source.startswith("def coma"))
        cell.source = COMA.format(answer)
        (folder / student).mkdir()
        nbformat.write(content, folder / student / "coma.ipynb")
        otter("run", "-a", str(grader), "-o", student, f"{student}/coma.ipynb")
        results = json.loads((folder / student / "results.json").read_text())
        scores[student] = float(sum(test["score"] for test in results["tests"] if "score" in test))
    print(json.dumps(scores))


if __name__ == "__main__":
    main()
