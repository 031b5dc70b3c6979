"""The process inside the sandbox: executes the code cells of submissions and records the results of their answers.

A job is one JSON line on standard input: {"cells": [source], "seed", "variant", "seconds", "memory"}. The cells are
executed in order in one process by plain `exec`, as "Run all" does, but a cell that raises or takes too long does not
stop the next ones. `check.NAME(answer)` runs the answer on random cases and writes the results, as numbers, at once: a
later crash does not lose them. This needs no Jupyter kernel (nbclient would start one for each notebook, with sockets, and
our hook would be in the student's namespace all the same).

With a user's number as its argument (which takes root), the server forks a child for each job. The child becomes that user
and is killed with everything it has started, so torch is imported only once. Without, the server takes one job and ends.
"""

from __future__ import annotations

import ctypes
import json
import linecache
import os
import re
import select
import shutil
import signal
import stat
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

try:
    import resource  # now: the user that a submission becomes may not be able to read it
except ImportError:  # Windows
    resource = None  # type: ignore

PROCESSES, FILE, OUTPUT = 32, 2**24, 2**23  # limits: processes, bytes of one file, bytes of results
SHARED = ("/tmp", "/var/tmp", "/dev/shm")  # where every user may write


def limit(seconds: float, memory: int) -> None:
    """Set limits that this process and its children cannot raise again; Windows has none."""
    if resource is None:
        return
    status = Path("/proc/self/statm")  # Linux
    used = int(status.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE") if status.exists() else 0
    wanted = {"AS": used + memory, "NPROC": PROCESSES, "FSIZE": FILE, "CORE": 0, "NOFILE": 256, "CPU": int(seconds) + 1}
    for name, value in wanted.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def compiled(source: str, name: str) -> Any:
    """A cell's code; if it is not valid Python, without the lines that only IPython knows (%time, !ls)."""
    linecache.cache[name] = (
        len(source),
        None,
        source.splitlines(keepends=True),
        name,
    )  # so that messages can show lines
    try:
        return compile(source, name, "exec")
    except SyntaxError:
        return compile(re.sub(r"^( *)[%!].*", r"\1pass", source, flags=re.MULTILINE), name, "exec")


def as_json(result: Any) -> dict[str, Any]:
    """One result in the form that `sandbox.result` reads."""
    if hasattr(result.value, "mistake"):
        return {"mistake": result.value.mistake, "message": result.value.message}
    return {"shape": list(result.value.shape), "numbers": result.value.ravel().tolist(), "half": result.half}


def execute(job: dict[str, Any], out: int) -> None:
    """Run all cells; each call of a check writes one line to the file descriptor `out`."""
    import torch

    from ..exercise import Exercise
    from ..limits import limits
    from ..run_answer import one_answer, run_answer
    from ..variants import choose
    from ..verdict import NOT_ATTEMPTED, Verdict

    def record(one: Exercise, *answer: Any) -> Verdict:
        results = [as_json(result) for result in run_answer(one, one_answer(answer), job["seed"])]
        line = {"exercise": one.name, "dtype": str(torch.get_default_dtype()), "results": results}
        left = f"{json.dumps(line)}\n".encode()
        while left:
            left = left[os.write(out, left) :]
        return Verdict(one.name, NOT_ATTEMPTED, "Recorded.")

    choose(job["variant"])
    Exercise.__call__ = record  # type: ignore
    namespace = {"__name__": "__main__", "display": print}
    for number, source in enumerate(job["cells"]):
        with suppress(BaseException), limits(max(5.0, job["seconds"] / 4)):
            exec(compiled(source, f"cell {number + 1}"), namespace)


def run_isolated(job: dict[str, Any], out: int, user: int) -> None:
    """Become `user`, in a new folder and with no open file but `out`; then run the cells."""
    os.dup2(1, 0)  # nothing to read: neither other jobs nor a terminal
    os.closerange(3, out)
    os.closerange(out + 1, 4096)
    if user:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS: sudo and the like have no effect
    folder = tempfile.mkdtemp(prefix="submission-")
    os.chdir(folder)
    os.environ.update(HOME=folder, MICRA_LITE_PROGRESS="")
    limit(job["seconds"], job["memory"])
    execute(job, out)


def collect(source: int, seconds: float, most: int = OUTPUT) -> tuple[bytes, str]:
    """The output of a file descriptor until it ends, within limits of time and size; and how it ended."""
    end, got = time.monotonic() + seconds, b""
    while len(got) <= most:
        if not select.select([source], [], [], max(0.0, end - time.monotonic()))[0]:
            return got, "stopped: too slow"
        part = os.read(source, 2**16)
        if not part:
            return got, "finished"
        got += part
    return got[:most], "stopped: too much output"


def sweep(user: int) -> None:
    """End every process of `user` and remove its files from shared folders; done as that user, so that nothing else is hit."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    with suppress(BaseException):
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
        assert os.getuid() == os.geteuid() == user != 0
        os.kill(-1, signal.SIGKILL)  # all at once, so that a fork bomb cannot outrun it; this process is spared
        for path in (Path(folder) / name for folder in SHARED if os.path.isdir(folder) for name in os.listdir(folder)):
            with suppress(OSError):
                if path.lstat().st_uid == user:
                    if stat.S_ISDIR(path.lstat().st_mode):
                        path.chmod(0o700)
                        shutil.rmtree(path, ignore_errors=True)
                    else:
                        path.unlink()
    os._exit(0)


def serve(user: int, out: int) -> None:
    """Run one job after the other, each in a child process; the answer to each is one JSON line."""
    for line in sys.stdin.buffer:
        job = json.loads(line)
        source, target = os.pipe()
        child = os.fork()
        if not child:
            with suppress(BaseException):
                os.setsid()
                run_isolated(job, target, user)
            os._exit(0)
        os.close(target)
        raw, ended = collect(source, job["seconds"])
        os.close(source)
        sweep(user)
        status = os.waitpid(child, 0)[1]
        if ended == "finished" and status:
            ended = f"stopped by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "stopped itself"
        os.write(out, f"{json.dumps({'raw': raw.decode(errors='replace'), 'ended': ended})}\n".encode())


def main() -> None:
    """Send results to the original standard output, and discard everything that cells print."""
    user, out = int(sys.argv[1]), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    import torch

    from .. import check

    torch.set_num_threads(1)
    check.exercises()  # imports all lessons, once
    if user:
        serve(user, out)
    else:
        run_isolated(json.loads(sys.stdin.buffer.readline()), out, 0)


if __name__ == "__main__":
    main()
