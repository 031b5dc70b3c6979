"""Mistakes that an answer to any exercise can have, found from its results: slips in the arguments, and in the result.

A message says no more than what is seen: "your results are those for `a` and `b` exchanged". Slips are tried in order; the
plainest come first.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from .definition import Definition, Mistake

Table = np.ndarray
# What to think about after a mistake of this kind.
HINTS = {
    "wrong_sign": "Find the subtraction in your answer, and say in words what is compared with what. Then look at the formula.",
    "wrong_factor": "Find what is doubled, halved or divided in the formula, and look for the same place in your answer.",
    "wrong_factors": "The factor changes with the size of the arguments. What do you sum over, and what do you divide by?",
    "sum_for_mean": "Look for a sum in your answer where the text says *mean*: over what is it taken?",
    "mean_for_sum": "Look for a mean in your answer where the text says *sum*. A weighted sum is not divided by anything.",
    "arguments_exchanged": "Read the text's sentence about these two arguments again, and follow each through your answer.",
    "argument_replaced": "Search your function for the argument that is missing. Which part of the text speaks of it?",
    "argument_ignored": "Search your function for this argument. Where does the formula use it?",
    "off_by_one": "Write down the first index, the last one, and how many there are, in the sheet's example.",
    "shifted": "Write the first three entries by hand, each with its index.",
    "transposed": "Write the shape beside each table in your answer, and the name of each axis.",
    "fixed_length": "Replace each number such as 0 and 1 that counts players by a loop over all of them.",
    "special_case": "Put the special case into your function, and follow it line by line.",
    "one_number": "What is asked for each entry? A sum or a mean over all of them leaves only one number.",
    "one_for_all": "Each entry has numbers of its own. Where do you take those of one entry for all?",
    "shape": "Write the shape beside each line of your answer, from the arguments' shapes to that of the result.",
    "axis_too_many": "Which step keeps an axis of length 1? `keepdim=True`, `[None]` and slices such as `[0:1]` do.",
    "not_finite": "Which number is divided by, and whose logarithm is taken? Print it just before.",
    "error": "Run the line alone, with the sheet's example, and print the shape of everything that stands in it.",
    "keeps_state": "Look for lists, counters and tables that are made outside the function, and for default arguments.",
    "changes_arguments": "Look for assignments such as `x[i] = …` and `x += …`, and for methods whose names end in `_`.",
    "half_precision": "Look for `half`, `float16` and `bfloat16`.",
    "clamped": "Look for `clamp`, `clip`, `min` and `max`, and ask whether the text names such a limit.",
    "whole_numbers": "Look for `int`, `//`, `round` and tables of a whole-number type.",
    "no_return": "Does every way through your function end with `return`?",
    "too_slow": "Which condition ends the loop, and does anything in the loop change it?",
}


def of_arguments(exercise: Definition) -> Iterator[Mistake]:
    """The reference with other arguments than the given ones: exchanged, shifted, replaced, transposed, all alike."""
    names, example = exercise.parameters, exercise.example
    for i, j in itertools.combinations(range(len(names)), 2):
        if _kind(example[i]) == _kind(example[j]):
            words = (
                f"Your results are those for `{names[i]}` and `{names[j]}` exchanged. Look where you use each of them."
            )
            yield _changed(exercise, "arguments_exchanged", words, {i: j, j: i})
    for i, j in itertools.permutations(range(len(names)), 2):
        if _kind(example[i]) == _kind(example[j]):
            words = (
                f"Your results are those with `{names[j]}` in place of `{names[i]}`. Look where you use each of them."
            )
            yield _changed(exercise, "argument_replaced", words, {i: j})
    for i, one in enumerate(example):
        for name, words, change in _slips_in(names[i], one):
            yield _changed(exercise, name, words, {i: i}, change)


def of_results(several: bool) -> Iterator[tuple[str, str, Callable[[Table], Table]]]:
    """Name, message, and what became of the right result (or of a mistake's). `several`: there is more than one case."""
    yield "wrong_sign", "Everything has the wrong sign. Which term is subtracted from which?", lambda b: -b
    yield "reversed_order", "Your numbers are in the opposite order.", lambda b: b[::-1]
    yield "complement", "Yours is 1 minus the right result, everywhere.", lambda b: 1 - b
    yield "in_percent", "Yours is 100 times the right result. Is it in percent?", lambda b: 100 * b
    yield (
        "in_bits",
        "Yours is the right result divided by log 2: bits. Use natural logarithms: nats.",
        lambda b: b / math.log(2),
    )
    if not several:
        return
    yield "transposed", "Your table is transposed: its rows should be its columns.", lambda b: b.T
    yield "absolute_values", "Yours are the absolute values of the right results: a sign is lost.", np.abs
    yield "clamped", "Yours are the right results clamped to [0, 1]. Nothing limits them.", lambda b: np.clip(b, 0, 1)
    yield (
        "clamped",
        "Yours are the right results with 0 in place of what is negative. Nothing limits them.",
        lambda b: b.clip(0),
    )
    yield (
        "clamped",
        "Yours are the right results with 1 in place of what is larger. Nothing limits them.",
        lambda b: b.clip(max=1),
    )
    yield (
        "whole_numbers",
        "Yours are the right results without their decimals. Is there a whole-number type in it?",
        np.trunc,
    )
    yield "whole_numbers", "Yours are the right results rounded to whole numbers.", np.round
    yield "whole_numbers", "Yours are the right results rounded down to whole numbers.", np.floor
    yield "logarithm_taken", "Yours are the logarithms of the right results.", np.log
    yield "exponential_taken", "Yours are the exponentials of the right results.", np.exp
    yield "squared", "Yours are the squares of the right results.", np.square
    yield "root_taken", "Yours are the square roots of the right results.", np.sqrt
    yield "reciprocal", "Yours is 1 divided by the right result, everywhere. What is divided by what?", lambda b: 1 / b
    yield "shifted", "Your entries are the right ones, one place too late.", lambda b: np.roll(b, 1, 0)
    yield "shifted", "Your entries are the right ones, one place too early.", lambda b: np.roll(b, -1, 0)
    yield "summed_up", "Your entries are running sums of the right ones.", lambda b: b.cumsum(0)
    yield (
        "differences",
        "Your entries are the differences of the right ones.",
        lambda b: np.diff(b, axis=0, prepend=b[:1] * 0),
    )
    yield (
        "centred",
        "Yours are the right results minus their mean. Nothing is to be subtracted.",
        lambda b: b - b.mean(),
    )
    yield (
        "normalised",
        "Yours are the right results divided by their sum. They need not sum to 1.",
        lambda b: b / b.sum(),
    )
    yield (
        "one_number",
        "You return one number, the sum of the right entries: return every one of them.",
        lambda b: b.sum(),
    )
    yield (
        "one_number",
        "You return one number, the mean of the right entries: return every one of them.",
        lambda b: b.mean(),
    )
    yield "one_number", "You return only the first of the right entries: return every one of them.", lambda b: b[0]
    yield "one_number", "You return only the last of the right entries: return every one of them.", lambda b: b[-1]
    yield "one_number", "You return only the largest of the right entries: return every one of them.", lambda b: b.max()
    yield "one_short", "The last of your entries is missing; the others are right.", lambda b: b[:-1]
    yield "one_short", "The first of your entries is missing; the others are right.", lambda b: b[1:]
    yield (
        "one_too_many",
        "Your entries are right, but there is a 0 too many before them.",
        lambda b: np.concatenate([b[:1] * 0, b]),
    )
    yield (
        "one_too_many",
        "Your entries are right, but there is a 0 too many after them.",
        lambda b: np.concatenate([b, b[:1] * 0]),
    )
    yield "axis_too_many", "Your numbers are right, but there is an axis of length 1 too many.", lambda b: b[None]
    yield "axis_too_many", "Your numbers are right, but there is an axis of length 1 too many.", lambda b: b[..., None]
    yield "flattened", "Your numbers are right, but in one row: keep the axes apart.", np.ravel


def _slips_in(name: str, one: Any) -> Iterator[tuple[str, str, Callable[[Any], Any]]]:
    """Name, message, and change of one argument."""
    if isinstance(one, bool):
        return
    if isinstance(one, int):
        yield "off_by_one", f"Your results are those for `{name}` + 1. Count from 0?", lambda x: x + 1
        yield "off_by_one", f"Your results are those for `{name}` − 1. Count from 0?", lambda x: x - 1
        yield "argument_ignored", f"Your results are those for `{name}` = 0, whatever it is.", lambda x: 0
        yield "argument_ignored", f"Your results are those for `{name}` = 1, whatever it is.", lambda x: 1
    elif isinstance(one, float):
        yield (
            "argument_ignored",
            f"Your results are those for `{name}` = 1, whatever it is. Where do you use it?",
            lambda x: 1.0,
        )
        yield (
            "argument_ignored",
            f"Your results are those for `{name}` = 0, whatever it is. Where do you use it?",
            lambda x: 0.0,
        )
        yield "wrong_power", f"Your results are those for `{name}` squared.", lambda x: x * x
        yield "complement", f"Your results are those for 1 − `{name}` in place of `{name}`.", lambda x: 1 - x
        yield "wrong_sign", f"Your results are those for −`{name}` in place of `{name}`.", lambda x: -x
    elif isinstance(one, torch.Tensor):
        yield from _slips_in_table(name, one)
    elif isinstance(one, (list, tuple)) and len(one):
        yield "reversed_order", f"Your results are those for `{name}` in the opposite order.", lambda x: x[::-1]
        yield "one_short", f"Your results are those without the last of `{name}`.", lambda x: x[:-1]
        yield "one_short", f"Your results are those without the first of `{name}`.", lambda x: x[1:]
        yield (
            "one_for_all",
            f"Your results are those with the first of `{name}` in place of all.",
            lambda x: [x[0]] * len(x),
        )
        yield (
            "one_for_all",
            f"Your results are those with the last of `{name}` in place of all.",
            lambda x: [x[-1]] * len(x),
        )


def _slips_in_table(name: str, one: torch.Tensor) -> Iterator[tuple[str, str, Callable[[Any], Any]]]:
    if one.dim() == 0:
        return
    if one.dtype == torch.bool:
        yield (
            "argument_ignored",
            f"Your results are those for a `{name}` that is True nowhere.",
            lambda x: torch.zeros_like(x),
        )
        yield (
            "argument_ignored",
            f"Your results are those for a `{name}` that is True everywhere.",
            lambda x: torch.ones_like(x),
        )
        yield (
            "negated",
            f"Your results are those for `{name}` negated.",
            torch.logical_not,
        )
    if not one.is_floating_point():
        yield "off_by_one", f"Your results are those for `{name}` + 1. Do you count from 1?", lambda x: x + 1
        yield "off_by_one", f"Your results are those for `{name}` − 1. Do you count from 1?", lambda x: x - 1
    else:
        yield (
            "whole_numbers", f"Your results are those for `{name}` without its decimals. Is there a whole-number type in it?",
            torch.trunc,
        )  # fmt: skip
        yield "wrong_sign", f"Your results are those for −`{name}` in place of `{name}`.", lambda x: -x
        yield "absolute_values", f"Your results are those for the absolute values of `{name}`.", lambda x: x.abs()
        yield (
            "argument_ignored",
            f"Your results are those for a `{name}` of zeros. Where do you use it?",
            torch.zeros_like,
        )
        yield (
            "argument_ignored",
            f"Your results are those for a `{name}` of ones. Where do you use it?",
            torch.ones_like,
        )
        yield (
            "softmax_too_many",
            f"Your results are those for the softmax of `{name}`, which you take once too often.",
            lambda x: x.softmax(-1),
        )
        yield "logarithm_taken", f"Your results are those for the logarithms of `{name}`.", lambda x: x.log()
        yield "exponential_taken", f"Your results are those for the exponentials of `{name}`.", lambda x: x.exp()
        yield (
            "averaged_away", f"Your results are those for the mean of `{name}` in place of each of its entries.",
            lambda x: x.mean().expand_as(x).clone(),
        )  # fmt: skip
        yield (
            "uniform",
            f"Your results are those for a uniform `{name}`.",
            lambda x: torch.full_like(x, 1 / x.shape[-1]),
        )
        if one.dim() > 1:
            yield (
                "averaged_away", f"Your results are those with every row of `{name}` replaced by the mean of its rows.",
                lambda x: x.mean(0, keepdim=True).expand_as(x).clone(),
            )  # fmt: skip
    if one.dim() == 2:
        yield "transposed", f"Your results are those for `{name}` transposed. Which axis is which?", lambda x: x.T
    if one.dim() > 2:
        yield (
            "transposed",
            f"Your results are those for the last two axes of `{name}` exchanged.",
            lambda x: x.transpose(-1, -2),
        )
    yield "reversed_order", f"Your results are those for `{name}` in the opposite order.", lambda x: x.flip(0)
    yield (
        "shifted",
        f"Your results are those for `{name}` shifted by one place: are you one too early?",
        lambda x: x.roll(1, 0),
    )
    yield (
        "shifted",
        f"Your results are those for `{name}` shifted by one place: are you one too late?",
        lambda x: x.roll(-1, 0),
    )
    yield "one_short", f"Your results are those without the last entry of `{name}`.", lambda x: x[:-1]
    yield "one_short", f"Your results are those without the first entry of `{name}`.", lambda x: x[1:]
    yield (
        "one_for_all",
        f"Your results are those with the first entry of `{name}` in place of all.",
        lambda x: x[:1].expand_as(x).clone(),
    )
    yield (
        "one_for_all",
        f"Your results are those with the last entry of `{name}` in place of all.",
        lambda x: x[-1:].expand_as(x).clone(),
    )


def _kind(one: Any) -> Any:
    """What must agree if two arguments can be taken for each other."""
    if isinstance(one, torch.Tensor):
        return one.dim(), one.is_floating_point()
    return type(one)


def _changed(
    exercise: Definition, name: str, words: str, source: dict[int, int], change: Callable[[Any], Any] = lambda x: x
) -> Mistake:
    """The reference with changed arguments: in place k it gets change(argument source[k])."""

    def function(*arguments: Any) -> Any:
        return exercise.reference(
            *(change(arguments[source[k]]) if k in source else one for k, one in enumerate(arguments))
        )

    return Mistake(name, function, words)
