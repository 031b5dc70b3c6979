"""Mutants of a reference solution: one operator, sign, axis, number, method, factor, name or statement changed at a time."""

import ast
import copy
import warnings

import numpy as np

from micra_exercises.definition import solution
from micra_exercises.values import close, numbers

OPERATORS = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div, ast.Add], ast.Div: [ast.Mult], ast.Pow: [ast.Mult],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.Lt: [ast.GtE], ast.Gt: [ast.LtE],
}  # fmt: skip
METHODS = {
    "sum": ["mean", "prod"], "mean": ["sum"], "max": ["min"], "min": ["max"], "log": ["exp"], "exp": ["log"],
    "zeros": ["ones"], "detach": ["clone"], "log_softmax": ["softmax"],
}  # fmt: skip


def changes(node, names):
    """What may stand in place of this node; `names` are those of the parameters."""
    kind = type(node)
    if isinstance(node, ast.Assign | ast.AugAssign | ast.If | ast.For):
        yield ast.Pass()
    if kind is ast.BinOp:
        for operator in OPERATORS.get(type(node.op), []):
            yield ast.BinOp(node.left, operator(), node.right)
        yield node.left
        yield node.right
        if isinstance(node.op, ast.Sub | ast.Div | ast.Pow | ast.MatMult):
            yield ast.BinOp(node.right, node.op, node.left)
    elif kind is ast.AugAssign:
        for operator in OPERATORS.get(type(node.op), []):
            yield ast.AugAssign(node.target, operator(), node.value)
        yield ast.Assign([node.target], node.value)
    elif kind is ast.UnaryOp and isinstance(node.op, ast.USub):
        yield node.operand
    elif kind is ast.Name and node.id in names:
        for name in names:
            if name != node.id:
                yield ast.Name(name, node.ctx)
    elif kind is ast.Compare and len(node.ops) == 1:
        yield ast.Constant(True)
        yield ast.Constant(False)
        for operator in OPERATORS.get(type(node.ops[0]), []):
            yield ast.Compare(node.left, [operator()], node.comparators)
    elif kind is ast.Constant and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif kind is ast.Constant and isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)
    elif kind is ast.Attribute:
        for name in METHODS.get(node.attr, []):
            yield ast.Attribute(node.value, name, node.ctx)
    elif kind is ast.Call and isinstance(node.func, ast.Attribute):
        yield node.func.value  # x.detach() → x
        if node.keywords:
            yield ast.Call(node.func, node.args, node.keywords[:-1])
        if node.args:
            yield ast.Call(node.func, node.args[:-1], node.keywords)
    elif kind is ast.Subscript and isinstance(node.slice, ast.Tuple):
        yield ast.Subscript(node.value, ast.Tuple(node.slice.elts[::-1], ast.Load()), node.ctx)


def variants(tree):
    """Copies of a tree with one change each."""
    names = [argument.arg for argument in tree.body[0].args.args]
    for number, node in enumerate(ast.walk(tree)):
        for field, value in ast.iter_fields(node):
            for k, child in enumerate(value if isinstance(value, list) else [value]):
                if not isinstance(child, ast.AST):
                    continue
                for new in changes(child, names):
                    mutant = copy.deepcopy(tree)
                    home = next(n for j, n in enumerate(ast.walk(mutant)) if j == number)
                    if isinstance(value, list):
                        getattr(home, field)[k] = new
                    else:
                        setattr(home, field, new)
                    yield ast.fix_missing_locations(mutant)


def mutants(exercise):
    """(source, function) of each mutant of the exercise's reference solution."""
    seen = set()
    for tree in variants(ast.parse(solution(exercise.reference))):
        source = ast.unparse(tree)
        if source not in seen:
            seen.add(source)
            names = dict(exercise.reference.__globals__)
            exec(compile(source, "mutant", "exec"), names)
            yield source, names[exercise.name]


def equivalent(exercise, mutant):
    """Whether it gives the reference's results on many cases that the check does not know."""
    seeds = range(100, 105) if exercise.kind == "function" else [0]
    for case in (case for seed in seeds for case in exercise.cases(seed, 30)):
        try:
            found = numbers(exercise.measure(mutant, *copy.deepcopy(case)))
        except Exception:
            return False
        if found is None or not close(found, exercise.result(exercise.reference, case), 1e-6):
            return False
    return True


def survivors(exercise):
    """(how many mutants are no equivalents, the sources of those that the check accepts)."""
    tried, accepted = 0, []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for source, mutant in mutants(exercise):
            if equivalent(exercise, mutant):
                continue
            tried += 1
            answer = mutant
            if exercise.kind == "number":
                try:
                    answer = mutant(*copy.deepcopy(exercise.example))
                except Exception:
                    continue  # no number to enter
            if exercise.judge(answer).passed:
                accepted.append(source)
    return tried, accepted
