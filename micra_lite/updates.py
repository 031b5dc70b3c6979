"""One update of critic and actors, from top to bottom.

The critic learns the joint Q-function by temporal differences; its regrets (Eq. 2) move each target's policy (Eq. 3).
Its belief about the K externals may know all of them; the team's knows what actors could have watched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .agent import Belief
from .regret import FactoredQ, policy_gradient_objective, regret
from .replay import Transitions
from .training_state import TrainingState

# (critic's answer, policies n × (K, N, A_j), target axes, generator) → for each target (K, N, A_i), return
Advantages = Callable[[FactoredQ, Sequence[Tensor], Sequence[int], torch.Generator], list[Tensor]]


@torch.no_grad()
def temporal_difference_target(
    state: TrainingState, critic_belief: Belief, team_belief: Belief, batch: Transitions
) -> Tensor:
    """y = r + γ Σ_{a′} π_𝒯(a′_𝒯|s′) δ_k(a′_ℰ|o′_ℰ) Q̄(s′, a′), (K, N), and y = r where the episode has terminated.

    π_𝒯 are the current actors with the team's belief, δ_k and Q̄ take the critic's. The expectation over next joint
    actions is taken, not sampled; r is the targets' mean reward, or each target's own, with a Q of its own: (m, K, N).
    """
    agent, seen = state.agent, batch.next_observations
    features = agent.features(seen)
    predictions = critic_belief.predict(agent, features, seen, batch.next_actions)  # (K, N, A_e) each
    expected = team_belief.predict(agent, features, seen, batch.next_actions)
    policies = [p.exp() for p in agent.act(team_belief, features, expected)]  # m × (K, N, A_i)
    q = agent.value(critic_belief, agent.features(seen, target=True), target=True)
    future = q.expected(agent.joint(policies, predictions))  # (K, N) or (m, K, N)
    rewards = batch.rewards[..., list(agent.target_axes)].to(future.dtype)  # (K, N, m)
    reward = rewards.mean(-1) if future.dim() == 2 else rewards.movedim(-1, 0)
    return reward + state.game.gamma * future.masked_fill(batch.terminated, 0.0)


def critic_loss(q: FactoredQ, actions: Tensor, target: Tensor) -> Tensor:
    """Mean squared temporal difference, return², of the joint actions taken, (1 or K, N, n), from y ((m,) K, N)."""
    return (q.taken(actions) - target).square().mean()


def counterfactual_regrets(
    q: FactoredQ, policies: Sequence[Tensor], target_axes: Sequence[int], generator: torch.Generator
) -> list[Tensor]:
    """MICRA's advantages, Eq. 2, for each target (K, N, A_i), return. Nothing is drawn."""
    return [regret(q.head(m).counterfactual(policies, i), policies[i]) for m, i in enumerate(target_axes)]


def actor_loss(log_policies: Sequence[Tensor], advantages: Sequence[Tensor], entropy_coefficient: float) -> Tensor:
    """Minus Eq. 3's objective, and minus the entropy bonus (coefficient in return per nat), summed over targets.

    Args: log π_i and A_i, (…, A_i) each.
    """
    loss = log_policies[0].new_zeros(())
    for log_policy, advantage in zip(log_policies, advantages, strict=True):
        entropy = -(log_policy.exp() * log_policy).sum(-1).mean()
        loss = loss - policy_gradient_objective(log_policy, advantage) - entropy_coefficient * entropy
    return loss


def gradient_step(optimiser: torch.optim.Optimizer, loss: Tensor) -> float:
    """One step down `loss`, with the gradient norm clipped; returns the loss. Raises ValueError if it is not finite."""
    if not torch.isfinite(loss):
        raise ValueError(f"a loss is {float(loss)}: lower the rates, and look at the rewards that the game pays")
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for g in optimiser.param_groups for p in g["params"]], 10.0)
    optimiser.step()
    return float(loss.detach())


@torch.no_grad()
def update_targets(slow: Sequence[nn.Module], fast: Sequence[nn.Module], rate: float) -> None:
    """Let slow copies of networks come nearer to them: the targets of temporal differences must not run away."""
    copies: list[Tensor] = [p for network in slow for p in network.parameters()]
    torch._foreach_lerp_(copies, [p for network in fast for p in network.parameters()], rate)


def update(
    state: TrainingState, critic_belief: Belief, team_belief: Belief, batch: Transitions,
    advantages: Advantages = counterfactual_regrets, learn_critic: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """One step of the critic and one of the actors on transitions (1 or K, N, …); returns what a `Record` shows."""
    agent, seen, losses = state.agent, batch.observations, {}
    features = agent.features(seen)  # n × (1 or K, N, F); the critic's optimiser trains the extractors too
    q = agent.value(critic_belief, features)
    with torch.no_grad():
        predictions = critic_belief.predict(agent, features, seen, batch.actions)  # per view (K, N, A_e)
        expected = team_belief.predict(agent, features, seen, batch.actions)

    if learn_critic:
        target = temporal_difference_target(state, critic_belief, team_belief, batch)
        losses["critic_loss"] = gradient_step(state.optimisers["critic"], critic_loss(q, batch.actions, target))
        slow, fast = [agent.target_critic, agent.target_extractors], [agent.critic, agent.extractors]
        update_targets(slow, fast, state.target_rate)

    log_policies = agent.act(team_belief, features, expected)  # m × (K, N, A_i)
    # Targets as they play now, externals as the critic is told: n × (K, N, A_j)
    joint = agent.joint([p.detach().exp() for p in log_policies], predictions)
    with torch.no_grad():  # no gradient into the critic; q is its answer from before its step
        regrets = agent.available(features, advantages(q, joint, agent.target_axes, state.generator))  # m × (K, N, A_i)
    loss = actor_loss(log_policies, regrets, state.entropy_coefficient)
    losses["actor_loss"] = gradient_step(state.optimisers["actor"], loss)

    with torch.no_grad():
        after = agent.act(team_belief[:1], [f[:1, :1] for f in features], [p[:1, :1] for p in expected])
    n, n_ext = len(state.game.agents), len(agent.external_axes)
    return {
        "losses": losses, "game_state": batch.states[0, 0], "observations": [o[0, 0] for o in seen[:n]],
        "features": [f[0, 0].detach() for f in features[:n]],
        "predictions": [p[0, 0] for p in predictions[:n_ext]], "q": q.shown(),
        "regrets": [r[0, 0] for r in regrets], "policies": [joint[i][0, 0] for i in agent.target_axes],
        "new_policies": [p[0, 0].exp() for p in after],
    }  # fmt: skip
