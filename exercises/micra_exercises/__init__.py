"""The checks of the exercises, and the tutor's kit. Students write `from micra_exercises import check`."""
