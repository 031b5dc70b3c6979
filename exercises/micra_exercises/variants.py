"""Which variant of the numbers is set: 0 has those of the printed text, any other number draws its own."""

from __future__ import annotations

_number = 0


def current() -> int:
    """The variant that is set."""
    return _number


def choose(number: int) -> None:
    """Set the variant for all exercises that have some. Raises ValueError for what is no whole number from 0 on."""
    global _number
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**31:
        raise ValueError(f"a variant is a whole number from 0 to {2**31 - 1}, such as 7; got {number!r}")
    _number = number
