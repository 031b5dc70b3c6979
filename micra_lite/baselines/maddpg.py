"""MADDPG for discrete actions (Lowe et al., 2017), off-policy, from the data D.

1. Its critic learns Q(s, a_1, …, a_n) by temporal differences; the targets' next actions are drawn from slow copies of
   their actors, the externals' are those in the data.
2. Its actors climb the gradient of Q in their own action, which reaches them through a straight-through Gumbel sample.

It explores by sampling from its policies, and by ε as MICRA does.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ..agent import Belief, prior_belief
from ..externals import Externals
from ..phases import imitate
from ..replay import Transitions
from ..rollouts import collect
from ..training_state import TrainingState
from ..updates import gradient_step, update_targets
from .networks import MaddpgAgent


def maddpg(state: TrainingState, externals: Externals) -> dict[str, float]:
    """One update of MADDPG: every so often a round of data; the imitator, then some steps of critic and actors."""
    settings, agent = state.settings, state.agent
    assert isinstance(agent, MaddpgAgent)
    if state.updates % settings.updates_per_round == 0:
        collect(state, externals)
    groups = state.replay.groups(settings.externals_per_update, state.generator)
    belief, losses = (
        imitate(state, externals, groups)[1:] if agent.conditioned else (prior_belief(agent, len(groups)), {})
    )
    for _ in range(settings.value_steps):
        all_of_them, N = settings.episodes_per_external, settings.states_per_external
        batch = state.replay.own_transitions(groups, all_of_them, N, state.generator)
        loss = action_value_loss(state, belief, batch)
        losses["critic_loss"] = gradient_step(state.optimisers["critic"], loss)
        losses["actor_loss"] = gradient_step(state.optimisers["actor"], action_gradient_loss(state, belief, batch))
        update_targets(
            [agent.target_critic, agent.target_extractors, agent.target_actors],
            [agent.critic, agent.extractors, agent.actors],
            state.target_rate,
        )
    return losses


def _one_hot(state: TrainingState, actions: Tensor) -> list[Tensor]:
    """Joint actions (…, n) as a network takes them, n × (…, A_j)."""
    return [one_hot(actions[..., j], a).to(state.settings.torch_dtype) for j, a in enumerate(state.game.n_actions)]


def action_value_loss(state: TrainingState, belief: Belief, batch: Transitions) -> Tensor:
    """MADDPG's critic: mean of (r + γ Q̄(s′, a′) − Q(s, a))², y = r after an end; transitions (K, N, …).

    The targets' next actions are drawn from their slow actors; the externals' are those in the data. With one reward for
    all, the critics of all targets would be one and the same: there is one.
    """
    agent = state.agent
    assert isinstance(agent, MaddpgAgent)
    with torch.no_grad():
        seen = batch.next_observations
        predictions, features = agent.predict(belief, agent.features(seen)), agent.features(seen, target=True)
        assert batch.next_actions is not None
        actions = _one_hot(state, batch.next_actions)
        for i, p in zip(agent.target_axes, agent.act_slowly(belief, features, predictions), strict=True):
            actions[i] = straight_through_gumbel(p, state.generator)
        future = agent.action_value(belief, features, actions, target=True)
        reward = batch.rewards[..., list(agent.target_axes)].to(future.dtype).mean(-1)
        over = batch.terminated.reshape(-1, *batch.rewards.shape[:2]).all(0)  # for all targets
        target = reward + state.game.gamma * future.masked_fill(over, 0.0)
    q = agent.action_value(belief, agent.features(batch.observations), _one_hot(state, batch.actions))
    return (q - target).square().mean()


def action_gradient_loss(state: TrainingState, belief: Belief, batch: Transitions) -> Tensor:
    """MADDPG's actors: minus the mean of Q(s, [a_i, a_-i]) and of the entropy bonus, summed over targets.

    a_i is drawn from π_i by `straight_through_gumbel`; the others' actions are those in the data.
    """
    agent = state.agent
    assert isinstance(agent, MaddpgAgent)
    with torch.no_grad():
        features = agent.features(batch.observations)
        predictions = agent.predict(belief, features)
    taken, loss = _one_hot(state, batch.actions), torch.zeros((), dtype=state.settings.torch_dtype)
    for i, p in zip(agent.target_axes, agent.act(belief, features, predictions), strict=True):
        actions = [straight_through_gumbel(p, state.generator) if j == i else a for j, a in enumerate(taken)]
        entropy = -(p.exp() * p).sum(-1).mean()
        gain = agent.action_value(belief, features, actions).mean()
        loss = loss - gain - state.entropy_coefficient * entropy
    return loss


def straight_through_gumbel(log_policy: Tensor, generator: torch.Generator, temperature: float = 1.0) -> Tensor:
    """A sampled action, one-hot, with the gradient of a softmax (Jang et al., 2017): (…, A) → (…, A)."""
    uniform = torch.rand(log_policy.shape, generator=generator, dtype=log_policy.dtype)
    gumbel = -torch.log(-torch.log(uniform.clamp(1e-20, 1 - 1e-7)))
    soft = ((log_policy + gumbel) / temperature).softmax(-1)
    return one_hot(soft.argmax(-1), soft.shape[-1]).to(soft) + soft - soft.detach()
