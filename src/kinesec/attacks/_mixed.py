"""Attacks that weigh a classification loss against a perceptual one: the course that SMART and CIASA share."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from kinesec.attacks.base import Course, Lanes
from kinesec.attacks.engine.perceptual import Distortion, Reduction
from kinesec.attacks.engine.steps import TINY, Step, bound, each, norms, shortened


class Mixed(Course):
    """Follows ``weights`` of the two gradients by ``step``; the bounds and ``clip_update`` may be absent.

    With ``reduction`` ``normalised`` both gradients are brought to length one first, in each clip; with
    ``frame_normalised`` in each of its frames.
    """

    def __init__(
        self,
        lanes: Lanes,
        distortion: Distortion,
        step: Step,
        *,
        weights: tuple[float, float],
        reduction: Reduction,
        clip_update: float | None = None,
        epsilon: float | None = None,
        box: Sequence[float] | None = None,
    ) -> None:
        super().__init__(lanes)
        self.distortion, self.step, self.weights, self.reduction = distortion, step, weights, reduction
        self.clip_update, self.epsilon, self.box = clip_update, epsilon, box

    def enter(self, lane: int) -> None:
        self.distortion.enter(lane)
        self.step.enter(lane)

    def cost(self) -> tuple[Tensor, Tensor | None]:
        return self.distortion()

    def _share(self, gradient: Tensor, weight: float) -> Tensor | float:
        """What a gradient is multiplied by."""
        if self.reduction == "normalised":
            return weight / each(norms(gradient).clamp_min(TINY))
        if self.reduction == "frame_normalised":
            length: Tensor = torch.linalg.vector_norm(gradient, dim=(-2, -1), keepdim=True)
            return weight / length.clamp_min(TINY)
        return weight

    def advance(self, class_gradient: Tensor, cost_gradient: Tensor | None) -> None:
        gradient = class_gradient * self._share(class_gradient, self.weights[0])
        if cost_gradient is not None:
            gradient += cost_gradient.mul_(self._share(cost_gradient, self.weights[1]))
        self.lanes.x.add_(shortened(self.step(gradient, self.lanes.iteration), self.clip_update))
        bound(self.lanes.x, self.lanes.clean, self.lanes.present, epsilon=self.epsilon, box=self.box)
