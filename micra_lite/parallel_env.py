"""PettingZoo, both ways: our games for others' learners, others' environments for our algorithm.

1. `to_parallel_env(game)` is one of our games as a `pettingzoo.ParallelEnv`, one episode at a time. With
   `externals`, the external agents are played by these policies and only the targets are left to be learned.
2. `from_parallel_env(make_env, targets=…)` is any ParallelEnv with discrete actions as a batched `Game`, one
   environment per row of the batch.

The second cannot be tabulated. Its environments, not the state tensor, hold the real state: `step` goes on
from the state returned last and refuses any other. `observe` reads the tensor alone: replayed states will do.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from gymnasium import spaces
from gymnasium.spaces.utils import flatdim, flatten
from pettingzoo import AECEnv, ParallelEnv
from torch import Tensor

from .externals import Externals
from .games import Game, Step

# --- Our games for others --------------------------------------------------------------------------------


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
        self.state_space = spaces.Box(-np.inf, np.inf, (sum(game.observation_sizes),))
        self.max_cycles = game.horizon
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
            self._k = torch.randint(len(self.externals), (1,), generator=self._generator)  # (1,)
            if options and "external" in options:
                self._k = torch.arange(len(self.externals))[[options["external"]]]
        self._state = self.game.reset(1, self._generator)  # (1, d)
        self._steps = 0
        self.agents = self.possible_agents[:]
        return self._observations(), {a: {} for a in self.agents}

    def step(self, actions: dict[str, int]) -> tuple[dict, dict, dict, dict, dict]:
        if not self.agents:
            raise RuntimeError("the episode is over, or was never begun: call reset()")
        joint = torch.zeros(1, len(self.game.agents), dtype=torch.long)  # (1, n)
        for agent in self.agents:
            if agent not in actions:
                raise ValueError(f"step got no action for {agent!r}; it needs one for each of {self.agents}")
            if actions[agent] not in self.action_spaces[agent]:
                raise ValueError(f"{actions[agent]!r} is no action of {agent!r}: {self.action_spaces[agent]}")
            joint[0, self.game.agents.index(agent)] = int(actions[agent])
        if self.externals is not None:
            seen, axes = self.game.observe(self._state), self.game.external_axes
            policies = self.externals.policies(self._k, [seen[e] for e in axes])
            for e, policy in zip(axes, policies, strict=True):
                joint[0, e] = torch.multinomial(policy, 1, generator=self._generator)[0, 0]
        played, pays = self.agents, self.game.step(self._state, joint, self._generator)
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
        """The observations of all agents of the game, scripted ones too, side by side: for a critic."""
        return torch.cat(self.game.observe(self._state), dim=1)[0].numpy()

    def render(self) -> np.ndarray:
        if self.render_mode is None:
            raise ValueError("made without pictures: use to_parallel_env(game, render_mode='rgb_array')")
        return self.game.render(self._state[0])


def to_parallel_env(
    game: Game, render_mode: str | None = None, externals: Externals | None = None
) -> ParallelEnv[str, np.ndarray, int]:
    """`game` as a PettingZoo ParallelEnv, truncated after `game.horizon` steps.

    With `externals`, one of them is drawn for every episode and plays the game's external agents.

    >>> from micra_lite.games import make
    >>> env = to_parallel_env(make("pursuit"))
    >>> observations, _ = env.reset(seed=0)
    >>> {agent: seen.shape for agent, seen in observations.items()}
    {'hunter_1': (27,), 'hunter_2': (27,), 'prey': (27,)}
    """
    if not isinstance(game, Game):
        raise TypeError(f"to_parallel_env needs a game, as micra_lite.make(name) returns it; got {game!r}")
    return GameEnv(game, render_mode, externals)


# --- Others' environments for us -------------------------------------------------------------------------


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
        seeds = torch.randint(2**31 - 1, (batch,), generator=generator, device=generator.device).tolist()
        self._rows = np.zeros((batch, self._rows.shape[1]), np.float32)
        self._gone = np.zeros((batch, len(self.agents)), bool)  # left before the end of the episode
        self._terminated, self._truncated = np.zeros(batch, bool), np.zeros(batch, bool)
        for row, seed in enumerate(seeds):
            env = self._instance(row)
            observations = self._start(env, seed)
            self._write(row, observations, np.array([a in env.agents for a in self.agents]))
        return self._state(generator.device)

    def step(self, state: Tensor, actions: Tensor, generator: torch.Generator) -> Step:
        """As `Game.step`; a row whose episode is over stays as it is, is paid nothing and keeps its flags."""
        if not np.array_equal(state.detach().cpu().numpy(), self._rows):
            raise ValueError(
                "step must go on from the state that reset or step returned last: the environments of "
                f"{self.name} are there and nowhere else. Replayed states can be observed, not played; for a "
                "second batch beside this one, make a second game."
            )
        played = actions.cpu().numpy()  # (B, n)
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
        device = generator.device
        flags = [torch.from_numpy(f.copy()).to(device) for f in (self._terminated, self._truncated)]
        return Step(self._state(device), torch.from_numpy(rewards).to(device), *flags)

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

    def _state(self, device: torch.device) -> Tensor:
        return torch.from_numpy(self._rows.copy()).to(device)

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

    >>> from micra_lite.games import make
    >>> game = from_parallel_env(lambda: to_parallel_env(make("pursuit")), targets=["hunter_1", "hunter_2"])
    >>> game.externals, game.n_actions, game.horizon
    (('prey',), (5, 5, 5), 25)
    """
    return ParallelGame(make_env, targets, externals, gamma, horizon, shared_reward, name)
