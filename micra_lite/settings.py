"""`Settings`: one frozen dataclass with every number that can be chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from .registry import find

# The settings that shape networks and data: a training that has begun must keep them.
SHAPES = (
    "dtype", "externals_per_round", "episodes_per_external", "rounds_kept", "features", "hidden", "actor_hidden",
    "rank", "imitator_hidden", "conditioned", "informed", "probes",
)  # fmt: skip
# `Settings(**QUICK)` trains in less than half of the time, to scores up to 0.03 lower on the grid tasks.
QUICK = {"updates": 750, "updates_per_round": 4, "meta_every": 2, "hidden": 192, "actor_hidden": 128, "rank": 48}


@dataclass(frozen=True)
class Settings:
    """Everything that can be chosen. Counts are per update unless they say otherwise. ValueError if one cannot work."""

    seed: int = 0
    dtype: Literal["float32", "float64"] = "float32"
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
    actor_hidden: int = 256
    rank: int = 64  # R, the products of which actors and critic are sums
    imitator_hidden: int = 64
    conditioned: bool = True  # actors are told what the imitator predicts
    informed: bool = True  # the critic does
    probes: int = 16  # fixed observations at which the prediction is always taken
    # meta-imitation (Eq. 4); in the last third of the training all rates, and the entropy bonus, fall to a tenth
    externals_per_update: int = 16  # K, the tasks of one update
    inner_steps: int = 5
    step_size: float = 0.5  # α_adp at the start; a step size for each parameter is learned from there
    second_order: bool = True
    support_episodes: tuple[int, ...] = (1, 2, 5, 10, 20)  # one number is drawn per update
    unwatched_externals: int = 4  # so many of the K are not watched: the prior and the unadapted team learn from them
    query_episodes: int = 8
    meta_every: int = 1  # every so many updates the imitator learns; in the others it only adapts
    imitator_rate: float = 5e-3
    # critic (temporal differences) and actors (Eqs. 2 and 3)
    value_steps: int = 3  # steps of each, on new transitions, with the beliefs that the imitator has once adapted to
    states: int = 256  # N, the transitions valued against every watched external
    states_per_external: int = 64  # the same for an unwatched one, from its own episodes
    critic_rate: float = 2e-3
    actor_rate: float = 3e-3  # 0 leaves the actors as they are: the critic alone learns
    target_rate: float = 0.005  # how fast the slow critic Q̄ follows in the end; at first twenty times as fast
    entropy_coefficient: float = 0.03  # weight of the entropy bonus, return per nat
    entropy_start: float = 5.0  # it begins as so many times that, and falls to it in the first two thirds
    # online adaptation: which networks learn on, from the data D, once the imitator has adapted
    after_imitation: Literal["nothing", "actors", "actors and critic"] = "nothing"
    adaptation_updates: int = 200
    adaptation_states: int = 128  # per update
    adaptation_rate: float = 1e-3  # of critic and actors

    def __post_init__(self) -> None:
        find("extensions.input_checks:check_settings")(self)

    @property
    def torch_dtype(self) -> torch.dtype:
        """The number type of all networks and of what they take in."""
        return getattr(torch, self.dtype)
