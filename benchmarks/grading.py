"""Accuracy, safety and speed of grading: honest, broken and hostile submissions, in each sandbox that works here.

python benchmarks/grading.py [--students 100] [--jobs 2] [--kinds podman bubblewrap]

The submissions are those of tests/helpers/submissions.py: one sheet with a number to enter and a function to write. The
class is graded, graded again with a correction, and one student alone is regraded.
`canary_changed` says whether anything changed among the submissions, or in a folder that the hostile ones attack.
"""

import argparse
import csv
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests")]

import common
from helpers.submissions import HOSTILE, checksum, write_class
from micra_exercises.tutor.grade import run
from micra_exercises.tutor.grades import table
from micra_exercises.tutor.plan import Plan
from micra_exercises.tutor.report import save
from micra_exercises.tutor.sandbox import KINDS, Sandbox, SandboxError


def graded(handed: Path, out: Path, sandbox: Sandbox, jobs: int, **options) -> tuple[dict, float]:
    """student → row of grades.csv, and the seconds that it took."""
    start = time.perf_counter()
    plan = Plan.read(handed, out, ["02_regret"], **options)
    run(plan, sandbox, jobs)
    save(out, table(plan))
    spent = time.perf_counter() - start
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}, spent


def measured(kind: str, students: int, jobs: int, seconds: float) -> dict:
    """One row: a class graded in one kind of sandbox."""
    with tempfile.TemporaryDirectory() as place, Sandbox(kind, seconds) as sandbox:
        canary, handed, out = (Path(place) / name for name in ("canary", "handed", "grades"))
        (canary / "deep").mkdir(parents=True)
        (canary / "deep" / "file").write_text("canary")
        known = write_class(handed, canary, students)
        before = checksum(canary), checksum(handed)
        rows, first = graded(handed, out, sandbox, jobs)
        corrections = Path(place) / "corrections.csv"
        corrections.write_text("student,exercise,points,reason\nstudent_001,coma,1.5,nearly\n")
        corrected, again = graded(handed, out, sandbox, jobs, corrections=corrections)
        alone, one = graded(handed, out, sandbox, jobs, corrections=corrections, student="student_001")
        right = [all(rows[s][name] == state for name, state in marks.items()) for s, marks in known.items()]
        return {
            "sandbox": kind, "submissions": len(rows),
            "honest_or_broken": len(known), "of_these_graded_right": sum(right),
            "hostile": len(HOSTILE), "hostile_with_points": sum(rows[name]["points"] != "0" for name in HOSTILE),
            "canary_changed": (checksum(canary), checksum(handed)) != before,
            "corrected": corrected["student_001"]["coma points"] == "1.5", "regraded_the_same": alone == corrected,
            "jobs": jobs, "seconds": round(first, 1), "seconds_each": round(first / len(rows), 2),
            "seconds_again": round(again, 1), "seconds_one_alone": round(one, 1), "seconds_allowed_each": seconds,
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2, help="submissions that run at the same time")
    parser.add_argument("--seconds", type=float, default=20.0, help="time for one submission")
    parser.add_argument("--kinds", nargs="+", choices=KINDS[:-1], default=KINDS[:-1])
    options = parser.parse_args()
    if options.students < 40:
        parser.error("--students must be at least 40: the hostile and broken ones alone are about 30")
    rows = []
    for kind in options.kinds:
        try:
            rows.append(measured(kind, options.students, options.jobs, options.seconds))
            print(rows[-1], common.write("grading", 1, rows), flush=True)  # at once, so that no finished row is lost
        except SandboxError as reason:
            print(f"{kind}: {reason}", file=sys.stderr)
    if not rows:
        sys.exit("no sandbox works here; nothing was written")


if __name__ == "__main__":
    main()
