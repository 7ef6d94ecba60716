"""A limb that is held in another direction than the trigger's."""

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
    """Triggered histories (window, frame, joint, xyz) whose limb is turned about its anchor by ``degrees``.

    The axis is drawn evenly on the sphere for each window: a direction across it turns by ``degrees``, others by less.
    """
    angle = np.full(history.shape[1], float(degrees))
    return turned(history, performance.skeleton.parents, performance.limb, axes(len(history), rng), angle)
