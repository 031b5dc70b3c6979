"""The command for tutors: micra-course build | grade | gradebook, and for whoever learns alone: micra-course notebooks."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..variants import MOST
from . import TutorError

EXAMPLES = """examples:
  micra-course build student --variant 7      the folder for your students, without solutions
  micra-course grade submissions              grades/grades.csv and grades/report.html
  micra-course grade submissions --sheets 02_regret 03_policy_gradient --out grades-week-3
  micra-course grade submissions --roster class.csv --scheme parts --corrections corrections.csv --jobs 2
                                              the next grading into the same folder remembers all this
  micra-course grade submissions --student ann    run ann's notebooks again, and nobody else's
  micra-course gradebook moodle.csv           moodle-filled.csv, with the grades entered
"""
LEAST_MEMORY = 64  # MiB; Python itself needs about as much


def at_least(least: float, kind: Callable[[str], Any], most: float = float("inf")) -> Callable[[str], Any]:
    """A type for argparse: numbers of this kind, from `least` to `most`."""

    def read(text: str) -> Any:
        number = kind(text)
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(
                f"must be {least} or more" if number < least else f"must be {most} or less"
            )
        return number

    read.__name__ = kind.__name__  # for argparse's message about a text that is no number
    return read


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        "micra-course", description="For tutors: hand the course out, and grade what comes back.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = top.add_subparsers(dest="command", required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace], int], text: str, example: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text, epilog=f"example:\n  micra-course {example}",
                                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
        sub.set_defaults(run=run)
        return sub

    variant = at_least(0, int, MOST)
    add = command(
        "build", run_build, "write the folder for students, without solutions", "build student --variant 7"
    ).add_argument
    add("folder", type=Path, help="the folder to write; it must not exist yet")
    add("--variant", type=variant, default=0, metavar="NUMBER",
        help="other numbers for the exercises by hand, such as 7 (default 0: those of the text)")  # fmt: skip
    add("--wheel", type=Path, metavar="FILE",
        help="the package as a file for your students to install, such as micra_lite-0.1.0-py3-none-any.whl; needed if it "
             "is on no index (you get it by: pip wheel --no-deps CHECKOUT)")  # fmt: skip
    add = command(
        "notebooks", run_build, "write the lessons and sheets into a folder, for yourself", "notebooks micra"
    ).add_argument
    add("folder", type=Path, help="the folder to write; it must not exist yet")
    add = command(
        "grade", run_grade, "grade a folder of submissions", "grade submissions --roster class.csv --jobs 2"
    ).add_argument
    add("submissions", type=Path,
        help="a folder with a notebook, a zip archive or a sub-folder for each student; it stays as it is")  # fmt: skip
    add("--out", type=Path, default=Path("grades"), metavar="FOLDER",
        help="where to write grades.csv and report.html, such as week-3 (default grades); a second time, only new "
             "submissions are run")  # fmt: skip
    add("--sheets", nargs="*", default=[], metavar="SHEET",
        help="the sheets that count, such as 02_regret (default: those that half of the students have worked on)")  # fmt: skip
    add("--variant", type=variant, metavar="NUMBER",
        help="the variant that you have handed out, such as 7 (default: each notebook says its own)")  # fmt: skip
    add("--roster", type=Path, metavar="FILE",
        help="your students, such as class.csv with the columns student,name: shows who handed in nothing")  # fmt: skip
    add("--scheme", metavar="SCHEME",
        help="all: all points for a right answer, else none (at first); parts: the share of its parts that are right; "
             "or a file, such as scheme.toml")  # fmt: skip
    add("--corrections", type=Path, metavar="FILE",
        help="your own points, such as corrections.csv with the columns student,exercise,points,reason")  # fmt: skip
    add("--student", metavar="NAME",
        help="run one student's notebooks, such as ann's, even if they were run before, and no others")  # fmt: skip
    add("--jobs", type=at_least(1, int, 64), default=1, metavar="NUMBER",
        help="notebooks that run at the same time, such as 4; each may use the memory below (default 1)")  # fmt: skip
    add("--seconds", type=at_least(1, float), default=120.0, metavar="SECONDS",
        help="time for one notebook, such as 300 (default 120); a function that never ends takes 10 of them")  # fmt: skip
    add("--memory", type=at_least(LEAST_MEMORY, int), default=1024, metavar="MIB",
        help="memory for one process of a submission, such as 2048 (default 1024)")  # fmt: skip
    add("--unsafe", action="store_true", help="grade even if nothing protects your files from the submissions")
    add = command(
        "gradebook", run_gradebook, "enter grades into a file that Moodle or Canvas has exported",
        "gradebook canvas.csv --column 'Sheet 2'",
    ).add_argument  # fmt: skip
    add("export", type=Path, help="Moodle's grading worksheet or Canvas's gradebook; it stays as it is")
    add("--grades", type=Path, default=Path("grades"), metavar="FOLDER",
        help="the folder of a grading, such as week-3 (default grades)")  # fmt: skip
    add("--column", metavar="NAME",
        help="the column of the grades, such as 'Sheet 2' (needed for Canvas; default: Moodle's Grade)")  # fmt: skip
    return top


def run_build(options: argparse.Namespace) -> int:
    """Write the students' folder."""
    from .build import build, remark  # not at the top: torch takes seconds to import, and a help text does not need it

    made = build(options.folder, getattr(options, "variant", 0), getattr(options, "wheel", None))
    print(f"{len(made)} files in {options.folder}; begin with {options.folder / 'START.md'}")
    if options.command == "build" and (words := remark(made)):
        print(words, file=sys.stderr)
    return 0


def run_grade(options: argparse.Namespace) -> int:
    """Grade the submissions."""
    from .grade import run
    from .grades import table
    from .plan import Plan
    from .report import save
    from .sandbox import open_sandbox

    plan = Plan.read(
        options.submissions, options.out, options.sheets, options.variant, options.roster, options.scheme,
        options.corrections, options.student,
    )  # fmt: skip
    if plan.todo():
        with open_sandbox(options.unsafe, options.seconds, options.memory * 2**20) as sandbox:
            if sandbox.kind == "limits":
                print("unsafe: submissions run as you; they can read, change and send your files", file=sys.stderr)
            run(plan, sandbox, options.jobs)
    else:
        print("nothing has changed since the last grading: no notebook was run", file=sys.stderr)
    found = table(plan)
    page = save(options.out, found)
    print("\n".join(found.how))
    if found.stray:
        print(f"not graded: {', '.join(found.stray)}", file=sys.stderr)
    print(f"{page.with_name('grades.csv')}\n{page}")
    return 0


def run_gradebook(options: argparse.Namespace) -> int:
    """Write a copy of an export, with the grades entered, beside it."""
    from .gradebook import enter

    filled, target = enter(options.export, options.grades, options.column)
    for remark in filled.remarks:
        print(remark, file=sys.stderr)
    print(f"{filled.count} grades in {target}")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run one command. A TutorError becomes one line and the exit status 2; other exceptions but Ctrl-C are bugs."""
    options = parser().parse_args(arguments)
    try:
        return options.run(options)
    except TutorError as error:
        print(f"micra-course {options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"micra-course {options.command}: stopped; the same command goes on from there", file=sys.stderr)
        sys.stderr.flush()
        os._exit(130)  # without waiting for the notebooks that still run


if __name__ == "__main__":
    sys.exit(main())
