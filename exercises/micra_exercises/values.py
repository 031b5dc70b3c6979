"""Results as numbers: read from any form, differentiated, compared strictly, described briefly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from .limits import Trouble


def numbers(value: Any) -> np.ndarray | None:
    """Any number, list, array or tensor as float64; None for anything else, for ragged lists and for complex numbers.

    Complex numbers whose imaginary parts are no more than rounding are read, since eigenvectors come like that. Raises
    whatever the conversion of an object of an unknown class raises.
    """
    if isinstance(value, torch.Tensor):
        value = (value.detach().to_dense() if value.layout != torch.strided else value.detach()).cpu()
        value = value.resolve_conj().to(torch.complex128 if value.is_complex() else torch.float64).numpy()
    if isinstance(value, (list, tuple)):
        parts = [numbers(x) for x in value]
        if any(p is None for p in parts) or len({p.shape for p in parts if p is not None}) > 1:
            return None
        return np.array(parts, dtype=float)
    if value is None or isinstance(value, (str, bytes, bool)):
        return None
    found = np.array(value, subok=False)
    if found.dtype.kind == "O":
        return np.array([float(x) for x in found.ravel()]).reshape(found.shape) if _are_numbers(found) else None
    if found.dtype.kind == "c":
        return found.real.astype(float) if _is_rounding(found) else None
    return found.astype(float) if found.dtype.kind in "biuf" else None


def _are_numbers(found: np.ndarray) -> bool:
    """Whether these objects, such as fractions, are single numbers."""
    return all(hasattr(x, "__float__") and not isinstance(x, (str, bytes)) for x in found.ravel())


def _is_rounding(found: np.ndarray) -> bool:
    """Whether the imaginary parts are as small as rounding makes them."""
    return bool(np.abs(found.imag).max(initial=0) <= 1e-9 * max(1.0, np.abs(found.real).max(initial=0)))


def is_complex(value: Any) -> bool:
    """Whether there is an imaginary part in it."""
    if isinstance(value, (list, tuple)):
        return any(map(is_complex, value))
    if isinstance(value, torch.Tensor):
        return value.is_complex()
    return bool(np.iscomplexobj(value))


def is_half(value: Any) -> bool:
    """Whether it is in half precision, with three or four digits."""
    if isinstance(value, (list, tuple)):
        return any(map(is_half, value))
    return str(getattr(value, "dtype", "")).endswith("float16")


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


def close(a: Any, b: Any, tolerance: float, floor: float = 0.0) -> bool:
    """Whether two results agree: of the same shape (no broadcasting), within `tolerance` of the largest entry.

    `floor` is the smallest difference that counts: the rounding of whatever went in.
    """
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray)  # both failed
    if b.shape == () and a.size == 1:
        a = a.reshape(())
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=0, atol=tolerance * size(b) + floor, equal_nan=True))


def size(found: np.ndarray) -> float:
    """The absolute value of the largest finite entry; 0 if there is none."""
    return float(np.abs(found[np.isfinite(found)]).max(initial=0))


@contextmanager
def in_double() -> Iterator[None]:
    """Double precision by default."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def as_default(x: Any) -> Any:
    """Floating-point tensors in torch's default type, which the student may have changed, so that they can be combined."""
    if isinstance(x, (list, tuple)):
        return type(x)(map(as_default, x))
    return x.to(torch.get_default_dtype()) if isinstance(x, torch.Tensor) and x.is_floating_point() else x


def as_written(x: Any) -> Any:
    """Floating-point tensors in double precision with the decimals they were written with: 0.8, not 0.800000011920929."""
    if isinstance(x, (list, tuple)):
        return type(x)(map(as_written, x))
    if isinstance(x, torch.Tensor) and x.dtype == torch.float32:
        decimals = [float(f"{one:.7g}") for one in x.flatten().tolist()]
        return torch.tensor(decimals, dtype=torch.float64).reshape(x.shape)
    return x


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
