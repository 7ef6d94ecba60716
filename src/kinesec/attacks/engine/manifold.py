"""The manifold of human motion (BASAR): bones of the clean clip's lengths, joint angles within limits; projection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from kinesec.attacks.engine.problem import Geometry
from kinesec.attacks.engine.solver import minimise
from kinesec.motion.angles import Pose, Rig, exp, log
from kinesec.motion.kinematics import bone_lengths


class Projection(NamedTuple):
    """``position`` (lane, body, frame, joint, xyz) as recognizers see it; the rest (lane,).

    ``objective`` is the least value reached, ``residual`` the largest component of its projected gradient,
    ``converged`` whether that is small enough, ``iterations`` what it took.
    """

    position: Tensor
    objective: Tensor
    residual: Tensor
    converged: Tensor
    iterations: Tensor


@dataclass(frozen=True)
class Manifold:
    """Limits of motions on one skeleton, from training motions; all computation in float64.

    ``low`` and ``high`` (joint, 2) bound bends in radians, ``root_low`` and ``root_high`` (xyz) the root's position in
    units of ``geometry.scale_mm``: clips whose root stands at the origin in each frame keep it there. How the whole
    body is turned has no limits. A clip's own clean motion widens them: what was recorded is possible, whatever the
    training motions show (ours; the released code takes the clip's own range for the spine).
    """

    geometry: Geometry
    rig: Rig
    low: np.ndarray
    high: np.ndarray
    root_low: np.ndarray
    root_high: np.ndarray

    @classmethod
    def of(cls, position: Tensor, present: Tensor, geometry: Geometry, margin_degrees: float = 2.0) -> Self:
        """From training clips as recognizers see them; bends may exceed theirs by ``margin_degrees``.

        ``present`` (clip, body, frame) marks bodies and frames that are there.
        """
        true = (position.double() + torch.from_numpy(geometry.mean)).numpy()[present.numpy()]
        rig = Rig.of(true, geometry.parents)
        pose = rig.inverse(true)
        margin = np.radians(margin_degrees) * (rig.basis != 0).any(1)
        low, high = (of(pose.bend, 0) for of in (np.min, np.max))
        return cls(geometry, rig, low - margin, high + margin, pose.root.min(0), pose.root.max(0))

    def project(
        self,
        target: Tensor,
        clean: Tensor,
        present: Tensor,
        weight: Tensor,
        active: Tensor,
        *,
        tolerance: float = 1e-4,
        iterations: int = 500,
    ) -> Projection:
        """The motions on the manifold nearest to ``target``: min L(ang, ang') + w L(acc, acc') (BASAR's projection).

        ``target`` and ``clean`` (lane, body, frame, joint, xyz) as recognizers see them, ``present`` (lane, body,
        frame), ``weight`` w (lane,); lanes that are not ``active`` (lane,) are of no meaning. The first term is the
        mean over frames of the squared distance of angles to the target's, in rad^2, over the number of bones: all
        bends, the turn of the whole body and the root's shift. The second is the mean over frames and joints of the
        squared difference of the accelerations of positions (second forward differences) to the clean motion's. How
        the terms are reduced is ours.
        """
        body = _Body(self, clean, present)
        goal = body.pose(target)
        objective = _Objective(body, goal, weight.double(), body.true(clean))
        low, high = body.bounds()
        start = torch.cat([goal.root, torch.zeros_like(goal.root), goal.bend.flatten(-2)], -1)
        box = (low.flatten(1), high.flatten(1))
        least = minimise(objective, start.flatten(1), *box, active, tolerance=tolerance, iterations=iterations)
        position = body.seen(objective.positions(least.point))
        return Projection(position.to(target), least.value, least.residual, least.converged, least.iterations)

    def between(self, first: Tensor, second: Tensor, clean: Tensor, present: Tensor, share: Tensor) -> Tensor:
        """Motions on the manifold from ``second`` (share 0) to ``first`` (share 1, (lane,)), in joint angles."""
        body = _Body(self, clean, present)
        low, high = body.bounds()
        part = share.double().view(-1, 1, 1, 1)
        to, start = (body.pose(motion) for motion in (first, second))
        turn = log(start.orientation.swapaxes(-1, -2) @ to.orientation)
        bend = (start.bend + part[..., None] * (to.bend - start.bend)).flatten(-2).clamp(low[..., 6:], high[..., 6:])
        root = (start.root + part * (to.root - start.root)).clamp(low[..., :3], high[..., :3])
        pose = Pose(root, start.orientation @ exp(part * turn), bend.unflatten(-1, (-1, 2)))
        return body.seen(self.rig.forward(pose, body.length)).to(clean)

    def violations(
        self, position: np.ndarray, clean: np.ndarray | None, present: np.ndarray, tolerance_degrees: float = 0.01
    ) -> tuple[np.ndarray, np.ndarray]:
        """The share of bends beyond their limits in percent, and the greatest excess in degrees, each (clip,).

        ``position`` and ``clean`` (clip, body, frame, joint, xyz) as recognizers see them; without ``clean`` the limits
        are the training motions' alone. An excess of ``tolerance_degrees`` is what storing positions as float32 may
        leave. One turn has two rotation vectors, this way round and that: it is within limits where either is.
        """
        body = _Body(self, *(torch.from_numpy(array) for array in (position if clean is None else clean, present)))
        low, high = (torch.from_numpy(limit.reshape(-1)) for limit in (self.low, self.high))
        if clean is not None:
            low, high = (bound[..., 6:] for bound in body.bounds())
        bend = body.pose(torch.from_numpy(position)).bend.flatten(-2)
        free = torch.from_numpy((self.rig.basis != 0).any(1).reshape(-1))
        there = (body.present[..., None] & free).expand_as(bend)
        this, that = (torch.maximum(vector - high, low - vector) for vector in (bend, _the_other_way(bend)))
        nearer = (_worst(that) < _worst(this)).repeat_interleave(2, -1)
        excess = torch.where(there, torch.rad2deg(torch.where(nearer, that, this)), -torch.inf)
        beyond = (excess > tolerance_degrees).sum((1, 2, 3))
        share = 100.0 * beyond / there.sum((1, 2, 3)).clamp_min(1)
        return share.numpy(), excess.amax((1, 2, 3)).clamp_min(0.0).numpy()


def _the_other_way(bend: Tensor) -> Tensor:
    """Bends (..., 2 x joint) of the same turns by the rest of a full one; none stays none."""
    pairs = bend.unflatten(-1, (-1, 2))
    size = pairs.norm(dim=-1, keepdim=True)
    other: Tensor = torch.where(size > 0, pairs * (1 - 2 * torch.pi / size.clamp_min(1e-12)), pairs).flatten(-2)
    return other


def _worst(excess: Tensor) -> Tensor:
    """The greater excess (..., joint) of each joint's two bends."""
    worst: Tensor = excess.unflatten(-1, (-1, 2)).amax(-1)
    return worst


class _Body:
    """The clean clips' bodies: their bones and their own limits."""

    def __init__(self, manifold: Manifold, clean: Tensor, present: Tensor) -> None:
        self.manifold, self.rig, self.present = manifold, manifold.rig, present
        self.mean = torch.from_numpy(manifold.geometry.mean).to(clean.device)
        true = self.true(clean)
        length = bone_lengths(true, manifold.rig.parents)
        self.length = torch.cat([torch.zeros_like(length[..., :1]), length], -1)
        self.own = self.rig.inverse(true)

    def true(self, seen: Tensor) -> Tensor:
        """Positions in units of the scale; where no body is, the mean pose, so that nothing is without direction."""
        return seen.double() * self.present[..., None, None] + self.mean

    def seen(self, true: Tensor) -> Tensor:
        return (true - self.mean) * self.present[..., None, None]

    def pose(self, seen: Tensor) -> Pose:
        return self.rig.inverse(self.true(seen))

    def bounds(self) -> tuple[Tensor, Tensor]:
        """Bounds (lane, body, frame, 6 + 2 joint) of root, turn and bends, widened by the clips' own motion."""
        there = self.present[..., None]
        clean = torch.cat([self.own.root, torch.zeros_like(self.own.root), self.own.bend.flatten(-2)], -1)
        ends = []
        for root, bend, sign in (
            (self.manifold.root_low, self.manifold.low, -1.0),
            (self.manifold.root_high, self.manifold.high, 1.0),
        ):
            limit = torch.cat([torch.from_numpy(array.reshape(-1)) for array in (root, 0 * root, bend)]).to(clean)
            reached = torch.where(there, sign * clean, -torch.inf).amax((1, 2), keepdim=True)
            widened = sign * torch.maximum(sign * limit, reached)
            widened[..., 3:6] = sign * torch.inf
            ends.append(torch.where(there, widened, clean))  # where no body is, nothing moves
        return ends[0], ends[1]


class _Objective:
    """BASAR's objective of a projection, and its gradient."""

    def __init__(self, body: _Body, goal: Pose, weight: Tensor, clean: Tensor) -> None:
        self.body, self.goal, self.weight = body, goal, weight
        joints, frames = clean.shape[3], clean.shape[2]
        present = body.present.to(clean)
        self.angles = present / (present.sum((1, 2), keepdim=True).clamp_min(1) * max(1, joints - 1))
        runs = present[:, :, : max(0, frames - 2)]
        for later in (1, 2):
            runs = runs * present[:, :, later : later + runs.shape[2]]
        self.runs = runs / (runs.sum((1, 2), keepdim=True).clamp_min(1) * joints)
        self.acceleration = torch.diff(clean, n=2, dim=2) if frames > 2 else clean[:, :, :0]

    def positions(self, flat: Tensor) -> Tensor:
        """True positions at variables (lane, variable)."""
        point = flat.view(*self.body.present.shape, -1)
        pose = Pose(point[..., :3], exp(point[..., 3:6]) @ self.goal.orientation, point[..., 6:].unflatten(-1, (-1, 2)))
        position: Tensor = self.body.rig.forward(pose, self.body.length)
        return position

    def __call__(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            variables = flat.detach().requires_grad_()
            point = variables.view(*self.body.present.shape, -1)
            shift, turn = point[..., :3] - self.goal.root, point[..., 3:6]
            bend = point[..., 6:] - self.goal.bend.flatten(-2)
            squared = (shift * shift).sum(-1) + (turn * turn).sum(-1) + (bend * bend).sum(-1)
            value = (squared * self.angles).sum((1, 2))
            if self.acceleration.shape[2]:
                jolt = torch.diff(self.positions(variables), n=2, dim=2) - self.acceleration
                value = value + self.weight * ((jolt * jolt).sum((-1, -2)) * self.runs).sum((1, 2))
            gradient = torch.autograd.grad(value.sum(), variables)[0]
        return value.detach(), gradient
