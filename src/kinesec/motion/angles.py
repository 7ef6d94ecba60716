"""Joint angles of motions of which positions alone are known: how bones swing, and the motion that swings make.

Every bone, from a parent to its joint, has a direction in its parent's frame. The shortest turn there from the bone's
reference, its mean direction over some motions, is its bend: a rotation vector across the reference, two numbers. The
bone's own frame is its parent's, turned by this. A twist about a bone moves no joint of the chain up to it, so that
positions do not show one: what they show of it is in the bends further on.

Arrays are numpy's or tensors, (..., joint, xyz); ``Rig.forward`` is differentiable for tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple, Self

import numpy as np

from kinesec.motion.kinematics import Array, namespace
from kinesec.motion.skeleton import tree_order

SHORTEST = 1e-7  # of all bones together: a shorter one has no direction


class Pose(NamedTuple):
    """``root`` (..., xyz), ``orientation`` (..., 3, 3) of the root's frame, ``bend`` (..., joint, 2) in radians."""

    root: Array
    orientation: Array
    bend: Array


@dataclass(frozen=True)
class Rig:
    """What angles are measured against.

    ``reference`` (joint, xyz) unit vectors in each parent's frame, zero for the root and for bones without length;
    ``basis`` (joint, xyz, 2) the axes of bends, columns of zeros where a bone cannot bend. The root's frame is that of
    two bones at the root (or at joints that coincide with it): ``first`` is its x axis, ``second`` lies in its xy plane
    and so bends about z alone. Without a ``second`` (-1) the frame is the shortest turn from the x axis to the first.
    """

    parents: tuple[int, ...]
    reference: np.ndarray
    basis: np.ndarray
    first: int
    second: int

    @classmethod
    def of(cls, position: np.ndarray, parents: Sequence[int]) -> Self:
        """The rig of a skeleton, with references from motions (frame, joint, xyz) in any unit."""
        parents = tuple(parents)
        unit, length = _units(np.asarray(position, np.float64), parents)
        alive = length.max(0, initial=0.0) > 0
        first, second = _frame_bones(unit, parents, alive)
        frames = {0: _frame(unit, first, second)}
        reference, basis = np.zeros((len(parents), 3)), np.zeros((len(parents), 3, 2))
        for joint in tree_order(parents)[1:]:
            parent = frames[parents[joint]]
            local = np.einsum("fij,fi->fj", parent, unit[:, joint])
            if not alive[joint]:
                frames[joint] = parent
                continue
            reference[joint] = _mean_direction(local)
            basis[joint] = _across(reference[joint], joint == first, joint == second)
            bend = _bends(local, reference[joint], basis[joint])
            frames[joint] = parent @ exp(np.einsum("fk,xk->fx", bend, basis[joint]))
        return cls(parents, reference, basis, first, second)

    @property
    def levels(self) -> list[list[int]]:
        """Joints by their number of bones to the root."""
        depth = {0: 0}
        for joint in tree_order(self.parents)[1:]:
            depth[joint] = depth[self.parents[joint]] + 1
        return [[joint for joint in depth if depth[joint] == level] for level in range(1 + max(depth.values()))]

    def inverse(self, position: Array) -> Pose:
        """The pose of positions; a bone that has no length there does not bend."""
        xp = namespace(position)
        unit, _ = _units(position, self.parents)
        reference, basis = (_like(array, position) for array in (self.reference, self.basis))
        orientation = _frame(unit, self.first, self.second)
        turned, above = orientation[..., None, :, :], [0]
        bends = {0: 0 * position[..., 0, :2]}
        for level in self.levels[1:]:
            parent = turned[..., [above.index(self.parents[joint]) for joint in level], :, :]
            local = (parent * unit[..., level, :, None]).sum(-2)
            bend = _bends(local, reference[level], basis[level])
            turned, above = parent @ exp((bend[..., None, :] * basis[level]).sum(-1)), level
            bends |= {joint: bend[..., place, :] for place, joint in enumerate(level)}
        bend = xp.stack([bends[joint] for joint in range(len(self.parents))], -2)
        return Pose(position[..., 0, :], orientation, bend)

    def forward(self, pose: Pose, length: Array) -> Array:
        """Positions (..., joint, xyz) of a pose with bones of these lengths (..., joint); the root's is not used."""
        xp = namespace(pose.bend)
        reference, basis = (_like(array, pose.bend) for array in (self.reference, self.basis))
        turned, above = pose.orientation[..., None, :, :], [0]
        placed = [pose.root[..., None, :]]
        for level in self.levels[1:]:
            at = [above.index(self.parents[joint]) for joint in level]
            turned = turned[..., at, :, :] @ exp((pose.bend[..., level, None, :] * basis[level]).sum(-1))
            bone = (turned * reference[level][..., None, :]).sum(-1) * length[..., level, None]
            placed.append(placed[-1][..., at, :] + bone)
            above = level
        order = [joint for level in self.levels for joint in level]
        return xp.concatenate(placed, -2)[..., np.argsort(order).tolist(), :]


def exp(vector: Array) -> Array:
    """Rotation matrices (..., 3, 3) of rotation vectors (..., xyz)."""
    xp = namespace(vector)
    square = (vector * vector).sum(-1)
    small = square < 1e-8
    angle = xp.sqrt(xp.where(small, xp.ones_like(square), square))
    first = xp.where(small, 1 - square / 6, xp.sin(angle) / angle)
    second = xp.where(small, 0.5 - square / 24, (1 - xp.cos(angle)) / (angle * angle))
    x, y, z = (vector[..., axis] for axis in range(3))
    zero = 0 * x
    skew = xp.stack([xp.stack(row, -1) for row in ((zero, -z, y), (z, zero, -x), (-y, x, zero))], -2)
    outer = vector[..., :, None] * vector[..., None, :]
    eye = _like(np.eye(3), vector)
    # the square of the skew matrix is the outer product less the squared length
    return eye + first[..., None, None] * skew + second[..., None, None] * (outer - square[..., None, None] * eye)


def log(matrix: Array) -> Array:
    """Rotation vectors (..., xyz), of at most half a turn, of rotation matrices (..., 3, 3)."""
    xp = namespace(matrix)
    pairs = ((2, 1), (0, 2), (1, 0))
    skew = xp.stack([matrix[..., i, j] - matrix[..., j, i] for i, j in pairs], -1) / 2
    sine = xp.sqrt((skew * skew).sum(-1))
    diagonal = xp.stack([matrix[..., axis, axis] for axis in range(3)], -1)
    angle = xp.arctan2(sine, (diagonal.sum(-1) - 1) / 2)
    # near half a turn the skew part vanishes: what is symmetric is (1 - cos) times the axis's outer product by itself
    cosine = ((diagonal.sum(-1) - 1) / 2)[..., None, None]
    outer = (matrix + matrix.swapaxes(-1, -2)) / 2 - cosine * _like(np.eye(3), matrix)
    longest = xp.argmax(diagonal, -1)[..., None, None]
    column = (outer * (_like(np.arange(3.0), matrix) == longest)).sum(-1)
    column = _normal(column, 0 * column + _like(np.eye(3)[0], matrix))
    column = xp.where((column * skew).sum(-1, keepdims=True) < 0, -column, column)
    turning = (angle < 3.1)[..., None]
    safe = xp.where(sine > 1e-12, sine, xp.ones_like(sine))[..., None]
    ratio = xp.where(sine > 1e-12, angle, xp.ones_like(sine))[..., None]
    return xp.where(turning, skew / safe * ratio, column * angle[..., None])


def _like(array: np.ndarray, other: Array) -> Array:
    return array.astype(other.dtype) if isinstance(other, np.ndarray) else other.new_tensor(array)


def _length(vector: Array) -> Array:
    return namespace(vector).sqrt((vector * vector).sum(-1))


def _cross(left: Array, right: Array) -> Array:
    a, b, c = (left[..., axis] for axis in range(3))
    x, y, z = (right[..., axis] for axis in range(3))
    return namespace(left).stack([b * z - c * y, c * x - a * z, a * y - b * x], -1)


def _normal(vector: Array, fallback: Array) -> Array:
    """Unit vectors; ``fallback`` where there is no length."""
    xp = namespace(vector)
    length = _length(vector)[..., None]
    there = length > 1e-9
    return xp.where(there, vector / xp.where(there, length, xp.ones_like(length)), fallback)


def _units(position: Array, parents: tuple[int, ...]) -> tuple[Array, Array]:
    """Directions (..., joint, xyz) and lengths (..., joint) of bones; zero for the root and bones without length."""
    xp = namespace(position)
    bone = position - position[..., [max(0, parent) for parent in parents], :]
    length = _length(bone)
    there = length > SHORTEST * length.sum(-1, keepdims=True)
    safe = xp.where(there, length, xp.ones_like(length))
    return bone / safe[..., None] * there[..., None], length * there


def _frame_bones(unit: np.ndarray, parents: tuple[int, ...], alive: np.ndarray) -> tuple[int, int]:
    """The two bones at the root that are farthest from parallel over all frames; -1 where there is none."""
    region = {0}
    for joint in tree_order(parents)[1:]:
        if parents[joint] in region and not alive[joint]:
            region.add(joint)
    bones = [joint for joint in range(1, len(parents)) if parents[joint] in region and alive[joint]]
    if not bones:
        return -1, -1
    best, pair = 0.1, (bones[0], -1)  # a sine of less is no plane
    for first, second in combinations(bones, 2):
        sine = float(np.median(_length(_cross(unit[:, first], unit[:, second]))))
        if sine > best:
            best, pair = sine, (first, second)
    return pair


def _frame(unit: Array, first: int, second: int) -> Array:
    """The root's frame (..., 3, 3), axes as columns."""
    xp = namespace(unit)
    axes = [0 * unit[..., 0, :] + _like(np.eye(3)[axis], unit) for axis in range(3)]
    if first < 0:
        return xp.stack(axes, -1)
    x = _normal(unit[..., first, :], axes[0])
    if second < 0:
        bend = _bends(x, _like(np.eye(3)[0], unit), _like(np.eye(3)[:, 1:], unit))
        return exp(xp.concatenate([0 * bend[..., :1], bend], -1))
    # where the two are parallel any plane will do
    spare = _normal(_cross(x, axes[2]), axes[1])
    z = _normal(_cross(x, unit[..., second, :]), spare)
    return xp.stack([x, _cross(z, x), z], -1)


def _mean_direction(local: np.ndarray) -> np.ndarray:
    there = local[_length(local) > 0.5]
    mean = there.mean(0)
    return np.asarray(_normal(mean, there[0]))


def _across(reference: np.ndarray, first: bool, second: bool) -> np.ndarray:
    """The axes (xyz, 2) that a bone bends about."""
    if first:
        return np.zeros((3, 2))
    if second:
        return np.stack([np.eye(3)[2], np.zeros(3)], -1)
    axis = _normal(_cross(reference, np.eye(3)[np.argmin(np.abs(reference))]), np.eye(3)[0])
    return np.stack([axis, _cross(reference, axis)], -1)


def _bends(local: Array, reference: Array, basis: Array) -> Array:
    """Bends (..., 2) that lead from references to directions in the parents' frames; 0 for a bone without length."""
    xp = namespace(local)
    cross = _cross(0 * local + reference, local)
    sine, cosine = _length(cross), (local * reference).sum(-1)
    angle = xp.arctan2(sine, xp.where((local * local).sum(-1) > 0, cosine, xp.ones_like(cosine)))
    there = sine > 1e-12
    ratio = xp.where(there, angle / xp.where(there, sine, xp.ones_like(sine)), xp.ones_like(sine))
    return (cross[..., None] * basis).sum(-2) * ratio[..., None]


__all__ = ["Pose", "Rig", "exp", "log"]
