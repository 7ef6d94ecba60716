"""From a source's axes to y up, right-handed."""

from __future__ import annotations

import numpy as np

from kinesec.errors import ConfigError

_UP: dict[str, tuple[tuple[int, int, int], ...]] = {
    "+x": ((0, -1, 0), (1, 0, 0), (0, 0, 1)),
    "-x": ((0, 1, 0), (-1, 0, 0), (0, 0, 1)),
    "+y": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "-y": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "+z": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "-z": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
}


def to_y_up(up: str, handedness: str) -> np.ndarray:
    """The matrix (3, 3) that takes a source's column vectors to y up, right-handed.

    It turns the up axis to +y by the shortest way (-y: half a turn about x) and mirrors x for a left-handed source, so
    that a body which faces +z still does. Raises ``ConfigError`` for an unknown axis or handedness.
    """
    if up not in _UP:
        raise ConfigError(f"up: found {up!r}, expected one of {', '.join(_UP)}")
    if handedness not in ("right", "left"):
        raise ConfigError(f"handedness: found {handedness!r}, expected right or left")
    mirror = np.diag([1.0 if handedness == "right" else -1.0, 1.0, 1.0])
    return np.asarray(mirror @ np.array(_UP[up], dtype=np.float64))


def turn_quaternions(quaternion: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Quaternions (..., wxyz) of M R M^T for an orthogonal matrix M (3, 3), a reflection included."""
    vector = quaternion[..., 1:] @ (np.linalg.det(matrix).round() * matrix).T
    return np.concatenate([quaternion[..., :1], vector], axis=-1)


def check_unit(unit_mm: float) -> float:
    """Returns the unit; raises ``ConfigError`` unless it is between a nanometre and a kilometre."""
    if not 1e-6 <= unit_mm <= 1e6:
        raise ConfigError(f"unit_mm: found {unit_mm}, expected millimetres a unit of the file, such as 10 for cm")
    return float(unit_mm)


def check_fps(fps: float) -> float:
    """Returns frames per second; raises ``ConfigError`` unless they are positive and finite."""
    if not 0 < fps < 1e6:
        raise ConfigError(f"fps: found {fps}, expected frames per second")
    return float(fps)


def multiply(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Quaternion product (..., wxyz): ``second`` is applied first."""
    a, b, c, d = (first[..., i] for i in range(4))
    w, x, y, z = (second[..., i] for i in range(4))
    return np.stack(
        [
            a * w - b * x - c * y - d * z,
            a * x + b * w + c * z - d * y,
            a * y - b * z + c * w + d * x,
            a * z + b * y - c * x + d * w,
        ],
        axis=-1,
    )


def from_euler(angles: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Quaternions (frame, joint, wxyz) of rotations applied from the last to the first.

    ``angles`` (frame, joint, turn) in radians about the coordinate axes ``axes`` (joint, turn) of 0, 1, 2.
    """
    result = np.zeros((*angles.shape[:2], 4))
    result[..., 0] = 1.0
    unit = np.eye(3)
    for turn in range(angles.shape[2]):
        half = angles[..., turn, None] / 2
        single = np.concatenate([np.cos(half), np.sin(half) * unit[axes[:, turn]]], axis=-1)
        result = single if turn == 0 else multiply(result, single)
    return result
