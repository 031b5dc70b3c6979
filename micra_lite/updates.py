"""One update of critic and actors, in its parts.

1. `temporal_difference_target` and `critic_loss`: the critic learns the joint Q-function.
2. `actor_loss`: its regrets (Eq. 2) move each target's policy (Eq. 3).
3. `value_and_improve`: one step of each.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from .agent import Belief, some_of
from .baselines.advantages import coma_advantage, joint_advantage
from .externals import Externals
from .regret import counterfactual_regret_advantage, policy_gradient_objective
from .training_state import TrainingState, observations_of


def externals_model(
    state: TrainingState,
    belief: Belief,
    seen: list[Tensor],
    features: list[Tensor],
    true: tuple[Externals, Tensor] | None,
    taken: Tensor | None,
) -> list[Tensor]:
    """What stands in for π_ℰ, per view (K, N, A_e): the imitator's δ, or (ablations) the true policies or one sample.

    The sample is the externals' move in the joint actions `taken` in the data, (K, N, n).
    """
    with torch.no_grad():
        predictions = state.agent.predict(belief, features)
        if true is not None:
            externals, k = true
            K, N = seen[0].shape[:2]
            rows = [seen[e].flatten(0, 1) for e in state.agent.external_axes]
            exact = externals.policies(k.repeat_interleave(N), rows)
            predictions[: len(rows)] = [p.to(rows[0].dtype).unflatten(0, (K, N)) for p in exact]
        if state.settings.external_model == "sampled":
            assert taken is not None  # see Replay.own_transitions
            for j, e in enumerate(state.agent.external_axes):
                predictions[j] = one_hot(taken[..., e], predictions[j].shape[-1]).to(predictions[j].dtype)
    return predictions


def temporal_difference_target(
    state: TrainingState,
    belief: Belief,
    batch: dict[str, Tensor],
    true: tuple[Externals, Tensor] | None,
    team: Belief | None = None,
) -> Tensor:
    """y = r + γ Σ_{a′} π_𝒯(a′_𝒯|s′) δ_k(a′_ℰ|o′_ℰ) Q̄(s′, a′), and y = r where the episode has terminated; (K, N).

    The expectation over next joint actions is taken, not sampled. `belief` and `team` as in `value_and_improve`.
    """
    agent, game = state.agent, state.game
    with torch.no_grad():
        seen = observations_of(game, batch["next_state"], state.settings)
        features = agent.features(seen)
        predictions = externals_model(state, belief, seen, features, true, batch.get("next_actions"))
        own = predictions if team is None else agent.predict(team, features)
        policies = [p.exp() for p in agent.act(team or belief, features, own)]
        q = agent.value(belief, agent.features(seen, target=True), predictions, target=True)  # (K, N, A_1, …, A_n)
        q = q.flatten(0, 1)
        for policy in reversed(agent.joint(policies, predictions)):
            q = torch.einsum("b...a,ba->b...", q, policy)  # the last agent's actions averaged out
        reward = batch["rewards"][..., list(agent.target_axes)].to(q.dtype).mean(-1)  # (K, N) the team's mean reward
        future = (game.gamma * q.view_as(reward)).masked_fill(batch["terminated"], 0.0)
        return reward + future


def critic_loss(q: Tensor, actions: Tensor, target: Tensor) -> Tensor:
    """Mean squared temporal difference of the joint actions taken: q (B, A_1, …, A_n), actions (B, n), target (B,)."""
    taken = q[(torch.arange(len(q), device=q.device), *actions.unbind(-1))]  # (B,)
    return (taken - target).square().mean()


def actor_loss(
    log_policies: list[Tensor], regrets: list[Tensor], bonus: float, own: Sequence[Tensor] | None = None
) -> Tensor:
    """Minus Eq. 3's objective, and minus `bonus` (return per nat) times the entropy, summed over targets.

    Args: log π_i and A_i, (B, A_i) each; own, the actions (B,) that each π_i took, or None for the exact sum.
    """
    loss = log_policies[0].new_zeros(())
    for log_policy, regret, taken in zip(log_policies, regrets, own or len(regrets) * (None,), strict=True):
        entropy = -(log_policy.exp() * log_policy).sum(-1).mean()
        loss = loss - policy_gradient_objective(log_policy, regret, taken) - bonus * entropy
    return loss


def advantages(state: TrainingState, q: Tensor, joint: list[Tensor]) -> list[Tensor]:
    """Eq. 2 or, as an ablation, a rival's advantage from the same critic, per target (B, A_i).

    The rivals' joint actions are drawn from `joint`, n × (B, A_j): the others as they now play, not as they once did.
    """
    targets = state.agent.target_axes
    if state.settings.advantage == "regret":
        return counterfactual_regret_advantage(q, joint, targets)
    drawn = torch.cat([torch.multinomial(p, 1, generator=state.generator) for p in joint], 1)  # (B, n)
    rival = coma_advantage if state.settings.advantage == "coma" else joint_advantage
    return rival(q, joint, targets, drawn)


def gradient_step(optimiser: torch.optim.Optimizer, loss: Tensor) -> float:
    """One step down `loss`, with the gradient norm clipped; returns the loss."""
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for g in optimiser.param_groups for p in g["params"]], 10.0)
    optimiser.step()
    return float(loss.detach())


@torch.no_grad()
def follow(slow: Sequence[nn.Module], fast: Sequence[nn.Module], rate: float) -> None:
    """Let slow copies of networks come nearer to them: the targets of temporal differences must not run away."""
    copies: list[Tensor] = [p for network in slow for p in network.parameters()]
    torch._foreach_lerp_(copies, [p for network in fast for p in network.parameters()], rate)


def value_and_improve(
    state: TrainingState,
    belief: Belief,
    batch: dict[str, Tensor],
    learn_critic: bool = True,
    true: tuple[Externals, Tensor] | None = None,
    team: Belief | None = None,
) -> dict:
    """One step of the critic and one of the actors on transitions (K, N, …); returns what a Record shows.

    `belief` is the critic's; give `team` where the targets believe something else (have watched less). Without it they are
    given the critic's predictions, under the ablations too.
    """
    agent, settings = state.agent, state.settings
    losses = {}
    seen = observations_of(state.game, batch["state"], settings)
    features = agent.features(seen)
    predictions = externals_model(state, belief, seen, features, true, batch["actions"])
    q = agent.value(belief, features, predictions).flatten(0, 1)  # (K·N, A_1, …, A_n)
    if learn_critic:
        target = temporal_difference_target(state, belief, batch, true, team)
        loss = critic_loss(q, batch["actions"].flatten(0, 1), target.flatten())
        losses["critic_loss"] = gradient_step(state.optimisers["critic"], loss)
        follow([agent.target_critic, agent.target_extractors], [agent.critic, agent.extractors], settings.target_rate)
    q = q.detach()
    with torch.no_grad():
        own = predictions if team is None else agent.predict(team, features)
    team = team or belief
    log_policies = agent.act(team, features, own)
    joint = agent.joint([p.detach().exp() for p in log_policies], predictions)
    regrets = advantages(state, q, joint)
    drawn = None
    if settings.own_actions == "sampled":
        drawn = [torch.multinomial(joint[i], 1, generator=state.generator)[:, 0] for i in agent.target_axes]
    loss = actor_loss([p.flatten(0, 1) for p in log_policies], regrets, state.bonus, drawn)
    losses["actor_loss"] = gradient_step(state.optimisers["actor"], loss)
    with torch.no_grad():
        after = agent.act(some_of(team, slice(1)), [f[:1, :1] for f in features], [p[:1, :1] for p in own])
    n, n_ext = len(state.game.agents), len(agent.external_axes)
    return {
        "losses": losses, "game_state": batch["state"][0, 0], "observations": [o[0, 0] for o in seen[:n]],
        "features": [f[0, 0].detach() for f in features[:n]],
        "predictions": [p[0, 0] for p in predictions[:n_ext]], "q": q[0],
        "regrets": [r[0] for r in regrets], "policies": [joint[i][0] for i in agent.target_axes],
        "new_policies": [p[0, 0].exp() for p in after],
    }  # fmt: skip
