"""Where a body faces, and turning it; y is up, a body that faces +z has its left on +x."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter1d

from kinesec.errors import ConfigError
from kinesec.motion.skeleton import Skeleton

Pair = tuple[int, int]


def shoulders_and_hips(skeleton: Skeleton, *, need: Sequence[str] = ("arm", "leg")) -> list[Pair]:
    """(left, right) joints: the anchors of the arms (shoulders) and of the legs (hips), of those in ``need`` there are.

    Where both anchors are one joint, the first joints of the limbs. Raises ``ConfigError`` where there is no such pair.
    """
    pairs: list[Pair] = []
    for limb in need:
        sides = [skeleton.groups.get(f"{side}_{limb}", ()) for side in ("left", "right")]
        if not all(sides):
            continue
        left, right = sides[0][0], sides[1][0]
        anchors = skeleton.parents[left], skeleton.parents[right]
        pairs.append((left, right) if anchors[0] == anchors[1] else anchors)
    if not pairs:
        wanted = " or ".join(f"left_{limb} and right_{limb}" for limb in need)
        raise ConfigError(
            f"skeleton: found body parts {', '.join(sorted(skeleton.groups)) or 'none'}, expected {wanted}: "
            "where its body faces is not known"
        )
    return pairs


def yaw(position: np.ndarray, pairs: Sequence[Pair], sigma: float) -> np.ndarray:
    """The angle (frame,) in radians about y, from +z towards +x, in which a body (frame, joint, xyz) faces.

    a = the sum over ``pairs`` of left minus right, made a unit; f = a x y, smoothed over frames by a Gaussian of
    ``sigma`` frames, ends held (BEAT, dataPreProcessing.py). Zero where f is zero: a body with no heading.
    """
    across = sum((position[:, left] - position[:, right] for left, right in pairs), np.zeros((len(position), 3)))
    size = np.linalg.norm(across, axis=-1, keepdims=True)
    unit = across / np.where(size > 0, size, 1)
    forward = np.stack([-unit[:, 2], unit[:, 0]], axis=-1)
    if sigma > 0:
        forward = gaussian_filter1d(forward, sigma, axis=0, mode="nearest")
    return np.asarray(np.arctan2(forward[:, 0], forward[:, 1]))


def face_forward(position: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Positions (..., joint, xyz) turned about y by minus ``angle`` (...): what faced there faces +z."""
    cos, sin = np.cos(angle)[..., None], np.sin(angle)[..., None]
    x, y, z = (position[..., axis] for axis in range(3))
    return np.stack([x * cos - z * sin, y, x * sin + z * cos], axis=-1)


def rotation_between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest rotation (3, 3) that turns a vector's direction to another's; the identity where one has none."""
    sizes = np.linalg.norm(start), np.linalg.norm(end)
    if min(sizes) == 0:
        return np.eye(3)
    a, b = start / sizes[0], end / sizes[1]
    cos = float(a @ b)
    if cos < -1 + 1e-12:
        side = np.eye(3)[np.argmin(np.abs(a))]
        axis = np.cross(a, side)
        axis /= np.linalg.norm(axis)
        return np.asarray(2 * np.outer(axis, axis) - np.eye(3))
    x, y, z = np.cross(a, b)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + cross + cross @ cross / (1 + cos))
