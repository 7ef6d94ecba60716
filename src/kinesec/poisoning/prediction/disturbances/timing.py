"""A trigger that is performed too late, or too early."""

from __future__ import annotations

import numpy as np

from kinesec.motion.directions import bone_directions, slerp, smoothstep
from kinesec.motion.kinematics import pose_limb
from kinesec.poisoning.prediction.disturbances.base import Performance, Stage
from kinesec.settings import Whole

STAGE: Stage = "execution"
LEVEL, UNIT, NEUTRAL = "frames", "frames late", 0.0


def apply(
    history: np.ndarray, performance: Performance, rng: np.random.Generator, *, frames: int, ramp: Whole = 2
) -> np.ndarray:
    """Triggered histories (window, frame, joint, xyz) whose limb does at each frame what it should ``frames`` before.

    Until a late trigger begins the limb is the window's own; it then joins the trigger over ``ramp`` frames, along
    great circles. One that is early (fewer than 0) holds its last pose when it is through.
    """
    if frames == 0:
        return history.copy()
    parents, limb = performance.skeleton.parents, performance.limb
    clean = bone_directions(performance.clean.astype(np.float64), parents, limb)
    posed = bone_directions(history.astype(np.float64), parents, limb)
    time = np.arange(history.shape[1])
    moved = posed[:, np.clip(time - frames, 0, len(time) - 1)]
    if frames > 0:
        share = smoothstep((time - frames + 1) / (ramp + 1))[:, None]
        moved = np.where(share[..., None] == 0, clean, slerp(clean, moved, share))
    return np.asarray(pose_limb(history, parents, limb, moved.astype(history.dtype)))
