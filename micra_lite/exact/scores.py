"""Scores: how good a team is, exactly where the game is tabular, else by episodes. Nothing is updated while scoring.

1. `exact_values`: the discounted value of a team against each of K externals, by policy evaluation.
2. `mean_return`: the mean return of played episodes, for every game.
3. `adaptation_scores`: one team's whole encounter with newcomers: before, watch, adapt, after.
4. `adaptation_report`: what one adaptation changed, on what was watched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..agent import Belief, prior_belief
from ..externals import Externals
from ..game import Game, in_agents_order
from ..games.tabular import TabularGame
from ..imitation import imitation_loss
from ..phases import online_adaptation
from ..replay import Episode
from ..rollouts import play, watch, watched_pairs
from ..settings import Settings
from ..training_state import TrainingState, last
from .tabulate import Tabulated

if TYPE_CHECKING:
    from ..exact import Array, Yardstick


def features_everywhere(state: TrainingState) -> list[Tensor]:
    """φ of what each agent sees in every state of a listed game, n × (1, S, F)."""
    assert isinstance(state.game, TabularGame)
    seen = state.observe(state.game.states())
    return state.agent.features([o[None] for o in seen])


@torch.no_grad()
def predicted_tables(state: TrainingState, belief: Belief | None = None) -> list[Tensor]:
    """The imitators' predictions in every state, of each believed external: per external agent (K, S, A_e)."""
    belief = belief or state.belief or prior_belief(state.agent, 1)
    predictions = state.agent.predict(belief, features_everywhere(state))
    return predictions[: len(state.agent.external_axes)]


@torch.no_grad()
def team_tables(
    state: TrainingState, belief: Belief | None = None, predictions: Sequence[Tensor] | None = None
) -> list[Tensor]:
    """The team's policies in every state, against each believed external: per target (K, S, A_i), probabilities.

    `predictions`, per external agent (K, S, A_e), take the place of the imitators', to see what better ones would be
    worth: the true policies, or the Bayes predictor's. Under full views only: there one prediction serves all.
    """
    agent, features = state.agent, features_everywhere(state)
    if predictions is None:
        belief = belief or state.belief or prior_belief(agent, 1)
        return [p.exp() for p in agent.act(belief, features, agent.predict(belief, features))]
    if not agent.full_view:
        raise ValueError("predictions can be given under full views only: here each target predicts from its own view")
    given = [p.to(state.settings.torch_dtype) for p in predictions]
    seen = state.game.observe(state.game.states())  # type: ignore[attr-defined]
    probes = []
    for j, e in enumerate(agent.external_axes):  # which state each probe shows
        shown = (getattr(agent, f"probe_{j}")[:, None] == seen[e]).all(-1).int().argmax(1)  # (P_e,)
        probes.append(given[j][:, shown].flatten(1))
    prior = prior_belief(agent, len(given[0]))
    belief = Belief(prior.parameters, torch.cat(probes, 1), torch.zeros_like(prior.unwatched))
    return [p.exp() for p in agent.act(belief, features, given)]


def exact_values(
    state: TrainingState, table: Tabulated, externals: Externals, belief: Belief | None = None,
    predictions: Sequence[Tensor] | None = None,
) -> Array:  # fmt: skip
    """The team's discounted value against each of K externals, (K,), by exact policy evaluation.

    `belief` is about the same K externals, or about one (or nothing), then used for all; `predictions` as in
    `team_tables`.
    """
    from ..exact import team_value

    team = [t.double().numpy() for t in team_tables(state, belief, predictions)]
    assert isinstance(state.game, TabularGame)
    moves = [t.numpy() for t in state.game.tables(externals)]
    same = len(team[0]) == 1
    return np.array(
        [team_value(table, [t[0 if same else k] for t in team], [m[k] for m in moves]) for k in range(len(externals))]
    )


def mean_return(
    state: TrainingState, externals: Externals, episodes: int = 320, belief: Belief | None = None, seed: int = 0,
    exploration: float = 0.0,
) -> Tensor:  # fmt: skip
    """The team's mean undiscounted return per episode against each of K externals, (K,), from `episodes` played.

    With `exploration` 1 it is the uniformly random team's.
    """
    belief = belief or state.belief or prior_belief(state.agent, len(externals))
    if len(belief.probes) == 1:  # one belief for all
        K = len(externals)
        belief = Belief.concatenate(*[belief] * K)
    generator = torch.Generator().manual_seed(seed)
    played = play(state, externals, belief, episodes, exploration, generator)
    returns = (played.rewards * played.alive[..., None]).sum(2)  # (K, E, n)
    return returns[..., list(state.agent.target_axes)].mean(-1).mean(-1)


def yardstick_for(table: Tabulated, externals: Externals, game: Game) -> Yardstick:
    """The two ends of the scale for each external: the random team and the best response."""
    from ..exact import yardstick

    assert isinstance(game, TabularGame)
    moves = [t.numpy() for t in game.tables(externals)]
    return yardstick(table, [[m[k] for m in moves] for k in range(len(externals))])


@dataclass(frozen=True)
class AdaptationScores:
    """Values against each of K newcomers, (K,) each, and how they were reached."""

    before: Array
    after: Array
    excess_nats: Array  # imitation error over the states that the adapted team visits
    pairs: Array  # watched observation–action pairs
    seconds: Array  # adaptation took this long
    watched: list[list[Episode]]  # what was watched of each newcomer
    visits: Array  # (K, S) how often the adapted team is in each state, discounted; sums to one


def adaptation_scores(
    state: TrainingState,
    table: Tabulated,
    externals: Externals,
    episodes: int,
    settings: Settings | None = None,
    seed: int = 0,
    progress: Callable = iter,
) -> AdaptationScores:
    """Meet each newcomer: watch `episodes` episodes (ε = 0.1), adapt, and value the adapted team exactly.

    The newcomers never meet each other's team: each adaptation starts from `state`. `progress` wraps the loop.
    """
    from ..exact import occupancy

    before = exact_values(state, table, externals, prior_belief(state.agent, 1))
    columns: dict[str, list] = {n: [] for n in ("after", "excess_nats", "pairs", "seconds", "visits")}
    met: list[list[Episode]] = []
    assert isinstance(state.game, TabularGame)
    for k in progress(range(len(externals))):
        newcomer = externals[k]
        watched = watch(state, newcomer, episodes, seed=seed + externals.seeds[k]) if episodes else []
        start = time.perf_counter()
        team = last(online_adaptation(state, watched, settings)).state if episodes else state
        columns["seconds"].append(time.perf_counter() - start)
        columns["pairs"].append(sum(len(next(iter(e.actions.values()))) for e in watched))
        met.append(watched)
        columns["after"].append(float(exact_values(team, table, newcomer)[0]))
        true = [t[0].numpy() for t in state.game.tables(newcomer)]
        tables = [t[0].double().numpy() for t in team_tables(team)]
        visits = occupancy(table, in_agents_order(table.target_axes, table.external_axes, tables, true))
        columns["visits"].append(visits / visits.sum())
        predicted = [p[0].double().numpy() for p in predicted_tables(team)]
        columns["excess_nats"].append(float(columns["visits"][-1] @ excess_nats(true, predicted)))
    return AdaptationScores(before, **{n: np.array(v) for n, v in columns.items()}, watched=met)


@dataclass(frozen=True)
class AdaptationReport:
    """The effect of one adaptation, judged on the watched pairs."""

    imitation_loss_before: float  # nats per move
    imitation_loss_after: float
    policy_change: float  # KL(π_after ‖ π_before), nats, mean over the targets and the watched observations


@torch.no_grad()
def adaptation_report(before: TrainingState, after: TrainingState, watched: Sequence[Episode]) -> AdaptationReport:
    """Compare a team with itself after `online_adaptation` to `watched`."""
    support = watched_pairs(before, watched)
    losses, policies = [], []
    for state in (before, after):
        agent, belief = state.agent, state.belief or prior_belief(state.agent, 1)
        features = agent.features(support.observations)
        each = [
            imitation_loss(imitator, parameters, features[observer], support.actions[..., e], support.weights)
            for imitator, parameters, (observer, e) in zip(agent.imitators, belief.parameters, agent.views, strict=True)
        ]
        losses.append(float(torch.stack(each).mean()))
        policies.append(agent.act(belief, features, agent.predict(belief, features)))  # log π_i, m × (1, P, A_i)
    old, new = policies
    change = torch.stack([(q.exp() * (q - p)).sum(-1).mean() for p, q in zip(old, new, strict=True)])
    return AdaptationReport(losses[0], losses[1], float(change.mean()))


def excess_nats(true: Sequence[Array], predicted: Sequence[Array]) -> Array:
    """KL(π_ℰ ‖ δ) in every state, (S,), nats: the imitation loss above the true policies' own entropy.

    Args: true and predicted policies, per external agent (S, A_e).
    """
    gaps = [
        (policy * (np.log(np.clip(policy, 1e-30, None)) - np.log(np.clip(guess, 1e-30, None)))).sum(-1)
        for policy, guess in zip(true, predicted, strict=True)
    ]
    return np.sum(gaps, axis=0)
