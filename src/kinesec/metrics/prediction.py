"""Prediction errors: mean per-joint position error of every window and future frame."""

from __future__ import annotations

import numpy as np

from kinesec.motion.skeleton import Skeleton, representative


def joint_errors(predicted: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Euclidean distance (window, frame, joint) of positions (window, frame, joint, xyz)."""
    difference = np.asarray(predicted, dtype=np.float64) - expected
    return np.asarray(np.sqrt((difference * difference).sum(-1)))


def mpjpe(errors: np.ndarray, skeleton: Skeleton, used: list[int]) -> dict[str, np.ndarray]:
    """MPJPE (window, frame) over ``used`` joints and over ``all``, from the used joints' errors.

    ``all`` is the released code's count: a duplicate of a used joint has its error, any other joint is taken from the
    ground truth and has none (LearnTrajDep, main_cmu_3d.py), which makes it smaller than ``used``.
    """
    same = representative(skeleton)
    place = {joint: index for index, joint in enumerate(used)}
    times = np.zeros(len(used))
    for joint in range(len(skeleton)):
        if same[joint] in place:
            times[place[same[joint]]] += 1
    return {"used": errors.mean(-1), "all": errors @ times / len(skeleton)}


def upto(values: np.ndarray) -> np.ndarray:
    """Means over the frames up to each frame, along the last axis."""
    return np.asarray(np.cumsum(values, axis=-1) / np.arange(1, values.shape[-1] + 1))
