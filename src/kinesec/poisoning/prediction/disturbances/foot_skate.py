"""Feet that slide, as they do where a capture does not know the floor."""

from __future__ import annotations

import numpy as np

from kinesec.errors import ConfigError
from kinesec.poisoning.prediction.disturbances.base import Performance, Stage
from kinesec.settings import NotNegative

STAGE: Stage = "capture"
LEVEL, UNIT, NEUTRAL = "mm", "mm", 0.0
LEGS = ("left_leg", "right_leg")


def apply(history: np.ndarray, performance: Performance, rng: np.random.Generator, *, mm: NotNegative) -> np.ndarray:
    """Histories (window, frame, joint, xyz) whose feet slide evenly to ``mm`` from their place at the last frame.

    A foot is a leg's joints below the knee. Each slides its own way, drawn evenly among those level with the floor (x
    and z), and not at all at the first frame. Raises ``ConfigError`` for a skeleton without legs.
    """
    groups = performance.skeleton.groups
    if not set(LEGS) <= set(groups):
        raise ConfigError(f"disturbance foot_skate: found groups {', '.join(sorted(groups))}, expected both legs")
    way = rng.uniform(0, 2 * np.pi, (len(history), len(LEGS)))
    slid = mm * np.linspace(0, 1, history.shape[1])[None, :, None, None]
    result = history.copy()
    for index, leg in enumerate(LEGS):
        foot = list(groups[leg][1:] or groups[leg])
        level = np.stack([np.cos(way[:, index]), np.zeros(len(way)), np.sin(way[:, index])], -1)
        result[:, :, foot] += (slid * level[:, None, None]).astype(history.dtype)
    return result
