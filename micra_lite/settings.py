"""`Settings`: one frozen dataclass, every number that can be chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

METHODS = ("MICRA", "independent actor-critic", "central-V actor-critic", "COMA", "MADDPG")


ANSWERS = ("none", "frozen", "re-imagined")


# The settings that shape networks and data: a training that has begun must keep them.
SHAPES = (
    "method", "device", "dtype", "externals_per_round", "episodes_per_external", "rounds_kept", "features", "hidden",
    "actor_hidden", "imitator_hidden", "critic", "conditioned", "external_model", "probes",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """Everything that can be chosen. Counts are per update unless they say otherwise."""

    seed: int = 0
    method: str = "MICRA"  # or one of `micra_lite.baselines`
    device: str = "cpu"
    dtype: str = "float32"
    # how long, and what is collected for it
    updates: int = 1500
    updates_per_round: int = 8  # between two rounds of collecting episodes
    externals_per_round: int = 16  # training externals met in one round
    episodes_per_external: int = 32  # played with each of them
    rounds_kept: int = 80  # the data D hold this many rounds, then forget the oldest
    exploration: float = 0.2  # ε: how often a target acts at random while collecting
    # networks
    features: int = 128
    hidden: int = 256  # critic
    actor_hidden: int = 128
    imitator_hidden: int = 64
    critic: str = "joint"  # one table of all joint actions, or "pairwise": a sum of terms of one and two agents
    conditioned: bool = True  # actors take the imitator's prediction as an input; for the critic see `informed`
    probes: int = 16  # fixed observations at which the prediction is always taken
    # meta-imitation (Eq. 4); in the last third of the training all rates, and the entropy bonus, fall to a tenth
    externals_per_update: int = 16  # K, the tasks of one update
    inner_steps: int = 5
    step_size: float = 0.5  # α_adp at the start; a step size for each parameter is learned from there
    second_order: bool = True
    support_episodes: tuple[int, ...] = (1, 2, 5, 10, 20)  # one number is drawn per update
    unwatched: int = 4  # so many of the K are not watched at all: the prior and the unadapted team learn from them
    query_episodes: int = 8
    meta_every: int = 1  # every so many updates the imitator learns; in the others it only adapts
    imitator_rate: float = 5e-3
    # critic (temporal differences) and actors (Eqs. 2 and 3)
    value_steps: int = 3  # steps of each, on new transitions, with what the imitator has once adapted to
    states_per_external: int = 64  # N, the transitions valued against each of the K externals
    critic_rate: float = 5e-3
    actor_rate: float = 3e-3
    target_rate: float = 0.01  # how fast the slow critic Q̄ follows
    entropy: float = 0.03  # entropy bonus, return per nat
    entropy_start: float = 1.0  # it begins as so many times that, and falls to it in the first two thirds
    # ablations: what regret, and what the imitator, contribute
    advantage: str = "regret"  # Eq. 2; others drawn instead of averaged: "coma", and Q(s, a) − v(s): "independent"
    own_actions: str = "exact"  # Eq. 3's sum over own actions: "exact" or "sampled"
    external_model: str = "imitator"  # δ, "true" (π_ℰ itself), "sampled" (no model: its move in the data)
    # on-policy baselines
    trace_decay: float = 0.8  # λ of TD(λ)
    # online adaptation
    answer: str = "none"  # what follows the imitator's adaptation: see ANSWERS
    adaptation_updates: int = 200
    adaptation_states: int = 128  # per update
    adaptation_rate: float = 1e-3  # of critic and actors

    def __post_init__(self) -> None:
        for name, known in (("answer", ANSWERS), ("own_actions", ("exact", "sampled")),
                            ("external_model", ("imitator", "true", "sampled")), ("dtype", ("float32", "float64")),
                            ("advantage", ("regret", "coma", "independent")),
                            ("critic", ("joint", "pairwise")), ("method", METHODS)):  # fmt: skip
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {list(known)}; got {getattr(self, name)!r}")
        if self.advantage == "independent" and self.own_actions == "exact":
            raise ValueError(
                'advantage="independent" needs own_actions="sampled": the exact sum cancels every baseline'
            )
        if self.external_model == "sampled" and (self.conditioned or self.answer != "none"):
            raise ValueError('external_model="sampled" has no imitator: it needs conditioned=False and answer="none"')
        if max(self.support_episodes) + self.query_episodes > self.episodes_per_external:
            raise ValueError(
                f"support_episodes (up to {max(self.support_episodes)}) and query_episodes ({self.query_episodes}) "
                f"must fit into episodes_per_external ({self.episodes_per_external}): no pair may be in both"
            )
        positive = [n for n in ("updates", "updates_per_round", "externals_per_round", "rounds_kept", "inner_steps",
                                "externals_per_update", "states_per_external", "features", "hidden", "meta_every", "value_steps") if getattr(self, n) < 1]  # fmt: skip
        if positive:
            raise ValueError(f"{positive} must be at least 1")
        if self.unwatched < 0 or min(self.support_episodes) < 0:
            raise ValueError("unwatched and support_episodes must not be negative")

    @property
    def informed(self) -> bool:
        """Whether the critic is told who the external is. A baseline's knows no more than its actors."""
        return self.conditioned or (self.method == "MICRA" and self.external_model != "sampled")

    @property
    def tensor(self) -> dict[str, Any]:
        """Keyword arguments for new tensors: dtype and device."""
        return {"dtype": getattr(torch, self.dtype), "device": torch.device(self.device)}


def demo_settings(seed: int = 0, updates: int | None = None) -> Settings:
    """A small preset: pursuit 3×3 in about a minute on a laptop."""
    return Settings(seed=seed, updates=updates or 200)
