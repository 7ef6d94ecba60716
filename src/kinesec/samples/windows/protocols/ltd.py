"""Poses as LearnTrajDep's loaders make them: relative to the root, without its rotation, in nominal millimetres."""

from __future__ import annotations

import numpy as np

from kinesec.errors import KinesecError
from kinesec.motion.kinematics import forward, matrices_from_quaternions
from kinesec.samples.windows.protocols.base import Sequence

NOMINAL = True
BLOCK_ROWS = 1024  # forward kinematics takes many times a row's own bytes


def place(sequence: Sequence, scale: float) -> np.ndarray:
    """Root-relative poses (frame, joint, xyz), float32, from the sequence's joint rotations.

    The root's children keep their rest offsets and do not inherit the root's rotation; ``scale`` turns millimetres
    into the nominal millimetres of the published numbers (papers/badhmp.md, section 2). Calibration rows stay.
    Raises ``KinesecError`` for a source without rotations.
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
