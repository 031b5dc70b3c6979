"""Every exercise's check, checked: wrong answers are rejected by the name of their mistake, right ones are accepted.

The answers are those of `check_answers/`, written by hand; no reference solution and no listed mistake is among them.
"""

import numpy as np
import pytest
import torch

from check_answers import tables

TABLES = tables()
EXERCISES = [one for one, _, _ in TABLES]
# Every third wrong answer each time, all of them in the long run.
WRONG = [
    pytest.param(one, *pair, id=f"{one.name}-{k}-{pair[0]}", marks=[pytest.mark.long] if k % 3 else [])
    for one, w, _ in TABLES
    for k, pair in enumerate(w)
]
RIGHT = [pytest.param(one, answer, id=f"{one.name}-{k}") for one, _, r in TABLES for k, answer in enumerate(r)]


@pytest.fixture(autouse=True)
def defaults():
    """The course's number type."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(("one", "mistake", "answer"), WRONG)
def test_a_wrong_answer_is_rejected_by_name(one, mistake, answer, request):
    if mistake == "too_slow":
        request.getfixturevalue("impatience")
    verdict = one.judge(answer)
    assert not verdict.passed
    assert verdict.mistake == mistake, verdict
    assert len(verdict.message) > 15


@pytest.mark.parametrize(("one", "answer"), RIGHT)
def test_a_right_answer_is_accepted_however_it_is_written(one, answer):
    verdict = one.judge(answer)
    assert verdict.passed, verdict


@pytest.mark.long
@pytest.mark.parametrize(("one", "answer"), RIGHT)
def test_in_single_precision_too(one, answer):
    torch.set_default_dtype(torch.float32)
    assert one.judge(answer).passed


@pytest.mark.parametrize(("one", "wrong", "right"), TABLES, ids=[e.name for e in EXERCISES])
def test_enough_answers_with_messages_of_their_own(one, wrong, right):
    assert len(wrong) >= 8
    assert len(right) >= 3
    assert len({name for name, _ in wrong}) >= 7
    messages = [*(mistake.words for mistake in one.mistakes), *(message for *_, message in one.properties)]
    assert len(set(messages)) == len(messages)
    tried = {name for name, _ in wrong}
    assert {name for name, *_ in (*one.mistakes, *one.properties)} <= tried


@pytest.mark.parametrize("one", [e for e in EXERCISES if e.kind != "open"], ids=lambda e: e.name)
def test_the_case_of_the_text_was_worked_by_hand(one):
    found = one.result(one.reference, one.cases()[0])
    assert one.expected is not None
    assert np.allclose(found, np.array(one.expected, dtype=float), atol=1e-6)


@pytest.mark.parametrize("one", [e for e in EXERCISES if e.kind == "function"], ids=lambda e: e.name)
def test_named_mistakes_are_wrong_and_tell_apart(one):
    """Each mistake is told by its own name, from the right answer and from all others: on new draws as well."""
    for seed in (0, 1):
        cases = one.cases(seed)
        results = {m.name: [one.result(m.function, case) for case in cases] for m in one.mistakes}
        results["right"] = [one.result(one.reference, case) for case in cases]
        for name, found in results.items():
            for other, rest in results.items():
                if name != other:
                    pairs = zip(found, rest, strict=True)
                    assert any(different(a, b) for a, b in pairs), f"{name} looks like {other}"


def different(a, b):
    if a is None or b is None or a.shape != b.shape:
        return (a is None) != (b is None) or (a is not None and a.shape != b.shape)
    return not np.allclose(a, b, atol=1e-3, equal_nan=True)


@pytest.mark.parametrize("one", [e for e in EXERCISES if e.kind == "function"], ids=lambda e: e.name)
def test_unequal_shapes_are_among_the_cases(one):
    """Wherever tables are handed over, at least half of them are no squares."""
    shapes = [tuple(x.shape) for case in one.cases() for x in case if hasattr(x, "shape") and x.dim() >= 2]
    assert not shapes or sum(len(set(s)) > 1 for s in shapes) >= len(shapes) / 2


@pytest.mark.parametrize("one", EXERCISES, ids=lambda e: e.name)
def test_hints_do_not_give_the_solution_away(one):
    assert len(one.hints) == 4
    assert all(len(words) > 20 for words in one.hints)
    if one.kind == "function":
        skeleton, solved = one.hints[2], one.hints[3]
        assert "..." in skeleton
        assert " ..." not in solved
        assert solved.startswith(f"def {one.name}(")
    assert 1 <= one.difficulty <= 5
    assert 1 <= one.importance <= 5
    assert 1 <= one.minutes <= 30
