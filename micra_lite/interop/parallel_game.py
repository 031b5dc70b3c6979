"""A batch of PettingZoo environments, played as one `Game`. `from_parallel_env` makes and explains it."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Hashable, Sequence
from typing import cast

import numpy as np
import torch
from pettingzoo import ParallelEnv
from torch import Tensor

from ..game import Step
from ..settings import Settings
from .ends import Ends
from .first_look import first_look, trial
from .inner import attribute, episode_length
from .instances import (
    Row,
    check_arguments,
    close_all,
    demand,
    find_mask,
    new_row,
    one_number,
    same_as_ever,
    spaces_of,
    state_view,
)
from .masks import NAMES, own_info, read_mask
from .memory import demand_memory
from .rendering import Rendering
from .sight import sight
from .spaces import View, unread_entries, usual, view_of

LARGEST = np.finfo(np.float32).max
PARTS = ("observations", "rewards", "terminations", "truncations", "infos")


class ParallelGame(Rendering):
    """A ParallelEnv as a batched game; see `from_parallel_env`.

    The state (B, d) is, side by side: every agent's flattened observation (zeros while it does not take part), with its
    mask behind it if the game is masked; one flag per agent (1 while it takes part); the environment's own state if the
    critic sees that; and the number of steps played.
    """

    full_view = False

    def __init__(
        self, make_env: Callable[[], ParallelEnv], targets: Sequence, externals: Sequence | None, gamma: float,
        horizon: int | None, shared_reward: bool, name: str | None, masks: bool | None, returning: bool,
    ) -> None:  # fmt: skip
        flags = {"shared_reward": shared_reward, "masks": masks, "returning": returning}
        check_arguments(make_env, targets, externals, gamma, horizon, **flags)
        self._make_env, self.options = make_env, {}
        self.gamma, self.shared_reward, self.returning = float(gamma), bool(shared_reward), returning
        self.masked = masks is None or bool(masks)
        self._played_in: list[Row] = []
        self._warned, self._given = set[Hashable](), set[int]()  # of what was warned; who was given a mask
        weakref.finalize(self, close_all, self._played_in)  # also when the game is forgotten, or at exit
        try:
            row = self._instance(0)
            metadata = attribute(row.env, "metadata") or {}
            self.name = str(name or metadata.get("name") or type(row.env.unwrapped).__name__)
            self.agents = tuple(getattr(row.env, "possible_agents", ()))
            demand(
                self.agents,
                f"{self.name} has no possible_agents: a ParallelEnv lists there all agents it may ever have",
            )
            self._axis = {a: j for j, a in enumerate(self.agents)}
            demand(len(self._axis) == len(self.agents), f"{self.name} lists an agent twice: {list(self.agents)}")
            if isinstance(targets, set | frozenset):  # it has no order of its own
                targets = [*(a for a in self.agents if a in targets), *(a for a in targets if a not in self.agents)]
            rest = tuple(a for a in self.agents if a not in targets)
            self.split_agents(tuple(targets), rest if externals is None else tuple(externals))
            self._read_horizon(row, horizon)
            self._read_spaces(row)
            observations, infos = self._start(row, seed=0)  # a breach of the contract shows before any training
            self._lay_out(state_view(row, sum(view.size for view in self._views)))
            self._clear(1)
            self._write(0, observations, infos, self._listed(row.env))
            if masks is None and row.turns is None and not self._given:
                missing, states = trial(self)
                seen, told = self._seen(states), states[:, self._state_at]
                for key, words in first_look(self.agents, self._views, seen, told, None if self._given else row.layers):
                    self._warn(key, f"{self.name}{words}")
                self.masked = missing or bool(self._given)
                self._lay_out(None if "constant" in self._warned else self._state_view)
        except BaseException:
            self.close()
            raise
        self._clear(0)  # none is played yet

    def _read_horizon(self, row: Row, horizon: int | None) -> None:
        self._horizon_read = horizon is None
        length = horizon or episode_length(row.layers)
        why = f"{self.name} does not tell how long an episode is: pass horizon=, the steps until it is cut short"
        demand(length, why)
        self.horizon = int(cast(int, length))

    def _read_spaces(self, row: Row) -> None:
        self._spaces = spaces_of(row.env, self.agents, self.name)
        self._first, self._views = [int(action.start) for _, action in self._spaces], list[View]()
        self.n_actions = tuple(int(action.n) for _, action in self._spaces)
        for agent, (space, action) in zip(self.agents, self._spaces, strict=True):
            try:
                self._views.append(view_of(space, int(action.n)))
            except (TypeError, ValueError) as error:
                raise type(error)(f"{self.name}: {agent!r} {error}") from error
            self._refuse_mask(agent, self._views[-1].mask)
            for entry in unread_entries(space, self._views[-1]):
                self._warn((entry, "entry"), f"{self.name}: what {agent!r} sees has the entry {entry!r}, which is not read as a "
                           f"mask but as numbers to see. A mask is {action.n} zeros and ones, by one of the names "
                           f"{', '.join(NAMES)}")  # fmt: skip
        if not self.masked and (row.turns is not None or row.mask):
            why = "its agents take turns" if row.turns is not None else "its actions have masks"
            raise TypeError(f"{self.name} needs masks=True: {why}, so that not every action is there at every step")
        self.action_names = tuple(tuple(f"a{k}" for k in range(n)) for n in self.n_actions)
        self.sights = tuple(sight(view) for view in self._views)

    def _seen(self, states: Tensor) -> list[Tensor]:
        """What each agent saw while it took part, masks left aside, (T, O_j) each of states (T, d)."""
        here = states[:, self._flags] > 0
        return [states[here[:, j], block] for j, block in enumerate(self._blocks)]

    def _refuse_mask(self, agent: Hashable, mask: object) -> None:
        if mask is not None and not self.masked:
            raise TypeError(f"{self.name}: {agent!r} is given an action mask: make the game with masks=True")

    def _lay_out(self, state_view: View | None) -> None:
        """The columns of a state, and the declared bounds of each."""
        self._state_view, self.state_observation_size = state_view, state_view.size if state_view else None
        sizes, moves = [view.size for view in self._views], self.n_actions if self.masked else [0] * len(self.agents)
        self.observation_sizes = tuple(o + a for o, a in zip(sizes, moves, strict=True))
        self._cuts = np.cumsum([0, *self.observation_sizes]).tolist()  # agent j sees columns cuts[j] … cuts[j+1] − 1
        self._widths = [*self.observation_sizes, len(self.agents) + (self.state_observation_size or 0) + 1]
        self._mask_at = np.array(self._cuts[:-1]) + sizes  # where its mask begins
        self._blocks = [slice(a, m) for a, m in zip(self._cuts, self._mask_at.tolist(), strict=False)]
        self._flags = slice(self._cuts[-1], self._cuts[-1] + len(self.agents))
        self._state_at = slice(self._flags.stop, self._flags.stop + (self.state_observation_size or 0))
        self._low, self._high = np.full((2, self._state_at.stop + 1), LARGEST)
        self._low *= -1
        seen = [*zip(self._blocks, self._views, strict=True)]
        for block, view in seen if self._state_view is None else [*seen, (self._state_at, self._state_view)]:
            self._low[block], self._high[block] = usual(view)

    @property
    def _envs(self) -> list[ParallelEnv]:
        return [row.env for row in self._played_in]

    def _instance(self, number: int) -> Row:
        """The environment of one row; made when first needed, kept for later episodes."""
        while len(self._played_in) <= number:
            self._played_in.append(new_row(self._make_env, self._played_in))
            if len(self._played_in) > 1 or hasattr(self, "_spaces"):  # not the first one of all
                same_as_ever(self._played_in[-1].env, self, self._spaces)
        return self._played_in[number]

    def _dicts(self, who: str, answer: object, *parts: str) -> tuple[dict, ...]:
        """`answer`, which must be a tuple of dicts, one for each of `parts`."""
        if isinstance(answer, tuple) and len(answer) == len(parts) and all(isinstance(part, dict) for part in answer):
            return answer
        got: object = type(answer).__name__
        if isinstance(answer, tuple):
            got = ["dict" if isinstance(part, dict) else type(part).__name__ for part in answer]
        raise ValueError(f"{self.name}: {who} must return a tuple of {len(parts)} dicts {parts}; got {got}")

    def _listed(self, env: ParallelEnv) -> list[bool]:
        """Which agents are in `env.agents`."""
        listed = [False] * len(self.agents)
        for agent in env.agents:
            if agent not in self._axis:
                raise ValueError(f"{self.name}: {agent!r} takes part, and is not one of possible_agents")
            listed[self._axis[agent]] = True
        return listed

    def _start(self, row: Row, seed: int) -> tuple[dict, dict]:
        observations, infos = self._dicts("reset", row.env.reset(seed=seed), "observations", "infos")
        demand(row.env.agents, f"{self.name}: no agent takes part after reset; env.agents is empty")
        same_as_ever(row.env, self, self._spaces, observations=False)
        return observations, infos

    def check_settings(self, settings: Settings) -> None:
        """Raise ValueError if data and networks would not fit into this machine's memory."""
        demand_memory(self, settings)

    def reset(self, batch: int, generator: torch.Generator) -> Tensor:
        seeds = torch.randint(2**31 - 1, (batch,), generator=generator).tolist()
        self._clear(batch)
        for number, seed in enumerate(seeds):
            row = self._instance(number)
            observations, infos = self._start(row, seed)
            self._write(number, observations, infos, self._listed(row.env))
        return self._state()

    def _clear(self, batch: int) -> None:
        self._rows = np.zeros((batch, len(self._low)), np.float32)  # (B, d): the last state …
        self._told: Tensor | None = None  # … and as it was given to the caller
        apart = len(self.targets) > 1 and not self.shared_reward
        self._ends = Ends(batch, len(self.agents), self.target_axes, self.returning, apart)

    def step(self, state: Tensor, actions: Tensor, generator: torch.Generator) -> Step:
        """As `Game.step`; a row whose episode is over stays as it is, is paid nothing and keeps its flags."""
        if state is not self._told and not np.array_equal(state.numpy(), self._rows):
            raise ValueError(
                "step must go on from the state that reset or step returned last: the environments of "
                f"{self.name} are there and nowhere else. Replayed states can be observed, not played; for a "
                "second batch beside this one, make a second game."
            )
        played = actions.tolist()  # (B, n)
        self._check_actions(played)
        rewards = np.zeros(actions.shape, np.float32)
        for number, chosen in enumerate(played):
            if not self._ends.over(number):
                rewards[number] = self._play(number, chosen)
        if self.shared_reward and len(self.targets) > 1:
            axes = list(self.target_axes)
            rewards[:, axes] = rewards[:, axes].mean(1, keepdims=True)
        return Step(self._state(), torch.from_numpy(rewards), *self._ends.flags())

    def _check_actions(self, actions: list[list[int]]) -> None:
        """Raise ValueError for an action (B, n) that does not exist, or that an agent who takes part has not got now."""
        for chosen in actions:
            for agent, action, count in zip(self.agents, chosen, self.n_actions, strict=True):
                if not 0 <= action < count:
                    raise ValueError(f"{action} is no action of {agent!r}, who has {count}")
        if not self.masked:
            return
        played, running = np.array(actions), ~(self._ends.terminated | self._ends.truncated)
        there = self._rows[np.arange(len(played))[:, None], self._mask_at + played] > 0
        if not there.all():
            for b, j in np.argwhere(~there & (self._rows[:, self._flags] > 0) & running[:, None])[:1]:
                mask = self._rows[b, self._mask_at[j] : self._cuts[j + 1]]
                raise ValueError(
                    f"{self.name}: action {played[b, j]} of {self.agents[j]!r} is not available; these are: "
                    f"{np.flatnonzero(mask).tolist()}. The observation ends with the mask"
                )

    def _play(self, number: int, actions: list[int]) -> list[float]:
        """One step of one environment: each agent's reward (n,); the rest goes into the row and its flags."""
        env, row = self._played_in[number].env, self._rows[number]
        took_part = row[self._flags].tolist()
        moves = {a: self._first[self._axis[a]] + actions[self._axis[a]] for a in env.agents}
        answer = self._dicts("step", env.step(moves), *PARTS)
        observations, paid, terminated, truncated, infos = answer
        demand(
            "__all__" not in terminated and "__all__" not in truncated,
            f"{self.name}: __all__ is no agent: flag each one",
        )
        rewards, cut = [0.0] * len(self.agents), [False] * len(self.agents)
        here = self._listed(env)  # some may have joined, or come back
        for j, agent in enumerate(self.agents):
            if terminated.get(agent, False):
                here[j] = False
            elif truncated.get(agent, False):
                here[j], cut[j] = False, bool(took_part[j])
            if took_part[j]:
                if agent not in paid or agent not in terminated or agent not in truncated:
                    what = next(w for w, part in zip(PARTS[1:4], answer[1:4], strict=True) if agent not in part)
                    raise ValueError(f"{self.name}: the {what} of a step lack {agent!r}, who took part")
                rewards[j] = one_number(paid[agent], self.name, agent)
            elif paid.get(agent):
                self._warn("absent", f"{self.name} pays {agent!r} when it did not take part: that is not counted")
        if told := self._ends.note(number, took_part, here, cut, row[-1] + 1 >= self.horizon):
            self._warn(told, f"{self.name}: {told}")
        over = self._ends.over(number)
        if self.gamma == 1 and (self._ends.truncated[number] or (not over and row[-1] + 1 >= self.horizon)):
            self._warn("gamma", f"{self.name}: an episode is cut short with gamma 1, so that its value is not finite")
        if over and self._ends.truncated[number]:  # they keep their last view: critics bootstrap from it
            here = [h or c for h, c in zip(here, cut, strict=True)]
        row[-1] += 1
        self._write(number, observations, infos, here, over)
        if not over and self._horizon_read and row[-1] == self.horizon:
            self._warn(
                "horizon", f"{self.name} goes on after {self.horizon} steps, which it seemed to name as an episode's length: "
                "episodes are cut short there. If that is too early, pass horizon=",
            )  # fmt: skip
        return rewards

    def _write(self, number: int, observations: dict, infos: dict, here: list[bool], over: bool = False) -> None:
        """Put what the agents who are `here` observe into the row, zeros for the others; their masks; the state."""
        row = self._rows[number]
        if not (self.masked or over or all(here)):
            raise ValueError(
                f"{self.name}: an agent leaves or joins before the end of the episode: make the game with masks=True"
            )
        seen_before = row[self._state_at].copy()
        row[:-1] = 0.0
        row[self._flags] = here
        for agent, there, view, block in zip(self.agents, here, self._views, self._blocks, strict=True):
            if there:
                if agent not in observations:
                    why = "is cut short: its last one is needed, as its value goes on" if over else "takes part"
                    raise ValueError(f"{self.name}: no observation for {agent!r}, who {why}")
                try:
                    view.write(observations[agent], row[block])
                except ValueError as error:
                    raise ValueError(f"{self.name}: what {agent!r} sees {error}") from error
        self._write_masks(number, observations, infos, here, over)
        if self._state_view is not None and not (over and self._ends.terminated[number]):
            try:
                self._state_view.write(np.asarray(self._played_in[number].env.state()).ravel(), row[self._state_at])
            except Exception as error:  # whatever an environment raises
                if not over:
                    raise ValueError(f"{self.name}: its state() fails: {error}") from error
                row[self._state_at] = seen_before  # it may need agents that are there
        if not ((row >= self._low) & (row <= self._high)).all():
            self._complain(row, here)

    def _write_masks(self, number: int, observations: dict, infos: dict, here: list[bool], over: bool) -> None:
        row, turns = self._rows[number], self._played_in[number].turns
        if over and self._ends.terminated[number]:
            turns = None
        if self.masked:
            row[self._mask_at] = 1.0  # one action, the first, for all who are not here or cannot move
        mover, idle = None if turns is None else turns.agent_selection, 0
        for j, agent in enumerate(self.agents):
            if not here[j]:
                continue
            if turns is not None and mover != agent:
                idle += 1  # whatever its mask says
                continue
            mask = self._mask(number, j, observations[agent], own_info(infos, agent), over)
            if not self.masked:
                continue
            some = mask is None or mask.any()
            if turns is not None and not some and not over:
                raise ValueError(f"{self.name}: it is the turn of {agent!r}, and its mask has no action")
            if some:
                row[self._mask_at[j] : self._cuts[j + 1]] = 1.0 if mask is None else mask
            else:
                idle += 1
        if idle and idle == sum(here) and not over:
            raise ValueError(f"{self.name}: no agent has any action (all masks are 0), and the episode goes on")

    def _mask(self, number: int, j: int, seen: object, info: object, over: bool) -> np.ndarray | None:
        """The mask (A_j,) of an agent who takes part, None where none is given; when it is `over`, none is needed."""
        try:
            name, given = find_mask(self.agents[j], self._views[j], self._played_in[number].mask, seen, info)
        except ValueError:  # a method may know of those only who play on
            if not over:
                raise
            given = None
        if given is None:
            if j in self._given and self._played_in[number].turns is None and not over:
                self._warn(("mask", j), f"{self.name}: {self.agents[j]!r} is given a mask at some steps and none at others; "
                           "there, all its actions count as available")  # fmt: skip
            return None
        self._refuse_mask(self.agents[j], given)
        self._given.add(j)
        try:
            return read_mask(name, given, self.n_actions[j], self._first[j])
        except ValueError as error:
            raise ValueError(f"{self.name}: {self.agents[j]!r}: {error}") from error

    def _complain(self, row: np.ndarray, here: list[bool]) -> None:
        """Raise ValueError for NaN and infinity, warn of an agent's first number outside its declared bounds."""
        seen = [(f"the observation of {a!r}", f"{a!r} sees", block, view)
                for a, h, block, view in zip(self.agents, here, self._blocks, self._views, strict=True) if h]  # fmt: skip
        if self._state_view is not None:
            seen.append(("its state()", "its state() has", self._state_at, self._state_view))
        for what, who, block, view in seen:
            if not np.isfinite(row[block]).all():
                raise ValueError(f"{self.name}: {what} contains NaN or infinity")
            for k in np.flatnonzero((row[block] < self._low[block]) | (row[block] > self._high[block]))[:1]:
                number, low, high = row[block][k], view.low[k], view.high[k]
                if not low <= number <= high:
                    why = f"outside the bounds [{low:g}, {high:g}] of its space; learning from such numbers may suffer"
                else:
                    why = ("and its space has no bounds by which to scale it: networks learn nothing from numbers so large. "
                           "Give the space bounds, or scale them")  # fmt: skip
                self._warn(("bounds", who), f"{self.name}: {who} {number:g}, {why}")
                self._low[block], self._high[block] = -LARGEST, LARGEST  # once is enough

    def _warn(self, key: Hashable, text: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            warnings.warn(text, stacklevel=2)

    def _state(self) -> Tensor:
        self._told = torch.from_numpy(self._rows.copy())
        return self._told

    def observe(self, state: Tensor) -> list[Tensor]:
        return list(state.split_with_sizes(self._widths, -1)[:-1])

    def observe_state(self, state: Tensor) -> Tensor:
        """The environment's `state()`, (B, state_observation_size); bounded numbers between −1 and 1."""
        seen = state[..., self._state_at]
        if self._state_view is None or self._state_view.bounds is None:
            return seen
        low, high = self._state_view.bounds
        return (seen - low) / ((high - low) / 2) - 1

    def close(self) -> None:
        """Close all environments; a later `reset` makes new ones."""
        close_all(self._played_in)
