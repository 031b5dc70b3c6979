import pytest

from micra_exercises import run_answer
from micra_exercises.variants import choose


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Students' answers get 2 seconds; here a busy machine must not turn a right one into a slow one."""
    monkeypatch.setattr(run_answer, "SECONDS", 120.0)


@pytest.fixture
def impatience(patience, monkeypatch):
    """For answers that never end."""
    monkeypatch.setattr(run_answer, "SECONDS", 2.0)


@pytest.fixture(autouse=True)
def printed():
    """Whatever variant a test chooses, the next begins with the printed one."""
    yield
    choose(0)
