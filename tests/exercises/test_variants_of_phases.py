"""Variants of the exercises by hand of sheets 07 and 08: worked out anew from the text of the sheet, as in `test_variants`."""

import math
import re

import pytest

from helpers.sheets import VARIANTS, found, mean, texts
from micra_exercises import check
from micra_exercises.variants import choose


def update_by_hand(text):
    rows = [found(rf"\*\*{name}\*\* \| # \| # \| # \| #", text) for name in ("go", "stay")]
    (go,), (left,), (paid,) = (found(p, text) for p in (r"\*go\* with #", r"\*left\* with #", "that paid #"))
    gamma, rate, tau = (found(p, text)[0] for p in (r"γ is #\.", "moves # of the way", r"τ is #\."))
    hunter, prey = (go, 1 - go), (left, 1 - left)
    target = paid + gamma * mean(hunter, [mean(prey, row[2:]) for row in rows])
    moved = rows[0][0] + rate * (target - rows[0][0])
    values = [mean(prey, row[:2]) for row in rows]
    return [moved, rows[0][2] + tau * (moved - rows[0][2]), values[0] - mean(hunter, values)]


def suspicion_by_hand(text):
    adapted = found(r"adapted, θ′\*\* \| # \| #", text)
    unaware = found(r"not adapted, θ\*\* \| # \| #", text)
    assert sum(adapted) == sum(unaware) == 1
    suspicion, told = 0.0, []
    for move in re.search(r"plays ([HT ]+)\.", text)[1].split():
        suspicion = max(0.0, suspicion + math.log(unaware["HT".index(move)] / adapted["HT".index(move)]))
        told.append(suspicion)
    return told


ANEW = {one.__name__: one for one in (update_by_hand, suspicion_by_hand)}


@pytest.mark.parametrize("name", ANEW)
def test_the_answer_is_that_of_the_text_of_the_own_sheet(name):
    one = getattr(check, name)
    right = {variant: [float(x) for x in ANEW[name](texts(one, variant))] for variant in (0, *VARIANTS)}
    assert len({repr(r) for r in right.values()}) == len(right)
    for variant, own in right.items():
        choose(variant)
        assert one.judge(own).passed, one.judge(own)
        others = [r for r in right.values() if max(abs(a - b) for a, b in zip(r, own, strict=True)) > 0.1]
        assert len(others) >= 3
        assert not any(one.judge(r).passed for r in others)
        if variant:
            assert one.judge(one.expected).mistake == "numbers_of_another_variant"


@pytest.mark.parametrize("name", ANEW)
def test_hints_have_the_numbers_of_the_variant(name):
    one = getattr(check, name)
    choose(7)
    skeleton = one.hints[2]
    first, second = (float(x.flatten()[0]) for x in one.example[:2])
    assert f"{first:g}" in skeleton
    assert f"{second:g}" in skeleton
    choose(0)
    assert one.hints[2] != skeleton
