"""The wheel holds the lessons and the students' sheets, for `micra-course notebooks`: without solutions or outputs."""

from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CourseHook(BuildHookInterface):
    """Put the notebooks of two folders into the package; an editable install finds them where they are."""

    def initialize(self, version, build_data):
        if version != "editable":
            for folder in ("notebooks", "exercises"):
                for path in sorted((Path(self.root) / folder).glob("*.ipynb")):
                    build_data["force_include"][str(path)] = f"micra_exercises/course/{folder}/{path.name}"
