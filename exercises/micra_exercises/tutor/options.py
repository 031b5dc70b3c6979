"""How a class is graded: said once, then remembered in the folder of the grades, so that no later grading forgets a scheme."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from . import TutorError
from .scheme import MARKS

NAME = "options.json"


class Options(NamedTuple):
    """The options of a grading; what is empty was not said. Paths are absolute, since the next command may run elsewhere."""

    sheets: tuple[str, ...] = ()
    variant: int | None = None
    roster: str | None = None
    scheme: str | None = None
    corrections: str | None = None

    @classmethod
    def given(
        cls, sheets: Sequence[str], variant: int | None, roster: Path | None, scheme: str | None,
        corrections: Path | None,
    ) -> Options:  # fmt: skip
        """The options as the tutor says them now."""
        if scheme and scheme not in MARKS and Path(scheme).is_file():
            scheme = str(Path(scheme).absolute())
        paths = [str(path.absolute()) if path else None for path in (roster, corrections)]
        return cls(tuple(sheets), variant, paths[0], scheme, paths[1])

    @staticmethod
    def path(text: str | None) -> Path | None:
        """A file among the options."""
        return Path(text) if text else None

    def completed(self, out: Path) -> Options:
        """These options, and those of the last grading into `out` where nothing else is said. Raises TutorError."""
        try:
            kept = json.loads((out / NAME).read_text(encoding="utf-8"))
            before = Options(**{**kept, "sheets": tuple(kept["sheets"])})
        except (FileNotFoundError, NotADirectoryError):
            return self
        except (OSError, ValueError, TypeError, KeyError) as reason:
            raise TutorError(
                f"cannot read {out / NAME}, which says how it was graded: remove it ({reason})"
            ) from reason
        return before._replace(**self._said())

    def save(self, out: Path) -> None:
        """Remember them."""
        (out / NAME).write_text(json.dumps(self._asdict(), indent=1) + "\n", encoding="utf-8")

    def words(self) -> str:
        """What was said, in a line."""
        said = {"scheme": "all", **self._said()}
        return ", ".join(
            f"{name} {' '.join(value) if isinstance(value, tuple) else value}" for name, value in said.items()
        )

    def _said(self) -> dict[str, Any]:
        return {name: value for name, value in self._asdict().items() if value is not None and value != ()}
