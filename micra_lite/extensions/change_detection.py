"""Surprise and change: noticing that the external is no longer the one that was watched, and starting anew.

While the team plays, every move a_e of the external is scored by the imitator as it has adapted (θ′) and by the one that
has watched nobody (θ),

    z_t = log δ(a_e | o_e; θ) − log δ(a_e | o_e; θ′)       evidence of a change, nats
    S_t = max(0, S_{t−1} + z_t)                            Page's cumulative sum (1954)

As long as θ′ describes the external better than θ does, z_t is negative on average and S_t stays near 0; the evidence of
somebody new adds up. When S_t exceeds a threshold h, the external has changed, most likely when S was last 0. Where θ′
is exactly right, false alarms are at least e^h steps apart on average (Lorden, 1971): h = 7 means a thousand steps.

`vigilant_execution` is `execution` with this watch: after an alarm, and after each episode, the team adapts again from
the meta-parameters, with the moves since the last change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..agent import Belief, prior_belief
from ..externals import Externals, Players
from ..game import Game
from ..phases import execution, online_adaptation
from ..replay import Episode
from ..training_state import Record, TrainingState, last


@dataclass(frozen=True, eq=False)
class Succession(Externals):
    """Externals that take turns without a word: `who` says which one plays at step 0, 1, 2, …

    Make one with `Succession.of(who)`.
    """

    who: Callable[[int], Externals]

    @classmethod
    def of(cls, who: Callable[[int], Externals]) -> Succession:
        """Args: who, from the number of steps played so far to the external that plays now."""
        first = who(0)
        return cls(first.family, first.parameters, first.seeds, who)

    @property
    def stationary(self) -> bool:
        return False

    def players(self, k: Tensor) -> Players:
        return _Turns(self, k)


class _Turns(Players):
    """One after the other, by the number of steps played."""

    def __init__(self, succession: Succession, k: Tensor) -> None:
        super().__init__(succession.family, succession.parameters[k])
        self.who, self.k, self.steps = succession.who, k, 0

    def policies(self, observations: list[Tensor], starts: Tensor, previous: Tensor | None) -> list[Tensor]:
        now = self.who(self.steps).players(self.k)
        self.steps += 1
        return now.policies(observations, starts, previous)


@dataclass
class ChangeRecord(Record):
    """A record of execution with what the watch made of it."""

    surprise: float = 0.0  # −log δ of the externals' moves, nats
    suspicion: float = 0.0  # S_t, evidence of a change so far, nats
    changed: bool = False  # the evidence is enough


def log_probability_of_move(state: TrainingState, belief: Belief, observations: list[Tensor], actions: Tensor) -> float:
    """log δ(a_e | o_e; θ′) of one joint move, summed over the externals, nats; what the team itself can compute.

    Args: observations n × (O_j,), actions (n,). Under full views by the externals' imitators, under partial views by
    the targets' own, averaged over the targets.
    """
    agent = state.agent
    with torch.no_grad():
        features = agent.features([o[None, None] for o in observations])
        predictions = agent.predict(belief, features)  # per view (1, 1, A_e)
    own = [(p, e) for p, (observer, e) in zip(predictions, agent.views, strict=True)
           if agent.full_view or observer in agent.target_axes]  # fmt: skip
    each = [float(p[0, 0, int(actions[e])].clamp(min=1e-30).log()) for p, e in own]
    return sum(each) / (len(each) // len(agent.external_axes))


def vigilant_execution(
    state: TrainingState,
    game: Game,
    external: Externals,
    episodes: int,
    threshold: float = 7.0,
    kept: int | None = None,
    seed: int = 0,
    watched: Sequence[Episode] = (),
) -> Iterator[ChangeRecord]:
    """Phase three beside an external that may change: play, watch, and adapt again when it has.

    Args: state, a trained team (its belief, if it has one, is where it starts); external, which may be a `Succession`;
    threshold h, nats (∞: never an alarm); kept, how many of the latest moves are adapted to (default: 20 episodes of
    them); watched, the episodes that the belief came from: it is adapted to as well until there is an alarm.
    Moves under suspicion are not adapted to until S is 0 again, or there is an alarm.
    Yields `execution`'s records with `surprise`, `suspicion` and `changed` (an alarm). `state` is left as it was; each
    record's `state` is the team that played.
    """
    trained, team = state, state.fork(state.settings)
    prior, kept = prior_belief(state.agent, 1), kept or 20 * game.horizon
    suspicion = 0.0
    trusted: list[Record] = []  # moves of the external as it is now
    suspect: list[Record] = []  # moves since S was last 0
    for played in execution(team, game, external, episodes, seed):
        assert played.actions is not None
        known = log_probability_of_move(team, team.belief or prior, played.observations, played.actions)
        unknown = log_probability_of_move(trained, prior, played.observations, played.actions)
        suspicion = max(0.0, suspicion + unknown - known)
        record = ChangeRecord(**vars(played), surprise=-known, suspicion=suspicion, changed=suspicion > threshold)
        suspect.append(record)
        yield record
        if record.changed:
            watched, trusted, suspect, suspicion = (), suspect, [], 0.0
        elif suspicion == 0:
            trusted, suspect = [*trusted, *suspect][-kept:], []
        if trusted and (record.changed or record.over):
            _adapt(trained, team, watched, trusted)


def _adapt(trained: TrainingState, team: TrainingState, watched: Sequence[Episode], moves: list[Record]) -> None:
    """Give `team` what it is to think and do after `watched` and these moves, starting from the meta-parameters."""
    agents = list(enumerate(trained.game.agents))
    latest = Episode(
        {a: torch.stack([r.observations[j] for r in moves]) for j, a in agents},
        {a: torch.stack([r.actions[j] for r in moves if r.actions is not None]) for j, a in agents},
    )
    adapted = last(online_adaptation(trained, [*watched, latest], team.settings)).state
    team.agent, team.belief = adapted.agent, adapted.belief
