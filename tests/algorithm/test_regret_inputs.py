"""What does not fit together is refused with a message of its own, by every advantage of Eq. 2."""

import pytest
import torch

from micra_lite.baselines.advantages import coma_advantage, sampled_regret_advantage
from micra_lite.regret import counterfactual_regret_advantage

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
    ("axis", {"targets": [2]}, "target axis 2"),
    ("negative axis", {"targets": [0, -1]}, "target axis -1"),
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
