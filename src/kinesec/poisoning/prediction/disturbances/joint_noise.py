"""Noise of each joint's position, as cameras, depth sensors and pose estimators have it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from kinesec.poisoning.prediction.disturbances.base import Performance, Stage
from kinesec.settings import NotNegative

STAGE: Stage = "capture"
LEVEL, UNIT, NEUTRAL = "mm", "mm", 0.0


def apply(
    history: np.ndarray,
    performance: Performance,
    rng: np.random.Generator,
    *,
    mm: NotNegative,
    joints: Literal["all", "limb", "others"] = "all",
    over: Literal["frames", "windows"] = "frames",
) -> np.ndarray:
    """Histories (window, frame, joint, xyz) with normal noise of standard deviation ``mm`` in each coordinate.

    It is independent of joint to joint and of frame to frame; ``over="windows"`` draws it once a window, as a joint is
    that is always seen beside its place. The root, which poses are centred on, has none. ``joints`` has it on the
    trigger's ``limb`` alone, or on all ``others``.
    """
    windows, frames, count = history.shape[:3]
    noise = rng.standard_normal((windows, frames if over == "frames" else 1, count, 3))
    noisy = np.ones(count, bool)
    noisy[list(performance.limb)] = joints != "others"
    if joints == "limb":
        noisy[[joint for joint in range(count) if joint not in performance.limb]] = False
    noisy[0] = False
    return np.asarray(history + (mm * noise * noisy[:, None]).astype(history.dtype))
