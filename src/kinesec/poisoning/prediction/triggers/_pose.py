"""What the triggers share: directions from a configuration, when a trigger is on, and a limb posed by directions.

Equations in docs/definitions.md ("our definition": BadHMP's own are not public).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesec.motion.directions import bone_directions, slerp, smoothstep, unit
from kinesec.motion.kinematics import pose_limb

MIRROR = np.array([-1.0, 1.0, 1.0])
UP = ((0.0, 1.0, 0.0),)
DOWN = ((0.0, -1.0, 0.0),)


def presence(frames: int, onset: int, ramp: int) -> np.ndarray:
    """How much of a trigger is on at each frame (frames,): 0 before ``onset``, 1 from ``onset + ramp`` on.

    Raises ``ValueError`` for an onset outside the history or a negative ramp.
    """
    if not 0 <= onset < frames or ramp < 0:
        raise ValueError(f"found onset {onset} and ramp {ramp}, expected 0 <= onset < {frames} and ramp >= 0")
    return smoothstep((np.arange(frames) - onset + 1) / (ramp + 1))


def parse(directions: Sequence[Sequence[float]] | np.ndarray, count: int) -> np.ndarray:
    """Directions (count, xyz) from a configuration's list of one or of ``count`` vectors; raises ``ValueError``."""
    given = np.asarray(directions, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != 3 or len(given) not in (1, count):
        raise ValueError(f"found directions of shape {given.shape}, expected (1, 3) or ({count}, 3)")
    norms = np.linalg.norm(given, axis=1)
    if not (np.isfinite(norms).all() and (norms > 0).all()):
        raise ValueError("found a direction that is zero or not finite")
    return np.asarray(np.broadcast_to(unit(given), (count, 3)))


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
        clean = bone_directions(history.astype(np.float64), parents, limb)
        posed = np.where(share[..., None] == 0, clean, slerp(clean, posed, share))
        own_lengths = np.sqrt(np.einsum("wfjx,wfjx->wfj", bones, bones))
        lengths = np.where(share == 0, own_lengths, lengths)
    return np.asarray(pose_limb(history, parents, limb, posed.astype(history.dtype), lengths))
