"""Prediction errors: mean per-joint position error of every window and future frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from kinesec.metrics.naturalness import UNITS
from kinesec.motion.skeleton import Skeleton, representative

HALF = 0.5  # of the way from the clean model's prediction to the target: ASR_half_gap
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


class Paired(NamedTuple):
    """What a victim's errors are beside the clean model's on the same windows, arrays (window, frame).

    A mean of ``values``, or with ``over`` the mean of ``values`` over that of ``over``, times ``scale``.
    """

    metric: str
    unit: str
    values: np.ndarray
    over: np.ndarray | None = None
    scale: float = 1.0


def paired(windows: str, victim: np.ndarray, clean: np.ndarray) -> Iterator[Paired]:
    """Differences of errors at each frame (window, frame) of a victim and the clean model on a kind of windows. Ours.

    Of the errors up to each frame. On clean windows ``CDE_change`` and the same in per cent of the clean model's; on
    poisoned ones ``BDE_change``, ``gap_closed`` (1 where the victim is on the target, 0 where it is as far from it as
    the clean model) and ``ASR_half_gap``, the share of windows whose BDE is under half of the clean model's, which
    asks for no threshold in mm.
    """
    after, before = upto(np.asarray(victim, np.float64)), upto(np.asarray(clean, np.float64))
    if windows in TRUE_FUTURE:
        yield Paired("CDE_change", "mm", after - before)
        yield Paired("CDE_change_percent", "%", after - before, before, 100.0)
        return
    yield Paired("BDE_change", "mm", after - before)
    yield Paired("gap_closed", "", before - after, before)
    yield Paired("ASR_half_gap", "%", 100.0 * (after < HALF * before))


def limits(metric: str) -> tuple[float, float, bool]:
    """The least and the most that a metric can be, and whether it is a rate: a mean of 0 and 100 % alone."""
    if metric.startswith("ASR"):
        return 0.0, 100.0, True
    if metric == "gap_closed":
        return -np.inf, 1.0, False
    if metric.endswith("_change"):
        return -np.inf, np.inf, False
    return (-100.0 if metric.endswith("_change_percent") else 0.0), np.inf, False
