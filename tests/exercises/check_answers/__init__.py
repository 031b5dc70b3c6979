"""Wrong and right answers to every exercise, as students write them: the tests and `benchmarks/exercises.py` try them all.

A file per lesson has `WRONG`, exercise → [(name of the mistake, answer)], and `RIGHT`, exercise → [answer].
"""

import importlib
import pkgutil

from micra_exercises import check


def tables():
    """(exercise, its wrong answers, its right answers), in the order of the course."""
    names = [found.name for found in pkgutil.iter_modules(__path__) if found.name != "mutants"]
    files = [importlib.import_module(f"check_answers.{name}") for name in names]
    wrong = {name: answers for file in files for name, answers in file.WRONG.items()}
    right = {name: answers for file in files for name, answers in file.RIGHT.items()}
    return [(one, wrong.get(one.name, []), right.get(one.name, [])) for one in check.exercises()]
