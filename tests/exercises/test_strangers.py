"""The checks against the answers of people who had only the sheets."""

import pytest
import torch

import strangers
from micra_exercises import check

LABELS = strangers.labels()
MENDED = {sheet for _, sheet, _ in LABELS}  # the sheets whose checks have been tried on these answers, and mended
FILES = [pytest.param(path, id=f"{path.parent.name}-{path.stem}") for path in strangers.files() if path.stem in MENDED]


@pytest.fixture(autouse=True)
def defaults():
    """The course's number type."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def judge(answers):
    """Right ones are accepted, wrong ones rejected."""
    exercises = {one.name: one for one in check.exercises()}
    for answer in answers:
        verdict = exercises[answer.exercise].judge(answer.answer)
        assert verdict.passed == (answer.mistakes == 0), f"{answer.exercise} #{answer.index}, {answer.words}: {verdict}"


@pytest.mark.parametrize("path", FILES)
def test_every_tenth_answer(path):
    judge(strangers.answers(path)[::10])


@pytest.mark.long
@pytest.mark.parametrize("path", FILES)
def test_every_answer(path):
    judge(strangers.answers(path))


def test_single_mistakes_are_named():
    """By the labels, which were given by reading each message beside the writer's words."""
    single = [row["label"] for row in LABELS.values() if row["mistakes"] == "1"]
    assert len(single) > 1000
    assert single.count("named") >= 0.9 * len(single)
    assert "misdiagnosed" not in single
