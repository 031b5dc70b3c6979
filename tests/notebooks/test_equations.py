"""Every numbered equation is written out in a lesson, named by the function that computes it, and checked by a test.

The search itself is `docs/equations.py`; the site shows what it finds.
"""

import ast
import importlib.util

import pytest

from helpers import ROOT

spec = importlib.util.spec_from_file_location("equations", ROOT / "docs" / "equations.py")
equations = importlib.util.module_from_spec(spec)
spec.loader.exec_module(equations)

COMPUTED_BY = {
    1: ["micra_lite.externals.ExternalFamily", "micra_lite.imitation.meta_loss"],
    2: ["micra_lite.regret.counterfactual_regret_advantage"],
    3: ["micra_lite.regret.policy_gradient_objective"],
    4: ["micra_lite.imitation.adapt", "micra_lite.imitation.meta_loss"],
}
TAUGHT_IN = {1: "05_meta_learning", 2: "02_regret", 3: "03_policy_gradient", 4: "06_meta_imitator"}


def names(places):
    return [place.where for place in places]


def test_these_are_all_the_equations():
    """No lesson, docstring or test names an equation that there is not."""
    texts = [p.read_text(encoding="utf-8") for folder in ("micra_lite", "exercises", "tests", "notebooks/src")
             for p in (ROOT / folder).rglob("*.py")]  # fmt: skip
    assert set().union(*map(equations.numbers, texts)) == set(equations.NUMBERS) == set(COMPUTED_BY)
    assert equations.numbers("Eq. 2, and (Eqs. 1 and 4)") == {1, 2, 4}  # the search itself


@pytest.mark.parametrize("equation", equations.NUMBERS)
def test_it_is_written_out_in_the_tour_and_in_its_lesson(equation):
    assert {"00_tour", TAUGHT_IN[equation]} <= set(names(equations.lessons(equation)))


@pytest.mark.parametrize("equation", equations.NUMBERS)
def test_its_lesson_names_a_function_that_computes_it(equation):
    source = (ROOT / "notebooks" / "src" / f"{TAUGHT_IN[equation]}.py").read_text(encoding="utf-8")
    assert any(f"`{name}`" in source for name in COMPUTED_BY[equation])


@pytest.mark.parametrize("equation", equations.NUMBERS)
def test_the_functions_that_compute_it_say_so(equation):
    """The algorithm's own come first; neither a rival nor a widget is among them."""
    said = names(equations.functions(equation))
    assert set(COMPUTED_BY[equation]) <= set(said)
    assert said == sorted(said, key=lambda name: name.count("."))
    assert not [name for name in said if name.split(".")[1] in ("baselines", "widgets")]


def called(path, function):
    """Every name that a test's function, or a helper of the same file that it calls, refers to."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bodies = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found, open_ = set(), [function]
    while open_:
        used = {node.id for node in ast.walk(bodies[open_.pop()]) if isinstance(node, ast.Name)} - found
        found |= used
        open_ += [name for name in used if name in bodies]
    return found


@pytest.mark.parametrize("equation", equations.NUMBERS)
def test_a_test_that_says_so_checks_a_function_that_computes_it(equation):
    """Not only the words: the test calls the function, itself or through a helper of its file."""
    functions = {name.rpartition(".")[2] for name in COMPUTED_BY[equation]}
    said = names(equations.tests(equation))
    assert said
    for module, _, name in (where.rpartition(".") for where in said):
        path = ROOT / f"{module.replace('.', '/')}.py"
        if functions & called(path, name):
            return
    pytest.fail(f"none of {said} calls {functions}")
