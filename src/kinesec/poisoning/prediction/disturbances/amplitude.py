"""A trigger that is not performed all the way."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from kinesec.motion.directions import bone_directions, slerp
from kinesec.motion.kinematics import pose_limb
from kinesec.poisoning.prediction.disturbances.base import Performance, Stage
from kinesec.settings import Range

STAGE: Stage = "execution"
LEVEL, UNIT, NEUTRAL = "amplitude", "share of the way", 1.0


def apply(
    history: np.ndarray,
    performance: Performance,
    rng: np.random.Generator,
    *,
    amplitude: Annotated[float, Range(0, 1.5)],
) -> np.ndarray:
    """Triggered histories (window, frame, joint, xyz) whose limb goes ``amplitude`` of the way from its own pose.

    Each bone's direction is that far along the great circle from the clean one to the trigger's; 0 is the clean limb's
    pose, more than 1 beyond the trigger's. Lengths are those of the triggered limb.
    """
    parents, limb = performance.skeleton.parents, performance.limb
    clean = bone_directions(performance.clean.astype(np.float64), parents, limb)
    posed = bone_directions(history.astype(np.float64), parents, limb)
    moved = slerp(clean, posed, np.full(clean.shape[:-1], float(amplitude)))
    return np.asarray(pose_limb(history, parents, limb, moved.astype(history.dtype)))
