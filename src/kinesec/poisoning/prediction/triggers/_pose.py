"""What the triggers share: a limb posed by bone directions with each window's own bone lengths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesec.motion.directions import bone_directions, presence, slerp
from kinesec.motion.kinematics import pose_limb

MIRROR = np.array([-1.0, 1.0, 1.0])
UP = ((0.0, 1.0, 0.0),)
DOWN = ((0.0, -1.0, 0.0),)


def pose(
    history: np.ndarray,
    parents: Sequence[int],
    limb: Sequence[int],
    directions: np.ndarray,
    onset: int,
    ramp: int,
    basis: np.ndarray | None,
) -> np.ndarray:
    """The history (window, frame, joint, xyz) with ``limb`` along ``directions`` (frame or 1, len(limb), xyz).

    A bone's length is its median over the window's history (the scaling transformation). Before ``onset`` the limb is
    the window's own, over ``ramp`` frames it blends in on the sphere. ``basis`` (window, frame, 3, 3) holds the axes
    that the directions are given in as columns; None for those of the windows.
    """
    frames = history.shape[1]
    bones = history[:, :, list(limb)] - history[:, :, [parents[joint] for joint in limb]]
    lengths = np.median(np.sqrt(np.einsum("wfjx,wfjx->wfj", bones, bones)), axis=1, keepdims=True)
    posed = np.broadcast_to(directions, (frames, len(limb), 3))
    if basis is not None:
        posed = np.einsum("wfxy,fjy->wfjx", basis, posed)
    if onset or ramp:
        share = presence(frames, onset, ramp)[:, None]
        own = bone_directions(history.astype(np.float64), parents, limb)
        posed = np.where(share[..., None] == 0, own, slerp(own, posed, share))
        own_lengths = np.sqrt(np.einsum("wfjx,wfjx->wfj", bones, bones))
        lengths = np.where(share == 0, own_lengths, lengths)
    return np.asarray(pose_limb(history, parents, limb, posed.astype(history.dtype), lengths))
