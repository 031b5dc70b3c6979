"""Exercises of the course: checks for students (`from micra_exercises import check`), and in `tutor` the tools to grade them."""
