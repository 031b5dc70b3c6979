"""The layers through which an extractor sees what others' environments give: numbers within bounds, and images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .spaces import View


@dataclass(frozen=True)
class Sight:
    """What is known of an agent's observation (…, O), its mask left aside."""

    low: tuple[float, ...] = ()  # the lowest and highest values, or nothing
    high: tuple[float, ...] = ()
    image: tuple[int, int, int] | None = None  # (channels, height, width), flattened

    def layers(self, size: int) -> tuple[list[nn.Module], int]:
        """What stands before an extractor's linear layer, and how many numbers come out of it."""
        layers: list[nn.Module] = []
        if self.low:
            layers.append(Scaled(torch.tensor(self.low), torch.tensor(self.high)))
        if self.image:
            layers.append(convolutions := Convolutions(self.image))
            size = convolutions.size
        return layers, size


def sight(view: View) -> Sight | None:
    """What an extractor must know of an agent's view, None where it is a vector of moderate numbers."""
    if view.bounds is None and view.image is None:
        return None
    low, high = [tuple(limit.tolist()) for limit in view.bounds or (torch.empty(0), torch.empty(0))]
    return Sight(low, high, view.image)


class Scaled(nn.Module):
    """Numbers (…, O) between their lowest and highest values (O,) to numbers between −1 and 1."""

    low: Tensor
    half_span: Tensor

    def __init__(self, low: Tensor, high: Tensor) -> None:
        super().__init__()
        self.register_buffer("low", low)
        self.register_buffer("half_span", ((high - low) / 2).clamp(min=1e-6))

    def forward(self, seen: Tensor) -> Tensor:
        return (seen - self.low) / self.half_span - 1


class Convolutions(nn.Module):
    """Images as rows (…, channels · height · width) to what 3×3 convolutions make of them, (…, `size`)."""

    def __init__(self, image: tuple[int, int, int]) -> None:
        super().__init__()
        (channels, *sides), self.image, layers = image, image, list[nn.Module]()
        while max(sides) > 6 or not layers:  # halve it: 84 → 42 → 21 → 11 → 6
            layers += [nn.Conv2d(channels, 16, 3, stride=2, padding=1), nn.ReLU()]
            channels, sides = 16, [(side + 1) // 2 for side in sides]
        self.layers, self.size = nn.Sequential(*layers), channels * math.prod(sides)

    def forward(self, seen: Tensor) -> Tensor:
        return self.layers(seen.reshape(-1, *self.image)).reshape(*seen.shape[:-1], self.size)
