"""What does not fit together is refused with a message of its own, by every advantage of Eq. 2."""

import pytest
import torch

from micra_lite.baselines.advantages import coma_advantage, joint_advantage, sampled_regret_advantage
from micra_lite.exact import JointTable
from micra_lite.extensions.factored_regret import cp_regret_advantage, pairwise_regret_advantage
from micra_lite.regret import counterfactual_regret_advantage, regret

GOOD = [[0.5, 0.5], [0.25, 0.25, 0.5]]
BAD_INPUTS = [
    ("sums", {"policies": [[0.5, 0.6], GOOD[1]]}, "policy 0 .*differ from 1 by up to 0.1"),
    ("negative", {"policies": [GOOD[0], [1.5, -0.5, 0.0]]}, "policy 1 .*negative"),
    ("NaN policy", {"policies": [[float("nan"), 0.5], GOOD[1]]}, "policy 0 .*not a probability distribution"),
    ("shape", {"policies": GOOD[::-1]}, r"policy 0 has shape \(1, 3\); q asks for \(1, 2\)"),
    ("too few", {"policies": GOOD[:1]}, "2 action axes but 1 policies"),
    ("too many", {"policies": [*GOOD, GOOD[0]]}, "2 action axes but 3 policies"),
    ("NaN", {"q": float("nan")}, "q contains NaN or infinity"),
    ("infinity", {"q": float("inf")}, "q contains NaN or infinity"),
    ("axis", {"targets": [2]}, r"target axes \[2\] are not among the agents' axes 0 … 1"),
    ("negative axis", {"targets": [0, -1]}, r"target axes \[-1\] are not among"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), [b[1:] for b in BAD_INPUTS], ids=[b[0] for b in BAD_INPUTS])
def test_bad_inputs_are_named(change, message):
    """All three functions refuse what does not fit, each time saying what it is."""
    q = torch.zeros(1, 2, 3)
    q[0, 1, 2] = change.get("q", 1.0)
    policies = [torch.tensor([p]) for p in change.get("policies", GOOD)]
    targets, actions = change.get("targets", [0]), torch.zeros(1, 2, dtype=torch.long)
    for call in (
        lambda: counterfactual_regret_advantage(q, policies, targets),
        lambda: coma_advantage(q, policies, targets, actions),
        lambda: sampled_regret_advantage(q, policies, targets, 1, torch.Generator()),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_bad_actions_and_samples_are_named():
    q, policies = torch.zeros(4, 2, 3), [torch.tensor([p]).expand(4, -1) for p in GOOD]
    for shape in [(4, 1), (4, 3), (1, 2), (4,)]:
        with pytest.raises(ValueError, match=r"actions have shape .*expected \(batch, agents\) = \(4, 2\)"):
            coma_advantage(q, policies, [0], torch.zeros(shape, dtype=torch.long))
    for samples in (0, -1):
        with pytest.raises(ValueError, match=f"samples must be at least 1; got {samples}"):
            sampled_regret_advantage(q, policies, [0], samples, torch.Generator())


def test_an_empty_batch_has_empty_regrets():
    """No states, no regrets; not an obscure error from a reduction."""
    found = counterfactual_regret_advantage(torch.zeros(0, 2, 3), [torch.zeros(0, 2), torch.zeros(0, 3)], [1])
    assert found[0].shape == (0, 3)


SIZES = [(2, 3), (3, 3, 3), (5, 5, 5, 5), (2, 4, 3)]


@pytest.mark.parametrize("offset", [0.0, 1e4, -1e6])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_an_offset_in_q_does_not_drown_the_regrets(sizes, offset):
    """Single precision against double precision of the same single-precision q: below 1e-6 of its span, also at 10⁶."""
    generator = torch.Generator().manual_seed(len(sizes))
    q = (torch.randn(64, *sizes, generator=generator, dtype=torch.float64) * 5 + offset).float()
    policies = [torch.rand(64, a, generator=generator, dtype=torch.float64).softmax(-1) for a in sizes]
    span = (q.double().flatten(1).amax(1) - q.double().flatten(1).amin(1)).max()
    found = counterfactual_regret_advantage(q, policies, range(len(sizes)))
    exact = counterfactual_regret_advantage(q.double(), policies, range(len(sizes)))
    for ours, truth in zip(found, exact, strict=True):
        assert ours.dtype == torch.float32
        assert float((ours.double() - truth).abs().max()) < 1e-6 * float(span)
    table = JointTable(q)
    single = [p.float() for p in policies]
    for i, truth in enumerate(exact):
        ours = regret(table.counterfactual(single, i), single[i])
        assert float((ours.double() - truth).abs().max()) < 2e-6 * float(span)


def test_target_axes_may_be_any_iterable():
    """A generator is read once, and gives as many advantages as a list."""
    q, policies = torch.randn(4, 2, 3), [torch.tensor([p]).expand(4, -1) for p in GOOD]
    actions = torch.zeros(4, 2, dtype=torch.long)
    for call in (
        lambda axes: counterfactual_regret_advantage(q, policies, axes),
        lambda axes: coma_advantage(q, policies, axes, actions),
        lambda axes: joint_advantage(q, policies, axes, actions),
        lambda axes: sampled_regret_advantage(q, policies, axes, 3, torch.Generator().manual_seed(0)),
        lambda axes: pairwise_regret_advantage([q.mean(2), q.mean(1)], {(0, 1): q}, policies, axes),
        lambda axes: cp_regret_advantage([q.mean(2)[:, None], q.mean(1)[:, None]], policies, axes),
    ):
        listed, generated = call([1, 0]), call(i for i in (1, 0))
        assert len(generated) == 2
        assert all(torch.equal(a, b) for a, b in zip(listed, generated, strict=True))


def test_policies_may_be_more_precise_than_q():
    """Single-precision q beside double-precision policies, by each function: the result has q's type."""
    q, policies = torch.randn(4, 2, 3), [torch.tensor([p], dtype=torch.float64).expand(4, -1) for p in GOOD]
    for found in (
        counterfactual_regret_advantage(q, policies, [0, 1]),
        coma_advantage(q, policies, [0, 1], torch.zeros(4, 2, dtype=torch.long)),
        pairwise_regret_advantage([q.mean(2), q.mean(1)], {(0, 1): q}, policies, [0, 1]),
    ):
        assert {a.dtype for a in found} == {torch.float32}
