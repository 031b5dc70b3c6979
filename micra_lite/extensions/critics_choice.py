"""A team that agrees: after watching, every target plays its part of the joint action that the critic values most.

Regrets ask what one target gains alone. At an equilibrium of the targets' stage game nobody gains, also where all together
could do better; the critic, who knows the joint Q, sees that. Its choice is computed by each target for itself, so they
need no word from each other, but all must see what the critic sees. It is central knowledge at execution: not MICRA.

    micra_lite.execution(adapted, game, newcomer, decide=critics_choice)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ..agent import Agent, Belief
from ..regret import LARGEST_TABLE


def critics_choice(
    agent: Agent, belief: Belief, features: Sequence[Tensor], predictions: Sequence[Tensor]
) -> list[Tensor]:
    """argmax over the targets' joint actions of Σ_{a_ℰ} δ(a_ℰ) Q(s, a), in the place of `Agent.act`.

    Args as there. Returns log-probabilities m × (K, N, A_i): 0 for the own part of the best joint action, −∞ for all else;
    of equally good ones all targets take the same. Raises ValueError under partial views, and where joint actions are
    too many to compare.

    >>> import micra_lite
    >>> from micra_lite.agent import prior_belief
    >>> game = micra_lite.make("pursuit")
    >>> state = micra_lite.TrainingState.initial(game, micra_lite.Settings())
    >>> features = state.agent.features(state.observe(game.reset(1, state.generator)[None]))
    >>> belief = prior_belief(state.agent, 1)
    >>> choice = critics_choice(state.agent, belief, features, state.agent.predict(belief, features))
    >>> [part.exp().sum().item() for part in choice]
    [1.0, 1.0]
    """
    if not agent.full_view:
        raise ValueError(
            "the critic sees more than the targets do here: its choice can be played under full views only"
        )
    values = team_values(agent, belief, features, predictions)  # (K, N, A_𝒯 …)
    sizes = values.shape[2:]
    best = torch.unravel_index(values.flatten(2).argmax(-1), sizes)  # m × (K, N)
    return [one_hot(part, size).to(values.dtype).log() for part, size in zip(best, sizes, strict=True)]


def team_values(agent: Agent, belief: Belief, features: Sequence[Tensor], predictions: Sequence[Tensor]) -> Tensor:
    """Σ_{a_ℰ} δ(a_ℰ) Q(s, a) for each joint action of the targets, in their order: (K, N, A_𝒯 …), return."""
    answer = agent.value(belief, features)
    factors = list(answer.factors)
    for e, prediction in zip(agent.external_axes, predictions, strict=True):
        factors[e] = torch.einsum("kna,knar->knr", prediction, factors[e])[:, :, None]  # (K, N, 1, R): averaged out
    sizes = [factors[i].shape[2] for i in agent.target_axes]
    if math.prod(sizes) > LARGEST_TABLE:
        raise ValueError(f"{' × '.join(map(str, sizes))} joint actions of the targets are too many to compare")
    table = answer._replace(factors=factors).table  # (K, N, A_1 or 1, …, A_n or 1)
    axes = [2 + j for j in (*agent.target_axes, *agent.external_axes)]
    return table.permute(0, 1, *axes).reshape(*table.shape[:2], *sizes)
