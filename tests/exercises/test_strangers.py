"""The checks against the answers of people who had only the sheets."""

import pytest
import torch

import strangers
from micra_exercises import check

LABELS = strangers.labels()
FILES = [pytest.param(path, id=f"{path.parent.name}-{path.stem}") for path in strangers.files()]
MENDERS = ("1", "2", "3")  # the writers whose answers were used for mending


@pytest.fixture(autouse=True)
def defaults():
    """The course's number type."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def judge(answers):
    """Right ones are accepted, wrong ones rejected by the mistake for whose message they were labelled."""
    exercises = {one.name: one for one in check.exercises()}
    for answer in answers:
        verdict = exercises[answer.exercise].judge(answer.answer, seed=0)
        expected = LABELS[answer.key]["mistake"] or None if answer.mistakes else None
        told = f"{answer.exercise} #{answer.index}, {answer.words}: {verdict}"
        assert verdict.mistake == expected, told
        assert verdict.passed == (expected is None), told


@pytest.mark.parametrize("path", FILES)
def test_every_tenth_answer(path):
    judge(strangers.answers(path)[::10])


@pytest.mark.long
@pytest.mark.parametrize("path", FILES)
def test_every_answer(path):
    judge(strangers.answers(path))


def test_every_wrong_answer_has_a_label():
    wrong = {answer.key for answer in strangers.all_answers() if answer.mistakes}
    assert set(LABELS) == wrong
    assert {row["label"] for row in LABELS.values()} <= {"named", "generic", "misdiagnosed", "accepted"}


def test_of_those_used_for_mending_all_are_rejected_and_single_mistakes_named():
    rows = [row for row in LABELS.values() if row["writer"] in MENDERS]
    assert all(row["mistake"] for row in rows)
    single = [row["label"] for row in rows if row["mistakes"] == "1"]
    assert len(single) > 1500
    assert single.count("named") >= 0.97 * len(single)
    assert "misdiagnosed" not in single
