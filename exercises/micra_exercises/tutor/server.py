"""The process inside the sandbox: executes the code cells of one submission and records the results of its answers.

The job comes from standard input as a pickle of ours: {"cells": [source], "cases": {exercise: arguments}, "seconds",
"memory"}. The cells are executed in order in one process by plain `exec`, as "Run all" does, but a cell that raises or
takes too long does not stop the next ones. The records go to standard output after an empty line, which says that all
imports are done; what cells print is discarded. No Jupyter kernel is needed (nbclient would start one, with sockets).
"""

from __future__ import annotations

import ctypes
import linecache
import os
import pickle
import re
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore

PROCESSES, FILE = 32, 2**24  # limits: processes, bytes of one file
FINISHED = 17  # the exit status after the last cell; a submission that leaves by itself seldom says the same


def limit(seconds: float, memory: int) -> None:
    """Set limits that this process and its children cannot raise again; Windows has none."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS: sudo and the like have no effect
    if resource is None:
        return
    status = Path("/proc/self/statm")  # Linux
    used = int(status.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE") if status.exists() else 0
    cpu = int(time.process_time() + seconds) + 2
    wanted = {"AS": used + memory, "NPROC": PROCESSES, "FSIZE": FILE, "CORE": 0, "NOFILE": 256, "CPU": cpu}
    for name, value in wanted.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def compiled(source: str, name: str) -> Any:
    """A cell's code; if it is not valid Python, without the lines that only IPython knows (%time, !ls)."""
    lines = source.splitlines(keepends=True)
    linecache.cache[name] = (len(source), None, lines, name)  # so that messages can show lines
    try:
        return compile(source, name, "exec")
    except SyntaxError:
        return compile(re.sub(r"^( *)[%!].*", r"\1pass", source, flags=re.MULTILINE), name, "exec")


def execute(cells: list[str], seconds: float, out: int) -> None:
    """Run all cells, each for at most a quarter of the time, and record the errors that they end with."""
    from ..limits import TimeUp, limits
    from .recorder import LONGEST, write

    namespace = {"__name__": "__main__", "display": print}
    for number, source in enumerate(cells, 1):
        try:
            with limits(max(5.0, seconds / 4)):
                exec(compiled(source, f"cell {number}"), namespace)
        except BaseException as error:
            with suppress(BaseException):  # its words may be anything
                words = "too slow" if isinstance(error, TimeUp) else f"{type(error).__name__}: {error}"
                write(out, {"cell": number, "error": words[:LONGEST]})


def main() -> None:
    """Take the job, and run it in a new folder with no open file but the one for records."""
    out, nowhere = os.dup(1), os.open(os.devnull, os.O_RDWR)
    import torch

    from .. import check
    from .recorder import Exercise

    torch.set_num_threads(1)
    check.exercises()  # imports all lessons
    job = pickle.load(sys.stdin.buffer)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.write(out, b"\n")
    Exercise.given, Exercise.out = job["cases"], out
    folder = tempfile.mkdtemp(prefix="submission-")
    os.chdir(folder)
    os.environ.update(HOME=folder)
    limit(job["seconds"], job["memory"])
    execute(job["cells"], job["seconds"], out)
    os._exit(FINISHED)  # whatever threads are left


if __name__ == "__main__":
    main()
