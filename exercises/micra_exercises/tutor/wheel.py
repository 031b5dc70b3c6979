"""The wheel that a tutor hands out for students to install: this package, in this version, with these sheets."""

from __future__ import annotations

import email
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

from micra_lite import __version__

from . import TutorError

NAME = f"micra_lite-{__version__}"
FILE = re.compile(rf"{re.escape(NAME)}(-\d\w*)?-\w[\w.]*-\w[\w.]*-\w[\w.]*\.whl")  # pip reads the name of the file, too
AGAIN = "make one by: pip wheel --no-deps CHECKOUT"


def check_wheel(path: Path, sheets: Sequence[Path]) -> None:
    """Raise TutorError if students could not do the sheets with this wheel."""
    if not path.is_file():
        raise TutorError(f"{path} is no file: {AGAIN}")
    try:
        with zipfile.ZipFile(path) as wheel:
            held = set(wheel.namelist())
            about = next((name for name in held if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)), None)
            if about is None:
                raise TutorError(f"{path} is not a wheel: {AGAIN}")
            head = email.message_from_bytes(wheel.read(about))
            name, version = re.sub(r"[-_.]+", "_", head["Name"] or "").lower(), head["Version"]
            if (name, version) != ("micra_lite", __version__):
                raise TutorError(f"{path} is {name} {version}, not micra_lite {__version__}: {AGAIN}")
            if not FILE.fullmatch(path.name):
                raise TutorError(f"pip does not install a wheel that is called {path.name}: give it its old name back")
            for sheet in sheets:
                place = f"micra_exercises/course/exercises/{sheet.name}"
                if place not in held or wheel.read(place) != sheet.read_bytes():
                    raise TutorError(f"{path} has another {sheet.name} than you hand out, or none: {AGAIN}")
    except TutorError:
        raise
    except Exception as error:  # zipfile and zlib raise many kinds
        raise TutorError(f"{path} cannot be read as a wheel ({type(error).__name__}): {AGAIN}") from error
