"""Motions changed through their rotations: how every bone bends in its parent's frame, and the motion of other bends.

Bends are those of ``kinesec.motion.angles``: rotation vectors across a bone's rest direction, two numbers a bone, in
radians. The root, its orientation and the lengths of bones are each frame's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from kinesec.motion.angles import Rig
from kinesec.motion.skeleton import Skeleton, representative


def rest_pose(skeleton: Skeleton) -> np.ndarray:
    """Where joints (joint, xyz) are, in mm about the root, with every bone along its rest offset."""
    rest = np.zeros((len(skeleton), 3))
    for joint in skeleton.order[1:]:
        rest[joint] = rest[skeleton.parents[joint]] + skeleton.offsets[joint]
    return rest


def rig_of(skeleton: Skeleton) -> Rig:
    """The rig of a skeleton's rest pose, so that what a bend is does not depend on any motion.

    A bone without rest length has no direction there, but may have a length in a motion: its reference is +y.
    """
    rig = Rig.of(rest_pose(skeleton)[None], skeleton.parents)
    lost = np.asarray(~rig.reference.any(-1))
    lost[0] = False
    reference, basis = rig.reference.copy(), rig.basis.copy()
    reference[lost] = (0.0, 1.0, 0.0)
    basis[lost] = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, -1.0]])
    return replace(rig, reference=reference, basis=basis)


def free_bends(skeleton: Skeleton) -> np.ndarray:
    """Which bends (joint, 2) a trigger may change: those of bones with a rest length, and of twins the first's.

    The two bones that say how the root is oriented bend less or not at all.
    """
    same = np.array(representative(skeleton))
    alone = (same == np.arange(len(skeleton))) & skeleton.offsets.any(-1)
    alone[0] = False
    return np.asarray(rig_of(skeleton).basis.any(1) & alone[:, None])


def free_joints(skeleton: Skeleton) -> np.ndarray:
    """Which joints (joint,) a trigger may displace: all but the root, and of joints that coincide the first."""
    same = np.array(representative(skeleton))
    return np.asarray((same == np.arange(len(skeleton))) & (np.arange(len(skeleton)) > 0))


def spread(values: np.ndarray, skeleton: Skeleton, *, bends: bool) -> np.ndarray:
    """Values (..., joint, n) with those of the first of coinciding joints given to the others.

    Of ``bends``, twins take their sibling's; a joint at its parent's own place has no bone that could bend.
    """
    same = list(representative(skeleton))
    if bends:
        same = [k if skeleton.offsets[j].any() else j for j, k in enumerate(same)]
    return np.asarray(values[..., same, :])


def bent(position: np.ndarray, skeleton: Skeleton, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Motions (..., joint, xyz) float64 whose bends (..., joint, 2) are what ``change`` makes of theirs."""
    rig = rig_of(skeleton)
    pose = rig.inverse(position)
    above = [max(0, parent) for parent in skeleton.parents]
    length = np.linalg.norm(position - position[..., above, :], axis=-1)
    return np.asarray(rig.forward(pose._replace(bend=change(pose.bend)), length))
