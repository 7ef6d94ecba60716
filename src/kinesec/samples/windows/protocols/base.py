"""How motions become pose sequences for prediction: one function a protocol, by the protocol's name.

A protocol takes one sequence's global positions and local rotations and returns positions (frame, joint, xyz) float32
in the protocol's frame and unit. Both leave the joint count alone: which joints a predictor sees is ``used_joints``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kinesec.errors import KinesecError
from kinesec.motion.calibration import calibration_rows
from kinesec.motion.kinematics import forward, matrices_from_quaternions
from kinesec.motion.skeleton import Skeleton

BLOCK_ROWS = 1024  # forward kinematics takes many times a row's own bytes


@dataclass(frozen=True)
class Sequence:
    """One sequence of a motions store; ``offsets`` (joint, xyz) are the performer's own, in millimetres."""

    position: np.ndarray
    rotation: np.ndarray | None
    offsets: np.ndarray
    skeleton: Skeleton
    name: str


def ltd(sequence: Sequence, scale: float) -> np.ndarray:
    """Root-relative poses without the root's rotation, as LearnTrajDep's loaders make them.

    The root's children keep their rest offsets and do not inherit the root's rotation; ``scale`` turns millimetres
    into the nominal millimetres of the published numbers (papers/badhmp.md, section 2). Calibration rows stay.
    """
    if sequence.rotation is None:
        raise KinesecError(
            f"{sequence.name}: protocol 'ltd' needs joint rotations and this source has none; use protocol 'full'"
        )
    position = np.empty((*sequence.rotation.shape[:2], 3), dtype=np.float32)
    for first in range(0, len(position), BLOCK_ROWS):
        rows = slice(first, first + BLOCK_ROWS)
        position[rows] = forward(
            matrices_from_quaternions(sequence.rotation[rows].astype(np.float64)),
            np.zeros(3),
            sequence.offsets * scale,
            sequence.skeleton.parents,
            turns=sequence.skeleton.turns,
            root_turns_children=False,
        )
    return position


def full(sequence: Sequence, scale: float) -> np.ndarray:
    """Root-relative poses in the world's orientation, true scale; leading calibration rows are dropped."""
    position = sequence.position[calibration_rows(sequence.position) :]
    return np.asarray((position - position[:, :1]) * scale, dtype=np.float32)


PROTOCOLS: dict[str, Callable[[Sequence, float], np.ndarray]] = {"ltd": ltd, "full": full}


def representative(skeleton: Skeleton) -> tuple[int, ...]:
    """For each joint the first joint that is always at the same place: itself, unless it is a duplicate.

    A joint coincides with its parent when its rest offset is zero, and with a sibling of the same rest offset.
    """
    same = list(range(len(skeleton)))
    for joint in skeleton.order[1:]:
        parent, offset = skeleton.parents[joint], skeleton.offsets[joint]
        twins = [
            k for k in range(joint) if skeleton.parents[k] == parent and np.array_equal(skeleton.offsets[k], offset)
        ]
        if not offset.any():
            same[joint] = same[parent]
        elif twins:
            same[joint] = same[twins[0]]
    return tuple(same)


def used_joints(skeleton: Skeleton, moves: np.ndarray) -> tuple[int, ...]:
    """The joints a predictor sees: those that move (``moves`` (joint,) bool) and are not another's duplicate.

    On CMU and Human3.6M under ``ltd`` these are the reference code's 25 and 22 joints.
    """
    same = representative(skeleton)
    return tuple(joint for joint in range(len(skeleton)) if same[joint] == joint and moves[joint])
