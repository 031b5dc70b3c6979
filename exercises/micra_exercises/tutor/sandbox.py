"""The sandbox that submissions run in, and the records that come out of it.

1. **bubblewrap**, if `bwrap` is installed and works: the submission sees Python and our two packages, read-only, and small
   folders in memory; no network and no other processes. If we are root, it also runs as a user of its own.
2. **user**, without bubblewrap but as root: each submission runs as a user without name, rights or files.
3. **limits**, only with `unsafe`: your own user, with limits on time and memory. This does not protect your files.

The records are numbers, not verdicts: the results of the answers on random cases, whose seed the submission cannot know
in advance. They are judged outside. A verdict that a submission prints, patches or writes is never read.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np

import micra_lite

from ..limits import Trouble
from ..run_answer import Result
from . import TutorError

# The server has not loaded these modules yet: are their files readable?
PROBE = "import colorsys, wave\nimport micra_lite\nfrom micra_exercises import check\n"
MOST = 2**25  # bytes that are read from one submission
KINDS = ("bubblewrap", "user", "limits")
PACKAGES = [Path(__file__).parents[1], Path(micra_lite.__file__).parent]  # what submissions import
PYTHONPATH = os.pathsep.join(dict.fromkeys(str(package.parent) for package in PACKAGES))
START = 120.0  # seconds until a server is ready: it imports torch, perhaps on a busy machine
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MICRA_LITE_PROGRESS": "",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class SandboxError(TutorError):
    """This kind of sandbox does not work here, and why."""


def free_user() -> int:
    """The number of a user who has no name and no process."""
    import pwd

    named = {entry.pw_uid for entry in pwd.getpwall()}
    busy = {p.stat().st_uid for p in Path("/proc").glob("[0-9]*") if p.exists()}
    return next(n for n in range(61_184, 65_520) if n not in named | busy)


def bubblewrap(memory: int, as_root: bool) -> list[str]:
    """The bwrap command that goes before the command to be isolated."""
    places = {Path(p).resolve() for p in (sys.prefix, sys.base_prefix)}
    seen = ["/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/alternatives", "/etc/ld.so.cache"]
    seen += [sys.prefix, *map(str, places), *map(str, PACKAGES)]
    command = ["bwrap", "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net", "--unshare-ipc",
               "--unshare-uts", "--unshare-cgroup-try", "--proc", "/proc", "--dev", "/dev"]  # fmt: skip
    for folder in ("/tmp", "/dev/shm"):
        command += ["--perms", "1777", "--size", str(memory // 4), "--tmpfs", folder]
    above = {parent for place in seen for parent in Path(place).parents if len(parent.parts) > 1}
    for parent in sorted(above):  # so that all users can reach what is shown
        command += ["--perms", "0755", "--dir", str(parent)]
    for place in dict.fromkeys(seen):
        command += ["--ro-bind-try", place, place]
    command += ["--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "PYTHONPATH", PYTHONPATH]
    for name, value in SETTINGS.items():
        command += ["--setenv", name, value]
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    rights = [x for right in ("SETUID", "SETGID", "KILL") for x in ("--cap-add", f"CAP_{right}")]
    return [*command, *(rights if as_root else ["--unshare-user"])]


class Sandbox:
    """Runs submissions, one at a time. Use it in a `with` statement; `kind` is one of KINDS.

    Raises SandboxError, with the reason, if that kind does not work here.
    """

    def __init__(self, kind: str, seconds: float = 60.0, memory: int = 2**30) -> None:
        self.kind, self.seconds, self.memory = kind, seconds, memory
        self.root = hasattr(os, "getuid") and os.getuid() == 0
        if kind == "bubblewrap" and not shutil.which("bwrap"):
            raise SandboxError("bwrap is not installed (the package is called bubblewrap)")
        if kind == "user" and not self.root:
            raise SandboxError("only root can run a submission as another user")
        self.user = free_user() if self.root and kind != "limits" else 0
        self.server: subprocess.Popen[bytes] | None = None
        if not self.run([f"{PROBE}check.regrets_by_hand([1.0, 2.0])"], probe=True)[0]:
            self.close()
            places = ", ".join(map(str, (sys.base_prefix, *PACKAGES)))
            raise SandboxError(f"Python does not start in it; can all users read Python and our packages ({places})?")

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the server and, where the system allows it, all processes that it has started."""
        server, self.server = self.server, None
        if server is not None:
            if server.poll() is None and hasattr(os, "killpg"):
                os.killpg(server.pid, 9)  # its session; with bwrap, this ends everything inside
            server.kill()
            server.wait()
            for pipe in (server.stdin, server.stdout):
                if pipe:
                    pipe.close()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "micra_exercises.tutor.server", str(self.user)]
        if self.kind == "bubblewrap":
            command = bubblewrap(self.memory, self.root) + command
        environment = {**SETTINGS, "PATH": os.environ.get("PATH", ""), "PYTHONPATH": PYTHONPATH}
        if os.name == "nt":
            environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
        return subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True, cwd=sys.prefix if os.name == "nt" else "/",
        )  # fmt: skip

    def run(self, cells: list[str], seed: int = 0, variant: int = 0, probe: bool = False) -> tuple[list[Any], str]:
        """The records of all calls of a check in a notebook's code cells, and how the run ended."""
        if self.server is None:
            self.server = self._start()
        job = {"cells": cells, "seed": seed, "variant": variant,
               "seconds": START if probe else self.seconds, "memory": self.memory}  # fmt: skip
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        try:
            self.server.stdin.write(f"{json.dumps(job)}\n".encode())
            self.server.stdin.flush()
        except OSError:
            self.close()
            return [], "the sandbox ended"
        # A server with a user of its own takes further jobs; any other belonged to the submission, and ends with it.
        raw, ended = read(self.server.stdout, START + self.seconds, one_line=bool(self.user))
        if self.user and raw.endswith(b"\n"):
            answer = json.loads(raw)
            return records(answer["raw"]), answer["ended"]
        if not self.user and ended == "finished" and self.server.wait():
            ended = "stopped itself"
        self.close()
        return records(raw.decode(errors="replace")), ended


def read(pipe: IO[bytes], seconds: float, one_line: bool) -> tuple[bytes, str]:
    """The output of a pipe until it ends (or one line), within limits of time and size; works on Windows, too."""
    got: list[bytes] = []

    def take() -> None:
        while sum(map(len, got)) <= MOST:
            part = pipe.readline(2**16) if one_line else pipe.read1(2**16)  # type: ignore[attr-defined]
            got.append(part)
            if not part or (one_line and part.endswith(b"\n")):
                return

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        return b"".join(got), "stopped: too slow"
    return b"".join(got), "finished" if sum(map(len, got)) <= MOST else "stopped: too much output"


def records(text: str) -> list[dict[str, Any]]:
    """The lines that are records; anything else that a submission has written is skipped."""
    found = []
    for line in text.splitlines():
        try:
            record = json.loads(line)
            record["results"] = [result(one) for one in record["results"]]
            assert isinstance(record["exercise"], str)
            assert record["dtype"] in ("torch.float32", "torch.float64")
            found.append(record)
        except (ValueError, TypeError, KeyError, AssertionError, RecursionError, OverflowError):
            continue
    return found


def result(one: dict[str, Any]) -> Result:
    """One result, read strictly: numbers with their shape, or a short trouble."""
    if "mistake" in one:
        return Result(Trouble(str(one["mistake"])[:40], str(one["message"])[:400]))
    return Result(np.array(one["numbers"], dtype=float).reshape([int(n) for n in one["shape"]]), one["half"] is True)


def open_sandbox(unsafe: bool, seconds: float = 60.0, memory: int = 2**30) -> Sandbox:
    """The first kind that works here. Raises SandboxError, with the reasons, if only limits would be left."""
    reasons = []
    for kind in KINDS if unsafe else KINDS[:2]:
        try:
            return Sandbox(kind, seconds, memory)
        except SandboxError as reason:
            reasons.append(f"{kind}: {reason}")
    hint = "Install bubblewrap (Linux), or run as root in a container. --unsafe runs them as you, with limits only"
    raise SandboxError(f"no sandbox for the submissions. {'; '.join(reasons)}. {hint}: they could change your files")
