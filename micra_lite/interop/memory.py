"""How much memory a training would take, estimated before anything is played."""

from __future__ import annotations

import os

from ..game import Game
from ..settings import Settings


def demand_memory(game: Game, settings: Settings) -> None:
    """Raise ValueError, before anything is played, if data D or networks would not fit into this machine's memory."""
    if not hasattr(os, "sysconf"):  # Windows does not say
        return
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    episodes = settings.rounds_kept * settings.externals_per_round * settings.episodes_per_external
    seen, rank = [*game.observation_sizes, game.state_observation_size or 0], settings.rank
    wide = settings.hidden + len(game.targets) * settings.actor_hidden
    weights = settings.features * sum(seen) + wide * (settings.features * len(seen) + rank * sum(game.n_actions))
    for what, needed, lower in (
        ("the data D", 4 * episodes * game.horizon * sum(seen), "rounds_kept or episodes_per_external"),
        ("the networks", 20 * weights, "features, hidden or rank"),  # a number, its gradient, two of Adam's, and Q̄'s
    ):
        if needed > 0.8 * there:
            raise ValueError(f"{what} would take about {needed / 1e9:,.1f} GB, and this machine has {there / 1e9:,.1f}: "
                             f"lower {lower}, or let agents see less (now {[*game.observation_sizes]} numbers)")  # fmt: skip
