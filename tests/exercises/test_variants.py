"""Variants of the exercises by hand: each answer worked out here anew, from nothing but the text of the sheet."""

import math
import re
from fractions import Fraction

import pytest

from helpers.sheets import VARIANTS, found, mean, texts
from micra_exercises import check
from micra_exercises.tutor.build import reworded
from micra_exercises.variants import choose


def table(text, rows):
    """The table (2, 3) of a text, and both policies."""
    column = found(r"left \(#\) \| middle \(#\) \| right \(#\)", text)
    lines = [found(rf"\*\*{name}\*\* \(#\) \| # \| # \| #", text) for name in rows]
    return [line[1:] for line in lines], [line[0] for line in lines], column


def turning_point(text):
    up = found(r"\*\*up\*\* \| #, # \| #, #", text)
    down = found(r"\*\*down\*\* \| #, # \| #, #", text)
    slope, constant = (up[0] - up[2]) - (down[0] - down[2]), down[2] - up[2]  # slope · p = constant
    return constant / slope


def ending_income(text):
    pay, goes_on, again, gamma, _ = found(
        r"pays #\. Its row of \$T\$ sums to #: with # .* γ is #\. We\swatch # moves", text
    )
    assert goes_on == again
    return sum(pay * (gamma * goes_on) ** t for t in range(400))


def regrets_by_hand(text):
    q, row, column = table(text, ("up", "down"))
    values = [mean(column, line) for line in q]
    return [v - mean(row, values) for v in values]


def gradient_by_hand(text):
    a, b, c, *values = found(r"with #, # and #\. They are worth #, # and #\.", text)
    row = (a, b, c)
    return [
        p * sum(x * ((k == j) - y) for j, (x, y) in enumerate(zip(values, row, strict=True))) for k, p in enumerate(row)
    ]


def targets_by_hand(text):
    q, hunter, prey = table(text, ("go", "stay"))
    (gamma,), (first,), (second,) = (found(p, text) for p in ("γ is #", "first paid #", "second paid #"))
    return [first + gamma * mean(hunter, [mean(prey, line) for line in q]), second]


def stepped_by_hand(text):
    odds, theta, predicted = found(r"log # = #, so it predicts heads with #\.", text)
    assert abs(math.log(odds) - theta) < 1e-4
    assert abs(odds / (1 + odds) - predicted) < 1e-3
    moves = re.search(r"watched: ([HT ]+)\.", text)[1].split()
    (alpha,) = found("α = #", text)
    return math.log(odds) - alpha * (odds / (1 + odds) - Fraction(moves.count("H"), len(moves)))


def posterior_by_hand(text):
    prior, heads = (found(rf"\*\*{name}\*\* \| # \| # \| #", text) for name in ("prior", "heads"))
    assert sum(prior) == 1
    weights = []
    for p, h in zip(prior, heads, strict=True):
        for move in re.search(r"watched: ([HT ]+)\.", text)[1].split():
            p *= h if move == "H" else 1 - h
        weights.append(p)
    return [w / sum(weights) for w in weights]


ANEW = {f.__name__: f for f in (turning_point, ending_income, regrets_by_hand, gradient_by_hand, targets_by_hand,
                                stepped_by_hand, posterior_by_hand)}  # fmt: skip
ONES = [one for one in check.exercises() if one.name in ANEW]


def test_every_exercise_by_hand_of_these_sheets_has_variants():
    assert len(ONES) == len(ANEW)
    assert all(one.vary and one.rewordings for one in ONES)
    assert {one.name for one in check.exercises() if one.kind == "number" and one.lesson < "07"} == set(ANEW)
    assert not [one.name for one in check.exercises() if one.kind == "number" and not one.vary]


@pytest.mark.parametrize("one", ONES, ids=lambda e: e.name)
def test_the_answer_is_that_of_the_text_of_the_own_sheet(one):
    """Accepted is what the variant's text asks for; the printed text's answer and that of other variants are not."""
    right = {}
    for variant in VARIANTS:
        right[variant] = numbers(ANEW[one.name](texts(one, variant)))
    for variant in VARIANTS:
        choose(variant)
        assert one.judge(right[variant]).passed, one.judge(right[variant])
        assert one.judge(one.expected).mistake == "numbers_of_another_variant"
        assert one.judge(one.expected).message != one.judge([99.0] * 3).message
        for other in VARIANTS:
            if abs(largest(right[other]) - largest(right[variant])) > 0.1:
                assert not one.judge(right[other]).passed
    assert len({repr(r) for r in right.values()}) >= 4
    choose(0)
    assert one.judge(one.expected).passed
    assert sum(one.judge(r).passed for r in right.values()) == 0


def numbers(answer):
    return [float(x) for x in answer] if isinstance(answer, list) else float(answer)


def largest(answer):
    return max(answer) if isinstance(answer, list) else answer


@pytest.mark.parametrize("one", ONES, ids=lambda e: e.name)
def test_hints_have_the_numbers_of_the_variant(one):
    choose(0)
    before = one.hints
    for variant in VARIANTS:
        choose(variant)
        think, formula, skeleton, solved = one.hints
        assert (think, formula) == before[:2]  # which have no numbers
        assert solved != before[3]
        own = [abs(float(x)) for x in [*flat(one.example), *derived(one)]]
        said = re.findall(r"\d+(?:\.\d+)?", skeleton)
        assert said
        assert all(min(abs(float(x) - y) for y in own) < 1e-3 for x in said), skeleton
        assert [f"# {name} = " in solved for name in one.parameters] == [True] * len(one.parameters)


def flat(x):
    if hasattr(x, "flatten"):
        return x.flatten().tolist()
    return [v for part in x for v in flat(part)] if isinstance(x, (list, tuple)) else [x]


def derived(one):
    """What a skeleton may say beside the case's own numbers."""
    if one.name == "posterior_by_hand":
        return [1 - p for p in one.example[1].tolist()]
    if one.name == "stepped_by_hand":
        return [1 / (1 + math.exp(-one.example[0]))]
    return [1] if one.name == "turning_point" else []  # of 1 - p


@pytest.mark.parametrize("one", ONES, ids=lambda e: e.name)
def test_messages_have_the_numbers_of_the_variant(one):
    """A text that mentions numbers of the example is a function of the example."""
    texts = [*one.hint_texts[:2], *(mistake.words for mistake in one.mistakes)]
    assert not [words for words in texts if isinstance(words, str) and re.search(r"\d\.\d|log \d", words)]
    said = {}
    for variant in (0, *VARIANTS):
        choose(variant)
        for mistake in one.mistakes:
            said.setdefault(mistake.name, set()).add(one.say(mistake.words))
            if variant:
                assert one.judge(mistake.function(*one.example)).message == one.say(mistake.words)
    assert {mistake.name for mistake in one.mistakes if callable(mistake.words)} == {
        name for name, found in said.items() if len(found) > 1
    }


def test_a_sheet_that_lost_a_phrase_is_told():
    choose(7)
    with pytest.raises(ValueError, match="0 times, not once"):
        reworded(check.turning_point, "| **up** | 9, 9 | 9, 9 |")


def test_the_printed_phrases_are_those_of_the_printed_case():
    """Put into words with the printed numbers, each phrase is itself; but for a table that the sheet has elsewhere."""
    for one in ONES:
        for phrase, words in one.rewordings:
            said = one.say(words)
            assert said == phrase or said.endswith(phrase) or said.split()[1:] == phrase.split()[1:]  # "4" for "Four"


@pytest.mark.parametrize("default", ["float32", "float64"])
def test_the_text_is_the_same_in_both_precisions(default):
    import torch

    found = []
    for one in ONES:
        found.append(texts(one, 7))
        torch.set_default_dtype(getattr(torch, default))
        try:
            assert texts(one, 7) == found[-1]
        finally:
            torch.set_default_dtype(torch.float32)
