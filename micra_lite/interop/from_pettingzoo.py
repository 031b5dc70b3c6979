"""PettingZoo, the other way: others' environments for our algorithm.

`from_parallel_env(make_env, targets=…)` is any ParallelEnv with discrete actions as a batched `Game`, one environment
per row of the batch. It cannot be tabulated. Its environments, not the state tensor, hold the real state: `step` goes
on from the state returned last and refuses any other. `observe` reads the tensor alone: replayed states will do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pettingzoo import ParallelEnv

from .parallel_game import ParallelGame

__all__ = ["ParallelGame", "from_parallel_env"]


def from_parallel_env(
    make_env: Callable[[], ParallelEnv],
    targets: Sequence,
    externals: Sequence | None = None,
    gamma: float = 0.95,
    horizon: int | None = None,
    shared_reward: bool = True,
    name: str | None = None,
    masks: bool | None = None,
    returning: bool = False,
) -> ParallelGame:
    """Any PettingZoo ParallelEnv with discrete actions as a batched game.

    `make_env` is called once per row of the batch. `targets` and `externals` are names of its agents, the
    externals by default all the others; there may be none.

    **Rewards.** With `shared_reward` every target is paid the mean of the targets' rewards (who does not take part
    counts 0); without, each its own.

    **Length.** `horizon` is read from the environment or from what it wraps (max_cycles and the like). An
    environment that tells none needs it; one that goes on after the length it told is reported by a warning. A
    shorter `horizon` than the environment's cuts episodes there.

    **Observations** are flattened: Discrete, MultiDiscrete and MultiBinary ones become indicators; of Dicts and Tuples all
    entries stand side by side. Networks see images (a Box with three axes, or two of bytes) through convolutions, and
    large numbers of a bounded Box scaled; an image of more than 96 pixels a side is refused. What is not in its
    space is an error, but numbers outside a Box's bounds are a warning. If the environment has a `state()` of a known
    size, up to 4,096 numbers, that is not just all observations, the critic sees it (`observe_state`).

    **Masks.** With `masks`, each observation ends with one number an action, 1 where it is available. Masks are read at every step from
    the observation, from the infos or by the environment's method, under the names in `micra_lite.interop.masks`; without
    one, all actions are available. An agent who does not take part, whose mask is all 0, or whose turn it is not (under
    `turn_based_aec_to_parallel`) has its first action only. `masks=False` leaves these columns out; then a
    mask, and an agent that leaves or joins before the end of the episode, is an error. By default they are there if masks
    are given, or agents take turns, or one of them leaves early in a trial of random play.

    **Ends.** An agent that is flagged, or taken off `env.agents`, has left; it takes part again once it is there without a
    flag. An episode is over when nobody is left, or no target (as if none would return). With `returning`,
    targets may come back while others play on: an episode is over only when nobody is left. Of targets with rewards of their
    own, the values of those go on that are cut short at the end, and of no others; a shared value goes on for all.

    **A trial.** Where all move at once, and neither `masks` nor, at the start, a mask is given, an episode of random play (100 to
    300 steps) shows breaches before any training, and what seems to be overlooked: numbers that networks cannot tell apart,
    masks by other names, a `state()` that never changes.

    Raises TypeError or ValueError, at construction wherever it can be told then, for whatever would be another task.

    >>> from micra_lite import make, to_parallel_env
    >>> game = from_parallel_env(lambda: to_parallel_env(make("pursuit")), targets=["hunter_1", "hunter_2"])
    >>> game.externals, game.n_actions, game.horizon, game.observation_sizes
    (('prey',), (5, 5, 5), 25, (102, 102, 102))
    """
    return ParallelGame(make_env, targets, externals, gamma, horizon, shared_reward, name, masks, returning)
