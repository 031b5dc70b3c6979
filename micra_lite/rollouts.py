"""Playing whole episodes: for the data D, for watching a newcomer, for scoring. Nothing is learned here."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .agent import Belief, prior_belief
from .externals import Externals
from .replay import Episode, Pairs, Play
from .training_state import TrainingState, observations_of


def _mixed(policy: Tensor, exploration: float) -> Tensor:
    return (1 - exploration) * policy + exploration / policy.shape[-1]


@torch.no_grad()
def play(
    state: TrainingState,
    externals: Externals,
    belief: Belief,
    episodes: int,
    exploration: float,
    generator: torch.Generator,
) -> Play:
    """Play whole episodes: K externals, `episodes` of each, all at once. Nothing is learned."""
    game, agent, settings = state.game, state.agent, state.settings
    K, E = len(externals), episodes
    k = torch.arange(K, device=generator.device).repeat_interleave(E)  # (K·E,)
    s = game.reset(K * E, generator)
    alive = torch.ones(K * E, dtype=torch.bool, device=generator.device)
    columns: dict[str, list[Tensor]] = {n: [] for n in ("states", "actions", "rewards", "terminated", "alive")}
    for _ in range(game.horizon):
        seen = observations_of(game, s, settings)
        features = agent.features([o.unflatten(0, (K, E)) for o in seen])
        team = agent.act(belief, features, agent.predict(belief, features))
        policies = {i: _mixed(p.exp().flatten(0, 1), exploration) for i, p in zip(agent.target_axes, team, strict=True)}
        moves = externals.policies(k, [seen[e] for e in agent.external_axes])
        policies.update(zip(agent.external_axes, moves, strict=True))
        actions = torch.cat(
            [torch.multinomial(policies[j], 1, generator=generator) for j in range(len(game.agents))], 1
        )
        step = game.step(s, actions, generator)
        for name, value in (("states", s), ("actions", actions), ("rewards", step.rewards),
                            ("terminated", step.terminated), ("alive", alive)):  # fmt: skip
            columns[name].append(value)
        if not torch.isfinite(step.rewards).all():
            raise ValueError(f"{game.name} paid a reward that is NaN or infinite; actions {actions[0].tolist()}")
        s, alive = step.state, alive & ~step.terminated & ~step.truncated
    columns["states"].append(s)
    stacked = {n: torch.stack(v, 1).unflatten(0, (K, E)) for n, v in columns.items()}  # (K, E, T, …)
    return Play(**stacked)


def watch(
    state: TrainingState, external: Externals, episodes: int, exploration: float = 0.1, seed: int = 0
) -> list[Episode]:
    """Watch one newcomer play beside the team as it now is: `episodes` episodes for `online_adaptation`."""
    if len(external) != 1:
        raise ValueError(f"watch takes one external at a time, for example externals[0]; got {len(external)} of them")
    generator = torch.Generator(device=state.settings.device).manual_seed(seed)
    belief = state.belief or prior_belief(state.agent, 1)
    played = play(state, external, belief, episodes, exploration, generator)
    watched = []
    for states, actions, alive in zip(played.states[0], played.actions[0], played.alive[0], strict=True):
        seen = observations_of(state.game, states[:-1][alive], state.settings)
        watched.append(
            Episode(
                dict(zip(state.game.agents, seen, strict=False)),
                {a: actions[alive][:, j] for j, a in enumerate(state.game.agents)},
            )
        )
    return watched


def watched_pairs(state: TrainingState, watched: Sequence[Episode]) -> Pairs:
    """Watched episodes as one support set, K = 1. Under full views any one agent's observations will do."""
    if not watched:
        raise ValueError(
            "the watch list is empty: online adaptation needs at least one watched episode of the external"
        )
    game, agent, settings = state.game, state.agent, state.settings
    if agent.full_view:
        observers = dict.fromkeys(range(len(game.agents)), game.externals[0])
    else:
        observers = {o: game.agents[o] for o, _ in agent.views}
    for number, episode in enumerate(watched):
        missing = [a for a in {*observers.values(), *game.externals} if a not in episode.observations]
        missing += [a for a in game.externals if a not in episode.actions]
        if missing:
            raise ValueError(
                f"watched episode {number} lacks observations or actions of {sorted(set(missing))}; "
                f"this game needs those of {sorted({*observers.values(), *game.externals})}"
            )
    steps = sum(len(episode.actions[game.externals[0]]) for episode in watched)
    blank = torch.zeros(1, steps, 1, **settings.tensor)  # for agents that nobody imitates from
    observations = [blank] * len(game.agents)
    for j, name in observers.items():
        observations[j] = torch.cat([episode.observations[name] for episode in watched])[None].to(**settings.tensor)
    actions = torch.zeros(1, steps, len(game.agents), dtype=torch.long, device=settings.device)
    for e, name in zip(agent.external_axes, game.externals, strict=True):
        actions[0, :, e] = torch.cat([episode.actions[name] for episode in watched])
    return Pairs(observations, actions, torch.ones(1, steps, **settings.tensor))
