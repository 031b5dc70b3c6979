"""The checks against mutants of the reference solutions: what is not the same must be rejected."""

import pytest

from check_answers.mutants import equivalent, mutants, survivors
from micra_exercises import check

CLOSED = [one for one in check.exercises() if one.kind != "open"]


@pytest.mark.long
@pytest.mark.parametrize("one", CLOSED, ids=lambda e: e.name)
def test_mutants_are_rejected(one, impatience):
    tried, accepted = survivors(one)
    assert tried >= 5
    assert len(accepted) <= 0.05 * tried, "\n\n".join(accepted)


def test_mutants_differ_from_the_reference_and_from_each_other():
    """The mutation itself: known mutants of one small solution are among them, and equivalence is judged by results."""
    sources = [source.split("\n", 1)[1].strip() for source, _ in mutants(check.coma)]
    assert len(set(sources)) == len(sources)
    for wanted in ("return worth + (row * worth).sum()", "return worth", "return (row * worth).sum()"):
        assert any(s.endswith(wanted) for s in sources)
    assert any("q[c, :]" in s for s in sources)
    assert equivalent(check.coma, lambda q, row, c: q[:, c] - row @ q[:, c])
    assert not equivalent(check.coma, lambda q, row, c: q[:, c] - q[:, c].mean())
