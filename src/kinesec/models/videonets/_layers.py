"""Pieces of video networks; features are (batch, channel, frame, height, width)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor, nn

Size = tuple[int, int, int]  # along frame, height, width


@dataclass(frozen=True)
class Norm:
    """What a batch normalisation adds to the variance, and what a batch weighs in its running averages."""

    epsilon: float = 1e-5
    momentum: float = 0.1


USUAL = Norm()


class Unit(nn.Module):
    """A convolution without a bias, batch normalisation and, where ``active``, a ReLU; padded by half the kernel."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: Size = (1, 1, 1),
        stride: Size = (1, 1, 1),
        *,
        active: bool = True,
        norm: Norm = USUAL,
    ) -> None:
        super().__init__()
        padding = tuple(size // 2 for size in kernel)
        self.conv = nn.Conv3d(inputs, outputs, kernel, stride, padding, bias=False)  # type: ignore[arg-type]
        self.norm = nn.BatchNorm3d(outputs, norm.epsilon, norm.momentum)
        self.active = active

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(self.conv(x))
        return y.relu_() if self.active else y


class Separated(nn.Module):
    """A convolution over each frame and then one along time, each normalised, a ReLU after each.

    ``middle`` is how many channels there are between them; ``kernel`` and ``stride`` are those along time and in the
    frame. Where not ``active``, there is no last ReLU.
    """

    def __init__(
        self,
        inputs: int,
        middle: int,
        outputs: int,
        kernel: tuple[int, int] = (3, 3),
        stride: tuple[int, int] = (1, 1),
        *,
        active: bool = True,
        norm: Norm = USUAL,
    ) -> None:
        super().__init__()
        (time, side), (step, pace) = kernel, stride
        self.spatial = Unit(inputs, middle, (1, side, side), (1, pace, pace), norm=norm)
        self.temporal = Unit(middle, outputs, (time, 1, 1), (step, 1, 1), active=active, norm=norm)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.temporal(self.spatial(x))
        return y


class MaxPool(nn.Module):
    """The largest of each window; odd windows are padded by half their size, even ones not at all."""

    def __init__(self, kernel: Size, stride: Size) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.padding = tuple(size // 2 if size % 2 else 0 for size in kernel)

    def forward(self, x: Tensor) -> Tensor:
        if x.is_cuda:
            return self.by_axes(x)
        return nn.functional.max_pool3d(x, self.kernel, self.stride, self.padding)

    def by_axes(self, x: Tensor) -> Tensor:
        """The same, one axis after the other, as its gradient on a GPU has the same bytes each time.

        A window's gradient goes to all of its largest, in equal parts, and not to the first alone.
        """
        for axis, (size, step, padding) in enumerate(zip(self.kernel, self.stride, self.padding, strict=True), start=2):
            if size > 1:
                x = nn.functional.pad(x, [0, 0] * (4 - axis) + [padding, padding], value=-torch.inf)
                span = (x.shape[axis] - size) // step * step + 1
                every = (slice(None),) * axis + (slice(None, None, step),)
                x = reduce(torch.maximum, [x.narrow(axis, first, span)[every] for first in range(size)])
        return x


def averaged(x: Tensor) -> Tensor:
    """The mean over frames and pixels (batch, channel), whatever their number."""
    return x.mean((2, 3, 4))


def initial_weights(module: nn.Module) -> None:
    """He's initial weights by what a layer gives, as the libraries' networks begin; classifiers from N(0, 0.01)."""
    for part in module.modules():
        if isinstance(part, nn.Conv3d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, 0, 0.01)
            nn.init.zeros_(part.bias)
