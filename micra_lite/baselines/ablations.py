"""MICRA with one of its two parts swapped: the contribution of regret, and that of the imitator.

1. Advantages: CRA with own actions sampled; COMA's; the joint action's. The others' actions are drawn as they now play, not
   as they once did.
2. Externals: `no_imitator` knows of them only what they did in the data; `true_externals` asks π_ℰ itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ..agent import Agent, Belief, prior_belief
from ..externals import Externals
from ..phases import Variant, imitate
from ..regret import FactoredQ
from ..training_state import TrainingState
from ..updates import Advantages, counterfactual_regrets
from .advantages import at_sampled_action, coma_advantage, joint_advantage


def beside_drawn_actions(rival: Callable[..., list[Tensor]]) -> Advantages:
    """A rival's advantages from MICRA's critic, beside a joint action drawn from the present policies."""

    def advantages(
        q: FactoredQ, policies: Sequence[Tensor], target_axes: Sequence[int], generator: torch.Generator
    ) -> list[Tensor]:
        lead, rows = policies[0].shape[:2], [p.flatten(0, 1) for p in policies]  # n × (K·N, A_j)
        drawn = torch.cat([torch.multinomial(p, 1, generator=generator) for p in rows], 1)  # (K·N, n)
        if q.scale.dim() == 2:
            found = rival(q.table.flatten(0, 1), rows, target_axes, drawn)
        else:  # each target has a Q of its own
            found = [rival(q.head(m).table.flatten(0, 1), rows, [i], drawn)[0] for m, i in enumerate(target_axes)]
        return [a.unflatten(0, lead) for a in found]

    return advantages


def own_actions_sampled(advantages: Advantages) -> Advantages:
    """The same advantages, learned from one sampled own action instead of the exact sum over own actions."""

    def sampled(
        q: FactoredQ, policies: Sequence[Tensor], target_axes: Sequence[int], generator: torch.Generator
    ) -> list[Tensor]:
        exact = advantages(q, policies, target_axes, generator)
        own = [policies[i] for i in target_axes]
        drawn = [torch.multinomial(p.flatten(0, 1), 1, generator=generator).view(p.shape[:2]) for p in own]
        return [at_sampled_action(a, p, d) for a, p, d in zip(exact, own, drawn, strict=True)]

    return sampled


class DataBelief(Belief):
    """No model of the externals: their move in the data stands in for π_ℰ."""

    def predict(
        self, agent: Agent, features: Sequence[Tensor], observations: Sequence[Tensor], actions: Tensor | None
    ) -> list[Tensor]:
        if actions is None:
            raise ValueError("the externals' next moves are not known in transitions from anywhere, or after one step that "
                             "is cut short: this ablation cannot learn from them")  # fmt: skip
        predictions = agent.predict(self, features)
        for j, e in enumerate(agent.external_axes):
            predictions[j] = one_hot(actions[..., e], predictions[j].shape[-1]).to(predictions[j].dtype)
        return predictions


def no_imitator(state: TrainingState, externals: Externals, groups: Tensor) -> tuple[Belief, Belief, dict[str, float]]:
    """Nothing is imitated. Actors and critic must not take a belief: Settings(conditioned=False, informed=False)."""
    if state.settings.conditioned or state.settings.informed:
        raise ValueError("without an imitator nobody has a belief: use Settings(conditioned=False, informed=False)")
    prior = prior_belief(state.agent, len(groups))
    return DataBelief(prior.parameters, prior.probes, prior.unwatched), prior, {}


@dataclass
class TrueBelief(Belief):
    """Knowledge of the true policies: of K externals, row `k` (K,) of `externals`."""

    externals: Externals
    k: Tensor

    def __getitem__(self, which: slice) -> TrueBelief:
        some = super().__getitem__(which)
        return TrueBelief(some.parameters, some.probes, some.unwatched, self.externals, self.k[which])

    def predict(
        self, agent: Agent, features: Sequence[Tensor], observations: Sequence[Tensor], actions: Tensor | None
    ) -> list[Tensor]:
        predictions = agent.predict(self, features)  # under partial views the targets' own are still the imitators'
        K, N = predictions[0].shape[:2]
        rows = [observations[e].expand(K, -1, -1).flatten(0, 1) for e in agent.external_axes]
        exact = self.externals.policies(self.k.repeat_interleave(N), rows)
        if agent.masked:
            masks = [seen[:, -p.shape[-1] :] for p, seen in zip(exact, rows, strict=True)]
            free = [torch.where(m.sum(-1, keepdim=True) > 1, p * m, m) for p, m in zip(exact, masks, strict=True)]
            exact = [p / p.sum(-1, keepdim=True) for p in free]
        predictions[: len(rows)] = [p.to(rows[0].dtype).unflatten(0, (K, N)) for p in exact]
        return predictions


def true_externals(
    state: TrainingState, externals: Externals, groups: Tensor
) -> tuple[Belief, Belief, dict[str, float]]:
    """The critic is told π_ℰ itself, and so is a conditioned team, wherever it sees what the external sees."""
    agent, k = state.agent, state.replay.store["external"][groups]
    team, losses = prior_belief(agent, len(groups)), dict[str, float]()
    if not agent.full_view:  # the targets' own views still need an imitator
        _, team, losses = imitate(state, externals, groups)
    told = true_belief(agent, externals, k)
    return told, told if agent.conditioned else team, losses


def true_belief(agent: Agent, externals: Externals, k: Tensor) -> TrueBelief:
    """The belief of whoever knows the externals number k (K,): π_ℰ at the probes in place of the imitator's predictions."""
    seen = [getattr(agent, f"probe_{j}") for j in range(len(agent.external_axes))]
    probes = []
    for j, own in enumerate(seen):
        beside = [own if i == j else other[: len(own)] for i, other in enumerate(seen)]
        rows = externals.policies(k.repeat_interleave(len(own)), [o.repeat(len(k), 1) for o in beside])[j]
        probes.append(rows.to(own.dtype).reshape(len(k), -1))
    prior = prior_belief(agent, len(k))
    unwatched = prior.unwatched * (not agent.conditioned)
    return TrueBelief(prior.parameters, torch.cat(probes, -1), unwatched, externals, k)


SAMPLED_REGRET = Variant(advantages=own_actions_sampled(counterfactual_regrets))
COMA_ADVANTAGE = Variant(advantages=own_actions_sampled(beside_drawn_actions(coma_advantage)))
JOINT_ADVANTAGE = Variant(advantages=own_actions_sampled(beside_drawn_actions(joint_advantage)))
NO_IMITATOR = Variant(externals=no_imitator)
TRUE_EXTERNALS = Variant(externals=true_externals)
