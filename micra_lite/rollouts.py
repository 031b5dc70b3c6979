"""Playing episodes: for the data D (`collect`), to watch a newcomer (`watch`), to score. Nothing is learned here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from .agent import Belief, adapted_belief, prior_belief
from .externals import Externals
from .game import Game, Step, in_agents_order
from .registry import find
from .replay import Episode, Pairs, Play, Transitions
from .training_state import TrainingState


def joint_step(
    game: Game, states: Tensor, team: Sequence[Tensor], moves: Sequence[Tensor], generator: torch.Generator
) -> tuple[Tensor, Step]:
    """Let every agent draw its action, then play one step: the joint actions (B, n) and what they led to.

    Args: states (B, d); team, the targets' policies, (B, A_i) each; moves, the externals', (B, A_e) each. Of these only
    available actions count. Raises ValueError where a policy has none, or where an external's are no probabilities.
    """
    find("extensions.input_checks:check_externals_policies")(game, moves, len(states))
    policies = in_agents_order(game.target_axes, game.external_axes, team, moves)
    if game.masked:
        each = zip(policies, game.available(game.observe(states)), strict=True)  # who has but one action takes it
        policies = [torch.where(free.sum(-1, keepdim=True) > 1, p * free, free) for p, free in each]
        if stuck := [a for a, p in zip(game.agents, policies, strict=True) if (p.sum(-1) == 0).any()]:
            raise ValueError(f"the policies of {stuck} give no probability to any action that is available")
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
    alive, rows = torch.ones(K * E, dtype=torch.bool), []
    for t in range(game.horizon):
        seen = state.observe(states)
        features = agent.features([o.unflatten(0, (K, E)) for o in seen])
        team = [p.exp().flatten(0, 1) for p in agent.act(belief, features, agent.predict(belief, features))]
        free = [game.available(seen)[i] for i in agent.target_axes]  # (B, A_i) each
        share = [(exploration / f.double().sum(-1, keepdim=True)).to(f) for f in free]  # of each available action
        team = [(1 - exploration) * p + s * f for p, s, f in zip(team, share, free, strict=True)]
        moves = players.policies([seen[e] for e in agent.external_axes], torch.full((K * E,), t == 0), actions)
        actions, step = joint_step(game, states, team, moves, generator)
        if not torch.isfinite(step.rewards).all():
            raise ValueError(f"{game.name} paid a reward that is NaN or infinite; actions {actions[0].tolist()}")
        ended = step.terminated if step.gone is None else step.terminated[:, None] | step.gone  # (B,) or (B, m)
        rows.append((states, actions, step.rewards, ended, alive))
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
    first = settings.episodes_per_external // 2 if state.agent.conditioned else settings.episodes_per_external
    played = [(play(state, met, belief, first, settings.exploration, generator), belief)]
    if state.agent.conditioned:
        count = int(torch.randint(1, first + 1, (1,), generator=generator))
        belief = adapted_belief(state.agent, played[0][0].pairs(slice(count), state.observe), settings.inner_steps)
        after = play(state, met, belief, settings.episodes_per_external - first, settings.exploration, generator)
        played.append((after, belief))
    state.replay.add(k, *[p for p, _ in played])
    state.environment_steps += sum(int(p.alive.sum()) for p, _ in played)
    return played


def n_unwatched(state: TrainingState, K: int) -> int:
    """The number of an update's K externals, its last ones, that are unwatched: all, if actors take no belief."""
    if not state.agent.external_axes:
        return 0
    return min(state.settings.unwatched_externals, K) if state.agent.conditioned else K


def draw_transitions(state: TrainingState, externals: Externals, groups: Tensor) -> Iterator[tuple[slice, Transitions]]:
    """An update's batches for critic and actors, each with the externals (of the K in `groups`) that it is for.

    Reward and next state depend on the joint action, not on who chose it: transitions from anywhere in D train Q for
    any k. So watched externals share a batch, `value_steps` times. Externals that are not stationary get transitions of
    their own; so do unwatched ones (once): what a state tells of who is there must be as in play, before watching.
    """
    settings, replay, generator, K = state.settings, state.replay, state.generator, len(groups)
    shared = K - n_unwatched(state, K) if externals.stationary else 0
    first, N = settings.episodes_per_external // (2 if shared else 1), settings.states_per_external
    for _ in range(settings.value_steps if shared else 0):
        yield slice(0, shared), replay.transitions(settings.states, generator)
    if shared < K:
        for _ in range(1 if shared else settings.value_steps):
            yield slice(shared, K), replay.own_transitions(groups[shared:], first, N, generator)


def watch(
    state: TrainingState, external: Externals, episodes: int, exploration: float = 0.1, seed: int = 0
) -> list[Episode]:
    """Watch one newcomer play beside the team as it now is: `episodes` episodes for `online_adaptation`."""
    external = find("extensions.input_checks:one_external")(state.game, state.game, external, episodes, exploration)
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

    Raises TypeError or ValueError, naming episode and agent, when nothing was watched or an imitator could not learn.
    """
    game, dtype = state.game, state.settings.torch_dtype
    seers = [*game.externals[:1]] * len(game.agents) if state.agent.full_view else game.agents
    needed = list(dict.fromkeys([*seers, *game.externals]))
    seen, moves = find("extensions.input_checks:watched_columns")(game, watched, needed)
    observations = [seen[a][None].to(dtype) for a in seers]  # (1, T, O_j) each
    actions = torch.zeros(*observations[0].shape[:2], len(game.agents), dtype=torch.long)
    for e, name in zip(state.agent.external_axes, game.externals, strict=True):
        actions[0, :, e] = moves[name]
    return Pairs(observations, actions, torch.ones(actions.shape[:2], dtype=dtype))
