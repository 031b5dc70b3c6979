"""Results as numbers: read from any form, differentiated, compared strictly, described briefly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .limits import Trouble


def numbers(value: Any) -> np.ndarray | None:
    """Any number, list, array or tensor as float64; None for anything else and for ragged lists."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().double().numpy()
    if isinstance(value, (list, tuple)):
        parts = [numbers(x) for x in value]
        if any(p is None for p in parts) or len({p.shape for p in parts if p is not None}) > 1:
            return None
        return np.array(parts, dtype=float)
    if value is None or isinstance(value, (str, bytes, bool)):
        return None
    try:
        found = np.asarray(value)
        return None if found.dtype.kind in "cSUmM" else found.astype(float)
    except (TypeError, ValueError):
        return None


def written(value: Any, digits: str = ".6g") -> str:
    """A number or a table as a student would write it, without needless digits.

    >>> written(torch.tensor([[4.0, 0.0], [0.25, 1.0]]))
    '[[4, 0], [0.25, 1]]'
    """
    if isinstance(value, (torch.Tensor, np.ndarray)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(written(x, digits) for x in value)}]"
    return f"{value:{digits}}" if isinstance(value, float) else str(value)


def is_stub(value: Any) -> bool:
    """Whether this is the notebook's placeholder: `...`, or a list that contains one."""
    return value is ... or value is NotImplemented or (isinstance(value, (list, tuple)) and any(map(is_stub, value)))


def gradient(found: Any, leaf: torch.Tensor, what: str, lost: str) -> Any:
    """The gradient of one number `found`, which an answer returned, with respect to `leaf`; it has the shape of `leaf`.

    Args: what, the number's name in messages; lost, the message if no gradient arrives. Returns a Trouble if there is no
    gradient, and None or a placeholder unchanged.
    """
    if found is None or is_stub(found):
        return found
    if not isinstance(found, torch.Tensor):
        return Trouble("no_tensor", "Return a torch tensor, so that autograd can compute its gradient.")
    if found.numel() != 1:
        return Trouble("no_single_number", f"{what} is a single number; yours has the shape {tuple(found.shape)}.")
    slope = torch.autograd.grad(found.sum(), leaf, allow_unused=True)[0] if found.requires_grad else None
    return Trouble("gradient_lost", lost) if slope is None else slope


def close(a: Any, b: Any, tolerance: float) -> bool:
    """Whether two results agree: of the same shape (no broadcasting), within `tolerance` of the largest entry."""
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray)  # both failed
    if b.shape == () and a.size == 1:
        a = a.reshape(())
    if a.shape != b.shape:
        return False
    reach = max(1.0, float(np.abs(b[np.isfinite(b)]).max(initial=0)))
    return bool(np.allclose(a, b, rtol=0, atol=tolerance * reach, equal_nan=True))


def as_default(x: Any) -> Any:
    """Floating-point tensors in torch's default type, which the student may have changed, so that they can be combined."""
    if isinstance(x, (list, tuple)):
        return type(x)(map(as_default, x))
    return x.to(torch.get_default_dtype()) if isinstance(x, torch.Tensor) and x.is_floating_point() else x


def same(a: Any, b: Any) -> bool:
    """Whether an argument is unchanged."""
    if isinstance(a, (list, tuple)):
        return isinstance(b, (list, tuple)) and len(a) == len(b) and all(map(same, a, b))
    left, right = numbers(a), numbers(b)
    return a == b if left is None or right is None else np.array_equal(left, right, equal_nan=True)


def described(names: Sequence[str], case: Sequence[Any]) -> str:
    """A case in a few words: the shapes of its tables, and its whole numbers.

    >>> described(["q", "i"], [torch.zeros(2, 3), 1])
    'q: 2 × 3, i: 1'
    """
    told = []
    for name, x in zip(names, case, strict=True):
        if isinstance(x, torch.Tensor) and x.dim():
            told.append(f"{name}: " + " × ".join(map(str, x.shape)))
        elif isinstance(x, (list, tuple)) and any(isinstance(y, torch.Tensor) for y in x):
            told.append(f"{len(x)} {name}")
        elif isinstance(x, int):
            told.append(f"{name}: {x}")
    return ", ".join(told)
