"""How smooth and how natural a motion is: acceleration, jerk and bone length change, whole and at the seam.

Positions are (window, frame, joint, xyz) in millimetres; values are per window, in millimetres per frame to the power
of the difference's order. A whole-window mean is blind to a jump at the seam between history and future: jamming even
lowers it (papers/badhmp.md, section 1b), so each metric also comes at the seam alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesec.motion.kinematics import bone_lengths

UNITS = {"Acc": "mm/frame^2", "Jerk": "mm/frame^3", "BLC": "mm/frame"}
SEAM = 2
ROUNDING = 1e-3  # of any of the metrics: coordinates of a few metres are float32, so 1e-4 to 5e-4 mm apart


def naturalness(position: np.ndarray, parents: Sequence[int], history: int) -> dict[tuple[str, str], np.ndarray]:
    """(metric, part) -> (window,): Acc, Jerk and BLC of the ``whole`` window and of the ``seam``.

    Acc and Jerk are mean lengths of the second and third differences, BLC the mean absolute change of a bone's length
    from frame to frame. The seam is the last frame of the history with ``SEAM`` frames before and after it. A piece
    with too few frames for a difference has no value (NaN).
    """
    values = {}
    seam = position[:, max(0, history - 1 - SEAM) : history + SEAM]
    for part, piece in (("whole", position), ("seam", seam)):
        for metric, order in (("Acc", 2), ("Jerk", 3)):
            if piece.shape[1] <= order:
                values[metric, part] = np.full(len(piece), np.nan)
                continue
            change = np.diff(piece, n=order, axis=1)
            values[metric, part] = np.sqrt(np.einsum("...x,...x->...", change, change)).mean((1, 2), dtype=np.float64)
        lengths = bone_lengths(piece, parents)
        values["BLC", part] = np.abs(np.diff(lengths, axis=1)).mean((1, 2), dtype=np.float64)
    return values
