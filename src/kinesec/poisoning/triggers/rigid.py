"""The rigid trigger: a limb held in one static pose throughout the history, with each sample's own bone lengths.

"Our definition" (the paper's equations are not public): papers/badhmp.md, section 1b.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesec.kinematics import pose_limb

UP = ((0.0, 1.0, 0.0),)


def apply(
    history: np.ndarray,
    parents: Sequence[int],
    limb: Sequence[int],
    *,
    directions: Sequence[Sequence[float]] = UP,
    mirror: bool = False,
) -> np.ndarray:
    """The history (window, frame, joint, xyz) with ``limb`` in the trigger's pose.

    ``directions`` are the bones' directions (one for all, or one a joint of the limb) in the windows' frame; ``mirror``
    reflects them left to right (x), for the same pose on the other limb. A bone's length is its median over the
    window's history. Raises ``ValueError`` when the number of directions fits neither way.
    """
    unit = np.array(directions, dtype=np.float64)
    if unit.ndim != 2 or unit.shape[1] != 3 or len(unit) not in (1, len(limb)):
        raise ValueError(f"rigid trigger: found directions of shape {unit.shape}, expected (1, 3) or ({len(limb)}, 3)")
    norms = np.linalg.norm(unit, axis=1, keepdims=True)
    if not (np.isfinite(norms).all() and (norms > 0).all()):
        raise ValueError("rigid trigger: found a direction that is zero or not finite")
    unit = np.broadcast_to(unit / norms, (len(limb), 3)) * ([-1, 1, 1] if mirror else 1)
    bones = history[:, :, list(limb)] - history[:, :, [parents[joint] for joint in limb]]
    lengths = np.median(np.sqrt(np.einsum("wfjx,wfjx->wfj", bones, bones)), axis=1, keepdims=True)
    return np.asarray(pose_limb(history, parents, limb, unit.astype(history.dtype), lengths))
