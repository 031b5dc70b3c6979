"""Call a student's function so that an error, an endless loop or a huge allocation ends with a message.

1. `call` returns the function's result, or a `Trouble`: a name and a message that points to the student's line.
2. `limits` stops code that takes too long or too much memory, in this process, so that prints and debuggers still work.

Time is that of the processor, so the load of the machine does not matter, and what imports take is not counted. Only while
the process does nothing (a sleep, a question, a deadlock) does the clock on the wall count. An import is never interrupted:
it would leave half a module behind. Code is stopped by an alarm signal (Linux and macOS, main thread), or else by a second
thread that raises an exception in this one (Windows, other threads; it cannot interrupt a sleep). Both act between two steps
of Python, so a single built-in call that never returns, such as `sum(itertools.count())`, is not stopped: restart the kernel.

Memory: the soft limit of the address space (Linux only); on Windows and macOS the system decides about a huge allocation.
None of this protects against hostile code: the answers of other people must run in a sandbox, see `tutor`.
"""

from __future__ import annotations

import ctypes
import linecache
import os
import signal
import sys
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

IDLE = 60.0  # seconds that an answer may do nothing
TICK = 0.05  # seconds between two looks at an answer
PATIENCE = 40  # looks that wait for a line of the student's own before a library is interrupted
MEMORY = 2**32  # bytes of addresses that an answer may take besides those in use
HERE = f"{Path(__file__).parent}{os.sep}"  # this package, with its lessons
LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))
# What the first cells of the sheets import.
FIRST_CELL = ("torch", "check", "math", "os", "product", "np", "F", "nn")


class TimeUp(BaseException):
    """Raised inside the student's code. Not an Exception, so that `except Exception` does not catch it."""


@dataclass(frozen=True)
class Trouble:
    """The reason why there is no result: `mistake`, its name, and `message`, for the student."""

    mistake: str
    message: str


def call(function: Callable[..., Any], arguments: Sequence[Any], seconds: float, answer: Any = None) -> Any:
    """The value of function(*arguments), or a Trouble that shows a line of `answer`, the student's code.

    `seconds` of the processor's time are allowed. A KeyboardInterrupt is passed on.
    """
    try:
        with limits(seconds):
            return function(*arguments)
    except NotImplementedError:
        return NotImplemented
    except KeyboardInterrupt:
        raise
    except TimeUp as error:
        return Trouble("too_slow", f"It took too long and was stopped{_where(error, answer)}. Does a loop never end?")
    except BaseException as error:
        return _trouble(error, _where(error, answer))


def _trouble(error: BaseException, where: str) -> Trouble:
    """An error, in words for the student."""
    try:
        words = (str(error).splitlines() or [""])[0]
    except Exception:
        words = "(its text cannot be read)"
    if isinstance(error, MemoryError) or "can't allocate memory" in words:
        return Trouble("too_much_memory", f"It needs too much memory{where}. Which axis is too long?")
    if isinstance(error, NameError) and error.name in FIRST_CELL:
        return Trouble("first_cell", f"`{error.name}` is not defined{where}. Run the first cell of the sheet.")
    if isinstance(error, RecursionError):
        return Trouble("endless_recursion", f"Your function calls itself without end{where}.")
    return Trouble("error", f"Your code raises {type(error).__name__}: {words}{where}.")


def _where(error: BaseException, answer: Any) -> str:
    """The last line of the student's code on the way to the error, as words; empty if there is none."""
    home = getattr(getattr(answer, "__code__", None), "co_filename", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(HERE)]
    own = [f for f in frames if f.filename == home] if home else []
    if not own:
        return ""
    line = linecache.getline(own[-1].filename, own[-1].lineno or 0).strip()
    return f", in line {own[-1].lineno}: `{line}`" if line else f", in line {own[-1].lineno}"


class Stopwatch:
    """The time that a thread's code has used, but for its imports."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.used, self.idle, self.late = seconds, 0.0, 0.0, 0
        thread = threading.get_ident()
        if hasattr(time, "pthread_getcpuclockid"):
            clock = time.pthread_getcpuclockid(thread)
            self.clock = lambda: time.clock_gettime(clock)
        else:
            self.clock = time.process_time
        self.before = self._now()

    def _now(self) -> tuple[float, float, float]:
        return time.monotonic(), self.clock(), time.process_time()

    def is_over(self, frame: FrameType | None) -> bool:
        """Whether to interrupt now; called at each tick with the frame that runs."""
        now = self._now()
        wall, thread, process = (b - a for a, b in zip(self.before, now, strict=True))
        self.before = now
        if _imports(frame):
            return False
        self.used += max(
            thread, process / (os.cpu_count() or 1)
        )  # the latter if other threads of the answer do the work
        self.idle += wall if process < 0.02 * wall else 0.0
        if self.used <= self.seconds and self.idle <= IDLE:
            return False
        self.late += 1
        in_a_library = frame is not None and frame.f_code.co_filename.startswith((*LIBRARIES, HERE, "<frozen"))
        return not in_a_library or self.late > PATIENCE


def _imports(frame: FrameType | None) -> bool:
    """Whether an import is under way."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextmanager
def limits(seconds: float) -> Iterator[None]:
    """Raise TimeUp in the body after `seconds` of computing, and MemoryError if it takes more than MEMORY."""
    can_signal = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    with _memory(), (_alarm if can_signal else _watch)(Stopwatch(seconds)):
        yield


@contextmanager
def _alarm(stopwatch: Stopwatch) -> Iterator[None]:
    running = True

    def ring(_: int, frame: FrameType | None) -> None:
        if running and stopwatch.is_over(frame):
            raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, TICK, TICK)  # repeatedly, since a bare `except:` catches one
    try:
        yield
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _watch(stopwatch: Stopwatch) -> Iterator[None]:
    ident = threading.get_ident()
    throw, thread = ctypes.pythonapi.PyThreadState_SetAsyncExc, ctypes.c_ulong(ident)
    done, lock = threading.Event(), threading.Lock()

    def watch() -> None:
        while not done.wait(TICK):
            with lock:
                if not done.is_set() and stopwatch.is_over(sys._current_frames().get(ident)):
                    throw(thread, ctypes.py_object(TimeUp))

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
