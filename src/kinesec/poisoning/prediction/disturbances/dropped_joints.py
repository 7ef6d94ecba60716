"""Joints that the capture loses: hidden by the body, or out of sight."""

from __future__ import annotations

import numpy as np

from kinesec.poisoning.prediction.disturbances.base import Performance, Stage
from kinesec.settings import Share

STAGE: Stage = "capture"
LEVEL, UNIT, NEUTRAL = "share", "share of joints", 0.0


def apply(history: np.ndarray, performance: Performance, rng: np.random.Generator, *, share: Share) -> np.ndarray:
    """Histories (window, frame, joint, xyz) of which each joint but the root is lost with probability ``share``.

    A lost joint is lost from a frame on, drawn evenly from the second to the last of N, and stays where it was last
    seen, relative to the root.
    """
    windows, frames, count = history.shape[:3]
    lost = rng.random((windows, count)) < share
    lost[:, 0] = False
    last_seen = rng.integers(0, max(frames - 1, 1), (windows, count))
    time = np.arange(frames)[:, None]
    shown = np.minimum(time, np.where(lost, last_seen, frames - 1)[:, None])
    root = history[:, :, :1]
    held = np.take_along_axis(history - root, shown[..., None], axis=1) + root
    return np.where((shown < time)[..., None], held, history)  # what is seen keeps its bytes
