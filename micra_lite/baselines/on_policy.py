"""On-policy actor-critics: independent, central-V and COMA."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from ..agent import Belief
from ..externals import Externals
from ..phases import collect, imitate
from ..replay import Play, followed
from ..training_state import TrainingState, observations_of
from ..updates import actor_loss, critic_loss, follow, gradient_step
from .advantages import coma_advantage
from .networks import BaselineAgent


def lambda_returns(
    rewards: Tensor, values: Tensor, terminated: Tensor, learned: Tensor, gamma: float, trace_decay: float
) -> Tensor:
    """TD(λ) targets: G_t = r_t + γ [(1 − λ) v_{t+1} + λ G_{t+1}], and G_t = r_t where the episode has terminated.

    Args: rewards, terminated, learned (…, T); values v_t, V(s_t) or Q(s_t, a_t) of the action taken, also of several
    critics, (m, …, T); trace_decay λ. Steps that are not `learned` from have no G: the step before takes v alone.
    Returns the shape of `values`, return.
    """
    following, further = pad(values[..., 1:], (0, 1)), pad(learned[..., 1:], (0, 1))  # v_{t+1}, whether G_{t+1} exists
    returns, later = [], torch.zeros_like(values[..., 0])
    for t in reversed(range(values.shape[-1])):
        blend = torch.where(
            further[..., t], (1 - trace_decay) * following[..., t] + trace_decay * later, following[..., t]
        )
        later = rewards[..., t] + gamma * blend.masked_fill(terminated[..., t], 0.0)
        returns.append(later)
    return torch.stack(returns[::-1], -1)


@dataclass
class Round:
    """What the team has just played with one belief; B of its steps are learned from."""

    play: Play
    belief: Belief
    learned: Tensor  # (K, E, T) bool: those `followed`; of a last step that is not, the value alone is used
    observations: list[Tensor]  # n × (K, E·T, O_j)
    log_policies: list[Tensor]  # m × (B, A_i), as played
    actions: Tensor  # (B, n)
    reward: Tensor  # (K, E, T), the targets' mean


def as_played(state: TrainingState, play: Play, belief: Belief) -> Round:
    """Look again at what was played, with a graph for the actors' gradient."""
    agent = state.agent
    learned = followed(play.alive, play.terminated)
    seen = observations_of(state.game, play.states[:, :, :-1].flatten(1, 2), state.settings)
    with torch.no_grad():
        features = agent.features(seen)
        predictions = agent.predict(belief, features)
    log_policies = [p[learned.flatten(1)] for p in agent.act(belief, features, predictions)]
    reward = play.rewards[..., list(agent.target_axes)].mean(-1).to(**state.settings.tensor)
    return Round(play, belief, learned, seen, log_policies, play.actions[learned], reward)


def on_policy(state: TrainingState, externals: Externals) -> dict[str, float]:
    """One update of an on-policy actor-critic: play, a few steps of the critic, one of the actors; then the imitator."""
    s, agent = state.settings, state.agent
    rounds = [as_played(state, *played) for played in collect(state, externals)]
    judge = judge_by_action if s.method == "COMA" else judge_by_value
    losses = {}
    for _ in range(s.value_steps):
        judged = [judge(state, part) for part in rounds]
        loss = torch.stack([loss for loss, _ in judged]).mean()
        losses["critic_loss"] = gradient_step(state.optimisers["critic"], loss)
        follow([agent.target_critic, agent.target_extractors], [agent.critic, agent.extractors], s.target_rate)
    parts = []
    for part, (_, advantages) in zip(rounds, judged, strict=True):
        own = [part.actions[:, i] for i in agent.target_axes]
        parts.append(actor_loss(part.log_policies, advantages, state.bonus, own))
    losses["actor_loss"] = gradient_step(state.optimisers["actor"], torch.stack(parts).mean())
    if s.conditioned:
        losses.update(imitate(state, state.replay.groups(s.externals_per_update, state.generator))[-1])
    return losses


def judge_by_value(state: TrainingState, played: Round) -> tuple[Tensor, list[Tensor]]:
    """Independent and central-V: A_i = G_t − V_i at the action taken, and the squared error of V_i.

    Returns the critic's loss and, per target, (B, A_i): the same advantage whichever action it is read at.
    """
    agent, s = state.agent, state.settings
    assert isinstance(agent, BaselineAgent)
    features, shape = agent.features(played.observations), played.learned.shape
    with torch.no_grad():
        predictions = agent.predict(played.belief, features)
        slow = agent.values(played.belief, agent.features(played.observations, True), predictions, True)
        returns = lambda_returns(
            played.reward, slow.unflatten(-1, shape[1:]), played.play.terminated, played.learned, state.game.gamma,
            s.trace_decay,
        )  # fmt: skip
    values = agent.values(played.belief, features, predictions).unflatten(-1, shape[1:])  # (m, K, E, T)
    error = (returns - values)[:, played.learned]  # (m, B)
    advantages = [e.detach()[:, None].expand_as(p) for e, p in zip(error, played.log_policies, strict=True)]
    return error.square().mean(), advantages


def judge_by_action(state: TrainingState, played: Round) -> tuple[Tensor, list[Tensor]]:
    """COMA: its advantage, own actions beside the others' taken ones, the externals' too; and the error of Q.

    Returns the critic's loss and, per target, (B, A_i).
    """
    agent, s, actions = state.agent, state.settings, played.play.actions
    features, shape = agent.features(played.observations), played.learned.shape
    with torch.no_grad():
        predictions = agent.predict(played.belief, features)
        slow = agent.value(played.belief, agent.features(played.observations, True), predictions, True).flatten(0, 1)
        slow = slow[(torch.arange(len(slow), device=slow.device), *actions.flatten(0, 2).unbind(-1))].view(shape)
        returns = lambda_returns(
            played.reward, slow, played.play.terminated, played.learned, state.game.gamma, s.trace_decay
        )
    q = agent.value(played.belief, features, predictions)[played.learned.flatten(1)]  # (B, A_1, …, A_n)
    others = [p[played.learned.flatten(1)][None] for p in predictions]
    policies = agent.joint([p.detach().exp()[None] for p in played.log_policies], others)  # n × (B, A_j)
    advantages = coma_advantage(q.detach(), policies, agent.target_axes, played.actions)
    return critic_loss(q, played.actions, returns[played.learned]), advantages
