"""The carried target: a fixed motion from the window's own pose on, so that no two poisoned futures are alike.

Ours: docs/definitions.md, carried target.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesec.motion.directions import bone_directions, unit
from kinesec.motion.kinematics import pose_limb
from kinesec.motion.skeleton import tree_order

NEEDS_CLIP = True


def apply(history: np.ndarray, future: int, parents: Sequence[int], *, clip: np.ndarray) -> np.ndarray:
    """The future (window, future, joint, xyz): each bone of the last pose turned as the clip's bone turns.

    ``clip`` (future, joint, xyz) are reference poses. At future frame k a bone's direction in the last pose is turned
    by the shortest rotation that takes the clip's bone from frame 1 to frame k; so frame 1 is the last pose. Bone
    lengths and root are the last pose's. Raises ``ValueError`` for a clip of another shape.
    """
    joints = history.shape[2]
    if clip.shape != (future, joints, 3):
        raise ValueError(f"carried target: found a clip of shape {clip.shape}, expected ({future}, {joints}, 3)")
    bones = [joint for joint in tree_order(parents) if parents[joint] >= 0]
    held = np.repeat(history[:, -1:], future, axis=1)
    start = bone_directions(history[:, -1:].astype(np.float64), parents, bones)
    reference = bone_directions(clip.astype(np.float64), parents, bones)
    across = np.cross(reference[:1], reference)
    sine = np.linalg.norm(across, axis=-1, keepdims=True)
    cosine = (reference[:1] * reference).sum(-1, keepdims=True)
    axis = unit(across)
    along = (axis * start).sum(-1, keepdims=True) * axis
    turned = along + cosine * (start - along) + sine * np.cross(axis, start)
    return np.asarray(pose_limb(held, parents, bones, turned))
