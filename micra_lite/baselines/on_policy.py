"""On-policy actor-critics: one update plays a round, and learns from it once.

1. `lambda_returns`: TD(λ) targets, from slow copies of the critic.
2. `judge_by_value` (independent and central-V) and `judge_by_action` (COMA): the critic's loss, and advantages.
3. `on_policy`: one update. Actors learn from the own actions that were taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from ..agent import Belief
from ..externals import Externals
from ..phases import imitate
from ..replay import Play, followed
from ..rollouts import collect
from ..settings import Settings
from ..training_state import TrainingState
from ..updates import actor_loss, gradient_step, update_targets
from .advantages import at_sampled_action, coma_advantage
from .networks import ValueAgent


@dataclass(frozen=True)
class OnPolicySettings(Settings):
    """`Settings` with the one more that TD(λ) has."""

    trace_decay: float = 0.8  # λ


@dataclass
class Round:
    """A round that the team has just played with one belief; B of its steps are learned from."""

    play: Play
    belief: Belief
    over: Tensor  # (K, E, T) bool: the episode has terminated, for all targets
    learned: Tensor  # (K, E, T) bool: those `followed`; of a last step that is not, the value alone is used
    observations: list[Tensor]  # n × (K, E·T, O_j)
    log_policies: list[Tensor]  # m × (B, A_i), as played
    actions: Tensor  # (B, n)
    reward: Tensor  # (K, E, T), the targets' mean


Judge = Callable[[TrainingState, Round], tuple[Tensor, list[Tensor]]]  # → the critic's loss, advantages m × (B, A_i)


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
        v = following[..., t]
        blend = torch.where(further[..., t], (1 - trace_decay) * v + trace_decay * later, v)
        later = rewards[..., t] + gamma * blend.masked_fill(terminated[..., t], 0.0)
        returns.append(later)
    return torch.stack(returns[::-1], -1)


def as_played(state: TrainingState, play: Play, belief: Belief) -> Round:
    """Look again at what was played, with a graph for the actors' gradient."""
    agent = state.agent
    learned, over = followed(play.alive, play.terminated), play.terminated.reshape(*play.alive.shape, -1).all(-1)
    seen = state.observe(play.states[:, :, :-1].flatten(1, 2))
    with torch.no_grad():
        features = agent.features(seen)
        predictions = agent.predict(belief, features)
    log_policies = [p[learned.flatten(1)] for p in agent.act(belief, features, predictions)]
    reward = play.rewards[..., list(agent.target_axes)].mean(-1).to(state.settings.torch_dtype)
    return Round(play, belief, over, learned, seen, log_policies, play.actions[learned], reward)


def td_targets(state: TrainingState, played: Round, values: Tensor) -> Tensor:
    """The TD(λ) targets of a round for slow values (…, K, E, T)."""
    settings = state.settings
    assert isinstance(settings, OnPolicySettings)
    return lambda_returns(played.reward, values, played.over, played.learned, state.game.gamma, settings.trace_decay)


def judge_by_value(state: TrainingState, played: Round) -> tuple[Tensor, list[Tensor]]:
    """Independent and central-V: A_i = G_t − V_i at the action taken, and the squared error of V_i.

    Returns the critic's loss and, per target, (B, A_i): the same advantage whichever action it is read at.
    """
    agent = state.agent
    assert isinstance(agent, ValueAgent)
    features, shape = agent.features(played.observations), played.learned.shape
    with torch.no_grad():
        slow = agent.values(played.belief, agent.features(played.observations, True), True)
        returns = td_targets(state, played, slow.unflatten(-1, shape[1:]))
    values = agent.values(played.belief, features).unflatten(-1, shape[1:])  # (m, K, E, T)
    error = (returns - values)[:, played.learned]  # (m, B)
    advantages = [e.detach()[:, None].expand_as(p) for e, p in zip(error, played.log_policies, strict=True)]
    return error.square().mean(), advantages


def judge_by_action(state: TrainingState, played: Round) -> tuple[Tensor, list[Tensor]]:
    """COMA: its advantage, own actions beside the others' taken ones, the externals' too; and the error of Q.

    Returns the critic's loss and, per target, (B, A_i).
    """
    agent, actions = state.agent, played.play.actions
    features, shape = agent.features(played.observations), played.learned.shape
    with torch.no_grad():
        predictions = agent.predict(played.belief, features)
        slow = agent.value(played.belief, agent.features(played.observations, True), True).head(0)
        returns = td_targets(state, played, slow.taken(actions.flatten(1, 2)).view(shape))
    q = agent.value(played.belief, features).head(0)  # one Q for the team, of the mean reward
    chosen = played.learned.flatten(1)  # (K, E·T)
    others = [p[chosen] for p in predictions]
    policies = agent.joint([p.detach().exp() for p in played.log_policies], others)  # n × (B, A_j)
    advantages = coma_advantage(q.table[chosen].detach(), policies, agent.target_axes, played.actions)
    error = (q.taken(actions.flatten(1, 2)) - returns.flatten(1))[chosen]  # (B,)
    return error.square().mean(), advantages


def on_policy(state: TrainingState, externals: Externals, judge: Judge) -> dict[str, float]:
    """One update: play, a few steps of the critic, one of the actors; then the imitator."""
    settings, agent = state.settings, state.agent
    rounds = [as_played(state, *played) for played in collect(state, externals)]
    losses = {}
    for _ in range(settings.value_steps):
        judged = [judge(state, part) for part in rounds]
        loss = torch.stack([loss for loss, _ in judged]).mean()
        losses["critic_loss"] = gradient_step(state.optimisers["critic"], loss)
        slow, fast = [agent.target_critic, agent.target_extractors], [agent.critic, agent.extractors]
        update_targets(slow, fast, state.target_rate)
    parts = []
    for part, (_, advantages) in zip(rounds, judged, strict=True):
        own = zip(advantages, part.log_policies, agent.target_axes, strict=True)
        sampled = [at_sampled_action(a, p.detach().exp(), part.actions[:, i]) for a, p, i in own]
        parts.append(actor_loss(part.log_policies, sampled, state.entropy_coefficient))
    losses["actor_loss"] = gradient_step(state.optimisers["actor"], torch.stack(parts).mean())
    if state.agent.conditioned:
        groups = state.replay.groups(settings.externals_per_update, state.generator)
        losses.update(imitate(state, externals, groups)[-1])
    return losses
