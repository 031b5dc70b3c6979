"""PettingZoo, the other way: others' environments for our algorithm.

`from_parallel_env(make_env, targets=…)` is any ParallelEnv with discrete actions as a batched `Game`, one environment
per row of the batch. It cannot be tabulated. Its environments, not the state tensor, hold the real state: `step` goes
on from the state returned last and refuses any other. `observe` reads the tensor alone: replayed states will do.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import cast

import numpy as np
import torch
from gymnasium import spaces
from gymnasium.spaces.utils import flatdim, flatten
from pettingzoo import AECEnv, ParallelEnv
from torch import Tensor

from ..game import Game, Step


def _close(envs: list[ParallelEnv]) -> None:
    while envs:
        envs.pop().close()


def _demand(condition: object, breach: str) -> None:
    """The ParallelEnv contract, clause by clause: whoever breaks it is told which."""
    if not condition:
        raise ValueError(breach)


class ParallelGame(Game):
    """A ParallelEnv as a batched game; see `from_parallel_env`.

    The state (B, d) is, side by side: every agent's flattened observation (zeros once it has left), one flag
    per agent (1 while it takes part), and the number of steps played.
    """

    full_view = False

    def __init__(
        self, make_env: Callable[[], ParallelEnv], targets: Sequence, externals: Sequence | None,
        gamma: float, horizon: int | None, shared_reward: bool, name: str | None,
    ) -> None:  # fmt: skip
        self._make_env, self.options = make_env, {}
        self.gamma, self.shared_reward = gamma, shared_reward
        self._envs: list[ParallelEnv] = []
        weakref.finalize(self, _close, self._envs)  # also when the game is forgotten, or at exit
        try:
            env = self._instance(0)
            self.name = name or str(getattr(env, "metadata", {}).get("name") or type(env.unwrapped).__name__)
            self.horizon = horizon or _episode_length(env) or 25
            self.agents = tuple(getattr(env, "possible_agents", ()))
            _demand(self.agents, f"{self.name} has no possible_agents: a ParallelEnv lists its agents there")
            rest = tuple(a for a in self.agents if a not in targets)
            self.split_agents(tuple(targets), rest if externals is None else tuple(externals))
            self._read_spaces(env)
            self._start(env, seed=0)  # a breach of the contract shows before any training
        except BaseException:
            self.close()
            raise
        self._rows = np.zeros((0, self._cuts[-1] + len(self.agents) + 1), np.float32)  # (B, d): the last state

    def _read_spaces(self, env: ParallelEnv) -> None:
        self._spaces, self._first, sizes, moves = {}, [], [], []
        for agent in self.agents:
            try:
                space, action = env.observation_space(agent), env.action_space(agent)
            except (AttributeError, KeyError, NotImplementedError) as error:
                raise ValueError(f"{self.name} does not tell the spaces of {agent!r} ({error!r})") from error
            if not isinstance(action, spaces.Discrete):
                raise TypeError(
                    f"{agent!r} has the action space {action}; only Discrete actions will do. Many "
                    "environments have an option for them (such as continuous_actions=False); else wrap it, "
                    "so that each of a few numbers stands for one such action."
                )
            if isinstance(space, spaces.Dict) and "observation" in space.spaces:
                self._refuse_mask(agent, space.spaces)
                space = space["observation"]
            try:
                sizes.append(int(flatdim(space)))
            except (NotImplementedError, ValueError) as error:
                raise TypeError(f"{agent!r} observes {space}, which has no fixed size; wrap it") from error
            self._spaces[agent] = space
            self._first.append(int(action.start))
            moves.append(int(action.n))
        self.observation_sizes, self.n_actions = tuple(sizes), tuple(moves)
        self.action_names = tuple(tuple(f"a{k}" for k in range(n)) for n in moves)
        self._cuts = np.cumsum([0, *sizes])  # agent j sees columns cuts[j] … cuts[j+1] − 1

    def _refuse_mask(self, agent: Hashable, given: object) -> None:
        if isinstance(given, Mapping) and "action_mask" in given:
            raise TypeError(
                f"{agent!r} gets an action mask, and policies here know no masks: wrap the environment, so "
                "that a forbidden action does something harmless and no mask is given"
            )

    def _instance(self, row: int) -> ParallelEnv:
        """The environment of one row; made when first needed, kept for later episodes."""
        while len(self._envs) <= row:
            env = self._make_env()
            if isinstance(env, AECEnv):
                raise TypeError(
                    f"make_env returns an AECEnv ({env}), whose agents move in turns; convert it first: "
                    "pettingzoo.utils.conversions.aec_to_parallel(env), or use the module's parallel_env"
                )
            if not isinstance(env, ParallelEnv):
                raise TypeError(f"make_env must return a pettingzoo.ParallelEnv; got {type(env).__name__}")
            new = all(env is not other for other in self._envs)
            _demand(new, "make_env returned the same environment twice; each call must make a new one")
            self._envs.append(env)
        return self._envs[row]

    def _dicts(self, who: str, answer: object, *parts: str) -> tuple[dict, ...]:
        """`answer`, which must be a tuple of dicts, one for each of `parts`."""
        got: object = type(answer).__name__
        if isinstance(answer, tuple):
            got = ["dict" if isinstance(part, dict) else type(part).__name__ for part in answer]
        right = got == ["dict"] * len(parts)
        _demand(right, f"{self.name}: {who} must return a tuple of {len(parts)} dicts {parts}; got {got}")
        return cast(tuple[dict, ...], answer)

    def _start(self, env: ParallelEnv, seed: int) -> dict:
        observations, infos = self._dicts("reset", env.reset(seed=seed), "observations", "infos")
        _demand(env.agents, f"{self.name}: no agent takes part after reset; env.agents is empty")
        for agent, info in infos.items():
            self._refuse_mask(agent, info)
        return observations

    def reset(self, batch: int, generator: torch.Generator) -> Tensor:
        seeds = torch.randint(2**31 - 1, (batch,), generator=generator).tolist()
        self._rows = np.zeros((batch, self._rows.shape[1]), np.float32)
        self._gone = np.zeros((batch, len(self.agents)), bool)  # left before the end of the episode
        self._terminated, self._truncated = np.zeros(batch, bool), np.zeros(batch, bool)
        for row, seed in enumerate(seeds):
            env = self._instance(row)
            observations = self._start(env, seed)
            self._write(row, observations, np.array([a in env.agents for a in self.agents]))
        return self._state()

    def step(self, state: Tensor, actions: Tensor, generator: torch.Generator) -> Step:
        """As `Game.step`; a row whose episode is over stays as it is, is paid nothing and keeps its flags."""
        if not np.array_equal(state.numpy(), self._rows):
            raise ValueError(
                "step must go on from the state that reset or step returned last: the environments of "
                f"{self.name} are there and nowhere else. Replayed states can be observed, not played; for a "
                "second batch beside this one, make a second game."
            )
        played = actions.numpy()  # (B, n)
        for b, j in np.argwhere((played < 0) | (played >= self.n_actions))[:1]:
            raise ValueError(f"{played[b, j]} is no action of {self.agents[j]!r}, who has {self.n_actions[j]}")
        rewards = np.zeros(played.shape, np.float32)
        for row in np.flatnonzero(~(self._terminated | self._truncated)).tolist():
            rewards[row] = self._play(row, played[row])
        for b, j in np.argwhere(~np.isfinite(rewards))[:1]:
            raise ValueError(f"{self.name}: the reward of {self.agents[j]!r} is {rewards[b, j]}, not finite")
        if self.shared_reward:
            axes = list(self.target_axes)
            rewards[:, axes] = rewards[:, axes].mean(1, keepdims=True)
        flags = [torch.from_numpy(f.copy()) for f in (self._terminated, self._truncated)]
        return Step(self._state(), torch.from_numpy(rewards), *flags)

    def _play(self, row: int, actions: np.ndarray) -> np.ndarray:
        """One step of one environment: each agent's reward (n,); the rest goes into the row and its flags."""
        env, n, targets = self._envs[row], len(self.agents), list(self.target_axes)
        moves = {a: self._first[j] + int(actions[j]) for j, a in enumerate(self.agents) if a in env.agents}
        parts = ("observations", "rewards", "terminations", "truncations", "infos")
        answer = self._dicts("step", env.step(moves), *parts)
        observations, paid, terminated, truncated, _ = answer
        rewards, cut = np.zeros(n, np.float32), np.zeros(n, bool)
        for j in np.flatnonzero(self._rows[row, self._cuts[-1] : -1]):  # who took part
            agent = self.agents[j]
            for what, part in zip(parts[1:4], answer[1:4], strict=True):
                _demand(agent in part, f"{self.name}: the {what} of a step lack {agent!r}, who took part")
            rewards[j], cut[j] = paid[agent], truncated[agent] and not terminated[agent]
            self._gone[row, j] = terminated[agent] or cut[j] or agent not in env.agents
        here = np.array([a in env.agents for a in self.agents]) & ~self._gone[row]  # some may have joined
        if not here.any() or self._gone[row, targets].all():
            # Why is it over? It was cut short, and its value goes on, if a target was still there to be cut.
            self._truncated[row] = cut[targets].any()
            self._terminated[row] = not self._truncated[row]
            here |= cut & self._truncated[row]  # they keep their last view: the critic bootstraps from it
        self._rows[row, -1] += 1
        self._write(row, observations, here)
        return rewards

    def _write(self, row: int, observations: dict, here: np.ndarray) -> None:
        """Put what the agents who are `here` (n,) observe into the row, zeros for the others."""
        self._rows[row, :-1] = 0.0
        self._rows[row, self._cuts[-1] : -1] = here
        for j in np.flatnonzero(here):
            agent, view = self.agents[j], self._rows[row, self._cuts[j] : self._cuts[j + 1]]
            _demand(agent in observations, f"{self.name}: no observation for {agent!r}, who takes part")
            seen, space = observations[agent], self._spaces[agent]
            if isinstance(seen, dict) and not isinstance(space, spaces.Dict):
                seen = seen["observation"]
            flat = flatten(space, seen)
            fits = len(flat) == len(view)
            _demand(fits, f"{self.name}: {agent!r} sees {len(flat)} numbers, not {len(view)} as in its space")
            view[:] = flat
            finite = np.isfinite(view).all()
            _demand(finite, f"{self.name}: the observation of {agent!r} contains NaN or infinity")

    def _state(self) -> Tensor:
        return torch.from_numpy(self._rows.copy())

    def observe(self, state: Tensor) -> list[Tensor]:
        return [state[..., a:b] for a, b in itertools.pairwise(self._cuts)]

    def close(self) -> None:
        """Close all environments; a later `reset` makes new ones."""
        _close(self._envs)


def _episode_length(env: ParallelEnv) -> int | None:
    """The number of steps after which the environment truncates, if it says so."""
    for holder in (env, env.unwrapped, getattr(env, "spec", None)):
        for key in ("max_cycles", "max_steps", "max_episode_steps", "horizon"):
            length = getattr(holder, key, None)
            if isinstance(length, int) and length > 0:
                return length
    return None


def from_parallel_env(
    make_env: Callable[[], ParallelEnv],
    targets: Sequence,
    externals: Sequence | None = None,
    gamma: float = 0.95,
    horizon: int | None = None,
    shared_reward: bool = True,
    name: str | None = None,
) -> ParallelGame:
    """Any PettingZoo ParallelEnv with discrete actions as a batched game.

    `make_env` is called once per row of the batch. `targets` and `externals` are names of its agents, the
    externals by default all the others. With `shared_reward` every target is paid the mean of the targets'
    rewards (who has left counts 0); without, each its own. `horizon` is read from the environment if it tells
    one, else it is 25. Observations are flattened: Discrete ones become indicators; of a Dict, the entry
    "observation" is used if there is one. Action masks are refused. An agent that is taken off `env.agents`
    has left, with a flag or without. An episode is over when no target, or nobody, is left.

    >>> from micra_lite import make, to_parallel_env
    >>> game = from_parallel_env(lambda: to_parallel_env(make("pursuit")), targets=["hunter_1", "hunter_2"])
    >>> game.externals, game.n_actions, game.horizon
    (('prey',), (5, 5, 5), 25)
    """
    return ParallelGame(make_env, targets, externals, gamma, horizon, shared_reward, name)
