"""The current variant of the numbers: 0 has those of the printed sheets, any other number draws its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

MOST = 2**31 - 1
_number = 0
_lock = threading.RLock()


def current() -> int:
    """The number of the current variant."""
    return _number


def is_variant(number: object) -> bool:
    """Whether this is a number that `choose` accepts."""
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MOST


def choose(number: int) -> None:
    """Set the variant of all exercises that have variants. Raises ValueError unless it is a whole number from 0 to MOST."""
    global _number
    if not is_variant(number):
        raise ValueError(f"a variant is a whole number from 0 to {MOST}, such as 7; got {number!r}")
    _number = number


@contextmanager
def chosen(number: int) -> Iterator[None]:
    """A variant of the exercises in the body; other threads that choose one wait, since all of them share it."""
    with _lock:
        before = current()
        choose(number)
        try:
            yield
        finally:
            choose(before)
