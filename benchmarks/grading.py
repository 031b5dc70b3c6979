"""Accuracy and safety of grading: honest and hostile submissions, in each kind of sandbox that works here.

python benchmarks/grading.py [--students 200] [--kinds bubblewrap user]

The submissions are those of tests/helpers/submissions.py: one sheet with a number to enter and a function to write.
`canary_changed` says whether anything changed among the submissions, or in a folder outside that the hostile ones attack.
"""

import argparse
import csv
import hashlib
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests")]

import common
from helpers.submissions import HOSTILE, write_class
from micra_exercises.tutor.grade import grade
from micra_exercises.tutor.sandbox import KINDS, Sandbox, SandboxError


def checksum(folder: Path) -> str:
    """A checksum of all names, contents and permissions below a folder."""
    told = [(str(p), p.lstat().st_mode, p.read_bytes() if p.is_file() else b"") for p in sorted(folder.rglob("*"))]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def measured(kind: str, students: int, seconds: float) -> dict:
    """One row: a class graded in one kind of sandbox."""
    with tempfile.TemporaryDirectory() as place, Sandbox(kind, seconds) as sandbox:
        canary, handed, out = (Path(place) / name for name in ("canary", "handed", "grades"))
        (canary / "deep").mkdir(parents=True)
        (canary / "deep" / "file").write_text("canary")
        known = write_class(handed, canary, students)
        before = checksum(canary), checksum(handed)
        start = time.perf_counter()
        grade(handed, out, sandbox, ["02_regret"])
        spent = time.perf_counter() - start
        lines = (out / "grades.csv").read_text(encoding="utf-8").splitlines()
        rows = {row["student"]: row for row in csv.DictReader(lines)}
        right = [all(rows[s][name] == state for name, state in marks.items()) for s, marks in known.items()]
        return {
            "sandbox": kind, "submissions": len(rows), "honest_or_broken": len(known), "of_these_graded_right": sum(right),
            "hostile": len(HOSTILE), "hostile_with_points": sum(rows[name]["points"] != "0" for name in HOSTILE),
            "canary_changed": (checksum(canary), checksum(handed)) != before,
            "seconds": round(spent, 1), "seconds_allowed_each": seconds,
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0, help="time for one submission")
    parser.add_argument("--kinds", nargs="+", choices=KINDS[:2], default=KINDS[:2])
    options = parser.parse_args()
    if options.students < 40:
        parser.error("--students must be at least 40: the hostile and broken ones alone are about 30")
    rows = []
    for kind in options.kinds:
        try:
            rows.append(measured(kind, options.students, options.seconds))
            print(rows[-1], common.write("grading", 1, rows), flush=True)  # at once, so that no finished row is lost
        except SandboxError as reason:
            print(f"{kind}: {reason}", file=sys.stderr)
    if not rows:
        sys.exit("no sandbox works here; nothing was written")


if __name__ == "__main__":
    main()
