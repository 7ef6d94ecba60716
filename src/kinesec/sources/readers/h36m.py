"""Human3.6M as motion prediction papers distribute it: exponential maps of 32 joints, 99 columns, commas, 50 Hz.

The root's six columns are *changes* from frame to frame, told in the frame before: row i turns the pelvis by R_i and
moves it by t_i, so C_i = C_(i-1) R_i and T_i = T_(i-1) + C_(i-1) t_i (RNNexp, Utils/revertCoordinateSpace.m). Place and
heading are therefore those of the first frame's pelvis, and so is "up": its +y, its tilt against the true vertical
being lost. It faces +z with its left on +x: walking moves it along +z, and the left hip's offset is +x. Millimetres.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kinesec.motion.kinematics import forward, matrices_from_quaternions
from kinesec.motion.recording import Motion, Recording
from kinesec.motion.skeleton import Skeleton
from kinesec.sources.readers._axes import check_fps, multiply
from kinesec.sources.readers.expmap import quaternions_from_maps, read_rows

EXTENSIONS = (".txt",)
FPS = 50.0

# Name, parent, rest offset in millimetres, whether LearnTrajDep predicts the joint (papers/badhmp.md, section 2).
# One table for all subjects: facts of the data set as its users list them. Joints that share a place are separate.
_JOINTS: tuple[tuple[str, int, float, float, float, bool], ...] = (
    ("Hips", -1, 0.0, 0.0, 0.0, False),
    ("RightUpLeg", 0, -132.948591, 0.0, 0.0, False),
    ("RightLeg", 1, 0.0, -442.894612, 0.0, True),
    ("RightFoot", 2, 0.0, -454.206447, 0.0, True),
    ("RightToeBase", 3, 0.0, 0.0, 162.767078, True),
    ("RightToeEnd", 4, 0.0, 0.0, 74.999437, True),
    ("LeftUpLeg", 0, 132.948826, 0.0, 0.0, False),
    ("LeftLeg", 6, 0.0, -442.894413, 0.0, True),
    ("LeftFoot", 7, 0.0, -454.20659, 0.0, True),
    ("LeftToeBase", 8, 0.0, 0.0, 162.767426, True),
    ("LeftToeEnd", 9, 0.0, 0.0, 74.999948, True),
    ("Spine", 0, 0.0, 0.1, 0.0, False),
    ("Spine1", 11, 0.0, 233.383263, 0.0, True),
    ("Neck", 12, 0.0, 257.077681, 0.0, True),
    ("Head", 13, 0.0, 121.134938, 0.0, True),
    ("HeadTop", 14, 0.0, 115.002227, 0.0, True),
    ("LeftShoulder", 12, 0.0, 257.077681, 0.0, False),
    ("LeftArm", 16, 0.0, 151.034226, 0.0, True),
    ("LeftForeArm", 17, 0.0, 278.882773, 0.0, True),
    ("LeftHand", 18, 0.0, 251.733451, 0.0, True),
    ("LeftHandThumb", 19, 0.0, 0.0, 0.0, False),
    ("LeftThumbEnd", 20, 0.0, 0.0, 99.999627, True),
    ("LeftWristEnd", 19, 0.0, 100.000188, 0.0, True),
    ("LeftHandEnd", 22, 0.0, 0.0, 0.0, False),
    ("RightShoulder", 12, 0.0, 257.077681, 0.0, False),
    ("RightArm", 24, 0.0, 151.031437, 0.0, True),
    ("RightForeArm", 25, 0.0, 278.892924, 0.0, True),
    ("RightHand", 26, 0.0, 251.72868, 0.0, True),
    ("RightHandThumb", 27, 0.0, 0.0, 0.0, False),
    ("RightThumbEnd", 28, 0.0, 0.0, 99.999888, True),
    ("RightWristEnd", 27, 0.0, 137.499922, 0.0, True),
    ("RightHandEnd", 30, 0.0, 0.0, 0.0, False),
)
_GROUPS = {
    "left_arm": (18, 19, 20, 21, 22, 23),
    "right_arm": (26, 27, 28, 29, 30, 31),
    "left_leg": (7, 8, 9, 10),
    "right_leg": (2, 3, 4, 5),
    "trunk": (1, 6, 11, 12, 13, 14, 15, 16, 17, 24, 25),
}


def skeleton() -> Skeleton:
    """The 32 joints of all subjects, y up, facing +z; ``ltd_used`` holds the 22 that LearnTrajDep predicts."""
    return Skeleton(
        names=tuple(joint[0] for joint in _JOINTS),
        parents=tuple(joint[1] for joint in _JOINTS),
        offsets=np.array([joint[2:5] for joint in _JOINTS]),
        groups={**_GROUPS, "ltd_used": tuple(index for index, joint in enumerate(_JOINTS) if joint[5])},
    )


def accumulate(turn: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotations (frame, wxyz) and places (frame, xyz) from each frame's change in the frame before.

    The products of all first frames are taken in log2(frames) passes over the whole array.
    """
    rotation = np.array(turn)
    reach = 1
    while reach < len(rotation):
        rotation[reach:] = multiply(rotation[:-reach], rotation[reach:])
        rotation /= np.linalg.norm(rotation, axis=-1, keepdims=True)
        reach *= 2
    before = np.concatenate([[[1.0, 0.0, 0.0, 0.0]], rotation[:-1]])
    moved = (matrices_from_quaternions(before) @ step[..., None])[..., 0]
    return rotation, np.cumsum(moved, axis=0)


def read(path: str | Path, *, fps: float = FPS) -> tuple[Motion, ...]:
    """The one body of a file such as ``S1/walking_1.txt``, the root's changes accumulated.

    For the positions of motion prediction papers, which drop the root's six columns, put ``rotation`` through
    ``kinematics.forward(..., root_turns_children=False)`` with the root at 0. ``fps`` is published, not in the file.

    Raises ``BadFile`` at the first line without 99 finite numbers, ``ConfigError`` for an unusable rate.
    """
    joints, rate = skeleton(), check_fps(fps)
    rows = read_rows(path, len(joints))
    quaternion = quaternions_from_maps(rows[:, 3:].reshape(len(rows), len(joints), 3))
    quaternion[:, 0], root = accumulate(quaternion[:, 0], rows[:, :3])
    position = forward(matrices_from_quaternions(quaternion), root, joints.offsets, joints.parents)
    note = "root accumulated from changes: place, heading and up are those of the first frame's pelvis"
    return (
        Motion(
            skeleton=joints,
            position=position.astype(np.float32),
            fps=rate,
            recording=Recording(unit_mm=1.0, unit_from="published", fps_from="published", notes=(note,)),
            rotation=quaternion.astype(np.float32),
        ),
    )
