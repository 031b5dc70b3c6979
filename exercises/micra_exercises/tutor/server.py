"""Inside the sandbox: execute the code cells of submissions, and send out what their answers give. Judges nothing.

A job is one JSON line on standard input: {"cells": [source], "seed", "variant", "seconds", "memory"}. The cells are
executed one after the other in this one process by plain `exec`, as "Run all" does, but a cell that raises, or runs for
too long, does not stop the next ones. `check.NAME(answer)` calls the answer on drawn cases and writes its results down,
as numbers, at once: what crashes later takes nothing away. No kernel is needed for that (nbclient would start one for
each notebook, with sockets, and our hook would be in the student's namespace all the same).

With a user's number as its argument (only root can), the server forks a child for each job, which becomes that user and
is killed with all it has started; so torch is imported once for all. Without, it takes one job, and ends with it.
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
    import resource  # now: the user that a submission becomes may not be allowed to
except ImportError:  # Windows
    resource = None  # type: ignore

PROCESSES, FILE, OUTPUT = 32, 2**24, 2**23  # at most: processes; bytes of one file; bytes of results
SHARED = ("/tmp", "/var/tmp", "/dev/shm")  # where every user may write


def limit(seconds: float, memory: int) -> None:
    """Limits that this process and its children cannot raise again; nothing on Windows, which has none."""
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
    """A cell's code. What is IPython's own (%time, !ls) is left out where the cell is no Python with it."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)  # for messages with lines
    try:
        return compile(source, name, "exec")
    except SyntaxError:
        return compile(re.sub(r"^( *)[%!].*", r"\1pass", source, flags=re.MULTILINE), name, "exec")


def plain(given: Any) -> dict[str, Any]:
    """One result as JSON has it; `sandbox.judged` reads it again."""
    if hasattr(given.value, "mistake"):
        return {"mistake": given.value.mistake, "message": given.value.message}
    return {"shape": list(given.value.shape), "numbers": given.value.ravel().tolist(), "half": given.half}


def execute(job: dict[str, Any], out: int) -> None:
    """Run all cells, and write one line for each call of a check to the file descriptor `out`."""
    import torch

    from ..exercise import Exercise
    from ..limits import limits
    from ..run_answer import one_answer
    from ..variants import choose
    from ..verdict import NOT_ATTEMPTED, Verdict

    def record(one: Exercise, *answer: Any) -> Verdict:
        given = one.record(one_answer(answer), job["seed"])
        line = {"exercise": one.name, "dtype": str(torch.get_default_dtype()), "given": list(map(plain, given))}
        left = f"{json.dumps(line)}\n".encode()
        while left:
            left = left[os.write(out, left) :]
        return Verdict(one.name, NOT_ATTEMPTED, "Written down.")

    choose(job["variant"])
    Exercise.__call__ = record  # type: ignore
    namespace = {"__name__": "__main__", "display": print}
    for number, source in enumerate(job["cells"]):
        with suppress(BaseException), limits(max(5.0, job["seconds"] / 4)):
            exec(compiled(source, f"cell {number + 1}"), namespace)


def shut_in(job: dict[str, Any], out: int, user: int) -> None:
    """This process becomes `user`, in a folder of its own, without other files open than `out`; then the cells."""
    os.dup2(1, 0)  # nothing to read: neither the other jobs, nor a terminal
    os.closerange(3, out)
    os.closerange(out + 1, 4096)
    if user:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS: sudo and the like give nothing
    folder = tempfile.mkdtemp(prefix="submission-")
    os.chdir(folder)
    os.environ.update(HOME=folder, MICRA_LITE_PROGRESS="")
    limit(job["seconds"], job["memory"])
    execute(job, out)


def collect(source: int, seconds: float, most: int = OUTPUT) -> tuple[bytes, str]:
    """What comes out of a file descriptor until it ends, for so long and so much at most; and how that ended."""
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
    """End every process of `user`, and remove what it left in shared folders; done as that user, so nothing else can be hit."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    with suppress(BaseException):
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
        assert os.getuid() == os.geteuid() == user != 0
        os.kill(-1, signal.SIGKILL)  # all of this user at once, so that a fork bomb cannot outrun it; not this process
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
    """One job after the other, each in a child of its own; the answer to each is one JSON line."""
    for line in sys.stdin.buffer:
        job = json.loads(line)
        source, target = os.pipe()
        child = os.fork()
        if not child:
            with suppress(BaseException):
                os.setsid()
                shut_in(job, target, user)
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
    """Results go to what was standard output; what cells print goes nowhere."""
    user, out = int(sys.argv[1]), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    import torch

    from .. import check

    torch.set_num_threads(1)
    check.exercises()  # imports all of them, once
    if user:
        serve(user, out)
    else:
        shut_in(json.loads(sys.stdin.buffer.readline()), out, 0)


if __name__ == "__main__":
    main()
