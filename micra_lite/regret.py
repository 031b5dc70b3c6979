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

Shapes: q (B, A_1, …, A_n) in units of return; policies, a list of n tensors (B, A_j) of probabilities; `targets`, the
axes of the target agents. Every function returns a list with one (B, A_i) for each target, in units of return.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def check_inputs(q: Tensor, policies: Sequence[Tensor], targets: Sequence[int]) -> None:
    """Raise ValueError, naming what is wrong, unless q, policies and targets fit together."""
    n = q.dim() - 1
    if len(policies) != n:
        raise ValueError(f"q has {n} action axes but {len(policies)} policies were given; give one policy per agent")
    check_policies(len(q), q.shape[1:], policies, targets)
    if not torch.isfinite(q).all():
        raise ValueError("q contains NaN or infinity; look at the critic's loss and at the rewards it was trained on")


def check_policies(batch: int, n_actions: Sequence[int], policies: Sequence[Tensor], targets: Sequence[int]) -> None:
    """Raise ValueError unless `policies` are probabilities over `n_actions` and `targets` are among their agents."""
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
    for i in targets:
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


def counterfactual_regret_advantage(q: Tensor, policies: Sequence[Tensor], targets: Sequence[int]) -> list[Tensor]:
    """Eq. 2, exactly: how much better than its policy each own action is, the others averaged out.

    Args: q (B, A_1, …, A_n), return; policies, n × (B, A_j), probabilities, the externals' as predicted; targets,
    axes. Returns one (B, A_i) per target, return; Σ_a π_i(a) A_i(a) = 0. Raises ValueError on input that does not fit.

    >>> q = torch.tensor([[[4.0, 0.0], [3.0, 2.0]]])  # the stag hunt, seen by the row player
    >>> policies = [torch.tensor([[0.5, 0.5]]), torch.tensor([[0.75, 0.25]])]
    >>> counterfactual_regret_advantage(q, policies, [0])
    [tensor([[ 0.1250, -0.1250]])]
    """
    check_inputs(q, policies, targets)
    advantages = []
    for i in targets:
        values = counterfactual_values(q, policies, i)  # (B, A_i)
        advantages.append(values - (policies[i] * values).sum(-1, keepdim=True))
    return advantages


def coma_advantage(q: Tensor, policies: Sequence[Tensor], targets: Sequence[int], actions: Tensor) -> list[Tensor]:
    """COMA's advantage (Foerster et al., 2018): as Eq. 2, but the others stay at the actions they took.

    Args: as above; actions (B, n), the joint action taken. Returns one (B, A_i) per target: the entry at the action
    that i took is the published advantage, the others are what i would have got instead.
    """
    check_inputs(q, policies, targets)
    if actions.shape != (q.shape[0], q.dim() - 1):
        raise ValueError(
            f"actions have shape {tuple(actions.shape)}; expected (batch, agents) = {(q.shape[0], q.dim() - 1)}"
        )
    advantages = []
    for i in targets:
        own = values_beside(q, actions, i)
        advantages.append(own - (policies[i] * own).sum(-1, keepdim=True))
    return advantages


def values_beside(q: Tensor, actions: Tensor, i: int) -> Tensor:
    """Q(s, [·, a_-i]): what each action of i is worth beside the others' actions (B, n); (B, A_i), return."""
    others = [actions[:, j] for j in range(q.dim() - 1) if j != i]
    return q.movedim(i + 1, -1)[(torch.arange(len(q), device=q.device), *others)]


def joint_advantage(q: Tensor, policies: Sequence[Tensor], targets: Sequence[int], actions: Tensor) -> list[Tensor]:
    """The joint action's advantage Q(s, a) − v(s) as every target's own ("central-QV" of Foerster et al., 2018).

    Each is credited with what the others' actions happened to bring. Args and result as in `coma_advantage`. Summed
    over own actions exactly it would be COMA's, because there every baseline cancels: it is for sampled own actions.
    """
    check_inputs(q, policies, targets)
    value = (policies[0] * counterfactual_values(q, policies, 0)).sum(-1, keepdim=True)  # (B, 1), v(s)
    return [values_beside(q, actions, i) - value for i in targets]


def sampled_regret_advantage(
    q: Tensor, policies: Sequence[Tensor], targets: Sequence[int], samples: int, generator: torch.Generator
) -> list[Tensor]:
    """An unbiased estimate of Eq. 2: the mean of COMA's advantage over `samples` joint actions drawn from `policies`.

    Args: as above; samples ≥ 1. Its variance falls as 1/samples; the exact CRA is its limit.
    """
    check_inputs(q, policies, targets)
    if samples < 1:
        raise ValueError(f"samples must be at least 1; got {samples}")
    draws = [torch.multinomial(p, samples, replacement=True, generator=generator) for p in policies]  # n × (B, samples)
    total = [torch.zeros_like(policies[i]) for i in targets]
    for k in range(samples):
        for sum_i, advantage in zip(
            total, coma_advantage(q, policies, targets, torch.stack([d[:, k] for d in draws], -1)), strict=True
        ):
            sum_i += advantage
    return [sum_i / samples for sum_i in total]


def _regrets(values: Tensor, policy: Tensor) -> Tensor:
    """v(s | i plays a_i), (B, A_i), up to a constant in a_i → A_i."""
    return values - (policy * values).sum(-1, keepdim=True)


def pairwise_regret_advantage(
    singles: Sequence[Tensor], pairs: Mapping[tuple[int, int], Tensor], policies: Sequence[Tensor], targets: Sequence[int]
) -> list[Tensor]:  # fmt: skip
    """Eq. 2, exactly, for Q(s, a) = Σ_j u_j(a_j) + Σ_{(j,l)} w_jl(a_j, a_l), in O(n|A| + |E||A|²).

    Terms without agent i are the same for all its actions, and cancel.

    Args: singles, the u_j, n × (B, A_j); pairs, (j, l) → w_jl (B, A_j, A_l), for those pairs that interact; policies and
    targets as above. Returns one (B, A_i) per target, return. Raises ValueError on input that does not fit.
    """
    n_actions = _parts_fit("singles", singles, policies, targets)
    for (j, l), w in pairs.items():
        if j == l or not {j, l} <= set(range(len(singles))):
            raise ValueError(f"({j}, {l}) is no pair of two of the {len(singles)} agents")
        if w.shape != (len(singles[0]), n_actions[j], n_actions[l]):
            raise ValueError(f"the pair ({j}, {l}) has shape {tuple(w.shape)}; expected (batch, actions, actions)")
    values = {i: singles[i] for i in targets}
    for (j, l), w in pairs.items():
        if j in values:
            values[j] = values[j] + torch.einsum("bjl,bl->bj", w, policies[l])
        if l in values:
            values[l] = values[l] + torch.einsum("bjl,bj->bl", w, policies[j])
    return [_regrets(values[i], policies[i]) for i in targets]


def cp_regret_advantage(factors: Sequence[Tensor], policies: Sequence[Tensor], targets: Sequence[int]) -> list[Tensor]:
    """Eq. 2, exactly, for Q(s, a) = Σ_r ∏_j F_j(r, a_j), a sum of R products (CP rank R), in O(nR|A|).

    Each factor is averaged by itself; what remains of the others is the product of those before i and of those after.

    Args: factors, n × (B, R, A_j); policies and targets as above. Returns one (B, A_i) per target, return.
    """
    _parts_fit("factors", factors, policies, targets)
    means = torch.stack([torch.einsum("bra,ba->br", f, p) for f, p in zip(factors, policies, strict=True)])  # (n, B, R)
    one = torch.ones_like(means[:1])
    before = torch.cat([one, means[:-1].cumprod(0)])  # (n, B, R): the product over j < i
    after = torch.cat([means[1:].flip(0).cumprod(0).flip(0), one])  # … and over j > i
    others = before * after
    return [_regrets(torch.einsum("bra,br->ba", factors[i], others[i]), policies[i]) for i in targets]


def _parts_fit(what: str, parts: Sequence[Tensor], policies: Sequence[Tensor], targets: Sequence[int]) -> list[int]:
    """A_j as the parts of a factored Q have them; ValueError where they and the policies do not fit together."""
    if len(parts) != len(policies):
        raise ValueError(f"there are {len(parts)} {what} but {len(policies)} policies; give one of each per agent")
    if any(part.shape[:-1] != parts[0].shape[:-1] for part in parts):
        raise ValueError(f"the {what} have shapes {[tuple(p.shape) for p in parts]}; only the last axis may differ")
    n_actions = [part.shape[-1] for part in parts]
    check_policies(len(parts[0]), n_actions, policies, targets)
    return n_actions


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
