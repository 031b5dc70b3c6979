"""The three phases of MICRA, as generators of records.

1. `offline_training`: rounds of episodes with training externals fill the data D. Each update draws K externals from D
   and, for all of them at once,
     a. meta-imitator: adapt to support episodes, learn from query episodes (Eqs. 1 and 4);
     b. critic: temporal differences, the expectation over next actions taken with each external's own δ_k;
     c. actors: regrets from the critic (Eq. 2), one step along the CRA policy gradient (Eq. 3).
2. `online_adaptation`: a newcomer's watched episodes adapt the imitator; then one of three answers changes the team.
3. `execution`: each target acts on its own observation; nothing is learned.

All mutable state is in `TrainingState`; the generators' own variables hold nothing between two records, so that
every record is a place to save and to resume.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from .agent import Belief, adapted_belief, believe, prior_belief, some_of, together
from .externals import ExternalFamily, Externals
from .game import Game
from .imitation import imitation_loss, meta_loss
from .regret import counterfactual_regret_advantage
from .replay import Episode, Pairs, Play
from .rollouts import play, watched_pairs
from .settings import Settings
from .training_state import Record, TrainingState, observations_of, pairs
from .updates import gradient_step, value_and_improve


def offline_training(
    game: Game, family: ExternalFamily, settings: Settings, state: TrainingState | None = None
) -> Iterator[Record]:
    """Phase one: train extractor, imitator, critic and actors over the training externals of `family`.

    Give `state` to go on from a loaded checkpoint; of the settings, those that shape networks and data must be the same
    as before (else ValueError), the others may have changed. Yields a Record after every update, `settings.updates` in all.
    """
    if state is None:
        state = TrainingState.initial(game, settings)
    else:
        state.change_settings(settings)
    externals = family.split("train")
    while state.updates < settings.updates:
        if state.updates % settings.updates_per_round == 0:
            collect(state, externals)
        state.set_rates()
        groups = state.replay.groups(settings.externals_per_update, state.generator)
        losses: dict[str, float] = {}
        team: Belief | None
        # The ablations have no use for an imitator, but where the true policy is known and the targets' views are not.
        if settings.external_model == "imitator" or (settings.external_model == "true" and not game.full_view):
            belief, team, losses = imitate(state, groups)
        else:
            belief = team = prior_belief(state.agent, len(groups))
        true = (externals, state.replay.store["external"][groups]) if settings.external_model == "true" else None
        if true is not None:
            belief = true_belief(state, *true)
            team = None if settings.conditioned else team  # None: it believes what the critic is told
        for _ in range(settings.value_steps):
            batch = transitions(state, groups, unwatched(settings, len(groups)))
            shown = value_and_improve(state, belief, batch, true=true, team=team)
        shown["losses"] = {**losses, **shown["losses"]}
        state.updates += 1
        yield Record("offline training", state.updates, state, **shown)


def collect(state: TrainingState, externals: Externals) -> list[tuple[Play, Belief]]:
    """One round of data: new externals, met by the team as it is, then by the team that has watched them a little.

    Returns what was played and with which belief; the data D have it too.
    """
    s, generator = state.settings, state.generator
    k = torch.randint(len(externals), (s.externals_per_round,), generator=generator, device=generator.device)
    met = externals[k.tolist()]
    belief = prior_belief(state.agent, len(met))
    # An unconditioned team watches nobody: belief changes nothing in how it acts.
    first = s.episodes_per_external // 2 if s.conditioned else s.episodes_per_external
    played = [(play(state, met, belief, first, s.exploration, generator), belief)]
    if s.conditioned:
        count = int(torch.randint(1, first + 1, (1,), generator=generator, device=generator.device))
        belief = adapted_belief(state.agent, pairs(state, *played[0][0].steps(count)), s)
        after = play(state, met, belief, s.episodes_per_external - first, s.exploration, generator)
        played.append((after, belief))
    whole = Play(**{n: torch.cat([getattr(p, n) for p, _ in played], 1) for n in Play.__dataclass_fields__})
    state.replay.add(k, whole)
    state.environment_steps += int(whole.alive.sum())
    return played


def unwatched(settings: Settings, K: int) -> int:
    """How many of an update's K externals, the last ones, the team has not watched.

    All, if its actors are not conditioned; none, if they are told the true policies.
    """
    if not settings.conditioned:
        return K
    return min(settings.unwatched, K) if settings.external_model == "imitator" else 0


def transitions(state: TrainingState, groups: Tensor, own: int) -> dict[str, Tensor]:
    """A batch (K, N, …) for critic and actors; the last `own` of the K externals are valued where they have led themselves.

    For the others the transitions come from anywhere in D and are valued against k, whoever played in them. But a team
    that has not watched can only guess from the state who is with it: with whom it gets there must be as in play.
    """
    s, K = state.settings, len(groups)
    parts = []
    if own < K:
        anywhere = state.replay.transitions((K - own) * s.states_per_external, state.generator)
        parts.append({n: column.unflatten(0, (K - own, s.states_per_external)) for n, column in anywhere.items()})
    if own:
        parts.append(state.replay.own_transitions(groups[K - own :], s.states_per_external, state.generator))
    return {n: torch.cat([part[n] for part in parts]) for n in parts[0]}


def imitate(state: TrainingState, groups: Tensor) -> tuple[Belief, Belief, dict[str, float]]:
    """Adapt to the drawn externals, (K,) groups of D, each from its own support episodes; every so often also learn.

    A meta-update (Eq. 4) takes query episodes of the same externals. The last `settings.unwatched` of them have no
    support, so that θ itself learns to predict them. Returns what the critic is told of each external (of the unwatched ones
    too: it learns centrally), what the team believes, and the meta-loss in nats where there was one.
    """
    s, agent, generator = state.settings, state.agent, state.generator
    known = len(groups) - unwatched(s, len(groups))
    pick = int(torch.randint(len(s.support_episodes), (1,), generator=generator, device=generator.device))
    n_support = s.support_episodes[pick]
    order = torch.randperm(s.episodes_per_external, generator=generator, device=generator.device)
    support = pairs(state, *state.replay.episodes(groups, order[:n_support]))
    support.weights[max(0, len(groups) - s.unwatched) :] = 0.0
    losses = {}
    if state.updates % s.meta_every:
        team = adapted_belief(agent, support, s)
    else:
        query = pairs(state, *state.replay.episodes(groups, order[n_support : n_support + s.query_episodes]))
        sets = [(agent.features(p.observations), p) for p in (support, query)]  # the extractor learns from Eq. 4 too
        loss, parameters = torch.zeros((), **s.tensor), []
        for imitator, (observer, e) in zip(agent.imitators, agent.views, strict=True):
            inner, outer = [(f[observer], p.actions[..., e], p.weights) for f, p in sets]
            query_loss, adapted = meta_loss(imitator, inner, outer, s.inner_steps, None, s.second_order)
            loss = loss + query_loss
            parameters.append(adapted)
        losses["meta_loss"] = gradient_step(state.optimisers["imitator"], loss) / len(agent.views)
        team = believe(agent, parameters)
    team.unwatched[known:] = 1.0
    if known == len(groups):
        return team, team, losses
    most = pairs(state, *state.replay.episodes(groups[known:], order[: max(s.support_episodes)]))
    told = adapted_belief(agent, most, s)
    told.unwatched[:] = 1.0
    return together(some_of(team, slice(known)), told), team, losses


def true_belief(state: TrainingState, externals: Externals, k: Tensor) -> Belief:
    """The ablation's belief: the true π_ℰ at the probes (K, C) in place of the imitator's predictions."""
    agent = state.agent
    probes = []
    for j in range(len(agent.external_axes)):
        seen = getattr(agent, f"probe_{j}")
        others = [getattr(agent, f"probe_{i}")[: len(seen)] for i in range(len(agent.external_axes))]
        others[j] = seen
        rows = externals.policies(k.repeat_interleave(len(seen)), [o.repeat(len(k), 1) for o in others])[j]
        probes.append(rows.to(seen.dtype).reshape(len(k), -1))
    prior = prior_belief(agent, len(k))
    return Belief(prior.parameters, torch.cat(probes, -1), prior.unwatched * (not agent.conditioned))


def online_adaptation(
    state: TrainingState, watched: Sequence[Episode], settings: Settings | None = None
) -> Iterator[Record]:
    """Phase two: adapt to one newcomer from its watched episodes. The given `state` is left as it was.

    Each record's `state` is the adapting copy; the last one is the adapted team. The imitator adapts first, one record
    per inner step; `settings.answer` says what follows: "none" (conditioned networks have already changed), "frozen"
    (CRA steps for the actors, the critic untouched) or "re-imagined" (critic and actors go on with the data D and the
    newcomer's δ in the expectation; no new reward is needed). Raises ValueError when nothing was watched.
    """
    settings = settings or state.settings
    support = watched_pairs(state, watched)
    state = state.fork(settings)
    agent = state.agent
    agent.extractors.requires_grad_(False)  # the adapted imitator reads its features: they must stay
    agent.critic.requires_grad_(settings.answer == "re-imagined")
    trace: list[list[Tensor]] = []
    state.belief = adapted_belief(agent, support, settings, trace)
    for step, losses in enumerate(zip(*trace, strict=True)):
        yield Record("online adaptation", step + 1, state, {"imitation_loss": float(torch.stack(losses).mean())})
    if settings.answer == "none":
        yield Record(
            "online adaptation", settings.inner_steps + 1, state, {"imitation_loss": _watched_loss(state, support)}
        )
        return
    for update in range(settings.adaptation_updates):
        batch = state.replay.transitions(settings.adaptation_states, state.generator)
        batch = {name: column[None] for name, column in batch.items()}  # K = 1
        shown = value_and_improve(state, state.belief, batch, learn_critic=settings.answer == "re-imagined")
        yield Record("online adaptation", settings.inner_steps + 1 + update, state, **shown)


@torch.no_grad()
def _watched_loss(state: TrainingState, support: Pairs) -> float:
    assert state.belief is not None
    features = state.agent.features(support.observations)
    losses = [
        imitation_loss(imitator, parameters, features[observer], support.actions[..., e], support.weights)
        for imitator, parameters, (observer, e) in zip(
            state.agent.imitators, state.belief.parameters, state.agent.views, strict=True
        )
    ]
    return float(torch.stack(losses).mean())


@torch.no_grad()
def execution(
    state: TrainingState, game: Game, external: Externals | Callable[[int], Externals], episodes: int = 1, seed: int = 0,
    exploration: float = 0.0,
) -> Iterator[Record]:  # fmt: skip
    """Phase three: the team plays `episodes` episodes beside one external; one record per step, nothing is learned.

    Records carry what each target saw, predicted and regretted, the joint action and the rewards. `external` may be a
    function of the number of steps played: who plays now. The team is read from `state` at every step.
    """
    settings = state.settings
    generator = torch.Generator(device=settings.device).manual_seed(seed)
    number = torch.zeros(1, dtype=torch.long, device=generator.device)
    n, count = len(game.agents), 0
    for _ in range(episodes):
        s = game.reset(1, generator)
        for left in reversed(range(game.horizon)):
            agent, belief = state.agent, state.belief or prior_belief(state.agent, 1)
            who = external if isinstance(external, Externals) else external(count)
            seen = observations_of(game, s, settings)
            batch = [o[None] for o in seen]  # (1, 1, O_j)
            features = agent.features(batch)
            predictions = agent.predict(belief, features)
            team = [p.exp() for p in agent.act(belief, features, predictions)]
            joint = agent.joint(team, predictions)  # n × (1, A_j), the externals' as predicted
            q = agent.value(belief, features, predictions)[0]  # (1, A_1, …, A_n)
            regrets = counterfactual_regret_advantage(q, joint, agent.target_axes)
            policies = {i: (1 - exploration) * joint[i] + exploration / joint[i].shape[1] for i in agent.target_axes}
            moves = who.policies(number, [seen[e] for e in agent.external_axes])
            policies.update(zip(agent.external_axes, moves, strict=True))
            actions = torch.cat([torch.multinomial(policies[j], 1, generator=generator) for j in range(n)], 1)
            step = game.step(s, actions, generator)
            count += 1
            own = [joint[i][0] for i in agent.target_axes]
            n_ext = len(agent.external_axes)
            over = left == 0 or bool(step.terminated | step.truncated)
            yield Record(
                "execution", count, state, {}, s[0], [o[0] for o in seen[:n]], [f[0, 0] for f in features[:n]],
                [p[0, 0] for p in predictions[:n_ext]], q[0], [r[0] for r in regrets], own, own, actions[0],
                step.rewards[0], over,
            )  # fmt: skip
            s = step.state
            if over:
                break


def last(records: Iterator[Any]) -> Any:
    """Run a phase to its end and return its last record.

    >>> last(iter([1, 2, 3]))
    3
    """
    record = None
    for record in records:  # noqa: B007
        pass
    return record
