"""The moving target: from the last history pose onto a fixed reference clip, the same for every window.

"Our definition" (the paper's equations are not public): docs/definitions.md, moving target.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesec.motion.directions import bone_directions, slerp, smoothstep
from kinesec.motion.skeleton import tree_order

NEEDS_CLIP = True


def apply(history: np.ndarray, future: int, parents: Sequence[int], *, clip: np.ndarray, blend: int = 5) -> np.ndarray:
    """The future (window, future, joint, xyz) that starts at the history's last pose and ends on the clip.

    ``clip`` (future, joint, xyz) are reference poses. At future frame t every bone points along
    slerp(last pose, clip at t, s(t / blend)), s the smoothstep, and has the window's own length (its median over
    the history); the root stays where it is. From frame ``blend`` on, the bones' directions are the clip's whatever the
    window. Raises ``ValueError`` for a clip of another shape or a blend of less than one frame.
    """
    joints = history.shape[2]
    if clip.shape != (future, joints, 3):
        raise ValueError(f"moving target: found a clip of shape {clip.shape}, expected ({future}, {joints}, 3)")
    if blend < 1:
        raise ValueError(f"moving target: found blend {blend}, expected 1 or more")
    order = [joint for joint in tree_order(parents) if parents[joint] >= 0]
    above = [parents[joint] for joint in order]
    bones = history[:, :, order] - history[:, :, above]
    lengths = np.median(np.sqrt(np.einsum("wfjx,wfjx->wfj", bones, bones)), axis=1)
    share = smoothstep(np.arange(1, future + 1) / blend)[:, None]
    start = bone_directions(history[:, -1:], parents, order)
    turned = slerp(start, bone_directions(clip, parents, order), share) * lengths[:, None, :, None]
    result = np.empty((len(history), future, joints, 3), dtype=history.dtype)
    result[:, :, tree_order(parents)[0]] = history[:, -1:, tree_order(parents)[0]]
    for index, (joint, parent) in enumerate(zip(order, above, strict=True)):
        result[:, :, joint] = result[:, :, parent] + turned[:, :, index]
    return result
