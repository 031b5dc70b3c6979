"""How the episodes of a batch end: who has left, for whom nothing follows, and whether an episode was cut short."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

EARLY = (
    "a target is cut short while others play on: what it would have earned later counts as nothing. If it leaves for good, "
    "let it be terminated"
)
MIXED = (
    "at the end of an episode some targets are terminated and others cut short. Targets with a shared reward have one value, "
    "and it goes on; with shared_reward=False each has its own"
)


class Ends:
    """An episode is over when no target will play on (agents that may return: when nobody is there).

    It is cut short if a target was still there to be cut; else it has terminated.
    """

    def __init__(self, batch: int, n_agents: int, target_axes: Sequence[int], returning: bool, apart: bool) -> None:
        """Args: returning, whether agents may come back; apart, whether it is told of each target if nothing follows."""
        self.target_axes, self.returning, self.apart = target_axes, returning, apart
        self.left = [[False] * n_agents for _ in range(batch)]  # took part and does not at present
        self.terminated, self.truncated = np.zeros(batch, bool), np.zeros(batch, bool)
        self.gone = np.zeros((batch, len(target_axes)), bool)  # targets for whom nothing follows; told at the end

    def note(
        self, number: int, took_part: Sequence[float], here: Sequence[bool], cut: Sequence[bool], last: bool
    ) -> str | None:
        """Note a step of one episode, and return what to warn of.

        Args: who took part, is still here, was cut short (n,); last, whether the horizon is reached.
        """
        before = self.left[number]
        left = [not h and bool(t or away) for h, t, away in zip(here, took_part, before, strict=True)]
        self.left[number] = left
        cut_targets = [cut[i] for i in self.target_axes]
        if any(here) and (self.returning or not all(left[i] for i in self.target_axes)):
            over = False
        else:
            over = True
            # one who was away might have returned, had not the others been cut short
            missed = self.returning and any(cut) and any(before[i] and left[i] for i in self.target_axes)
            self.truncated[number] = any(cut_targets) or missed
            self.terminated[number] = not self.truncated[number]
        ended_now = [bool(took_part[i]) and left[i] and not cut[i] for i in self.target_axes]
        if over or last:  # those who were away before might have returned, if any do
            self.gone[number] = ended_now if self.returning else [left[i] and not cut[i] for i in self.target_axes]
        if not over:
            return EARLY if any(cut_targets) and not self.returning else None
        return MIXED if any(cut_targets) and any(ended_now) and not self.apart else None

    def flags(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """Terminated and truncated, (B,) each, and for which targets nothing follows, (B, m), where that is told."""
        terminated, truncated = [torch.from_numpy(flag.copy()) for flag in (self.terminated, self.truncated)]
        return terminated, truncated, torch.from_numpy(self.gone.copy()) if self.apart else None

    def over(self, number: int) -> bool:
        """Whether this episode is over."""
        return bool(self.terminated[number] or self.truncated[number])
