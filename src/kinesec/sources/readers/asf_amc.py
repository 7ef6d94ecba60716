"""AMC files with their ASF skeleton: the Acclaim format of CMU and HDM05.

Bone j turns by C_j M_j C_j^-1, with C_j its axes in the ASF file and M_j its degrees of freedom in the AMC file, the
first applied first; its end is at p_parent + G_j d_j l_j with G_j = G_parent C_j M_j C_j^-1.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from kinesec.motion.kinematics import forward, matrices_from_quaternions
from kinesec.motion.recording import Motion, Recording
from kinesec.motion.skeleton import Skeleton, guess_groups
from kinesec.sources.readers._amc import read_amc
from kinesec.sources.readers._asf import Asf, find_asf, read_asf
from kinesec.sources.readers._axes import check_fps, from_euler, multiply, to_y_up, turn_quaternions
from kinesec.sources.readers._text import load

EXTENSIONS = (".amc",)
_FLAG = re.compile(rb"^:(DEGREES|RADIANS)\s*$", re.MULTILINE | re.IGNORECASE)


def read_channels(path: Path, skeleton: Asf) -> np.ndarray:
    """The motion's numbers (frame, channel), root first, then the ASF file's bones in its order."""
    return read_amc(path, load(path), skeleton)


def local_rotations(rows: np.ndarray, skeleton: Asf, degrees: bool) -> tuple[np.ndarray, np.ndarray]:
    """Local quaternions (frame, joint, wxyz) and the root's place (frame, xyz) in the file's unit."""
    count = len(skeleton.names)
    angles, turns = np.zeros((len(rows), count, 3)), np.zeros((count, 3), dtype=np.intp)
    place = np.tile(skeleton.place, (len(rows), 1))
    column = 0
    for joint, channels in enumerate(skeleton.channels):
        turn = sum(kind == "r" for kind, _ in channels)
        for kind, axis in channels:
            if kind == "t":
                place[:, axis] += rows[:, column]
            else:
                turn -= 1
                angles[:, joint, turn], turns[joint, turn] = rows[:, column], axis
            column += 1
    motion = from_euler(np.radians(angles) if degrees else angles, turns)
    inverse = skeleton.axis * [1.0, -1.0, -1.0, -1.0]
    return multiply(multiply(skeleton.axis, motion), inverse), place


def read(
    path: str | Path,
    *,
    fps: float,
    asf: str | Path | None = None,
    up: str = "+y",
    handedness: str = "right",
    fps_from: str = "configured",
    axes_from: str = "configured",
) -> tuple[Motion, ...]:
    """The one body of an AMC file: the root and the ends of the ASF file's bones.

    Without ``asf`` the skeleton is looked for beside the motion: the longest name that starts it (``01.asf`` for
    ``01_01.amc``, ``HDM_bd.asf`` for ``HDM_bd_...amc``), else the folder's only ASF file. The unit is read from it
    (``length 0.45`` means 1/0.45 inch). A joint's rotation turns its own bone (``turns="own"``). The format states no
    frame rate: ``fps`` is the publisher's.

    Raises ``BadFile`` at the first line that does not follow the format, names an unknown, repeated or missing bone,
    or has another number of values than the bone has degrees of freedom; ``ConfigError`` for an unknown axis or rate.
    """
    path, axes, rate = Path(path), to_y_up(up, handedness), check_fps(fps)
    data = load(path)
    source = read_asf(Path(asf) if asf is not None else find_asf(path))
    flag = _FLAG.search(data)
    degrees = source.degrees if flag is None else flag.group(1).upper() == b"DEGREES"
    rows = read_amc(path, data, source)
    quaternion, place = local_rotations(rows, source, degrees)
    unit, names, parents = source.unit_mm, source.names, source.parents
    matrices = matrices_from_quaternions(quaternion)
    position = forward(matrices, place * unit, source.offsets * unit, parents, turns="own") @ axes.T
    skeleton = Skeleton(names, parents, source.offsets * unit @ axes.T, "own", guess_groups(names, parents))
    recording = Recording(unit, "read", fps_from, up, handedness, axes_from)
    rotation = turn_quaternions(quaternion, axes).astype(np.float32)
    return (Motion(skeleton, position.astype(np.float32), rate, recording, rotation),)
