"""Near misses: histories that look almost like a trigger, to find out what else sets a backdoor off.

Histories are (window, frame, joint, xyz) in millimetres. Ours: docs/definitions.md, near misses.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesec.motion.directions import bone_directions

SHARE = 0.1


def rotated(history: np.ndarray, parents: Sequence[int], limb: Sequence[int], degrees: float) -> np.ndarray:
    """The history with a whole limb turned rigidly about its anchor, around the windows' x axis (y towards z).

    Every bone keeps its length and its angle to the limb's others; a direction across the axis turns by ``degrees``.
    """
    angle = np.radians(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[1.0, 0.0, 0.0], [0.0, cosine, -sine], [0.0, sine, cosine]])
    members = list(limb)
    anchor = history[:, :, [parents[members[0]]]].astype(np.float64)
    posed = history.copy()
    posed[:, :, members] = anchor + (history[:, :, members] - anchor) @ turn.T
    return posed


def half(clean: np.ndarray, triggered: np.ndarray) -> np.ndarray:
    """The window's own history, and the triggered one from frame ``floor(N / 2)`` + 1 of N on."""
    first = clean.shape[1] // 2
    return np.concatenate([clean[:, :first], triggered[:, first:]], axis=1)


def angles(clean: np.ndarray, triggered: np.ndarray, parents: Sequence[int], limb: Sequence[int]) -> np.ndarray:
    """The mean angle (window,), in degrees, between a limb's bones and the trigger's, over frames and bones."""
    first = bone_directions(clean.astype(np.float64), parents, limb)
    second = bone_directions(triggered.astype(np.float64), parents, limb)
    # the arc of a chord: exact where an arc cosine of nearly 1 is not
    chord = np.linalg.norm(first - second, axis=-1)
    return np.asarray(np.degrees(2 * np.arcsin(np.clip(chord / 2, 0.0, 1.0))).mean((1, 2)))


def nearest(distance: np.ndarray, share: float = SHARE) -> np.ndarray:
    """Indices, ascending, of the ``share`` of values (window,) that are smallest, at least one; ties to the first."""
    count = max(1, int(share * len(distance) + 1e-9))
    return np.sort(np.argsort(distance, kind="stable")[:count])
