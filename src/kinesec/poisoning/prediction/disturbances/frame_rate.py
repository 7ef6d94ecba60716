"""A capture at another frame rate than the model's, resampled to it."""

from __future__ import annotations

import numpy as np

from kinesec.poisoning.prediction.disturbances.base import Performance, Stage
from kinesec.settings import Positive

STAGE: Stage = "capture"
LEVEL, UNIT, NEUTRAL = "hz", "Hz", None


def at(history: np.ndarray, time: np.ndarray) -> np.ndarray:
    """The motion (window, n, joint, xyz) of histories of two frames or more at ``time`` (window, n), in frames.

    Between frames it is the cubic that passes through them with central differences as speeds (Catmull and Rom), and
    one-sided ones at the ends; at times outside the history its first or last frame.
    """
    last = history.shape[1] - 1
    time = np.clip(time, 0, last)
    before = np.minimum(np.floor(time).astype(np.int64), last - 1)
    u = (time - before)[..., None, None]
    # a frame beyond each end, straight on
    first, final = (2 * history[:, [end]] - history[:, [beside]] for end, beside in ((0, 1), (-1, -2)))
    motion = np.concatenate([first, history, final], axis=1)

    def frame(step: int) -> np.ndarray:
        place = (before + 1 + step)[..., None, None]
        return np.asarray(np.take_along_axis(motion, place, axis=1), dtype=np.float64)

    a, b, c, d = (frame(step) for step in (-1, 0, 1, 2))
    cubic = b + u / 2 * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)))
    return np.asarray(cubic.astype(history.dtype))


def apply(history: np.ndarray, performance: Performance, rng: np.random.Generator, *, hz: Positive) -> np.ndarray:
    """Histories (window, frame, joint, xyz) as a camera of ``hz`` takes them, at the model's rate again.

    The camera's first frame is at a time drawn evenly within its period. Between its frames a pose is interpolated
    linearly; where the next has not been taken when the history ends, it is the last that was.
    """
    frames = history.shape[1]
    period = 1000 / hz / performance.frame_ms
    phase = rng.random((len(history), 1)) * period
    time = np.arange(frames)
    taken = phase + period * np.floor((time - phase) / period)
    share = np.where(taken + period <= frames - 1, (time - taken) / period, 0.0)[..., None, None]
    first, second = at(history, taken), at(history, taken + period)
    return np.asarray((first + share * (second - first)).astype(history.dtype))
