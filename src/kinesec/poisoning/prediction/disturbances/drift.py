"""A limb that leaves the trigger's pose slowly, as an arm does that tires."""

from __future__ import annotations

import numpy as np

from kinesec.poisoning.prediction.disturbances._turn import axes, turned
from kinesec.poisoning.prediction.disturbances.base import Performance, Stage
from kinesec.settings import NotNegative

STAGE: Stage = "execution"
LEVEL, UNIT, NEUTRAL = "degrees", "degrees", 0.0


def apply(
    history: np.ndarray, performance: Performance, rng: np.random.Generator, *, degrees: NotNegative
) -> np.ndarray:
    """Triggered histories (window, frame, joint, xyz) whose limb turns evenly about its anchor, by ``degrees`` in all.

    The axis is drawn evenly on the sphere for each window; at the first frame the limb is as planned.
    """
    angle = float(degrees) * np.linspace(0, 1, history.shape[1])
    return turned(history, performance.skeleton.parents, performance.limb, axes(len(history), rng), angle)
