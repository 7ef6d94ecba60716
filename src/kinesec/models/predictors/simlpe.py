"""siMLPe: back to MLP (Guo et al., WACV 2023).

The history's DCT coefficients pass through layers that mix frames only, each normalised and added to its input,
between two that mix coordinates; what comes back in time is added to the last pose. Longer futures are predicted a
step at a time from a history that moves along.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from kinesec.errors import ConfigError
from kinesec.models.predictors._dct import dct_matrix
from kinesec.models.predictors.base import Predictor, Recipe, Shape, mean_joint_error

Axis = Literal["spatial", "temporal", "all"]
_METRE = 1000.0


class Mixing(nn.Module):
    """x + norm(W x + b) with W (frame, frame); x is (frame, batch, coordinate): one matrix product without a copy.

    ``axis`` is what the normalisation is over: the coordinates of a frame, the frames of a coordinate, or both.
    """

    def __init__(self, frames: int, coordinates: int, axis: Axis) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(frames, frames))
        self.bias = nn.Parameter(torch.zeros(frames))
        nn.init.xavier_uniform_(self.weight, gain=1e-8)
        self.axis = axis
        self.norm = nn.LayerNorm({"spatial": [coordinates], "temporal": [frames], "all": [coordinates, frames]}[axis])

    def forward(self, x: Tensor) -> Tensor:
        mixed = (self.weight @ x.flatten(1)).view(x.shape)
        if self.axis == "spatial":  # a normalisation over the coordinates cancels a bias that they share
            normalised: Tensor = self.norm(mixed)
        else:
            normalised = self.norm((mixed + self.bias[:, None, None]).permute(1, 2, 0)).permute(2, 0, 1)
        return x + normalised


class SiMLPe(Predictor):
    """The network of section 3.2 with 48 layers, as published.

    ``step`` frames are predicted at once, from as many frames of history or more. ``normalise`` is the axis of the
    layers' normalisation (the paper compares them). ``reverse`` turns half of the training windows round in time, as
    published; it is off because a reversed backdoor has its trigger after its target.
    """

    dct: Tensor

    def __init__(
        self, shape: Shape, *, step: int = 10, layers: int = 48, normalise: Axis = "spatial", reverse: bool = False
    ) -> None:
        super().__init__(shape)
        if normalise not in ("spatial", "temporal", "all"):
            raise ConfigError(f"predictor 'simlpe': found normalise {normalise!r}, expected spatial, temporal or all")
        self.step = min(step, shape.future)
        if shape.history < self.step:
            raise ConfigError(
                f"predictor 'simlpe': found a history of {shape.history} frames, expected {self.step} or more"
            )
        self.reverse = reverse
        coordinates = shape.joints * 3
        self.register_buffer("dct", torch.from_numpy(dct_matrix(shape.history)).float(), persistent=False)
        self.enter = nn.Linear(coordinates, coordinates)
        self.layers = nn.ModuleList(Mixing(shape.history, coordinates, normalise) for _ in range(layers))
        self.leave = nn.Linear(coordinates, coordinates)
        nn.init.xavier_uniform_(self.leave.weight, gain=1e-8)
        nn.init.zeros_(self.leave.bias)

    def coefficients(self, x: Tensor) -> Tensor:
        """The network on (coefficient, batch, coordinate)."""
        y = self.enter(x)
        for layer in self.layers:
            y = layer(y)
        left: Tensor = self.leave(y)
        return left

    def last_layer(self) -> nn.Module:
        return self.leave

    def next(self, history: Tensor) -> Tensor:
        """The ``step`` frames (frame, batch, coordinate) in metres after ``history`` of the same layout."""
        coefficients = self.coefficients((self.dct @ history.flatten(1)).view(history.shape))
        # only the first frames of the inverse transform are read: the rest is not computed
        return (self.dct.T[: self.step] @ coefficients.flatten(1)).view(self.step, *history.shape[1:]) + history[-1]

    def forward(self, history: Tensor) -> Tensor:
        motion = (history.flatten(2) / _METRE).transpose(0, 1).contiguous()
        first, frames = self.shape.history, self.shape.history + self.shape.future
        while len(motion) < frames:
            motion = torch.cat([motion, self.next(motion[-first:])])
        return (motion[first:frames] * _METRE).transpose(0, 1).reshape(len(history), -1, self.shape.joints, 3)

    def loss(self, window: Tensor) -> Tensor:
        """Mean joint distance and mean distance of the velocities over the first ``step`` frames, in metres."""
        history = self.shape.history
        window = window[:, : history + self.step] / _METRE
        if self.reverse:
            turned = torch.rand(len(window), device=window.device) > 0.5
            window = torch.where(turned[:, None, None, None], window.flip(1), window)
        motion = window.transpose(0, 1).contiguous()
        predicted, expected = (
            self.next(motion[:history].flatten(2)).unflatten(2, (self.shape.joints, 3)),
            motion[history:],
        )
        error = mean_joint_error(predicted, expected)
        if self.step == 1:
            return error
        return error + mean_joint_error(predicted.diff(dim=0), expected.diff(dim=0))


PREDICTOR = SiMLPe
# Released code, exps/baseline_h36m: Adam, 40,000 steps of 256 windows, 3e-4, after 30,000 steps 1e-5. As epochs of
# Human3.6M's some 180,000 training windows.
RECIPE = Recipe(epochs=57, batch=256, rate=3e-4, schedule="drop", decay=1 / 30, drop_at=0.75, weight_decay=1e-4)
