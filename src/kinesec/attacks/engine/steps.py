"""How gradients (lane, body, frame, joint, xyz) become steps, and the bounds within which clips stay."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

TINY = 1e-30


def each(values: Tensor) -> Tensor:
    """Values (lane,) shaped to scale tensors of lanes."""
    return values[:, None, None, None, None]


def norms(values: Tensor) -> Tensor:
    """The Euclidean length (lane,) of each lane's values."""
    length: Tensor = torch.linalg.vector_norm(values.flatten(1), dim=1)
    return length


def unit(values: Tensor) -> Tensor:
    """Each lane's values over their length; zeros stay zero."""
    return values / each(norms(values).clamp_min(TINY))


class Step(ABC):
    """Turns a gradient into the change that follows it downhill."""

    def enter(self, lane: int) -> None:  # noqa: B027 a step may have no past
        """Forgets the lane's past: a new clip has come in."""

    @abstractmethod
    def __call__(self, gradient: Tensor, iteration: Sequence[int]) -> Tensor:
        """The change; ``iteration`` (lane,) counts each lane's steps from 1."""


class Descent(Step):
    """A constant share ``rate`` of the gradient."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, gradient: Tensor, iteration: Sequence[int]) -> Tensor:
        return gradient * -self.rate


class Adam(Step):
    """Adam (Kingma and Ba, 2015) whose moments and time belong to each lane. A gradient of zeros makes no step."""

    def __init__(
        self, like: Tensor, rate: float, *, betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8
    ) -> None:
        self.rate, self.betas, self.epsilon = rate, betas, epsilon
        self.first, self.second = torch.zeros_like(like), torch.zeros_like(like)

    def enter(self, lane: int) -> None:
        self.first[lane], self.second[lane] = 0, 0

    def __call__(self, gradient: Tensor, iteration: Sequence[int]) -> Tensor:
        first, second = self.betas
        self.first.lerp_(gradient, 1 - first)
        self.second.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        shape = (-1,) + (1,) * (gradient.dim() - 1)
        times = [max(1, time) for time in iteration]  # a lane that never held a clip has made no step
        rate = [(1 - first**time) / -self.rate for time in times]
        root = [each * (1 - second**time) ** -0.5 for each, time in zip(rate, times, strict=True)]
        floor, slope = gradient.new_tensor([[each * self.epsilon for each in rate], root]).view(2, *shape)
        length = torch.addcmul(floor, self.second.sqrt(), slope)
        return torch.div(self.first, length, out=length)


def shortened(change: Tensor, longest: float | None) -> Tensor:
    """A change none of whose lanes is longer than ``longest``."""
    if longest is None:
        return change
    return change * each((longest / norms(change).clamp_min(TINY)).clamp_max(1))


def bound(
    x: Tensor,
    clean: Tensor,
    present: Tensor,
    *,
    epsilon: float | None,
    norm: str = "inf",
    box: Sequence[float] | None = None,
) -> None:
    """Brings ``x`` back within ``epsilon`` of the clean clips and into the ``box``, in place."""
    if epsilon is not None and norm == "inf":
        x.clamp_(clean - epsilon, clean + epsilon)
    elif epsilon is not None:
        x.copy_(clean + shortened(x - clean, epsilon))
    if box is not None:
        x.clamp_(*box).mul_(present)
