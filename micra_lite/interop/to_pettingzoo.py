"""PettingZoo, one way: our games for others' learners.

`to_parallel_env(game)` is one of our games as a `pettingzoo.ParallelEnv`, one episode at a time. With `externals`, the
external agents are played by these policies and only the targets are left to be learned. The other way is
`micra_lite.interop.from_pettingzoo`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from pettingzoo import ParallelEnv
from torch import Tensor
from torch.nn.functional import one_hot

from ..externals import Externals, Players
from ..game import Game
from ..plotting.games import picture
from ..rollouts import joint_step


class GameEnv(ParallelEnv):
    """One episode of `game` at a time; see `to_parallel_env`."""

    def __init__(self, game: Game, render_mode: str | None, externals: Externals | None) -> None:
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"unknown render_mode {render_mode!r}; it can be None or 'rgb_array'")
        if externals is not None and not (len(externals) and game.externals):
            raise ValueError(f"externals were given, but there are none, or {game.name} has no external agent")
        self.game, self.render_mode, self.externals = game, render_mode, externals
        self.metadata = {"name": game.name, "render_modes": ["rgb_array"], "render_fps": 4}
        self.possible_agents = list(game.agents if externals is None else game.targets)
        self.agents: list[str] = []
        sizes = dict(zip(game.agents, game.observation_sizes, strict=True))
        moves = dict(zip(game.agents, game.n_actions, strict=True))
        self.observation_spaces = {a: spaces.Box(-np.inf, np.inf, (sizes[a],)) for a in self.possible_agents}
        self.action_spaces = {a: spaces.Discrete(moves[a]) for a in self.possible_agents}
        size = game.state_observation_size if game.critic_sees_state else sum(game.observation_sizes)
        self.state_space = spaces.Box(-np.inf, np.inf, (size or 0,))
        self.max_cycles = game.horizon
        self._players: Players | None = None
        self._generator = torch.Generator()
        self._generator.seed()  # unlike the rest of the package: PettingZoo wants unseeded episodes to differ

    def observation_space(self, agent: str) -> spaces.Box:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Discrete:
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, dict]]:
        """Begin an episode. `options={"external": k}` chooses the k-th of `externals`; else one is drawn."""
        if seed is not None:
            self._generator.manual_seed(seed)
        if self.externals is not None:
            k = torch.randint(len(self.externals), (1,), generator=self._generator)  # (1,)
            if options and "external" in options:
                k = torch.arange(len(self.externals))[[options["external"]]]
            self._players = self.externals.players(k)
        self._previous: Tensor | None = None  # the joint actions of the step before
        self._state = self.game.reset(1, self._generator)  # (1, d)
        self._steps = 0
        self.agents = self.possible_agents[:]
        return self._observations(), {a: {} for a in self.agents}

    def step(self, actions: dict[str, int]) -> tuple[dict, dict, dict, dict, dict]:
        if not self.agents:
            raise RuntimeError("the episode is over, or was never begun: call reset()")
        chosen = {}  # who is not played by `externals` → a policy that plays the given action
        for agent in self.agents:
            if agent not in actions:
                raise ValueError(f"step got no action for {agent!r}; it needs one for each of {self.agents}")
            if actions[agent] not in self.action_spaces[agent]:
                raise ValueError(f"{actions[agent]!r} is no action of {agent!r}: {self.action_spaces[agent]}")
            chosen[agent] = one_hot(torch.tensor([int(actions[agent])]), int(self.action_spaces[agent].n)).double()
        if self._players is None:
            moves = [chosen[e] for e in self.game.externals]
        else:
            seen, starts = self.game.observe(self._state), torch.tensor([self._steps == 0])
            moves = self._players.policies([seen[e] for e in self.game.external_axes], starts, self._previous)
        team = [chosen[i] for i in self.game.targets]
        self._previous, pays = joint_step(self.game, self._state, team, moves, self._generator)
        played = self.agents
        self._state, self._steps = pays.state, self._steps + 1
        terminated = bool(pays.terminated)
        truncated = not terminated and (bool(pays.truncated) or self._steps >= self.max_cycles)
        observations = self._observations()
        if terminated or truncated:
            self.agents = []
        return (
            observations,
            {a: float(pays.rewards[0, self.game.agents.index(a)]) for a in played},
            dict.fromkeys(played, terminated),
            dict.fromkeys(played, truncated),
            {a: {} for a in played},
        )

    def _observations(self) -> dict[str, np.ndarray]:
        seen = dict(zip(self.game.agents, self.game.observe(self._state), strict=True))
        # Copies, because under full views all agents share one tensor.
        return {a: seen[a][0].numpy().copy() for a in self.possible_agents}

    def state(self) -> np.ndarray:
        """For a critic: the state itself under partial views, else the observations of all agents side by side."""
        if self.game.critic_sees_state:
            return self.game.observe_state(self._state)[0].numpy()
        return torch.cat(self.game.observe(self._state), dim=1)[0].numpy()

    def render(self) -> np.ndarray:
        if self.render_mode is None:
            raise ValueError("made without pictures: use to_parallel_env(game, render_mode='rgb_array')")
        return picture(self.game, self._state[0])


def to_parallel_env(
    game: Game, render_mode: str | None = None, externals: Externals | None = None
) -> ParallelEnv[str, np.ndarray, int]:
    """`game` as a PettingZoo ParallelEnv, truncated after `game.horizon` steps.

    With `externals`, one of them is drawn for every episode and plays the game's external agents.

    >>> from micra_lite.registry import make
    >>> env = to_parallel_env(make("pursuit"))
    >>> observations, _ = env.reset(seed=0)
    >>> {agent: seen.shape for agent, seen in observations.items()}
    {'hunter_1': (102,), 'hunter_2': (102,), 'prey': (102,)}
    """
    if not isinstance(game, Game):
        raise TypeError(f"to_parallel_env needs a game, as micra_lite.make(name) returns it; got {game!r}")
    return GameEnv(game, render_mode, externals)
