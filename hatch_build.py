"""The wheel holds the lessons and the students' sheets, for `micra-course notebooks`: without solutions or outputs.

Of the solutions it holds the normal forms, by which `micra-course grade` recognises a copy, but which nobody can read.
"""

import json
import runpy
import tempfile
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CourseHook(BuildHookInterface):
    """Put the notebooks of two folders into the package; an editable install finds them where they are."""

    def initialize(self, version, build_data):
        if version == "editable":
            return
        root, include = Path(self.root), build_data["force_include"]
        for folder in ("notebooks", "exercises"):
            for path in sorted((root / folder).glob("*.ipynb")):
                include[str(path)] = f"micra_exercises/course/{folder}/{path.name}"
        solutions = sorted((root / "exercises" / "solutions").glob("*.ipynb"))
        if not solutions:
            raise FileNotFoundError("exercises/solutions is empty: run notebooks/build.py")
        forms = runpy.run_path(str(root / "exercises" / "micra_exercises" / "tutor" / "forms.py"))
        found = [one for path in solutions for one in forms["in_notebook"](path.read_text(encoding="utf-8"))]
        self.made = tempfile.TemporaryDirectory()  # removed with this object
        made = Path(self.made.name) / "solutions.json"
        made.write_text(json.dumps(found), encoding="utf-8")
        include[str(made)] = "micra_exercises/course/solutions.json"
