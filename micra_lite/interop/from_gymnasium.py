"""Gymnasium's environments of several agents for our algorithm, by the convention that lbforaging and rware follow:

    reset(seed=…)       → a tuple of n observations, info
    step(n actions)     → a tuple of n observations, n rewards, terminated, truncated, info

with `observation_space` and `action_space` each a `Tuple` of n spaces. `TupleEnv` plays them as a PettingZoo
environment, `from_gymnasium_env` as a batched game.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from pettingzoo import AECEnv, ParallelEnv

from .from_pettingzoo import ParallelGame, from_parallel_env
from .inner import attribute
from .instances import check_no_arguments
from .masks import NAMES


def from_gymnasium_env(
    make_env: Callable[[], gymnasium.Env],
    targets: Sequence[str],
    externals: Sequence[str] | None = None,
    gamma: float = 0.95,
    horizon: int | None = None,
    shared_reward: bool = True,
    name: str | None = None,
    masks: bool | None = None,
    returning: bool = False,
) -> ParallelGame:
    """A Gymnasium environment of several agents with discrete actions as a batched game.

    `make_env` is called once per row of the batch. Agents are called "agent_0", "agent_1", … in the order of the
    environment's tuples; all else is as in `from_parallel_env`, its errors too. Make the environment with
    `disable_env_checker=True`: Gymnasium's checker expects a single agent's rewards.

    What is said of all agents at once may also be said of each, and the reverse: terminated and truncated are a bool
    or n of them; the reward is n numbers or one, which each agent is paid. Instead of n things there may be a dict by
    agents' names or numbers; of flags, also with "__all__". Masks are found in `info`, n of them, or in n infos, or are told by the environment's method.

    An agent whose own flag is set leaves for good; the environment goes on to be given its first action. With
    `returning`, it takes part again once its flag is not set.

    Raises TypeError for anything else than a function that makes such environments, ValueError where the lengths of
    spaces or of what the environment returns differ.

    >>> import gymnasium
    >>> def make_env():
    ...     return gymnasium.make("lbforaging:Foraging-5x5-2p-1f-coop-v3", disable_env_checker=True)
    >>> game = from_gymnasium_env(make_env, targets=["agent_0"])
    >>> game.externals, game.n_actions, game.horizon
    (('agent_1',), (6, 6), 50)
    """
    made = isinstance(make_env, gymnasium.Env | gymnasium.vector.VectorEnv)
    if made or not callable(make_env):
        raise TypeError(
            "make_env must be a function that makes a new environment, such as "
            f"lambda: gymnasium.make(…, disable_env_checker=True); got {make_env!r}"
        )
    check_no_arguments(make_env)
    return from_parallel_env(
        lambda: TupleEnv(make_env(), returning),
        targets,
        externals,
        gamma,
        horizon,
        shared_reward,
        name,
        masks,
        returning,
    )


class TupleEnv(ParallelEnv):
    """A Gymnasium environment of n agents as a ParallelEnv: tuples become dicts by agents' names, and back."""

    numbered = True  # it knows its agents by their numbers, not by names

    def __init__(self, env: gymnasium.Env, returning: bool = False) -> None:
        """Args: returning, whether an agent takes part again once its flag is not set.

        Raises TypeError if `env` is not one of several agents, ValueError if its two spaces differ in length.
        """
        _check(env)
        self.env, self._returning = env, returning
        self.possible_agents = [f"agent_{j}" for j in range(len(env.action_space))]  # type: ignore[arg-type]
        self.render_mode = attribute(env, "render_mode")
        identity = attribute(env.spec, "id") or type(env.unwrapped).__name__
        self.metadata = {**(attribute(env, "metadata") or {}), "name": identity}
        views, moves = env.observation_space, env.action_space
        self.observation_spaces = dict(zip(self.possible_agents, views, strict=True))  # type: ignore[call-overload]
        self.action_spaces = dict(zip(self.possible_agents, moves, strict=True))  # type: ignore[call-overload]

    def observation_space(self, agent: str) -> spaces.Space:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space:
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict]:
        answer = self.env.reset(seed=seed, options=options)
        seen, info = self._parts("reset", answer, "observations", "info")
        self.agents = self.possible_agents[:]
        return self._each("observations", seen), self._infos(info)

    def step(self, actions: dict[str, int]) -> tuple[dict, dict, dict, dict, dict]:
        """One step; those who have left are given their first action."""
        moves = [actions.get(a, getattr(self.action_spaces[a], "start", 0)) for a in self.possible_agents]
        parts = ("observations", "rewards", "terminated", "truncated", "info")
        seen, paid, over, cut, info = self._parts("step", self.env.step(moves), *parts)
        ended, stopped = self._flags("terminated", over), self._flags("truncated", cut)
        rewards = {a: self._number(a, own) for a, own in self._each("rewards", paid, alone=True).items()}
        if np.ndim(paid) == 0 and not isinstance(paid, Mapping):  # not meant for those who have left
            rewards = {a: rewards[a] for a in self.agents}
        before = self.possible_agents if self._returning else self.agents
        self.agents = [a for a in before if not (ended[a] or stopped[a])]
        return self._each("observations", seen), rewards, ended, stopped, self._infos(info)

    def _parts(self, who: str, answer: Any, *parts: str) -> Any:
        if not isinstance(answer, tuple) or len(answer) != len(parts):
            got = f"{len(answer)} things" if isinstance(answer, tuple) else type(answer).__name__
            raise ValueError(f"{self.metadata['name']}: {who} must return {', '.join(parts)}; got {got}")
        return answer

    def _each(self, what: str, given: Any, alone: bool = False) -> dict[str, Any]:
        """One of the n things `given` for each agent; if they may stand `alone`, one thing for all."""
        n = len(self.possible_agents)
        if isinstance(given, Mapping):
            return self._by_agent(what, given)
        if alone and np.ndim(given) == 0:
            given = [given] * n
        count = len(given) if isinstance(given, list | tuple | np.ndarray) else None
        if count != n:
            found = f"{count} of them" if count is not None else type(given).__name__
            raise ValueError(f"{self.metadata['name']}: {what} must be {n}, one for each agent; got {found}")
        return dict(zip(self.possible_agents, given, strict=True))

    def _flags(self, what: str, given: Any) -> dict[str, Any]:
        """A flag for each agent. A dict may have "__all__", as RLlib's have: if that is set, all are."""
        if isinstance(given, Mapping) and "__all__" in given:
            given = True if given["__all__"] else {key: flag for key, flag in given.items() if key != "__all__"}
            given = given or False  # "__all__" alone
        return self._each(what, given, alone=True)

    def _by_agent(self, what: str, given: Mapping) -> dict[str, Any]:
        found = _of_agents(given, self.possible_agents)
        if len(found) < len(self.possible_agents):
            lacking = [a for a in self.possible_agents if a not in found]
            raise ValueError(f"{self.metadata['name']}: {what} is a dict without {lacking}; it has {list(given)}")
        return found

    def _number(self, agent: str, paid: Any) -> float:
        found = np.asarray(paid)
        if found.size != 1 or found.dtype.kind not in "biuf":
            raise ValueError(f"{self.metadata['name']}: the reward of {agent!r} must be a number; it is {paid!r}")
        return float(found.item())

    def _infos(self, info: Any) -> dict[str, dict]:
        """An info for each agent: its own if there are n of them, also in a dict; of a common one, only its masks."""
        if isinstance(info, list | tuple):
            return self._each("infos", info)
        if not isinstance(info, Mapping):
            raise ValueError(f"{self.metadata['name']}: info must be a dict, or one for each agent; got {info!r}")
        own = {a: each for a, each in _of_agents(info, self.possible_agents).items() if isinstance(each, Mapping)}
        found = {key: self._masks(key, given) for key, given in info.items() if key in NAMES and given is not None}
        found |= {key: self._unknown(given) for key, given in info.items() if key not in NAMES and "mask" in str(key)}
        common = {a: {key: each[a] for key, each in found.items() if a in each} for a in self.possible_agents}
        return {a: {**common[a], **own.get(a, {})} for a in self.possible_agents}

    def _masks(self, name: str, given: Any) -> dict[str, Any]:
        """Each agent's mask; in a dict, some may have none."""
        return _of_agents(given, self.possible_agents) if isinstance(given, Mapping) else self._each(name, given)

    def _unknown(self, given: Any) -> dict[str, Any]:
        """What may be masks, by a name that is none of ours: passed on, so that a warning can tell of it."""
        if isinstance(given, list | tuple | np.ndarray) and len(given) == len(self.possible_agents):
            return dict(zip(self.possible_agents, given, strict=True))
        return _of_agents(given, self.possible_agents) if isinstance(given, Mapping) else {}

    def render(self) -> Any:
        return self.env.render()

    def close(self) -> None:
        self.env.close()


def _of_agents(given: Mapping, agents: Sequence[str]) -> dict[str, Any]:
    """The entries of a dict by agents' names or numbers, by name."""
    return {a: given[key] for j, a in enumerate(agents) for key in (a, j) if key in given}


def _check(env: Any) -> None:
    """Raise TypeError or ValueError unless this is an environment of several agents, by the convention."""
    what = type(attribute(env, "unwrapped") or env).__name__
    if isinstance(env, gymnasium.vector.VectorEnv):
        raise TypeError(f"{what} plays many environments at once; make one: each row of the batch gets its own")
    if isinstance(env, ParallelEnv | AECEnv):
        raise TypeError(f"{what} is a PettingZoo environment: use micra_lite.from_parallel_env")
    if not isinstance(env, gymnasium.Env):
        raise TypeError(f"make_env must return a gymnasium.Env; got {what}")
    views, moves = env.observation_space, env.action_space
    if not isinstance(moves, spaces.Tuple):
        raise TypeError(
            f"{what} has the action space {moves}, which is one agent's; an environment of several agents has a Tuple, "
            "one entry for each of them"
        )
    if not isinstance(views, spaces.Tuple):
        raise TypeError(
            f"{what} has a Tuple of action spaces, but the observation space {views}; it must be a Tuple too"
        )
    if len(views) != len(moves):
        raise ValueError(f"{what} has {len(views)} observation spaces and {len(moves)} action spaces")
