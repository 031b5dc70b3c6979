"""Eq. 2: the counterfactual regret advantage (CRA), and the advantages it is compared with. Pure functions.

For target i, its own action a_i, and policies π_j of all agents (for externals: the imitator's prediction δ),

    v(s | i plays a_i) = Σ_{a_-i} ∏_{j≠i} π_j(a_j|s) Q(s, [a_i, a_-i])         the others' actions averaged out
    v(s)               = Σ_{a_i} π_i(a_i|s) v(s | i plays a_i)                  the own action averaged out as well
    A_i(s, a_i)        = v(s | i plays a_i) − v(s)                              (Eq. 2)

1. `counterfactual_values` is the first sum, `counterfactual_regret_advantage` the difference.
2. `coma_advantage` keeps the others at the actions they took; its mean over those actions is the CRA.
3. `joint_advantage` has no counterfactual baseline either: Q of the joint action, minus v(s).
4. `sampled_regret_advantage` estimates the first sum from drawn actions of the others.
5. `pairwise_regret_advantage` and `cp_regret_advantage` are Eq. 2 for a Q that is given in small parts: the same sums,
   exactly, without the table of ∏ A_j entries.

Shapes: q (B, A_1, …, A_n) in units of return; policies, a list of n tensors (B, A_j) of probabilities; `target_axes`, the
axes of the target agents. Every function returns a list with one (B, A_i) for each target, in units of return.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def check_inputs(q: Tensor, policies: Sequence[Tensor], target_axes: Sequence[int]) -> None:
    """Raise ValueError, naming what is wrong, unless q, policies and target_axes fit together."""
    n = q.dim() - 1
    if len(policies) != n:
        raise ValueError(f"q has {n} action axes but {len(policies)} policies were given; give one policy per agent")
    check_policies(len(q), q.shape[1:], policies, target_axes)
    if not torch.isfinite(q).all():
        raise ValueError("q contains NaN or infinity; look at the critic's loss and at the rewards it was trained on")


def check_policies(
    batch: int, n_actions: Sequence[int], policies: Sequence[Tensor], target_axes: Sequence[int]
) -> None:
    """Raise ValueError unless `policies` are probabilities over `n_actions` and `target_axes` are among their agents."""
    n = len(n_actions)
    for j, policy in enumerate(policies):
        expected = (batch, n_actions[j])
        if policy.shape != expected:
            raise ValueError(f"policy {j} has shape {tuple(policy.shape)}; q asks for {expected} (batch, actions)")
        if (policy < 0).any():
            raise ValueError(f"policy {j} is not a probability distribution: it has negative entries")
        off = (policy.sum(-1) - 1).abs().amax().item() if len(policy) else 0.0
        if not off < 1e-4:  # NaN fails the comparison too
            raise ValueError(f"policy {j} is not a probability distribution: its sums differ from 1 by up to {off:.2g}")
    for i in target_axes:
        if not 0 <= i < n:
            raise ValueError(f"target axis {i} is not one of the {n} agents' axes 0 … {n - 1}")


def counterfactual_values(q: Tensor, policies: Sequence[Tensor], i: int) -> Tensor:
    """v(s | i plays a_i): average q over everybody's actions but i's.

    Args: q (B, A_1, …, A_n), return; policies, n × (B, A_j); i, the axis that stays. Returns (B, A_i), return.
    """
    for j in reversed(range(len(policies))):  # from the last axis on, so that the axes still to come keep their place
        if j != i:
            q = torch.einsum("b...a,ba->b...", q.movedim(j + 1, -1), policies[j])  # axis j is gone
    return q


def counterfactual_regret_advantage(q: Tensor, policies: Sequence[Tensor], target_axes: Sequence[int]) -> list[Tensor]:
    """Eq. 2, exactly: how much better than its policy each own action is, the others averaged out.

    Args: q (B, A_1, …, A_n), return; policies, n × (B, A_j), probabilities, the externals' as predicted; target_axes,
    the axes of the targets. Returns one (B, A_i) per target, return; Σ_a π_i(a) A_i(a) = 0. Raises ValueError on input that does not fit.

    >>> q = torch.tensor([[[4.0, 0.0], [3.0, 2.0]]])  # the stag hunt, seen by the row player
    >>> policies = [torch.tensor([[0.5, 0.5]]), torch.tensor([[0.75, 0.25]])]
    >>> counterfactual_regret_advantage(q, policies, [0])
    [tensor([[ 0.1250, -0.1250]])]
    """
    check_inputs(q, policies, target_axes)
    advantages = []
    for i in target_axes:
        values = counterfactual_values(q, policies, i)  # (B, A_i)
        advantages.append(values - (policies[i] * values).sum(-1, keepdim=True))
    return advantages


def policy_gradient_objective(log_policy: Tensor, advantage: Tensor, actions: Tensor | None = None) -> Tensor:
    """Eq. 3 as an objective to maximise: its gradient is the CRA policy gradient.

    The sum over own actions is taken exactly, Σ_a π_i(a) A_i(a), or by the sampled action, log π_i(a) A_i(a).

    Args: log_policy (B, A_i), nats; advantage (B, A_i), return, through which no gradient flows; actions (B,), the own
    actions drawn from π_i, or None for the exact sum. Returns the mean over the batch, return.
    """
    advantage = advantage.detach()
    if actions is None:
        return (log_policy.exp() * advantage).sum(-1).mean()
    return (log_policy * advantage).gather(-1, actions[:, None]).mean()
