"""The sandbox that submissions run in: a new one for each.

1. **podman** or **docker**, if it is installed and works: an empty container, so no image is downloaded.
2. **bubblewrap**, if `bwrap` is installed and works.
3. **limits**, only with `unsafe`: your own user, with limits on time and memory. This does not protect your files.

In 1 and 2 the submission sees Python and our two packages, read-only and without the answers (see `stripped`), and
small folders in memory; no network and no other processes. As root, it also runs as a user without name or rights.
"""

from __future__ import annotations

import os
import pickle
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import micra_lite

from .. import check
from ..variants import chosen
from . import TutorError, stripped
from .records import records
from .server import FINISHED, PROCESSES

KINDS = ("podman", "docker", "bubblewrap", "limits")
MOST = 2**25  # bytes that are read from one submission
START = 120.0  # seconds until a submission begins: Python imports torch, perhaps on a busy machine
SLOW = "stopped: too slow"
ENDED = {FINISHED: "finished", -24: SLOW, 128 + 24: SLOW}  # 24 is the signal of a process without time left
IMAGE = "localhost/micra-course-empty"
PACKAGES = [stripped.PACKAGE, Path(micra_lite.__file__).parent]  # what submissions import
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/alternatives", "/etc/ld.so.cache")
SETTINGS = {
    "PATH": "/usr/bin:/bin",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MICRA_LITE_PROGRESS": "",
    "PYTHONDONTWRITEBYTECODE": "1",
}
SERVER = [sys.executable, "-m", "micra_exercises.tutor.server"]


class SandboxError(TutorError):
    """This kind of sandbox does not work here, and why."""


def visible(package: Path) -> dict[str, str]:
    """Path inside → path here of all that a submission may read; the stripped `package` covers the whole one."""
    pythons = [p for prefix in (sys.prefix, sys.base_prefix) for p in (prefix, os.path.realpath(prefix))]
    places = [*SYSTEM, *pythons, *map(str, PACKAGES)]
    return {**{place: place for place in places if os.path.exists(place)}, str(PACKAGES[0]): str(package)}


def python_path(packages: Sequence[Path]) -> str:
    """What PYTHONPATH must be for these packages."""
    return os.pathsep.join(dict.fromkeys(str(package.parent) for package in packages))


def container(kind: str, name: str, package: Path, memory: int, user: int) -> list[str]:
    """The command before the one to be isolated, for podman or docker."""
    command = [kind, "run", "--name", name, "--interactive", "--rm", "--pull", "never", "--log-driver", "none",
               "--network", "none", "--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges",
               "--security-opt", "label=disable", "--user", f"{user}:{user}", "--workdir", "/tmp",
               "--pids-limit", f"{2 * PROCESSES}", "--ulimit", f"nproc={PROCESSES}:{PROCESSES}",
               "--ulimit", "nofile=256:256",
               "--memory", f"{memory + 2**29}", "--memory-swap", f"{memory + 2**29}",
               "--tmpfs", f"/tmp:rw,size={memory // 4},mode=1777"]  # fmt: skip
    for inside, here in visible(package).items():
        command += ["--volume", f"{here}:{inside}:ro"]
    for setting, value in {**SETTINGS, "PYTHONPATH": python_path(PACKAGES)}.items():
        command += ["--env", f"{setting}={value}"]
    return [*command, IMAGE]


def bubblewrap(package: Path, memory: int, user: int) -> list[str]:
    """The command before the one to be isolated, for bubblewrap; `user` is 0 unless we are root."""
    command = ["bwrap", "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net", "--unshare-ipc",
               "--unshare-uts", "--unshare-cgroup-try", "--proc", "/proc", "--dev", "/dev"]  # fmt: skip
    for folder in ("/tmp", "/dev/shm"):
        command += ["--perms", "1777", "--size", str(memory // 4), "--tmpfs", folder]
    shown = visible(package)
    above = {parent for place in shown for parent in Path(place).parents if len(parent.parts) > 1}
    for parent in sorted(above):  # so that all users can reach what is shown
        command += ["--perms", "0755", "--dir", str(parent)]
    for inside, here in shown.items():
        command += ["--ro-bind", here, inside]
    for setting, value in {**SETTINGS, "PYTHONPATH": python_path(PACKAGES)}.items():
        command += ["--setenv", setting, value]
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    if not user:
        return [*command, "--unshare-user"]
    command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return [*command, "setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups", "--inh-caps", "-all"]


class Sandbox:
    """Runs submissions, also from several threads at once. Use it in a `with` statement; `kind` is one of KINDS.

    Raises SandboxError, with the reason, if that kind does not work here.
    """

    def __init__(self, kind: str, seconds: float = 60.0, memory: int = 2**30) -> None:
        self.kind, self.seconds, self.memory = kind, START, memory
        self._running = dict[str, subprocess.Popen[bytes]]()
        program = {"bubblewrap": "bwrap", "limits": sys.executable}.get(kind, kind)
        if not shutil.which(program):
            raise SandboxError(f"{program} is not installed")
        self.folder = tempfile.TemporaryDirectory(prefix="micra-course-")
        self.package = Path(self.folder.name, PACKAGES[0].name)
        try:
            stripped.write(self.package)
            if kind in ("podman", "docker"):
                self._make_image()
            found, ended = self.run(["from micra_exercises import check", "check.regrets_by_hand([1.0, 2.0])"])
            if not found:
                raise SandboxError(f"Python does not start in it ({ended})")
            self.seconds = seconds
        except BaseException:
            self.close()
            raise

    def _make_image(self) -> None:
        """An image without files, unless it is there."""
        if subprocess.run([self.kind, "image", "inspect", IMAGE], capture_output=True).returncode:
            empty = bytes(1024)  # an archive without members
            made = subprocess.run([self.kind, "import", "-", IMAGE], input=empty, capture_output=True)
            if made.returncode:
                raise SandboxError(last_line(made.stderr) or "it makes no image")

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End what still runs, after Ctrl-C, and remove the stripped package."""
        for name, process in list(self._running.items()):
            self._end(process, name)
        self.folder.cleanup()

    def command(self, name: str) -> list[str]:
        """The command that runs one submission; `name` is the container's."""
        user = 61_184 + secrets.randbelow(4_336)  # without an account: systemd reserves these
        if self.kind == "limits":
            return SERVER
        if self.kind == "bubblewrap":
            return [*bubblewrap(self.package, self.memory, 0 if os.getuid() else user), *SERVER]
        return [*container(self.kind, name, self.package, self.memory, user), *SERVER]

    def run(self, cells: list[str], seed: int = 0, variant: int = 0) -> tuple[list[dict[str, Any]], str]:
        """The records of all calls of a check in a notebook's code cells, and how the run ended."""
        text = "\n".join(cells)
        with chosen(variant):
            cases = {one.name: one.cases(seed) for one in check.exercises() if one.name in text}
        job = {"cells": cells, "cases": cases, "seconds": self.seconds, "memory": self.memory}
        name = f"micra-course-{secrets.token_hex(8)}"
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as said:
            pickle.dump(job, source)
            source.seek(0)
            process = subprocess.Popen(
                self.command(name), env=self._environment(), stdin=source, stdout=subprocess.PIPE, stderr=said,
                bufsize=0, start_new_session=True, cwd=sys.prefix if os.name == "nt" else "/",
            )  # fmt: skip
            self._running[name] = process
            try:
                raw, ended = self._read(process)
            finally:
                self._running.pop(name)
                self._end(process, name)
            if not raw:
                said.seek(0)
                ended = last_line(said.read()) or ended
        return records(raw.decode(errors="replace"), set(cases)), ended

    def _environment(self) -> dict[str, str]:
        """Of the first process, which may be a program of the tutor's."""
        if self.kind in ("podman", "docker"):
            return dict(os.environ)
        here = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        return {**SETTINGS, **here, "PYTHONPATH": python_path([self.package, PACKAGES[1]])}

    def _read(self, process: subprocess.Popen[bytes]) -> tuple[bytes, str]:
        """What the process writes, and how it ended."""
        assert process.stdout is not None
        raw, ended = read(process.stdout, self.seconds)
        if ended == "finished":
            try:
                ended = ENDED.get(process.wait(self.seconds), "stopped itself")
            except subprocess.TimeoutExpired:
                ended = SLOW
        return raw, ended

    def _end(self, process: subprocess.Popen[bytes], name: str) -> None:
        """End whatever still runs: the container, or the process's session; with bwrap, this ends everything inside."""
        if self.kind in ("podman", "docker") and process.poll() is None:
            subprocess.run([self.kind, "kill", name], capture_output=True)
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def read(pipe: IO[bytes], seconds: float) -> tuple[bytes, str]:
    """The output of a pipe until it ends, within limits of size and time, which is counted from the first byte on."""
    got, begun = bytearray(), threading.Event()

    def take() -> None:
        with suppress(OSError, ValueError):  # closed meanwhile
            while len(got) <= MOST and (part := pipe.read(2**16)):
                got.extend(part)
                begun.set()
        begun.set()

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    begun.wait(START)
    thread.join(seconds)
    if thread.is_alive():
        return bytes(got), SLOW
    return bytes(got), "finished" if len(got) <= MOST else "stopped: too much output"


def last_line(text: bytes) -> str:
    """The end of what a program has said: its reason."""
    return (text.decode(errors="replace").strip().splitlines() or [""])[-1][:200]


def open_sandbox(unsafe: bool, seconds: float = 60.0, memory: int = 2**30) -> Sandbox:
    """The first kind that works here. Raises SandboxError, with the reasons, if only limits would be left."""
    reasons = []
    for kind in KINDS if unsafe else KINDS[:-1]:
        try:
            return Sandbox(kind, seconds, memory)
        except SandboxError as reason:
            reasons.append(f"{kind}: {reason}")
    hint = "Install podman or bubblewrap (Linux). --unsafe runs them as you, with limits only"
    raise SandboxError(f"no sandbox for the submissions. {'; '.join(reasons)}. {hint}: they could change your files")
