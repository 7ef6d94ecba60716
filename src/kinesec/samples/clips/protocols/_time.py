"""Where clips begin, other frame rates, and padding; frames count from 0."""

from __future__ import annotations

import numpy as np

NEAR = 0.01  # 59.94 and 29.97 frames per second count as 60 and 30


def times_at(frames: int, fps: float, rate: float) -> np.ndarray:
    """The source's frames (frame,) float64, perhaps between two, that a take of ``frames`` has at ``rate`` per second.

    Every so-manieth frame where ``fps`` is a multiple of ``rate`` to 1 %, else evenly spaced times.
    """
    ratio = fps / rate
    stride = round(ratio)
    if stride >= 1 and abs(ratio - stride) <= NEAR * stride:
        return np.arange(0, frames, stride, dtype=np.float64)
    return np.arange(int((frames - 1) / ratio + 1e-9) + 1) * ratio


def times_over(frames: int, count: int) -> np.ndarray:
    """``count`` evenly spaced times (count,) from a take's first frame to its last."""
    return np.linspace(0.0, frames - 1, count)


def times_in_cells(frames: int, count: int) -> np.ndarray:
    """The centres (count,) of ``count`` equal parts of a take, each frame being one wide, held within the take.

    What torch's linear interpolation without aligned corners takes, and so CTR-GCN's feeder (feeders/tools.py).
    """
    return np.clip((np.arange(count) + 0.5) * frames / count - 0.5, 0, frames - 1)


def sample(position: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Positions (..., frame, joint, xyz) at frames that may lie between two: linear interpolation."""
    before = np.minimum(times.astype(np.int64), position.shape[-3] - 1)
    share = (times - before)[:, None, None]
    if not share.any():
        return np.asarray(position[..., before, :, :])
    after = np.minimum(before + 1, position.shape[-3] - 1)
    return np.asarray(position[..., before, :, :] * (1 - share) + position[..., after, :, :] * share)


def window_starts(frames: int, length: int, stride: int, *, pad: bool, last: bool = True) -> np.ndarray:
    """First frames (clip,) of the windows of ``length`` in a take of ``frames``: one where it is no longer than that.

    Without ``pad`` a shorter take has none. Without ``last`` the start ``frames - length`` is left out.
    """
    if frames <= length:
        return np.zeros(int(pad or frames == length), dtype=np.int64)
    return np.arange(0, frames - length + int(last), stride, dtype=np.int64)


def windows(position: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Clips (clip, frame, joint, xyz) of a body's positions (frame, joint, xyz), padded where these are fewer."""
    padded = pad_both_sides(position, length)
    return np.asarray(padded[starts[:, None] + np.arange(length)])


def pad_both_sides(position: np.ndarray, length: int) -> np.ndarray:
    """Positions (frame, joint, xyz) brought to ``length`` by repeating the first and the last pose.

    Where the missing frames are odd the first pose gets one more (BEAT, dataPreProcessing.py).
    """
    missing = max(0, length - len(position))
    if not missing:
        return position
    left = missing - missing // 2
    return np.pad(position, ((left, missing - left), (0, 0), (0, 0)), mode="edge")
