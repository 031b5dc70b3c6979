"""The framework of the exercises: verdicts, limits, hints, progress."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from micra_exercises import check, progress
from micra_exercises.values import numbers
from micra_exercises.verdict import Verdict


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    """Progress of its own for each test, and an exercise of its own."""
    monkeypatch.setenv("MICRA_LITE_PROGRESS", str(tmp_path / "deep" / "progress.json"))
    monkeypatch.setattr(progress, "_memory", {})
    return tmp_path / "deep" / "progress.json"


# --- verdicts ---


def test_right(half):
    verdict = half(lambda x: 0.5 * x)
    assert verdict.passed
    assert verdict.mistake is None
    assert "✓ half: right" in repr(verdict)
    assert "✓ half: right" in verdict._repr_html_()


@pytest.mark.parametrize("stub", [..., [..., ...], lambda x: ..., lambda x: [..., 1.0], lambda x: NotImplemented])
def test_not_attempted_is_no_failure_and_no_try(half, stub):
    verdict = half(stub)
    assert (verdict.state, verdict.passed, verdict.mistake) == ("not attempted yet", False, None)
    assert progress.read() == {}


def test_raising_not_implemented_is_not_attempted(half):
    def stub(x):
        raise NotImplementedError

    assert half(stub).state == "not attempted yet"


def test_a_mistake_is_named_only_where_it_fits_everywhere(half):
    assert half(lambda x: x + x).mistake == "doubled"
    assert half(lambda x: x**2).mistake == "squared"
    assert half(lambda x: x + x if len(x) == 2 else x**2).mistake == "smaller"


@pytest.mark.parametrize(
    ("answer", "mistake", "part"),
    [
        (lambda x: -x / 2, "wrong_sign", "sign"),
        (lambda x: x / 4, "wrong_factor", "0.5 times"),
        (lambda x: (x / 2)[:1], "one_number", "the first of the right entries"),
        (lambda x: x / 0, "not_finite", "infinity"),
        (lambda x: None, "no_return", "return"),
        (lambda x: "one", "no_numbers", "quotation marks"),
        (lambda x: torch.tensor([1.0, 2.0]) if len(x) == 2 and x[0] == 2 else x + 9, "smaller", "The sheet's example is right"),
        (lambda x: 0 * x + 0.1, "constant", "whatever the arguments are"),
        (lambda x: x / 2 + torch.eye(len(x))[0] / 9, "another_result", "1 of 2 entries is right"),
        (lambda x: x / len(x), "wrong_factors", "1 in the sheet's example"),
        (lambda: 1, "arguments", "1 argument: x"),
        (torch.tensor([1.0, 2.0]), "no_function", "check.half(f)"),
        (lambda x: x.div_(2), "changes_arguments", "changes its argument `x` in place"),
    ],
)  # fmt: skip
def test_what_can_be_seen_is_said(half, answer, mistake, part):
    verdict = half(answer)
    assert verdict.mistake == mistake
    assert part in verdict.message
    assert "half.hint()" in repr(verdict)


def two_players(T, policies):
    P = torch.zeros(len(T), len(T))
    for s in range(len(T)):
        for a in range(policies[0].shape[1]):
            for b in range(policies[1].shape[1]):
                P[s] += policies[0][s, a] * policies[1][s, b] * T[s, a * policies[1].shape[1] + b]
    return P


def two_players_by_letters(T, policies):
    joint = torch.einsum("sa,sb->sab", *policies).flatten(1)
    return torch.einsum("sj,sjt->st", joint, T)


def test_an_answer_for_two_players_only_is_recognised(half):
    for answer in (two_players, two_players_by_letters):
        verdict = check.state_chain.judge(answer)
        assert verdict.mistake == "fixed_length"
        assert "Right with 2 `policies`" in verdict.message
    assert "There it says: Your code raises" in verdict.message


def test_several_numbers_may_come_without_brackets():
    assert check.regrets_by_hand(0.2, -0.05).passed
    assert check.misled(0.5, 0.9, 0.9, 8.0).passed
    assert check.coma(1, 2).mistake == "no_function"


def test_advice_where_no_mistake_is_known_by_name():
    for one in check.exercises():
        if one.kind == "number" and one.lesson < "07":
            verdict = one.judge(np.full(np.shape(one.expected), 77.5))
            assert verdict.mistake == "another_number"
            assert one.advice in verdict.message
            assert one.advice != "Write down each sum with all its numbers."


def test_results_are_never_broadcast_and_ragged_ones_are_no_numbers(half):
    assert half(lambda x: x[:, None] / 2).mistake == "axis_too_many"
    assert half(lambda x: x[:, None] / 2 + 0 * x).mistake == "shape"
    assert half(lambda x: [[1.0], [1.0, 2.0]]).mistake == "no_numbers"


def test_an_error_is_shown_at_the_students_line(half):
    def answer(x):
        table = {}
        return np.asarray(table[len(x)])

    verdict = half(answer)
    line = answer.__code__.co_firstlineno + 2
    assert verdict.mistake == "error"
    assert f"KeyError: 2, in line {line}: `return np.asarray(table[len(x)])`" in verdict.message


def test_an_error_deep_in_a_library_is_shown_at_the_students_line(half):
    verdict = half(lambda x: np.linalg.solve(x, x))
    assert "np.linalg.solve(x, x)" in verdict.message


def test_leaving_python_is_an_error_like_others(half):
    assert "SystemExit" in half(lambda x: sys.exit(3)).message


@pytest.mark.parametrize("default", [torch.float32, torch.float64])
def test_arguments_have_the_students_default_type(half, default):
    seen = []
    torch.set_default_dtype(default)
    try:
        half(lambda x: (seen.append(x.dtype), torch.ones(len(x)) * x / 2)[1])
    finally:
        torch.set_default_dtype(torch.float32)
    assert set(seen) == {default}


@pytest.mark.parametrize(
    ("value", "array"),
    [
        (torch.tensor([1, 2]), [1, 2]),
        ([torch.tensor(1.0), 2], [1, 2]),
        (np.float16(0.5), 0.5),
        (((1, 2), (3, 4)), [[1, 2], [3, 4]]),
        (torch.ones(2, dtype=torch.bfloat16, requires_grad=True), [1, 1]),
    ],
)
def test_numbers_come_in_many_forms(value, array):
    found = numbers(value)
    assert found.dtype == np.float64
    assert np.array_equal(found, np.array(array, dtype=float))


@pytest.mark.parametrize("value", [None, "1", b"1", True, 1j, {}, [[1], [1, 2]], ["a"], object(), torch])
def test_what_is_no_number(value):
    assert numbers(value) is None


# --- hints, picture ---


def test_hints_come_one_by_one_and_the_solution_last(half):
    said = [half.hint() for _ in range(5)]
    assert [h.name for h in said] == ["think", "formula", "skeleton", "solution", "solution"]
    assert "return x / 2" in repr(said[3])
    assert not any("return x / 2" in repr(h) + h._repr_markdown_() for h in said[:3])
    assert progress.read()["half"]["hints"] == 4


def test_a_verdict_never_holds_the_solution():
    for one in check.exercises():
        solved = one.hints[3].split("\n")[-1].strip()
        verdict = one.judge([17.0, 4.0] if one.kind == "number" else lambda *arguments: 1e3)
        assert solved not in repr(verdict) + verdict._repr_html_()
        assert one.kind != "number" or (verdict.yours is None and verdict.target is None)


def test_the_picture_is_said_in_words(half):
    html = half(lambda x: x + x)._repr_html_()
    assert "hollow, the target; filled, yours" in html
    assert html.count("entry 0: yours 4, target 1; entry 1: yours 8, target 2.") == 2  # for all, and for screen readers
    assert 'role="img"' in html


def test_messages_are_escaped():
    html = Verdict("x", "not yet", "a < b & `c < d`", "error")._repr_html_()
    assert "a &lt; b &amp; <code>c &lt; d</code>" in html


# --- progress ---


def test_progress_counts_done_tried_and_left(half, kept):
    check.regrets_by_hand([9.0, 9.0])
    check.regrets_by_hand([2.25, 2.0])
    check.coma(lambda q, row, c: q[:, c] - row @ q[:, c])
    page = check.progress("02_regret")
    assert (page.done, page.tried, page.left) == (1, 1, 5)
    total = sum(one.minutes for one in check.exercises("02_regret"))
    assert page.minutes == total - check.coma.minutes
    assert "tried 2 times" in repr(page)
    assert str(page) in page._repr_html_()
    assert json.loads(kept.read_text())["coma"] == {"done": True, "tries": 1, "hints": 0, "last": True}


def test_what_is_done_stays_done_but_the_last_answer_is_shown(half):
    half(lambda x: x / 2)
    half(lambda x: x)
    assert progress.read()["half"] == {"done": True, "tries": 1, "hints": 0, "last": False}


def test_progress_survives_a_restart(kept):
    code = "from micra_exercises import check; print(check.{})"
    for command in ("regrets_by_hand([0.2, -0.05]).passed", "progress('02_regret').done"):
        environment = {**os.environ, "MICRA_LITE_PROGRESS": str(kept)}
        said = subprocess.run(
            [sys.executable, "-c", code.format(command)], env=environment, capture_output=True, text=True, timeout=1800
        )
        assert said.stdout.strip() in ("True", "1"), said.stderr


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_crash_in_the_middle_of_writing_leaves_the_old_file(half, kept, monkeypatch, step):
    half(lambda x: x)
    before = kept.read_text()

    def crash(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(progress.os, step, crash)
    with pytest.raises(KeyboardInterrupt):
        half(lambda x: x / 2)
    monkeypatch.undo()
    assert kept.read_text() == before
    assert [p.name for p in kept.parent.iterdir()] == [kept.name]


@pytest.mark.parametrize("content", ["{", "[]", '{"half": 3}', '{"half": {"done": 1}}', ""])
def test_a_broken_file_is_put_aside(half, kept, content):
    kept.parent.mkdir()
    kept.write_text(content)
    half(lambda x: x / 2)
    assert progress.read()["half"]["done"]
    assert kept.with_suffix(".broken").read_text() == content


def test_where_nothing_can_be_written_memory_has_it(half, kept, monkeypatch):
    kept.parent.write_text("a file where a folder should be")
    half(lambda x: x / 2)
    assert progress.read()["half"]["done"]


def test_an_empty_variable_keeps_nothing_on_disk(half, monkeypatch):
    monkeypatch.setenv("MICRA_LITE_PROGRESS", "")
    half(lambda x: x / 2)
    assert progress.progress_file() is None
    assert progress.read()["half"]["done"]


# --- the package ---


def test_exercises_are_found_by_name_and_listed_in_order():
    listed = check.exercises()
    assert len({one.name for one in listed}) == len(listed)
    assert [one.lesson for one in listed] == sorted(one.lesson for one in listed)
    assert all(getattr(check, one.name) is one for one in listed)
    assert {one.name for one in listed} <= set(dir(check))
    with pytest.raises(AttributeError, match="no exercise 'nothing'"):
        _ = check.nothing


def test_importing_the_checks_loads_no_torch():
    code = "import sys; from micra_exercises import check; print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=1800, check=True)
    assert said.stdout.strip() == "False"
