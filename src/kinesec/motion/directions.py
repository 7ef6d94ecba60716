"""Bone directions on the sphere: reading them off a pose and blending them; equations in docs/definitions.md."""

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

    ``share`` is (...,), 0 at ``start`` and 1 at ``end``; beyond these the turn goes on. Opposite directions have no one
    way; they turn over the axis farthest from both.
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
