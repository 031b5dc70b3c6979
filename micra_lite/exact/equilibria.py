"""Teams against each other: who is played well by whom.

1. `cross_play`: the best response to one external, played against another; its diagonal is the best there is.
2. `nash_conv`: how far two opposed teams are from an equilibrium.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from .tabulate import Tabulated
from .values import Array, best_response, evaluate, team_reward, team_value


def cross_play(game: Tabulated, externals: Sequence[Sequence[Array]]) -> Array:
    """Values (K, K): entry (j, k) is what the best response to external j earns against external k.

    `externals[k]` is the list of policies (S, A_e) of external k. No entry of a column exceeds its diagonal one.
    """
    responses = [best_response(game, x).policies for x in externals]
    return np.array([[team_value(game, team, x) for x in externals] for team in responses])


def nash_conv(game: Tabulated, policies: Sequence[Array]) -> float:
    """What the two teams could gain by each answering the other as well as possible, summed; 0 at an equilibrium.

    Args: policies, one (S, A_j) per agent, in the agents' order. The externals are the second team.
    Raises ValueError unless the teams' mean rewards add up to zero.

    Members of a team act independently here. A team of two or more may need to correlate its actions to reach the value
    of the game: then even the best independent policies leave a NashConv above zero.
    Source: Lanctot et al., "A unified game-theoretic approach to multiagent reinforcement learning" (2017).
    """
    other_side = dataclasses.replace(game, target_axes=game.external_axes, external_axes=game.target_axes)
    ours, theirs = team_reward(game), team_reward(other_side)
    if np.abs(ours + theirs).max() > 1e-9:
        raise ValueError(
            "NashConv of two teams is for zero-sum games: here the targets' and the externals' mean rewards add up to "
            f"as much as {np.abs(ours + theirs).max():.3g}"
        )
    value = game.start @ evaluate(game, policies)
    gain_ours = best_response(game, [policies[e] for e in game.external_axes]).value - value
    gain_theirs = best_response(other_side, [policies[i] for i in game.target_axes]).value + value
    return float(gain_ours + gain_theirs)
