"""A limb turned rigidly about its anchor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def axes(count: int, rng: np.random.Generator) -> np.ndarray:
    """Directions (count, xyz), uniform on the sphere."""
    drawn = rng.standard_normal((count, 3))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=-1, keepdims=True))


def turned(
    history: np.ndarray, parents: Sequence[int], limb: Sequence[int], axis: np.ndarray, degrees: np.ndarray
) -> np.ndarray:
    """Histories (window, frame, joint, xyz) whose ``limb`` turns about its anchor by ``degrees`` (frame,).

    ``axis`` (window, xyz) holds unit vectors; turns are right-handed (Rodrigues' formula). Bones keep their lengths.
    """
    members = list(limb)
    anchor = history[:, :, [parents[members[0]]]].astype(np.float64)
    arm = history[:, :, members] - anchor
    along = axis[:, None, None, :]
    angle = np.radians(degrees)[:, None, None]
    inside = (arm * along).sum(-1, keepdims=True) * along
    posed = history.copy()
    posed[:, :, members] = anchor + inside + np.cos(angle) * (arm - inside) + np.sin(angle) * np.cross(along, arm)
    return posed
