"""What every motion predictor is, and the recipe that trains it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import torch
from torch import Tensor, nn

from kinesec.errors import KinesecError
from kinesec.models.predictors._distance import length
from kinesec.models.trained import Kind
from kinesec.settings import Count, NotNegative, Range


@dataclass(frozen=True)
class Shape:
    """The windows a predictor sees: frames of history and future, and joints per pose."""

    history: int
    future: int
    joints: int

    @classmethod
    def from_attrs(cls, attrs: dict[str, Any]) -> Self:
        return cls(**attrs)


@dataclass(frozen=True)
class Recipe:
    """How a predictor is trained; each predictor's published values are its own defaults.

    ``decay`` multiplies the rate every ``decay_every`` epochs (``schedule="step"``), or once, after the share
    ``drop_at`` of the training (``drop``); ``one_cycle`` takes ``rate`` as its peak. ``selection`` says which weights
    are kept: those of the best epoch on validation windows, or the last.
    """

    epochs: Count
    batch: Annotated[int, Range(2)]  # a batch of one has no batch statistics
    rate: NotNegative
    schedule: Literal["step", "drop", "one_cycle"] = "step"
    decay: NotNegative = 1.0
    decay_every: Count = 1
    drop_at: NotNegative = 0.75
    weight_decay: NotNegative = 0.0
    clip: NotNegative | None = None
    selection: Literal["validation", "last"] = "validation"

    def rate_at(self, progress: float) -> float:
        """The learning rate after ``progress`` epochs.

        ``one_cycle``: from a twenty-fifth of the rate up to it over the first 30 %, then down to a hundred-thousandth,
        both along a cosine (Smith and Topin, 2019).
        """
        if self.schedule == "step":
            return self.rate * self.decay ** (int(progress) // self.decay_every)
        share = progress / self.epochs
        if self.schedule == "drop":
            return self.rate * (self.decay if share >= self.drop_at else 1.0)
        if share < 0.3:
            return self.rate * (1 + 24 * (1 - math.cos(math.pi * share / 0.3)) / 2) / 25
        return self.rate * (1e-5 + (1 - 1e-5) * (1 + math.cos(math.pi * (share - 0.3) / 0.7)) / 2)

    def optimiser_of(self, model: nn.Module) -> torch.optim.Optimizer:
        """Adam over all parameters."""
        return torch.optim.Adam(model.parameters(), lr=self.rate, weight_decay=self.weight_decay, fused=True)


class Predictor(nn.Module, ABC):
    """Predicts the future of a motion from its history; poses are ``(batch, frame, joint, xyz)`` in millimetres."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    @abstractmethod
    def forward(self, history: Tensor) -> Tensor:
        """The future (batch, shape.future, joint, xyz) that follows ``history`` (batch, shape.history, joint, xyz)."""

    @abstractmethod
    def loss(self, window: Tensor) -> Tensor:
        """The training loss of whole windows (batch, shape.history + shape.future, joint, xyz), a scalar."""

    def last_layer(self) -> nn.Module:
        """The layer that reads the last hidden features, (token, batch, ..., feature); only some defences ask for it.

        Raises ``KinesecError`` where a predictor does not say.
        """
        name = type(self).__module__.rpartition(".")[2]
        raise KinesecError(f"predictor {name!r}: found no `last_layer`, expected one that defences can look at")

    def features(self, history: Tensor) -> Tensor:
        """The last hidden features (batch, feature) for ``history``, their mean over tokens.

        Of a predictor that goes forward in steps, those of its first step. Raises ``KinesecError`` where the predictor
        names no last layer.
        """
        seen: list[Tensor] = []
        handle = self.last_layer().register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        try:
            self(history)
        finally:
            handle.remove()
        return seen[0].transpose(0, 1).flatten(1, -2).mean(1)


def mean_joint_error(predicted: Tensor, expected: Tensor) -> Tensor:
    """Mean Euclidean distance over the leading dims of (..., xyz), a scalar."""
    return length(predicted - expected).mean()


PREDICTORS: Kind[Predictor, Shape, Recipe] = Kind("predictor", Shape, batch=256)
