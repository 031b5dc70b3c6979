"""The three phases of MICRA, as generators of records. Every record is a place to save and to resume.

1. `offline_training`: rounds of episodes with training externals fill D; each update draws K externals from it for
     a. meta-imitator: adapt to support episodes, learn from query episodes (Eqs. 1 and 4);
     b. critic: temporal differences, the expectation over next actions taken with each external's own δ_k;
     c. actors: regrets from the critic (Eq. 2), one step along the CRA policy gradient (Eq. 3).
2. `online_adaptation`: a newcomer's watched episodes adapt the imitator; then actors and critic may learn on.
3. `execution`: each target acts on its own observation; nothing is learned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .agent import Agent, Belief, adapted_belief, make_belief, prior_belief
from .externals import ExternalFamily, Externals
from .game import Game
from .imitation import meta_loss
from .registry import find
from .replay import Episode, Pairs
from .rollouts import collect, draw_transitions, joint_step, n_unwatched, watched_pairs
from .settings import Settings
from .training_state import Record, TrainingState
from .updates import Advantages, counterfactual_regrets, gradient_step, update


def imitate(state: TrainingState, externals: Externals, groups: Tensor) -> tuple[Belief, Belief, dict[str, float]]:
    """Adapt to the drawn externals, (K,) groups of D (each the episodes of one external); every so often also learn.

    Support and query of a meta-update (Eq. 4) are of one external. The last `unwatched_externals` have no support: θ
    itself learns to predict them. Returns what the critic is told of each (of these too: it learns centrally), what the
    team believes, and the meta-loss in nats where there was one.
    """
    settings, agent, generator, replay = state.settings, state.agent, state.generator, state.replay
    if not agent.views:  # no externals, nothing to imitate
        return (belief := prior_belief(agent, len(groups))), belief, {}
    n_support = settings.support_episodes[int(torch.randint(len(settings.support_episodes), (1,), generator=generator))]
    order = torch.randperm(settings.episodes_per_external, generator=generator)
    support = replay.pairs(groups, order[:n_support])
    support.weights[max(0, len(groups) - settings.unwatched_externals) :] = 0.0
    losses = {}
    if state.updates % settings.meta_every:
        team = adapted_belief(agent, support, settings.inner_steps)
    else:
        query = replay.pairs(groups, order[n_support : n_support + settings.query_episodes])
        loss, parameters = meta_update_loss(state, support, query)
        losses["meta_loss"] = gradient_step(state.optimisers["imitator"], loss) / len(agent.views)
        team = make_belief(agent, parameters)
    known = len(groups) - n_unwatched(state, len(groups))
    team.unwatched[known:] = 1.0
    if known == len(groups):
        return team, team, losses
    most = replay.pairs(groups[known:], order[: max(settings.support_episodes)])
    told = adapted_belief(agent, most, settings.inner_steps)
    told.unwatched[:] = 1.0
    return Belief.concatenate(team[:known], told), team, losses


def meta_update_loss(state: TrainingState, support: Pairs, query: Pairs) -> tuple[Tensor, list[dict[str, Tensor]]]:
    """Eq. 4's loss, summed over views, nats, and each view's adapted parameters. The extractor learns from it too."""
    settings, agent = state.settings, state.agent
    sets = [(agent.features(p.observations), p) for p in (support, query)]
    total, parameters = torch.zeros((), dtype=settings.torch_dtype), []
    for imitator, (observer, e) in zip(agent.imitators, agent.views, strict=True):
        inner, outer = [(f[observer], p.actions[..., e], agent.choices(p, e)) for f, p in sets]
        loss, adapted = meta_loss(imitator, inner, outer, settings.inner_steps, None, settings.second_order)
        total = total + loss
        parameters.append(adapted)
    return total, parameters


@dataclass(frozen=True)
class Variant:
    """The two functions that an ablation may swap (see `baselines/ablations.py`); MICRA's are the defaults."""

    # (state, training externals, groups) → the critic's belief, the team's belief, losses
    externals: Callable[[TrainingState, Externals, Tensor], tuple[Belief, Belief, dict[str, float]]] = imitate
    advantages: Advantages = counterfactual_regrets


MICRA = Variant()


def offline_training(
    game: Game, family: ExternalFamily | Externals | None, settings: Settings, state: TrainingState | None = None,
    variant: Variant = MICRA,
) -> Iterator[Record]:  # fmt: skip
    """Phase one: train over the training externals of `family`, over the `Externals` given, or, with None, without any.

    Give `state` to go on from a loaded checkpoint; of the settings, those that shape networks and data must be the same
    as before, others may have changed. Yields a Record after every update, `settings.updates` in all. Raises ValueError
    or TypeError, before anything is played, for other settings and for externals that do not fit the game.
    """
    externals = find("extensions.input_checks:training_externals")(game, family)
    if state is not None:
        state.game = find("extensions.input_checks:same_game")(state.game, game)
    state = state or TrainingState.initial(game, settings)
    state.change_settings(settings)
    while state.updates < settings.updates:
        if state.updates % settings.updates_per_round == 0:
            collect(state, externals)
        state.set_rates()
        groups = state.replay.groups(settings.externals_per_update if game.externals else 1, state.generator)
        critic_belief, team_belief, losses = variant.externals(state, externals, groups)
        for which, batch in draw_transitions(state, externals, groups):
            shown = update(state, critic_belief[which], team_belief[which], batch, variant.advantages)
        shown["losses"] = {**losses, **shown["losses"]}
        state.updates += 1
        yield Record("offline training", state.updates, state, **shown)


def online_adaptation(
    state: TrainingState, watched: Sequence[Episode], settings: Settings | None = None
) -> Iterator[Record]:
    """Phase two: adapt to one newcomer from its watched episodes. The given `state` is left as it was.

    Each record's `state` is the adapting copy, the last one the adapted team. The imitator adapts first, with a record
    before each inner step and after the last. `settings.after_imitation` says what learns next, from the data D and the
    newcomer's δ: "nothing", "actors" (CRA steps), or "actors and critic". Raises ValueError when nothing was watched.
    """
    settings = settings or state.settings
    support = watched_pairs(state, watched)
    state = state.fork(settings)
    agent, learn_critic = state.agent, settings.after_imitation == "actors and critic"
    agent.extractors.requires_grad_(False)  # the adapted imitator reads its features: they must stay
    agent.critic.requires_grad_(learn_critic)
    trace: list[list[Tensor]] = []  # per view the losses before each step, and after the last
    state.belief = adapted_belief(agent, support, settings.inner_steps, trace)
    for step, losses in enumerate(zip(*trace, strict=True), 1):
        yield Record("online adaptation", step, state, {"imitation_loss": float(torch.stack(losses).mean())})
    for update_number in range(settings.adaptation_updates if settings.after_imitation != "nothing" else 0):
        batch = state.replay.transitions(settings.adaptation_states, state.generator)
        shown = update(state, state.belief, state.belief, batch, learn_critic=learn_critic)
        yield Record("online adaptation", step + 1 + update_number, state, **shown)


@torch.no_grad()
def execution(
    state: TrainingState, game: Game, external: Externals | None, episodes: int = 1, seed: int = 0,
    decide: Callable[..., list[Tensor]] = Agent.act,
) -> Iterator[Record]:  # fmt: skip
    """Phase three: `episodes` episodes beside one external, if any; nothing is learned. `state` is read at every step.

    `decide` may be another way to act than the actors', with the arguments and the result of `Agent.act`.
    """
    generator = torch.Generator().manual_seed(seed)
    external = find("extensions.input_checks:one_external")(state.game, game, external, episodes)
    players, prior = external.players(torch.zeros(1, dtype=torch.long)), prior_belief(state.agent, 1)
    n, n_ext, count, actions = len(game.agents), len(game.externals), 0, None
    for _ in range(episodes):
        states, over, t = game.reset(1, generator), False, 0
        while not over:
            agent, belief = state.agent, state.belief or prior
            seen = state.observe(states)
            features = agent.features([o[None] for o in seen])  # n × (1, 1, F)
            predictions = agent.predict(belief, features)
            team = [p.exp() for p in decide(agent, belief, features, predictions)]  # m × (1, 1, A_i)
            joint = agent.joint(team, predictions)  # n × (1, 1, A_j), the externals' as predicted
            q = agent.value(belief, features)
            regrets = agent.available(features, counterfactual_regrets(q, joint, agent.target_axes, generator))
            own = [p[0] for p in team]
            moves = players.policies([seen[e] for e in agent.external_axes], torch.tensor([t == 0]), actions)
            actions, step = joint_step(game, states, own, moves, generator)
            count, t = count + 1, t + 1
            over = t == game.horizon or bool(step.terminated | step.truncated)
            policies = [p[0] for p in own]  # m × (A_i,)
            yield Record(
                "execution", count, state, {}, states[0], [o[0] for o in seen[:n]], [f[0, 0] for f in features[:n]],
                [p[0, 0] for p in predictions[:n_ext]], q.shown(), [r[0, 0] for r in regrets], policies, policies,
                actions[0], step.rewards[0], over,
            )  # fmt: skip
            states = step.state
