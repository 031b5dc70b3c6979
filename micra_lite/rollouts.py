"""Playing episodes: for the data D (`collect`), to watch a newcomer (`watch`), to score. Nothing is learned here."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .agent import Belief, adapted_belief, prior_belief
from .externals import Externals
from .game import Game, Step, in_agents_order
from .replay import Episode, Pairs, Play
from .training_state import TrainingState


def joint_step(
    game: Game, states: Tensor, team: Sequence[Tensor], moves: Sequence[Tensor], generator: torch.Generator
) -> tuple[Tensor, Step]:
    """Let every agent draw its action, then play one step: the joint actions (B, n) and what they led to.

    Args: states (B, d); team, the targets' policies, (B, A_i) each; moves, the externals', (B, A_e) each.
    """
    policies = in_agents_order(game.target_axes, game.external_axes, team, moves)
    actions = torch.cat([torch.multinomial(p, 1, generator=generator) for p in policies], 1)  # (B, n)
    return actions, game.step(states, actions, generator)


@torch.no_grad()
def play(
    state: TrainingState, externals: Externals, belief: Belief, episodes: int, exploration: float,
    generator: torch.Generator,
) -> Play:  # fmt: skip
    """Play whole episodes: K externals, `episodes` of each, all at once; targets act at random with probability ε.

    Raises ValueError when the game pays a reward that is not finite.
    """
    game, agent = state.game, state.agent
    K, E = len(externals), episodes
    players = externals.players(torch.arange(K).repeat_interleave(E))  # K·E rows
    states, actions = game.reset(K * E, generator), None
    alive = torch.ones(K * E, dtype=torch.bool)
    rows = []
    for t in range(game.horizon):
        seen = state.observe(states)
        features = agent.features([o.unflatten(0, (K, E)) for o in seen])
        team = [p.exp().flatten(0, 1) for p in agent.act(belief, features, agent.predict(belief, features))]
        team = [(1 - exploration) * p + exploration / p.shape[-1] for p in team]
        moves = players.policies([seen[e] for e in agent.external_axes], torch.full((K * E,), t == 0), actions)
        actions, step = joint_step(game, states, team, moves, generator)
        if not torch.isfinite(step.rewards).all():
            raise ValueError(f"{game.name} paid a reward that is NaN or infinite; actions {actions[0].tolist()}")
        rows.append((states, actions, step.rewards, step.terminated, alive))
        states, alive = step.state, alive & ~step.terminated & ~step.truncated
    befores, *others = zip(*rows, strict=True)
    return Play(*[torch.stack(x, 1).unflatten(0, (K, E)) for x in ((*befores, states), *others)])  # (K, E, T, …)


def collect(state: TrainingState, externals: Externals) -> list[tuple[Play, Belief]]:
    """Add a round to the data D: new externals, met by the team as it is, then by the team that has watched them.

    Returns what was played, and with which belief.
    """
    settings, generator = state.settings, state.generator
    k = torch.randint(len(externals), (settings.externals_per_round,), generator=generator)
    met = externals[k.tolist()]
    belief = prior_belief(state.agent, len(met))
    # An unconditioned team watches nobody: belief changes nothing in how it acts.
    first = settings.episodes_per_external // 2 if settings.conditioned else settings.episodes_per_external
    played = [(play(state, met, belief, first, settings.exploration, generator), belief)]
    if settings.conditioned:
        count = int(torch.randint(1, first + 1, (1,), generator=generator))
        belief = adapted_belief(state.agent, played[0][0].pairs(slice(count), state.observe), settings.inner_steps)
        after = play(state, met, belief, settings.episodes_per_external - first, settings.exploration, generator)
        played.append((after, belief))
    state.replay.add(k, *[p for p, _ in played])
    state.environment_steps += sum(int(p.alive.sum()) for p, _ in played)
    return played


def watch(
    state: TrainingState, external: Externals, episodes: int, exploration: float = 0.1, seed: int = 0
) -> list[Episode]:
    """Watch one newcomer play beside the team as it now is: `episodes` episodes for `online_adaptation`."""
    if len(external) != 1:
        raise ValueError(f"watch takes one external at a time, for example externals[0]; got {len(external)} of them")
    generator = torch.Generator().manual_seed(seed)
    played = play(state, external, state.belief or prior_belief(state.agent, 1), episodes, exploration, generator)
    watched = []
    for states, actions, alive in zip(played.states[0], played.actions[0], played.alive[0], strict=True):
        seen, taken = state.observe(states[:-1][alive]), actions[alive]  # (T, O_j), (T, n)
        agents = list(enumerate(state.game.agents))
        watched.append(Episode({a: seen[j] for j, a in agents}, {a: taken[:, j] for j, a in agents}))
    return watched


def watched_pairs(state: TrainingState, watched: Sequence[Episode]) -> Pairs:
    """Watched episodes as one support set, K = 1. Under full views any one agent's observations will do.

    Raises ValueError when nothing was watched, or when an episode lacks what the imitators need.
    """
    if not watched:
        raise ValueError("the watch list is empty: online adaptation needs one watched episode or more")
    game, dtype = state.game, state.settings.torch_dtype
    seers = [game.externals[0]] * len(game.agents) if state.agent.full_view else game.agents
    needed = {*seers, *game.externals}
    for number, episode in enumerate(watched):
        unmoved = {a for a in game.externals if a not in episode.actions}
        if missing := sorted(unmoved | {a for a in needed if a not in episode.observations}):
            lacks = f"lacks observations or actions of {missing}; this game needs those of {sorted(needed)}"
            raise ValueError(f"watched episode {number} {lacks}")
    observations = [torch.cat([e.observations[a] for e in watched])[None].to(dtype) for a in seers]  # (1, T, O_j) each
    actions = torch.zeros(*observations[0].shape[:2], len(game.agents), dtype=torch.long)
    for e, name in zip(state.agent.external_axes, game.externals, strict=True):
        actions[0, :, e] = torch.cat([episode.actions[name] for episode in watched])
    return Pairs(observations, actions, torch.ones(actions.shape[:2], dtype=dtype))
