"""Which joints an attack moves, and whether those that move fast: figures 2 (right) and 3 of the SMART paper.

Clips are ``(clip, body, frame, joint, xyz)`` in millimetres, ``present`` (clip, body, frame) marks what is there.
"""

from __future__ import annotations

import numpy as np

from kinesec.motion.skeleton import BODY_PARTS, Skeleton

LEAST_FRAMES = 5  # or a correlation over time is of one or two points
FINE_MM = 1e-3
CORRELATED = ("displacement", "speed", "acceleration")


def by_part(skeleton: Skeleton) -> list[tuple[str, list[int]]]:
    """The joints of each body part, trunk first and with it the root and joints of no part, in tree order."""
    rank = {joint: place for place, joint in enumerate(skeleton.order)}
    part_of = {joint: part for part, joints in skeleton.groups.items() for joint in joints}
    names = [*BODY_PARTS, *(part for part in skeleton.groups if part not in BODY_PARTS)]
    parts = [
        (part, sorted((j for j in rank if part_of.get(j, BODY_PARTS[0]) == part), key=rank.__getitem__))
        for part in names
    ]
    return [(part, joints) for part, joints in parts if joints]


def joint_displacements(clean: np.ndarray, attacked: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Each clip's and joint's mean displacement (clip, joint) over the frames of the bodies that are there, in mm."""
    distance = np.linalg.norm(attacked.astype(np.float64) - clean, axis=-1)
    count = np.maximum(present.sum((1, 2)), 1)
    return np.asarray(np.where(present[..., None], distance, 0.0).sum((1, 2)) / count[:, None])


def correlations(clean: np.ndarray, attacked: np.ndarray, present: np.ndarray) -> dict[str, np.ndarray]:
    """Pearson correlations (joint, joint) over time of displacement with the clean ``CORRELATED``, means over bodies.

    Row: the joint that is displaced; column: the joint whose displacement, speed or acceleration it is. They are taken
    within each body of each clip, so that clips which needed larger attacks do not make all joints move together, over
    the frames with two more behind them, which have an acceleration (forward differences). A pair of joints of which
    one never moves, or is never displaced, has none (NaN).
    """
    joints = clean.shape[3]
    total = {name: np.zeros((joints, joints)) for name in CORRELATED}
    counts = {name: np.zeros((joints, joints)) for name in CORRELATED}
    for original, moved, there in zip(clean, attacked, present, strict=True):
        for body in np.flatnonzero(there.any(1)):
            real = original[body, there[body]].astype(np.float64)
            if len(real) < LEAST_FRAMES:
                continue
            displaced = np.linalg.norm(moved[body, there[body]] - real, axis=-1)[:-2]
            speed = np.linalg.norm(np.diff(real, axis=0), axis=-1)[:-1]
            acceleration = np.linalg.norm(np.diff(real, n=2, axis=0), axis=-1)
            for name, other in zip(CORRELATED, (displaced, speed, acceleration), strict=True):
                correlation = _pearson(displaced, other)
                counts[name] += np.isfinite(correlation)
                total[name] += np.nan_to_num(correlation)
    return {
        name: np.divide(total[name], counts[name], out=np.full((joints, joints), np.nan), where=counts[name] > 0)
        for name in CORRELATED
    }


def _pearson(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlations (column, column) of samples (sample, column)."""
    scaled = []
    for values in (first, second):
        off = values - values.mean(0)
        size = np.linalg.norm(off, axis=0)
        # what arithmetic leaves of a joint that stands still has no direction
        moves = size > FINE_MM * np.sqrt(len(values))
        scaled.append(np.divide(off, size, out=np.full_like(off, np.nan), where=moves))
    return np.asarray(np.clip(scaled[0].T @ scaled[1], -1, 1))
