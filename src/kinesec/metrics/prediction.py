"""Prediction errors: mean per-joint position error of every window and future frame."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kinesec.metrics.naturalness import UNITS
from kinesec.motion.skeleton import Skeleton, representative

TRUE_FUTURE = ("clean", "natural_nearest_truth")  # kinds of windows that keep their own


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


def derived(
    metric: str, windows: str, values: np.ndarray, threshold_mm: float
) -> Iterator[tuple[str, np.ndarray, str]]:
    """(metric, values (window, frame), unit) that recorded values of a metric on a kind of windows give.

    Of the error at each frame: the error up to each frame; under its name for clean windows (CDE) or poisoned ones
    (BDE); and on the latter the share of windows within ``threshold_mm`` (ASR).
    """
    if metric != "MPJPE_at":
        yield metric, values, UNITS[metric]
        return
    running = upto(values)
    yield "MPJPE_at", values, "mm"
    yield "MPJPE_upto", running, "mm"
    yield ("CDE" if windows in TRUE_FUTURE else "BDE"), running, "mm"
    if windows not in TRUE_FUTURE:
        yield "ASR", 100.0 * (running < threshold_mm), "%"
