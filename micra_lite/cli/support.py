"""Shared by the commands: errors for the user, tables, Ctrl-C, settings from the command line."""

from __future__ import annotations

import dataclasses
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..settings import Settings


class UserError(Exception):
    """Something in what was asked for cannot be done: told in one line. Every other exception is a bug of ours."""


@contextmanager
def asked_for() -> Iterator[None]:
    """Put the command line into practice, before any work: errors found there are the user's.

    A file that is missing or damaged, an unknown game, a setting that cannot work, a package that is not installed.
    """
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        raise UserError(str(error)) from error


def table(rows: list[tuple[Any, ...]], head: tuple[str, ...]) -> str:
    """Rows as aligned text; numbers to the right, floats with two decimals."""
    cells = [[f"{c:.2f}" if isinstance(c, float) else str(c) for c in row] for row in rows]
    widths = [max(len(row[c]) for row in [list(head), *cells]) for c in range(len(head))]
    lines = ["  ".join(h.ljust(w) if c == 0 else h.rjust(w) for c, (h, w) in enumerate(zip(head, widths, strict=True)))]
    lines.append("  ".join("-" * w for w in widths))
    for row in cells:
        line = (x.ljust(w) if c == 0 else x.rjust(w) for c, (x, w) in enumerate(zip(row, widths, strict=True)))
        lines.append("  ".join(line))
    return "\n".join(line.rstrip() for line in lines)


class Interruptible:
    """Ctrl-C asks to stop at the next record, where everything can be saved; a second one stops at once."""

    def __enter__(self) -> Interruptible:
        self.asked = False
        self.before = signal.signal(signal.SIGINT, self._ask)
        return self

    def _ask(self, *_: Any) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self.before)

    def __exit__(self, *_: Any) -> None:
        signal.signal(signal.SIGINT, self.before)


def settings_from(game: str, pairs: list[str], quick: bool = False, **given: Any) -> Settings:
    """The game's settings, changed by the quick preset, by SETTING=VALUE pairs and by what is given (None: not given)."""
    from ..registry import settings_for
    from ..settings import QUICK, Settings

    preset: dict[str, Any] = QUICK if quick else {}
    if quick and settings_for(game) != Settings():
        raise ValueError(f"--quick: {game} has settings of its own, which take less time already; leave it out")
    defaults = dataclasses.asdict(settings_for(game))
    for pair in pairs:
        name, _, text = pair.partition("=")
        if name not in defaults:
            raise ValueError(f"--set {pair}: no such setting; they are {sorted(defaults)}")
        default: Any = defaults[name]
        try:
            if isinstance(default, bool):
                given[name] = {"true": True, "false": False}[text.lower()]
            elif isinstance(default, tuple):
                given[name] = tuple(int(part) for part in text.split(","))
            else:
                given[name] = type(default)(text)
        except (ValueError, KeyError):
            raise ValueError(f"--set {pair}: {text!r} is no {type(default).__name__}") from None
    return settings_for(game, **preset | {n: v for n, v in given.items() if v is not None})
