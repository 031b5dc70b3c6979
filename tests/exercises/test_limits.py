"""What an answer does to the kernel that it runs in: nothing. Limits of time and memory, settings, patches, odd results."""

import os
import random
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest
import torch

from helpers import ROOT
from micra_exercises import check, in_code, limits
from micra_exercises.limits import Stopwatch
from micra_exercises.verdict import Verdict


def endless(x):
    n = 0
    while True:
        n += 1


def swallowing(x):
    n = 0
    while True:
        try:  # noqa: SIM105
            n += 1
        except:  # noqa: E722
            pass


@pytest.mark.parametrize("answer", [endless, swallowing, lambda x: time.sleep(3600)])
def test_an_endless_loop_ends_with_words(half, answer, impatience):
    start = time.monotonic()
    verdict = half(answer)
    assert verdict.mistake == "too_slow"
    assert "line" in verdict.message
    assert time.monotonic() - start < 1800  # it did not sleep to the end


@pytest.mark.parametrize("answer", [endless, swallowing])
def test_in_another_thread_too(half, answer, impatience):
    """There are no signals there, as there are none on Windows."""
    found = []
    thread = threading.Thread(target=lambda: found.append(half(answer)))
    thread.start()
    thread.join(1800)
    assert [v.mistake for v in found] == ["too_slow"]


def test_nothing_is_left_of_the_limits(half, impatience):
    import signal

    before = signal.getsignal(signal.SIGALRM)
    half(endless)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    time.sleep(0.12)  # no late alarm


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
@pytest.mark.parametrize("answer", [lambda x: torch.zeros(10**12), lambda x: np.ones(10**12), lambda x: [0] * 10**11])
def test_a_huge_allocation_ends_with_words(half, answer):
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    verdict = half(answer)
    assert verdict.mistake == "too_much_memory"
    assert "10**1" in verdict.message
    assert resource.getrlimit(resource.RLIMIT_AS) == before


@pytest.mark.parametrize("wait", [lambda: time.sleep(3600), lambda: threading.Event().wait(3600)])
def test_an_idle_answer_ends_by_the_clock_on_the_wall(half, wait, monkeypatch):
    monkeypatch.setattr(limits, "IDLE", 0.5)
    assert half(lambda x: wait()).mistake == "too_slow"


def test_a_busy_machine_makes_no_answer_slow(monkeypatch):
    """An hour passes on the wall, but this process gets only a tenth of it, and the thread needs no more than that."""
    times = iter([(0.0, 0.0, 0.0)] + [(36.0 * k, 0.001 * k, 3.6 * k) for k in range(1, 101)])
    monkeypatch.setattr(Stopwatch, "_now", lambda self: next(times))
    monkeypatch.setattr(os, "cpu_count", lambda: 10**6)
    watch = Stopwatch(1.0)
    assert not any(watch.is_over(None) for _ in range(100))
    assert watch.idle == 0


def test_an_import_is_never_interrupted_and_its_time_does_not_count(half, impatience, tmp_path, monkeypatch):
    lines = ["import time", "end = time.thread_time() + 3", "while time.thread_time() < end: pass", "whole = True"]
    (tmp_path / "slow_to_import.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)

    def answer(x):
        import slow_to_import

        return x / 2 if slow_to_import.whole else x

    assert half(answer).passed
    assert sys.modules["slow_to_import"].whole


def test_first_uses_of_large_libraries_harm_nothing():
    """In a fresh process, with hardly any time: the answers are right, and what they have loaded works afterwards."""
    code = """
import torch
from micra_exercises import check, run_answer
run_answer.FIRST = run_answer.LATER = 0.5

def by_transform(q, row, c):
    import scipy.special
    worth = torch.func.grad(lambda r: r @ q[:, c])(row)
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])
    return worth - row @ worth + scipy.special.expit(0.0) - 0.5

print(check.coma.judge(by_transform).message)
import sympy
print(sympy.printing and torch.func.vmap(torch.sin)(torch.zeros(2)).sum().item())
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=1800)
    assert said.stdout.splitlines()[0].startswith("In the sheet's example"), said.stdout + said.stderr
    assert said.stdout.splitlines()[1] == "0.0"


@pytest.mark.long
def test_ten_at_once_give_the_same_verdicts():
    """As alone, whatever else the machine does: right and wrong answers, one that computes for long, one that never ends."""
    code = """
import sys, time
sys.path.insert(0, "tests/exercises")
import torch
from check_answers import tables
from micra_exercises import check, run_answer
torch.set_default_dtype(torch.float64)
run_answer.FIRST = 4.0

def slow(q, row, c):
    end = time.thread_time() + 0.4
    while time.thread_time() < end: pass
    return q[:, c] - row @ q[:, c]

def endless(q, row, c):
    while True: pass

for one, wrong, right in tables():
    for answer in (right[0], *(a for name, a in wrong[::16] if name != "too_slow")):
        print(one.name, one.judge(answer, seed=1).mistake)
print(check.coma.judge(slow).mistake, check.coma.judge(endless).mistake)
"""
    command = [sys.executable, "-W", "ignore", "-c", code]
    alone = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=True, cwd=ROOT).stdout
    assert alone.endswith("None too_slow\n")
    ten = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(10)]
    assert [process.communicate(timeout=1800)[0] for process in ten] == [alone] * 10


SETTINGS = {
    "number type": (lambda: torch.set_default_dtype(torch.float16), torch.get_default_dtype),
    "gradients": (lambda: torch.set_grad_enabled(False), torch.is_grad_enabled),
    "torch's seed": (lambda: torch.manual_seed(3), lambda: torch.get_rng_state().tolist()),
    "numpy's seed": (lambda: np.random.seed(3), lambda: np.random.get_state()[1].tolist()),  # noqa: NPY002
    "Python's seed": (lambda: random.seed(3), random.getstate),
    "numpy's function": (lambda: setattr(np, "allclose", lambda *a, **k: True), lambda: np.allclose),
    "torch's function": (lambda: setattr(torch, "tensor", None), lambda: torch.tensor),
    "a method": (lambda: setattr(torch.Tensor, "sum", None), lambda: torch.Tensor.sum),
    "a new name": (lambda: setattr(np, "mine", 3), lambda: hasattr(np, "mine")),
    "the check's function": (lambda: setattr(in_code, "close", lambda *a: True), lambda: in_code.close),
    "the check's code": (
        lambda: setattr(in_code.close, "__code__", (lambda *a: True).__code__),
        lambda: in_code.close.__code__,
    ),
    "the verdict": (lambda: setattr(Verdict, "passed", True), lambda: Verdict.passed),
    "the tolerance": (lambda: setattr(check.coma, "tolerance", 1e9), lambda: check.coma.tolerance),
    "the environment": (lambda: os.environ.update(MINE="3"), lambda: os.environ.get("MINE")),
    "the folder": (lambda: os.chdir("/"), os.getcwd),
    "the output": (lambda: setattr(sys, "stdout", None), lambda: sys.stdout),
    "the depth": (lambda: sys.setrecursionlimit(10**5), sys.getrecursionlimit),
    "warnings of numbers": (lambda: np.seterr(all="raise"), np.geterr),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_nothing_that_an_answer_sets_outlives_its_call(half, name):
    change, read = SETTINGS[name]
    before = read()

    def answer(x):
        change()
        return 3 * x

    verdict = half(answer)
    assert not verdict.passed
    assert read() == before


def test_warnings_refuse_no_right_answer(half):
    """In these tests they are errors."""
    assert half(lambda x: (warnings.warn("old", DeprecationWarning, stacklevel=1), x / 2)[1]).passed


def test_a_check_leaves_no_mode_that_slows_torch_down(half):
    before = torch._C._len_torch_function_stack()
    half(lambda x: x / 2)
    assert torch._C._len_torch_function_stack() == before
    half(lambda x: (torch.set_default_device("meta"), x)[1])
    assert torch._C._len_torch_function_stack() == before


def test_gradients_work_where_the_notebook_has_switched_them_off():
    torch.set_grad_enabled(False)
    try:
        found = check.td_loss.judge(
            lambda q, a, y: ((q[torch.arange(len(y)), a[:, 0], a[:, 1]] - y.detach()) ** 2).mean()
        )
        assert not torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(True)
    assert found.passed, found


class Raises:
    def __array__(self, *arguments, **options):
        raise OSError("never")


class Endless:
    def __float__(self):
        while True:
            pass


@pytest.mark.parametrize(
    ("result", "mistake"),
    [(Raises(), "no_numbers"), ([Raises()], "no_numbers"), (torch.ones(2) * 1j, "complex_numbers"), ([1j, 2], "complex_numbers"),
     (iter([1]), "no_numbers"), ((x for x in [1]), "no_numbers"), ({1: 2}, "no_numbers"), ([Endless()], "too_slow")],
)  # fmt: skip
def test_a_result_that_cannot_be_read_gets_a_verdict(half, result, mistake, impatience):
    assert half(lambda x: result).mistake == mistake


def test_other_forms_of_numbers_are_read(half):
    assert half(lambda x: (x / 2).to_sparse()).passed
    assert half(lambda x: (x / 2).to(torch.complex128)).passed
    assert half(lambda x: [one / 2 for one in x.tolist()]).passed
    assert half(lambda x: np.asfortranarray(x.numpy() / 2)).passed
    assert half(lambda x: (x / 2).to(torch.float32)).passed
    assert half(lambda x: (x / 2).half()).mistake == "half_precision"


def test_what_is_kept_from_call_to_call_is_seen(half):
    seen = []

    def answer(x):
        seen.append(x)
        return x / 2 if len(seen) < 10 else x

    verdict = half(answer)
    assert verdict.mistake == "keeps_state"
    assert "from call to call" in verdict.message


def test_a_first_cell_that_was_not_run_gets_that_sentence(half):
    names = {}
    exec("def answer(x):\n    return torch.relu(x)", names)
    assert half(names["answer"]).message.endswith("Run the first cell of the sheet.")


def test_each_check_draws_its_own_cases(half):
    seen = []
    for _ in range(2):
        half(lambda x: (seen.append(x.tolist()), x / 2)[1])
    assert seen[: len(seen) // 2] != seen[len(seen) // 2 :]


def test_small_results_are_compared_as_strictly_as_large_ones(half):
    assert half(lambda x: x / 2).passed
    tiny = in_code.close(np.array([1.01e-5]), np.array([1e-5]), 1e-4)
    assert not tiny


def test_messages_use_the_students_names():
    def mine(payoffs, mix, move):
        mix *= 2
        return mix

    assert "its argument `mix` in place" in check.coma.judge(mine).message
    assert "payoffs: 2 × 3" in check.coma.judge(lambda payoffs, mix, move: payoffs[:, move] ** 3 - 7).message
