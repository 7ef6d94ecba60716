"""A larger or smaller person."""

from __future__ import annotations

import numpy as np

from kinesec.poisoning.prediction.disturbances.base import Performance, Stage
from kinesec.settings import Positive

STAGE: Stage = "body"
LEVEL, UNIT, NEUTRAL = "times", "times the size", 1.0


def apply(motion: np.ndarray, performance: Performance, rng: np.random.Generator, *, times: Positive) -> np.ndarray:
    """Motions (window, frame, joint, xyz) of a body of so many ``times`` the size, about the root's first place."""
    origin = motion[:, :1, :1]
    return np.asarray(origin + (motion - origin) * motion.dtype.type(times))
