"""Filling what a source did not see."""

from __future__ import annotations

import numpy as np


def fill(position: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """``position`` (frame, joint, xyz) with unseen joints interpolated linearly in time and held at the ends.

    ``seen`` (frame, joint) marks what the source saw; a joint that it never saw keeps its values.
    """
    filled = np.array(position, dtype=np.float64)
    frames = np.arange(len(filled))
    for joint in np.flatnonzero(~seen.all(axis=0) & seen.any(axis=0)):
        known = seen[:, joint]
        for axis in range(3):
            filled[:, joint, axis] = np.interp(frames, frames[known], position[known, joint, axis])
    return filled
