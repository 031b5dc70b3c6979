"""Call a student's function so that an error, an endless loop or a huge allocation ends with a message.

1. `call` returns the function's result, or a `Trouble`: a name and a message that points to the student's line.
2. `limits` stops code that takes too long or too much memory, in this process, so that prints and debuggers still work.

Time: an alarm signal (Linux and macOS, main thread), or else a second thread that raises an exception in this one
(Windows, other threads; it cannot interrupt a sleep). Both act between two steps of Python, so a single built-in call
that never returns, such as `sum(itertools.count())`, is not stopped: restart the kernel. Memory: the soft limit of the
address space (Linux only); on Windows and macOS the system decides about a huge allocation. None of this protects
against hostile code: the answers of other people must run in a process and under a user of their own, see `tutor`.
"""

from __future__ import annotations

import ctypes
import linecache
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEMORY = 2**30  # bytes that an answer may take besides those in use
HERE = f"{Path(__file__).parent}{os.sep}"  # this package, with its lessons


class TimeUp(BaseException):
    """Raised inside the student's code. Not an Exception, so that `except Exception` does not catch it."""


@dataclass(frozen=True)
class Trouble:
    """The reason why there is no result: `mistake`, its name, and `message`, for the student."""

    mistake: str
    message: str


def call(function: Callable[..., Any], arguments: Sequence[Any], seconds: float, answer: Any = None) -> Any:
    """The value of function(*arguments) within `seconds`, or a Trouble that shows a line of `answer`, the student's code."""
    try:
        with limits(seconds):
            return function(*arguments)
    except NotImplementedError:
        return NotImplemented
    except TimeUp as error:
        return Trouble("too_slow", f"It took too long and was stopped{_where(error, answer)}. Does a loop never end?")
    except (Exception, SystemExit) as error:
        if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
            words = f"It needs too much memory{_where(error, answer)}. Which axis is too long?"
            return Trouble("too_much_memory", words)
        words = (str(error).splitlines() or [""])[0]
        return Trouble("error", f"Your code raises {type(error).__name__}: {words}{_where(error, answer)}.")


def _where(error: BaseException, answer: Any) -> str:
    """The last line of the student's code on the way to the error, as words; empty if there is none."""
    home = getattr(getattr(answer, "__code__", None), "co_filename", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(HERE)]
    own = [f for f in frames if f.filename == home] if home else []
    if not own:
        return ""
    line = linecache.getline(own[-1].filename, own[-1].lineno or 0).strip()
    return f", in line {own[-1].lineno}: `{line}`" if line else f", in line {own[-1].lineno}"


@contextmanager
def limits(seconds: float) -> Iterator[None]:
    """Raise TimeUp in the body after `seconds`, and MemoryError if it takes more than MEMORY."""
    can_signal = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    with _memory(), _alarm(seconds) if can_signal else _watch(seconds):
        yield


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    running = True

    def ring(*_: Any) -> None:
        if running:
            raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3), 0.05)  # repeatedly, since a bare `except:` catches one
    try:
        yield
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _watch(seconds: float) -> Iterator[None]:
    throw, thread = ctypes.pythonapi.PyThreadState_SetAsyncExc, ctypes.c_ulong(threading.get_ident())
    done, lock = threading.Event(), threading.Lock()

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            with lock:
                if not done.is_set():
                    throw(thread, ctypes.py_object(TimeUp))
            wait = 0.05

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        with lock:
            done.set()
            throw(thread, None)  # cancel an exception that has not arrived yet


@contextmanager
def _memory() -> Iterator[None]:
    try:
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (ImportError, OSError):  # not Linux
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = [used + MEMORY] + [x for x in (soft, hard) if x != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(allowed), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
