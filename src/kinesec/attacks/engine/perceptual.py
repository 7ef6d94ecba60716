"""The perceptual loss of SMART (section 3.2) and its gradient, both in closed form."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from kinesec.attacks.engine.lanes import Lanes
from kinesec.attacks.engine.problem import Geometry
from kinesec.attacks.engine.steps import TINY

Reduction = Literal["sum", "frame_mean", "mean", "normalised", "frame_normalised"]
HIGHEST_ORDER = 4


def difference_weights(order: int) -> list[float]:
    """What the ``order``-th forward difference weighs frames t, t + 1, ... by."""
    return [(-1.0) ** (order - k) * math.comb(order, k) for k in range(order + 1)]


def _runs(present: Tensor, order: int) -> Tensor:
    """Frames (..., frame - order, 1, 1) that are there with the ``order`` frames behind them."""
    frames = present.shape[-3] - order
    return torch.stack([present[..., k : k + frames, :, :] for k in range(order + 1)]).amin(0)


class Distortion:
    """Weighted squared norms of what an attack changes, for the clips in the lanes.

    ``derivatives`` weighs the order-th forward differences of joint positions, ``bone`` the lengths of bones; frames
    are ``dt`` apart; ``joints`` (joint,) weigh the positions. Norms are summed over coordinates and then, by
    ``reduction``: ``mean``: averaged over the frames, bodies and joints (bones) that are there; ``frame_mean``: over
    frames; otherwise summed. A difference counts where all its frames are there.
    """

    def __init__(
        self,
        lanes: Lanes,
        *,
        derivatives: Mapping[int, float],
        bone: float,
        reduction: Reduction,
        dt: float = 1.0,
        joints: Sequence[float] | None = None,
    ) -> None:
        self.lanes, self.reduction, self.bone = lanes, reduction, bone
        clean = lanes.clean
        frames, count = clean.shape[2:4]
        self.weights = {order: w / dt ** (2 * order) for order, w in derivatives.items() if w and frames > order}
        self._joints = None if joints is None else clean.new_tensor(joints)[:, None]
        widths = {order: count if order == 0 and joints is not None else 1 for order in self.weights}
        self._scales = {
            order: clean.new_zeros(*clean.shape[:2], frames - order, width, 1) for order, width in widths.items()
        }
        self._ends = bone_matrix(lanes.problem.geometry, clean)
        self._mean = clean.new_tensor(lanes.problem.geometry.mean.tolist()).flatten() @ self._ends
        poses, bones = clean[..., 0, 0].numel(), len(lanes.problem.geometry.links)
        self._bones, self._lengths = clean.new_zeros(poses, 3 * bones), clean.new_zeros(poses, bones)
        self._bone_scale = clean.new_zeros(poses, 1)

    def enter(self, lane: int) -> None:
        """Makes ready for the clip that has come into a lane."""
        present = self.lanes.present[lane]
        for order, weight in self.weights.items():
            runs = _runs(present, order)
            scale = weight * runs / self._count(runs, self.lanes.x.shape[3])
            self._scales[order][lane] = scale if order or self._joints is None else scale * self._joints
        if self.bone:
            frames = present[..., 0, 0].numel()
            rows = slice(lane * frames, (lane + 1) * frames)
            self._bones[rows] = self.lanes.clean[lane].flatten(-2).flatten(0, 1) @ self._ends + self._mean
            self._lengths[rows] = _lengths(self._bones[rows])
            self._bone_scale[rows, 0] = (self.bone * present / self._count(present, self._lengths.shape[1])).flatten()

    def _count(self, there: Tensor, parts: int) -> Tensor:
        """What a sum over frames (body, frame, 1, 1) of ``parts`` each is divided by."""
        if self.reduction == "mean":
            return (there.sum() * parts).clamp_min(1)
        if self.reduction == "frame_mean":
            return there.amax(0).sum().clamp_min(1)
        return there.new_ones(())

    def __call__(self) -> tuple[Tensor, Tensor]:
        """The loss (lane,) and its gradient where the lanes stand."""
        moved = self.lanes.x - self.lanes.clean
        gradient = moved * self._scales[0] if 0 in self._scales else torch.zeros_like(moved)
        for order, scale in self._scales.items():
            if order:
                change = torch.diff(moved, n=order, dim=2).mul_(scale)
                for k, weight in enumerate(difference_weights(order)):
                    gradient[:, :, k : k + change.shape[2]].add_(change, alpha=weight)
        loss = (gradient * moved).flatten(1).sum(1)  # each term is a quadratic form of what was moved
        if self.bone:
            loss = loss + self._add_bones(moved, gradient)
        return loss, gradient.mul_(2)

    def _add_bones(self, moved: Tensor, gradient: Tensor) -> Tensor:
        """The bones' loss (lane,); half its gradient is added to ``gradient``."""
        vectors = torch.addmm(self._bones, moved.view(-1, len(self._ends)), self._ends)
        lengths = _lengths(vectors)
        change = lengths - self._lengths
        pull = change * self._bone_scale
        loss = (pull * change).view(len(moved), -1).sum(1)
        vectors.view(len(vectors), 3, -1).mul_(pull.div_(lengths.clamp_min_(TINY))[:, None])
        gradient.view(-1, len(self._ends)).addmm_(vectors, self._ends.T)
        return loss


def _lengths(vectors: Tensor) -> Tensor:
    """Lengths (pose, bone) of vectors (pose, xyz x bone)."""
    x, y, z = vectors.view(len(vectors), 3, -1).unbind(1)
    return (x * x).addcmul_(y, y).addcmul_(z, z).sqrt_()


def bone_matrix(geometry: Geometry, like: Tensor) -> Tensor:
    """A pose (joint x xyz) times this is its bones' vectors (xyz x bone)."""
    ends = np.zeros((len(geometry.parents), 3, 3, len(geometry.links)))
    for bone, (parent, child) in enumerate(geometry.links):
        ends[child, range(3), range(3), bone] = 1
        ends[parent, range(3), range(3), bone] = -1
    return like.new_tensor(ends.reshape(len(geometry.parents) * 3, -1))
