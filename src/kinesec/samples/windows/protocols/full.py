"""Poses relative to the root, in the world's orientation and at true scale."""

from __future__ import annotations

import numpy as np

from kinesec.motion.calibration import calibration_rows
from kinesec.samples.windows.protocols.base import Sequence

NOMINAL = False


def place(sequence: Sequence, scale: float) -> np.ndarray:
    """Root-relative poses (frame, joint, xyz), float32; leading calibration rows are dropped."""
    position = sequence.position[calibration_rows(sequence.position) :]
    return np.asarray((position - position[:, :1]) * scale, dtype=np.float32)
