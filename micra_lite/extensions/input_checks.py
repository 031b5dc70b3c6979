"""What a user brings, checked before work is lost: the externals to train with, their policies, watched episodes.

The core asks for these checks by name (`registry.find`). Each mistake is named once, with what to do about it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor

from ..externals import ExternalFamily, Externals
from ..game import Game
from ..replay import Episode
from ..settings import Settings

ASKED = 8  # so many of the training externals are tried before training
SURE = 1e-3  # how far from 1 probabilities may add up


class Nobody(ExternalFamily):
    """The family of a game without externals: it has one member, with no parameters and no policies."""

    name, parameter_names = "nobody", ()

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        return np.zeros(0)

    def probabilities(self, parameters: Tensor, observations: list[Tensor]) -> list[Tensor]:
        return []


def demand(condition: object, mistake: str) -> None:
    """Raise ValueError, naming the mistake, unless the condition holds."""
    if not condition:
        raise ValueError(mistake)


# --- The externals to train with -------------------------------------------------------------------------------------


def training_externals(game: Game, given: ExternalFamily | Externals | None) -> Externals:
    """The externals to train with: a family's training split, or exactly the `Externals` given.

    None is for a game without externals, and for no other. Raises TypeError for what is no family, and ValueError when
    some of the externals, asked about first observations of the game, do not answer with probabilities of its actions.
    """
    if not game.externals:
        demand(
            given is None, f"{game.name} has no externals, all its agents are targets: give None in place of a family"
        )
        return Nobody().sample(0)
    if not isinstance(given, ExternalFamily | Externals):
        _refuse_family(game, given)
    externals = given if isinstance(given, Externals) else given.split("train")
    demand(len(externals), f"there is nobody to train with: the externals given for {game.name} are none")
    demand(bool(externals.parameters.isfinite().all()), "the externals' parameters hold NaN or infinite numbers")
    k = torch.arange(min(ASKED, len(externals)))
    generator = torch.Generator().manual_seed(0)  # one of its own: the training's draws stay the same
    seen = game.observe(game.reset(len(k), generator))
    observations, starts = [seen[e] for e in game.external_axes], torch.ones(len(k), dtype=torch.bool)
    check_externals_policies(game, externals.players(k).policies(observations, starts, None), len(k))
    return externals


def _refuse_family(game: Game, given: object) -> NoReturn:
    names = [*game.externals]
    if given is None:
        got = "got None"
    elif isinstance(given, type) and issubclass(given, ExternalFamily):
        got = f"got the class {given.__name__} itself: make one, {given.__name__}(…)"
    elif isinstance(given, Sequence) or callable(given):
        got = f"got {_kind(given)}: from_policies makes a family of policies that are functions or modules"
    else:
        got = f"got {_kind(given)}"
    raise TypeError(
        f"{game.name} has the externals {names} and needs a family of them: external_family(name) for a game of ours, "
        f"from_policies(game, train=[…], held_out=[…]) or a subclass of ExternalFamily for your own; {got}"
    )


def _kind(thing: object) -> str:
    """What a value is, in a few words."""
    if isinstance(thing, Tensor):
        return f"{str(thing.dtype).removeprefix('torch.')} tensor {tuple(thing.shape)}"
    if isinstance(thing, type):
        return f"the class {thing.__name__}"
    name = getattr(thing, "__qualname__", "")
    if callable(thing) and name:
        return f"the function {name}"
    return f"{type(thing).__module__}.{type(thing).__name__}".removeprefix("builtins.")


def check_externals_policies(game: Game, policies: Any, rows: int) -> None:
    """Raise ValueError unless these are externals' policies: a list, for each external probabilities (rows, A_e).

    It is cheap enough for every step that is played, where it finds a family that goes wrong late.
    """
    names = [*game.externals]
    if not isinstance(policies, list | tuple) or len(policies) != len(names):
        got = f"{len(policies)} in a list" if isinstance(policies, list | tuple) else f"{_kind(policies)}, no list"
        raise ValueError(f"`probabilities` must return a list of tensors, one for each external of {names}; got {got}")
    for name, e, policy in zip(names, game.external_axes, policies, strict=True):
        check_policy(name, policy, rows, game.n_actions[e])


def check_policy(name: str, policy: Any, rows: int, actions: int) -> None:
    """Raise ValueError unless `policy` holds probabilities (rows, actions) of one external agent."""
    must = f"the policy of {name!r} must be a floating-point tensor ({rows}, {actions}), rows of a batch by actions"
    if not isinstance(policy, Tensor):
        raise ValueError(f"{must}; got {_kind(policy)}: torch.as_tensor makes a tensor of an array")
    if not policy.is_floating_point() or policy.shape != (rows, actions):
        raise ValueError(f"{must}; got {_kind(policy)}")
    right = (policy >= 0).all(-1) & ((policy.sum(-1) - 1).abs() < SURE)  # (B,); False for NaN
    if right.all():
        return
    row = int((~right).nonzero()[0])
    shown = [round(x, 4) for x in policy[row].tolist()]
    if not policy[row].isfinite().all() and not (policy[row] < 0).any():
        raise ValueError(f"the policy of {name!r} is NaN or infinite in row {row}: {shown}")
    raise ValueError(
        f"the policy of {name!r} in row {row} is {shown}: these are no probabilities, at least 0 and adding to 1. "
        "Are they logits or logarithms? Then .softmax(-1) is missing"
    )


def one_external(
    trained: Game, game: Game, given: Externals | None, episodes: int = 1, exploration: float = 0.0
) -> Externals:
    """The one external to play beside; None is for a game without any.

    Raises ValueError for more, for no episodes, and for a game whose agents are not those that were `trained`.
    """
    if game is not trained:
        compare(
            {fact: value for fact, value in facts_of(trained).items() if fact not in ("gamma", "horizon")},
            game,
            f"the team was trained in another {trained.name!r}",
        )
    demand(type(episodes) is int and episodes > 0, f"episodes must be a whole number, at least 1; got {episodes!r}")
    demand(0 <= exploration <= 1, f"exploration must be between 0 and 1; got {exploration!r}")
    if given is None:
        return training_externals(game, None)
    demand(isinstance(given, Externals), f"an external is one of Externals, such as externals[0]; got {_kind(given)}")
    demand(len(given) == 1, f"there is one external at a time, for example externals[0]; got {len(given)} of them")
    return given


# --- The game ---------------------------------------------------------------------------------------------------------

FACTS = (
    "agents", "targets", "externals", "n_actions", "observation_sizes", "state_observation_size",
    "full_view", "masked", "shared_reward", "gamma", "horizon",
)  # fmt: skip


def plain(value: Any) -> Any:
    """A value in Python's own types, so that a checkpoint that holds it can be read: NumPy's numbers and names, tuples."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {plain(key): plain(held) for key, held in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(plain(held) for held in value)
    return value if value is None or type(value) in (str, int, float, bool, Tensor) else str(value)


def facts_of(game: Game) -> dict[str, Any]:
    """What a game must have in common with the one that was trained on."""
    facts = {fact: plain(getattr(game, fact)) for fact in FACTS}
    bounds = [None if known is None else (known.image, known.low, known.high) for known in game.sights or ()]
    return {**facts, "spaces": zlib.crc32(repr(bounds).encode()) if any(bounds) else 0}


def compare(facts: Mapping[str, Any], game: Game, complaint: str) -> None:
    """Raise ValueError with a complaint, and what differs, unless the game has these facts."""
    now = facts_of(game)
    if facts.get("spaces", now["spaces"]) != now["spaces"]:
        raise ValueError(f"{complaint}: the bounds, or the shapes of images, in what agents see were other ones")
    if other := [f"{fact} was {was!r} and is {now[fact]!r}" for fact, was in facts.items() if was != now[fact]]:
        raise ValueError(f"{complaint}: {'; '.join(other)}")


def same_game(trained: Game, game: Game) -> Game:
    """The game to go on with. ValueError if it is not like the one that was trained on."""
    compare(facts_of(trained), game, f"the state given was trained on another {trained.name!r}")
    return game


# --- Watched episodes ------------------------------------------------------------------------------------------------


def watched_columns(
    game: Game, watched: Sequence[Episode], needed: Sequence[str]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """All steps of watched episodes in a row: observations (T, O_j) of agents `needed`, actions (T,) of the externals.

    NumPy arrays and lists of numbers will do in the place of tensors. Raises TypeError or ValueError, with the episode's
    number and the agent, for what is missing, of another shape, not finite, or no action of that agent.
    """
    demand(game.externals, f"{game.name} has no externals: there is nobody to adapt to")
    if isinstance(watched, Episode) or not isinstance(watched, Sequence):
        raise TypeError(f"watched must be a list of Episodes, as `watch` returns them; got {_kind(watched)}")
    demand(watched, "the watch list is empty: online adaptation needs one watched episode or more")
    each = [_read(f"watched episode {number}", game, episode, needed) for number, episode in enumerate(watched)]
    seen = {agent: torch.cat([observations[agent] for observations, _ in each]) for agent in needed}
    return seen, {agent: torch.cat([actions[agent] for _, actions in each]) for agent in game.externals}


def _read(which: str, game: Game, episode: Any, needed: Sequence[str]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """One episode's observations of the agents `needed` and actions of the externals, checked."""
    if not isinstance(episode, Episode):
        raise TypeError(f"{which} must be an Episode(observations, actions); got {_kind(episode)}")
    if not (isinstance(episode.observations, Mapping) and isinstance(episode.actions, Mapping)):
        raise TypeError(f"{which}: observations and actions must be dicts, agent by agent: {{name: tensor}}")
    unmoved = {a for a in game.externals if a not in episode.actions}
    if missing := sorted(unmoved | {a for a in needed if a not in episode.observations}):
        lacks = (
            f"lacks observations or actions of {missing}; this game needs those of {sorted({*needed, *game.externals})}"
        )
        raise ValueError(f"{which} {lacks}")
    seen = {a: _numbers(f"{which}: the observations of {a!r}", episode.observations[a]) for a in needed}
    moves = {a: _numbers(f"{which}: the actions of {a!r}", episode.actions[a]) for a in game.externals}
    T = len(moves[game.externals[0]]) if moves[game.externals[0]].dim() else 0
    demand(T, f"{which} holds no step of {game.externals[0]!r}: leave it out")
    for agent, observations in seen.items():
        size = game.observation_sizes[game.agents.index(agent)]
        what = f"{which}: the observations of {agent!r}"
        right, got = observations.shape == (T, size), tuple(observations.shape)
        demand(
            right, f"{what} must have shape ({T}, {size}), a row for each action of {game.externals[0]!r}; got {got}"
        )
        demand(not observations.is_complex(), f"{what} must be real numbers; got complex ones")
        finite = observations.float().isfinite()  # some numbers are too large for a network
        demand(finite.all(), f"{what} are NaN or infinite at step {_first(~finite)}")
    for agent, actions in moves.items():
        _check_actions(f"{which}: the actions of {agent!r}", game, agent, actions, seen.get(agent), T)
    return seen, {agent: actions.long() for agent, actions in moves.items()}


def _check_actions(what: str, game: Game, agent: str, actions: Tensor, seen: Tensor | None, T: int) -> None:
    count = game.n_actions[game.agents.index(agent)]
    kind = f"whole numbers from 0 to {count - 1}"
    whole = not actions.is_floating_point() and not actions.is_complex() and actions.dtype != torch.bool
    demand(whole and actions.shape == (T,), f"{what} must be {kind}, shape ({T},); got {_kind(actions)}")
    outside = (actions < 0) | (actions >= count)
    if outside.any():
        step = _first(outside)
        raise ValueError(f"{what} must be {kind}; got {int(actions[step])} at step {step}")
    if game.masked and seen is not None:
        taken = seen[:, -count:].gather(1, actions.long()[:, None])[:, 0]
        if (taken <= 0).any():
            step = _first(taken <= 0)
            got = f"{int(actions[step])} at step {step}, which the mask at the end of its observation rules out"
            raise ValueError(f"{what} must be available ones; got {got}")


def _first(wrong: Tensor) -> int:
    """The first step at which something is wrong, of (T,) or (T, O); 0 if nothing is."""
    return int(wrong.reshape(len(wrong), -1).any(1).int().argmax())


def _numbers(what: str, values: Any) -> Tensor:
    """An array, or a list of numbers, as a tensor."""
    try:
        return values if isinstance(values, Tensor) else torch.as_tensor(np.asarray(values))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} are no array of numbers; got {_kind(values)}") from error


# --- Settings --------------------------------------------------------------------------------------------------------

CHOICES = {"dtype": ("float32", "float64"), "after_imitation": ("nothing", "actors", "actors and critic")}
MAY_BE_ZERO = (  # all other numbers are above 0; rates, and the exploration, are at most 1
    "seed", "unwatched_externals", "query_episodes", "adaptation_updates", "exploration", "entropy_coefficient",
    "actor_rate",
)  # fmt: skip


def check_settings(settings: Settings) -> None:
    """Raise ValueError for a setting of another type or out of its range, and for settings with which nobody can learn."""
    for f in fields(Settings):
        _check(f.name, str(f.type), getattr(settings, f.name))
    most, query, episodes = max(settings.support_episodes), settings.query_episodes, settings.episodes_per_external
    for wrong, mistake in (
        (most + query > episodes, f"support_episodes (up to {most}) and query_episodes ({query}) must fit into"
                                  f" episodes_per_external ({episodes}): no pair may be in both"),
        (query < 1 and (settings.conditioned or settings.informed),
         "query_episodes must be at least 1: the imitator learns to predict them, and from nothing else"),
        (episodes < 2 and settings.conditioned,
         "episodes_per_external must be at least 2: half are played before watching, half after"),
        (settings.conditioned and settings.unwatched_externals >= settings.externals_per_update,
         f"unwatched_externals ({settings.unwatched_externals}) must be fewer than externals_per_update"
         f" ({settings.externals_per_update}): else nobody is watched, and no adapting is learned"),
        (settings.after_imitation != "nothing" and settings.adaptation_updates < 1,
         f"adaptation_updates must be at least 1 if after_imitation is {settings.after_imitation!r}"),
    ):  # fmt: skip
        if wrong:
            raise ValueError(mistake)


def _check(name: str, kind: str, value: Any) -> None:
    """Raise ValueError unless one setting, by itself, has the type and the range that it must have."""
    python = type(value).__name__  # a checkpoint keeps nothing but Python's own types
    if name in CHOICES:
        right, must = value in CHOICES[name], f"one of {[*CHOICES[name]]}"
    elif kind.startswith("tuple"):
        right = python == "tuple" and len(value) > 0 and all(type(n) is int and n >= 0 for n in value)
        must = "a tuple of one or more whole numbers, 0 or more, such as (1, 2, 5)"
    elif python != kind and (python, kind) != ("int", "float"):
        right, must = False, f"of Python's type {kind}"
    else:
        zero, most = kind == "bool" or name in MAY_BE_ZERO, 1 if name == "exploration" or "_rate" in name else 2**63 - 1
        right = 0 < value <= most or (zero and value == 0)  # never true of NaN
        least = f"a finite number {'of at least' if zero else 'above'} 0"
        must = f"at least {int(not zero)}" if kind == "int" else least
        must += " and at most 1" if most == 1 else ""
    if not right:
        raise ValueError(f"{name} must be {must}; got {value!r}")
