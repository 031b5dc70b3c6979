"""The tutor's kit: hand the course out without solutions, collect it, grade it.

build.py: the student's folder, in a variant of the numbers. grade.py: a folder of submissions → a CSV and a page.
sandbox.py: what a submission is shut into. server.py: what runs in there. scheme.py: points and common errors.
"""
