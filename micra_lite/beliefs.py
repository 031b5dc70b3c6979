"""Beliefs: from adapted imitators to what actors and critic are told about the externals.

1. `prior_belief`: before anything was watched, θ′ = θ.
2. `adapted_belief`: after the inner loop of Eq. 4 on watched pairs.
3. `some_of` and `together`: beliefs about some of K externals, and about several groups of them.
4. `externals_model`: what stands in for π_ℰ in every sum over the externals' actions.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from .agent import Agent, Belief
from .externals import Externals
from .imitation import Parameters, adapt, meta_parameters, predict
from .replay import Pairs
from .training_state import Settings, TrainingState


def believe(agent: Agent, parameters: list[Parameters], watched: bool = True) -> Belief:
    """What adapted imitators predict, ready for use: parameters per view → Belief, with the probes computed once.

    A team whose actors are not conditioned has never watched anybody.
    """
    with torch.no_grad():
        parameters = [{n: p.detach() for n, p in view.items()} for view in parameters]
        probes = []
        for j, e in enumerate(agent.externals):  # the first views are the externals' own
            seen = getattr(agent, f"probe_{j}")  # (P_e, O_e)
            features = agent.extractors[agent.eyes[e]](seen)
            K = len(next(iter(parameters[j].values())))
            probes.append(predict(agent.imitators[j], parameters[j], features.expand(K, -1, -1)).exp().flatten(1))
    told = torch.cat(probes, -1)  # (K, C)
    return Belief(parameters, told, told.new_full((len(told), 1), float(not (watched and agent.conditioned))))


def prior_belief(agent: Agent, externals: int) -> Belief:
    """The belief before anything was watched: θ′ = θ, for each of K externals."""
    return believe(agent, [meta_parameters(imitator, externals) for imitator in agent.imitators], watched=False)


def adapted_belief(agent: Agent, pairs: Pairs, settings: Settings, trace: list[list[Tensor]] | None = None) -> Belief:
    """The belief after watching: the inner loop of Eq. 4 for every view. `trace` collects the losses of its steps."""
    parameters = []
    with torch.no_grad():
        features = agent.features(pairs.observations)
    for imitator, (observer, e) in zip(agent.imitators, agent.views, strict=True):
        losses: list[Tensor] = []
        parameters.append(
            adapt(
                imitator,
                features[observer],
                pairs.actions[..., e],
                settings.inner_steps,
                None,
                pairs.weights,
                trace=losses,
            )
        )
        if trace is not None:
            trace.append(losses)
    return believe(agent, parameters)


def some_of(belief: Belief, which: slice) -> Belief:
    """The belief about some of K externals alone."""
    parameters = [{n: p[which] for n, p in view.items()} for view in belief.parameters]
    return Belief(parameters, belief.probes[which], belief.unwatched[which])


def together(*beliefs: Belief) -> Belief:
    """One belief about the externals of several beliefs, in a row."""
    views = zip(*[b.parameters for b in beliefs], strict=True)
    parameters = [{n: torch.cat([view[n] for view in same]) for n in same[0]} for same in views]
    return Belief(parameters, torch.cat([b.probes for b in beliefs]), torch.cat([b.unwatched for b in beliefs]))


def externals_model(
    state: TrainingState,
    belief: Belief,
    seen: list[Tensor],
    features: list[Tensor],
    true: tuple[Externals, Tensor] | None,
    taken: Tensor | None,
) -> list[Tensor]:
    """What stands in for π_ℰ, per view (K, N, A_e): the imitator's δ, or (ablations) the true policies or one sample.

    The sample is the externals' move in the joint actions `taken` in the data, (K, N, n).
    """
    with torch.no_grad():
        predictions = state.agent.predict(belief, features)
        if true is not None:
            externals, k = true
            K, N = seen[0].shape[:2]
            rows = [seen[e].flatten(0, 1) for e in state.agent.externals]
            exact = externals.policies(k.repeat_interleave(N), rows)
            predictions[: len(rows)] = [p.to(rows[0].dtype).unflatten(0, (K, N)) for p in exact]
        if state.settings.external_model == "sampled":
            assert taken is not None  # see Replay.own_transitions
            for j, e in enumerate(state.agent.externals):
                predictions[j] = one_hot(taken[..., e], predictions[j].shape[-1]).to(predictions[j].dtype)
    return predictions
