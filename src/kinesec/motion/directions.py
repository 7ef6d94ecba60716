"""Bone directions on the sphere: reading them, blending them, and when a trigger is on.

Equations in docs/definitions.md ("our definition": BadHMP's own are not public).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

PARALLEL = 1e-7


def unit(vectors: np.ndarray, otherwise: np.ndarray | None = None) -> np.ndarray:
    """Unit vectors (..., xyz); ``otherwise`` (broadcast) stands where a vector is zero, else +y does."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    zero = norms < 1e-9
    if not zero.any():
        return np.asarray(vectors / norms)
    fallback = np.array([0.0, 1.0, 0.0]) if otherwise is None else otherwise
    return np.where(zero, fallback, vectors / np.where(zero, 1.0, norms))


def bone_directions(position: np.ndarray, parents: Sequence[int], joints: Sequence[int]) -> np.ndarray:
    """Directions (..., len(joints), xyz) of the bones from parent to joint of positions (..., joint, xyz)."""
    return unit(position[..., list(joints), :] - position[..., [parents[joint] for joint in joints], :])


def slerp(start: np.ndarray, end: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Unit vectors ``share`` of the way from ``start`` to ``end`` along the great circle, all broadcast (..., xyz).

    ``share`` is (...,) in [0, 1]. Opposite directions have no one way; they turn over the axis farthest from both.
    """
    start, end = np.broadcast_arrays(start, end)
    cosine = np.clip((start * end).sum(-1), -1.0, 1.0)
    across = end - cosine[..., None] * start
    length = np.linalg.norm(across, axis=-1, keepdims=True)
    if (length < PARALLEL).any():
        axis = np.eye(3)[np.abs(start).argmin(-1)]
        side = axis - (axis * start).sum(-1, keepdims=True) * start
        across = np.where(length < PARALLEL, side, across)
        length = np.linalg.norm(across, axis=-1, keepdims=True)
    angle = np.arccos(cosine) * share
    return np.asarray(np.cos(angle)[..., None] * start + np.sin(angle)[..., None] * across / length)


def smoothstep(x: np.ndarray) -> np.ndarray:
    """3 x^2 - 2 x^3 of x clipped to [0, 1]: starts and ends at rest."""
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x * x * (3 - 2 * x))


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
