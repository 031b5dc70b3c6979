"""A family of externals made from policies that a user has: functions or networks, a list for each split.

The family's one parameter is the number of the policy; `from_policies` makes it.
"""

from __future__ import annotations

import copy
import functools
import types
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..externals import SPLITS, ExternalFamily, Externals
from ..game import Game
from .input_checks import SURE, check_externals_policies, demand

Policy = Callable[[Any], Any]  # an external's observations (B, O_e) → its action probabilities (B, A_e)
TRIED = 4  # rows of first observations on which each policy is tried at once


def from_policies(
    game: Game, train: Sequence[Policy], held_out: Sequence[Policy] = (), validation: Sequence[Policy] = ()
) -> GivenPolicies:
    """A family of externals whose splits are policies of yours: for training, to be met later, and to tune on.

    A policy is a function, or an `nn.Module`, of the external's observations (B, O_e), float32, one row for each
    episode, as `game.observe` gives them: in the units of the environment, flattened, images channels first, and with the
    mask at the end if the game has masks (an agent that is away sees zeros). It returns action probabilities (B, A_e), a tensor or a NumPy array. If
    the game has several externals it takes the list of their observations and returns a list. An answer must depend on
    its own row alone, and on nothing remembered (else write an `ExternalFamily` with `stationary = False`). Modules are
    copied as they are now, and asked in evaluation mode, in their own number type.

    A split that was not given cannot be asked for: no other split stands in for it. Each policy is tried at once, on
    first observations of the game. Raises TypeError or ValueError naming the policy that is wrong; warns when training
    and held-out policies are alike, for then nobody new is met.

    >>> import micra_lite
    >>> game = micra_lite.make("chicken")
    >>> bold, timid = (lambda seen, p=p: torch.tensor([[1 - p, p]]).expand(len(seen), 2) for p in (0.9, 0.1))
    >>> family = from_policies(game, train=[bold, timid])
    >>> len(family.split("train"))
    2
    """
    return GivenPolicies(game, {"train": train, "validation": validation, "held-out": held_out})


class GivenPolicies(ExternalFamily):
    """Externals by number, (K, 1), each with a policy that was given. A draw is one of the training policies."""

    parameter_names = ("policy",)

    def __init__(self, game: Game, splits: dict[str, Sequence[Policy]]) -> None:
        """Args: splits, "train", "validation" and "held-out" to lists of policies; see `from_policies`."""
        demand(game.externals, f"{game.name} has no externals: there are no policies to give")
        self.name, self.game = game.name, game
        self.labels, self.policies, self.numbers = list[str](), list[Policy](), dict[str, range]()
        for which, given in splits.items():
            _check_list(which, given)
            self.numbers[which] = range(len(self.policies), len(self.policies) + len(given))
            self.labels += [f"policy {position} of {which}" for position in range(len(given))]
            self.policies += [copy.deepcopy(p).eval() if isinstance(p, nn.Module) else p for p in given]
        demand(splits["train"], "from_policies needs one training policy or more: train=[…]")
        observations = game.observe(game.reset(TRIED, torch.Generator().manual_seed(0)))
        for number in range(len(self.policies)):
            self._try(number, [observations[e] for e in game.external_axes])
        _warn_of_old_friends(splits["train"], splits["held-out"])

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        return rng.integers(len(self.numbers["train"]), size=1).astype(float)

    def split(self, which: str) -> Externals:
        """The policies given for one split. Raises ValueError where none were."""
        if which not in SPLITS:
            return super().split(which)
        numbers, option = self.numbers[which], which.replace("-", "_")
        demand(numbers, f"no {which} policies were given: from_policies(game, train=[…], {option}=[…])")
        return Externals(self, torch.tensor([[float(n)] for n in numbers], dtype=torch.float64), tuple(numbers))

    def probabilities(self, parameters: Tensor, observations: list[Tensor]) -> list[Tensor]:
        """As in `ExternalFamily`; each policy is asked once, for all rows that are its own."""
        lead = torch.broadcast_shapes(parameters.shape[:-1], *[o.shape[:-1] for o in observations])
        numbers = parameters[..., 0].expand(lead).reshape(-1).long()  # (B,)
        rows = [o.expand(*lead, o.shape[-1]).reshape(len(numbers), -1) for o in observations]  # (B, O_e) each
        answers = [torch.zeros(len(numbers), self.game.n_actions[e]).double() for e in self.game.external_axes]
        for number in numbers.unique().tolist():
            own = numbers == number
            for answer, policy in zip(answers, self._ask(number, [r[own] for r in rows]), strict=True):
                answer[own] = policy.double()
        return [a.reshape(*lead, a.shape[-1]) for a in answers]

    @torch.no_grad()
    def _ask(self, number: int, rows: list[Tensor]) -> list[Tensor]:
        """What one policy answers, (B, A_e) for each external agent, checked."""
        policy, single = self.policies[number], len(rows) == 1
        dtype = (
            next((p.dtype for p in policy.parameters()), torch.float32)
            if isinstance(policy, nn.Module)
            else torch.float32
        )
        seen = [row.to(dtype) for row in rows]
        try:
            found = policy(seen[0] if single else seen)
        except Exception as error:
            error.add_note(f"{self.labels[number]} was asked about observations {[tuple(s.shape) for s in seen]}")
            raise
        found = [found] if single else found
        if isinstance(found, list | tuple):
            found = [torch.as_tensor(f) if isinstance(f, np.ndarray) else f for f in found]
            found = [self._where_nobody_is(f, row) for f, row in zip(found, rows, strict=False)]
        try:
            check_externals_policies(self.game, found, len(rows[0]))
        except ValueError as error:
            raise ValueError(f"{self.labels[number]}: {error}") from None
        return list(found)

    def _where_nobody_is(self, policy: Any, seen: Tensor) -> Any:
        """A policy (B, A_e) with even chances where it is not finite and all that it saw is 0: an agent that is away."""
        if (
            not isinstance(policy, Tensor)
            or not policy.is_floating_point()
            or policy.dim() != 2
            or len(policy) != len(seen)
        ):
            return policy
        own = seen[:, : seen.shape[1] - self.game.masked * policy.shape[1]]
        away = ~policy.isfinite().all(1) & (own == 0).all(1)
        return torch.where(away[:, None], 1 / policy.shape[1], policy)

    def _try(self, number: int, rows: list[Tensor]) -> None:
        """Ask for a batch, and for its first row again: a policy of the row alone says the same of it."""
        pairs = zip(self._ask(number, rows), self._ask(number, [r[:1] for r in rows]), strict=True)
        demand(
            all(torch.allclose(batch[:1].double(), alone.double(), rtol=0, atol=SURE) for batch, alone in pairs),
            f"{self.labels[number]} answers otherwise when it is asked again about one row: it must be a function of "
            "that row, without chance or memory (for memory write an ExternalFamily with stationary = False)",
        )


def _check_list(which: str, given: Any) -> None:
    """Raise TypeError unless these are policies in a list."""
    option = which.replace("-", "_")
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise TypeError(f"{option} must be a list of policies; got {given!r}: put it into brackets, {option}=[…]")
    for position, policy in enumerate(given):
        if isinstance(policy, type):
            raise TypeError(f"policy {position} of {which} is a class: make one, {policy.__name__}(…)")
        if not callable(policy):
            raise TypeError(f"policy {position} of {which} is {policy!r}: a function or an nn.Module is needed")


# --- Whether two policies are one ------------------------------------------------------------------------------------


def _warn_of_old_friends(train: Sequence[Policy], held_out: Sequence[Policy]) -> None:
    alike = [(a, b) for b, new in enumerate(held_out) for a, known in enumerate(train) if same_policy(known, new)]
    if alike:
        pairs = ", ".join(f"train[{a}] and held_out[{b}]" for a, b in alike[:5])
        pairs += ", …" if len(alike) > 5 else ""
        warnings.warn(f"training and held-out policies are the same: {pairs}; they are no newcomers", stacklevel=4)


def same_policy(a: Any, b: Any) -> bool:
    """Whether two policies are one object, functions of equal code and captured values, or equal modules."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor):
        return a.shape == b.shape and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, nn.Module):
        mine, others = ([type(m) for m in one.modules()] for one in (a, b))
        return mine == others and all(
            _same(_facts(m), _facts(n)) for m, n in zip(a.modules(), b.modules(), strict=True)
        )
    if isinstance(a, types.FunctionType):
        return a.__globals__ is b.__globals__ and _same(_parts(a), _parts(b))
    if isinstance(a, types.MethodType):
        return a.__func__ is b.__func__ and same_policy(a.__self__, b.__self__)
    if isinstance(a, functools.partial):
        return _same([a.func, a.args, a.keywords], [b.func, b.args, b.keywords])
    return _same(a, b) or (hasattr(a, "__dict__") and _same(vars(a), vars(b)))  # an object that can be called


def _same(a: Any, b: Any) -> bool:
    """Whether two values are equal, also inside of lists and dicts; what cannot be compared is not."""
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and _same(list(a.values()), list(b.values()))
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, Tensor | np.ndarray | nn.Module | types.FunctionType | types.MethodType | functools.partial):
        return same_policy(a, b)
    try:
        return bool(a == b)
    except (TypeError, ValueError, RuntimeError):
        return False


def _parts(function: types.FunctionType) -> list[Any]:
    """All that makes a function what it is: code (wherever it is written), defaults, captured values."""
    code, names = function.__code__, function.__closure__ or ()
    cells = [None if cell.cell_contents is function else cell.cell_contents for cell in names]  # it may call itself
    made_of = (code.co_code, code.co_consts, code.co_names, code.co_varnames)
    return [*made_of, function.__defaults__, function.__kwdefaults__, cells]


def _facts(module: nn.Module) -> dict[str, Any]:
    """A module's own parameters, buffers and attributes, without its parts and without the mode it is in."""
    own = {name: value for name, value in vars(module).items() if not name.startswith("_") and name != "training"}
    return {**own, **dict(module.named_parameters(recurse=False)), **dict(module.named_buffers(recurse=False))}
