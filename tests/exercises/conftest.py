import pytest
import torch

from micra_exercises import limits, run_answer
from micra_exercises.exercise import exercise
from micra_exercises.variants import choose


@pytest.fixture
def impatience(monkeypatch):
    """For answers that never end."""
    monkeypatch.setattr(run_answer, "FIRST", 1.0)
    monkeypatch.setattr(limits, "IDLE", 1.0)


@pytest.fixture(autouse=True)
def printed():
    """Whatever variant a test chooses, the next begins with the printed one."""
    yield
    choose(0)


@pytest.fixture
def half():
    @exercise(
        lesson="none", title="Half of it", difficulty=1, importance=2, minutes=3,
        example=(torch.tensor([2.0, 4.0]),), expected=[1.0, 2.0],
        draw=lambda generator, k: (torch.randn(2 + k, generator=generator),),
        hints=("What is twice as much?", "x / 2", "return x / ..."),
        mistakes=[("doubled", lambda x: 2 * x, "You doubled. Divide by 2."), ("squared", lambda x: x * x, "You squared.")],
        properties=[("smaller", lambda result, x: abs(result).max() < abs(x).max(), "half is smaller.")],
    )  # fmt: skip
    def half(x):
        return x / 2

    return half
