"""Exponential-map text: a row a frame, three columns of root translation and three a joint; commas, no header.

The CMU and Human3.6M sets of motion prediction papers come like this. The names, offsets, unit and frame rate are not
in the file.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from kinesec.motion.kinematics import forward, matrices_from_quaternions
from kinesec.motion.recording import Motion, Recording
from kinesec.motion.skeleton import Skeleton
from kinesec.sources.errors import BadFile
from kinesec.sources.readers._axes import check_fps, check_unit, to_y_up, turn_quaternions
from kinesec.sources.readers._cmu_skeleton import CMU_UNIT_MM as CMU_UNIT_MM
from kinesec.sources.readers._cmu_skeleton import LTD_UNIT_MM as LTD_UNIT_MM
from kinesec.sources.readers._cmu_skeleton import cmu_skeleton as cmu_skeleton
from kinesec.sources.readers._text import load, table

EXTENSIONS = (".txt",)


def read_rows(path: str | Path, joints: int) -> np.ndarray:
    """The file's numbers (frame, 3 + 3 joints); raises ``BadFile`` at the first line that does not fit."""
    rows = table(path, load(path), 0, 1, 3 + 3 * joints, comma=True)
    if not len(rows):
        raise BadFile(path, 1, "no rows", "at least one frame")
    return rows


def quaternions_from_maps(maps: np.ndarray) -> np.ndarray:
    """Unit quaternions (..., wxyz) for column vectors of exponential maps (..., xyz) meant for row vectors.

    p = o R(r) on rows is p = R(r)^T o on columns, a turn by -|r|. The reference code divides by |r| + 1e-7 to get the
    axis, which moves a rotation by less than 1e-7 rad; here the axis is exact.
    """
    half = np.linalg.norm(maps, axis=-1, keepdims=True) / 2
    return np.concatenate([np.cos(half), -maps * np.sinc(half / np.pi) / 2], axis=-1)


def read(
    path: str | Path,
    *,
    skeleton: Skeleton,
    unit_mm: float,
    fps: float,
    up: str = "+y",
    handedness: str = "right",
    unit_from: str = "configured",
    fps_from: str = "configured",
    axes_from: str = "configured",
) -> tuple[Motion, ...]:
    """The one body of an exponential-map file, the root's translation and rotation applied.

    ``skeleton`` has the joints in the columns' order and rest offsets in millimetres along the file's own axes;
    ``unit_mm`` is the translation's unit. For the reference code's positions, which leave the root's rotation and
    translation out, put ``rotation`` through ``kinematics.forward(..., root_turns_children=False)``.

    Raises ``BadFile`` at the first line with another number of columns or a value that is not finite, ``ConfigError``
    for an unknown axis, unit or rate.
    """
    unit, axes, rate = check_unit(unit_mm), to_y_up(up, handedness), check_fps(fps)
    rows = read_rows(path, len(skeleton))
    quaternion = quaternions_from_maps(rows[:, 3:].reshape(len(rows), len(skeleton), 3))
    matrices = matrices_from_quaternions(quaternion)
    position = forward(matrices, rows[:, :3] * unit, skeleton.offsets, skeleton.parents) @ axes.T
    return (
        Motion(
            replace(skeleton, offsets=skeleton.offsets @ axes.T),
            position.astype(np.float32),
            rate,
            Recording(unit, unit_from, fps_from, up, handedness, axes_from),
            turn_quaternions(quaternion, axes).astype(np.float32),
        ),
    )
