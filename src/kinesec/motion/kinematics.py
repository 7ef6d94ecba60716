"""Forward kinematics, bone lengths and limb re-posing, in numpy and torch alike.

Arrays are ``(..., joint, xyz)``; rotations are matrices ``(..., joint, 3, 3)`` acting on column vectors. Every function
takes numpy arrays or torch tensors, keeps their dtype and device, and is differentiable for tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from kinesec.motion.skeleton import Turns, tree_order

Array = Any  # numpy.ndarray or torch.Tensor


def namespace(array: Array) -> ModuleType:
    """The module whose functions take an array: numpy or torch."""
    if isinstance(array, np.ndarray):
        return np
    import torch  # kept out of jobs that do not need it: importing it costs seconds

    return torch


def matrices_from_quaternions(quaternion: Array) -> Array:
    """Rotation matrices (..., 3, 3) of unit quaternions (..., wxyz)."""
    xp = namespace(quaternion)
    w, x, y, z = (quaternion[..., i] for i in range(4))
    rows = [
        xp.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], -1),
        xp.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], -1),
        xp.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], -1),
    ]
    return xp.stack(rows, -2)


def quaternions_from_matrices(matrix: np.ndarray) -> np.ndarray:
    """Unit quaternions (..., wxyz), w >= 0, of rotation matrices (..., 3, 3)."""
    from scipy.spatial.transform import Rotation

    flat = Rotation.from_matrix(np.asarray(matrix, dtype=np.float64).reshape(-1, 3, 3)).as_quat(
        canonical=True, scalar_first=True
    )
    return np.asarray(flat.reshape(*matrix.shape[:-2], 4))


def forward(
    rotation: Array,
    root: Array,
    offsets: Array,
    parents: Sequence[int],
    *,
    turns: Turns = "children",
    root_turns_children: bool = True,
) -> Array:
    """Global joint positions (..., joint, xyz) from local rotations.

    ``rotation`` (..., joint, 3, 3) local matrices; ``root`` (..., xyz) the root's position; ``offsets`` (joint, xyz)
    or (..., joint, xyz) rest offsets, of which the root's is not used. With ``turns="own"`` a joint's rotation turns
    its own bone, else the bones to its children. ``root_turns_children=False`` leaves the root's rotation out of the
    chain, as LearnTrajDep's CMU loader does (papers/badhmp.md, section 2).
    """
    xp = namespace(rotation)
    turned: dict[int, Array] = {0: rotation[..., 0, :, :]}
    position: dict[int, Array] = {0: root + 0 * turned[0][..., 0]}
    for joint in tree_order(parents)[1:]:
        parent = parents[joint]
        local = rotation[..., joint, :, :]
        free = parent == 0 and not root_turns_children
        turned[joint] = local if free else turned[parent] @ local
        bone = offsets[..., joint, :]
        if turns == "own":
            bone = (turned[joint] @ bone[..., None])[..., 0]
        elif not free:
            bone = (turned[parent] @ bone[..., None])[..., 0]
        position[joint] = position[parent] + bone
    return xp.stack([position[joint] for joint in range(len(parents))], -2)


def bones(position: Array, parents: Sequence[int]) -> Array:
    """Bone vectors (..., joint - 1, xyz) from parent to joint, the root left out."""
    return position[..., 1:, :] - position[..., list(parents[1:]), :]


def bone_lengths(position: Array, parents: Sequence[int]) -> Array:
    """Bone lengths (..., joint - 1), the root left out."""
    vectors = bones(position, parents)
    return (vectors * vectors).sum(-1) ** 0.5


def pose_limb(
    position: Array, parents: Sequence[int], limb: Sequence[int], directions: Array, lengths: Array | None = None
) -> Array:
    """``position`` (..., joint, xyz) with a limb's bones turned to ``directions`` and its bone lengths kept.

    ``directions`` (..., len(limb), xyz) are unit vectors from parent to joint, in the order of ``limb``; ``lengths``
    (..., len(limb)) are the bones' lengths, by default each frame's own. Joints outside ``limb`` do not move: BadHMP's
    scaling transformation, p[j] = p[parent(j)] + l[j] u[j] in tree order (papers/badhmp.md, section 1b).
    """
    xp = namespace(position)
    if lengths is None:
        parts = position[..., list(limb), :] - position[..., [parents[joint] for joint in limb], :]
        lengths = (parts * parts).sum(-1) ** 0.5
    # tensors are stacked anew for autograd; an array is copied once and written in place, which is several times faster
    posed = position.copy() if xp is np else None
    joints = [(position if posed is None else posed)[..., joint, :] for joint in range(position.shape[-2])]
    rank = {joint: place for place, joint in enumerate(tree_order(parents))}
    for index, joint in sorted(enumerate(limb), key=lambda item: rank[item[1]]):
        end = joints[parents[joint]] + lengths[..., index, None] * directions[..., index, :]
        if posed is None:
            joints[joint] = end
        else:
            joints[joint][...] = end
    return posed if posed is not None else xp.stack(joints, -2)
