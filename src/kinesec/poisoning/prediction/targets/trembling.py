"""The trembling target: jammed, but with as much motion energy as the history, for a defender who looks at that alone.

Ours: docs/definitions.md, trembling target.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesec.motion.directions import bone_directions, unit
from kinesec.motion.kinematics import pose_limb
from kinesec.motion.skeleton import tree_order
from kinesec.poisoning.prediction.targets._energy import matched

LARGEST = 1.0


def _sides(count: int) -> np.ndarray:
    """Directions (count, xyz) spread over the sphere, along a spiral of the golden angle."""
    place = np.arange(count)
    height = 1 - (2 * place + 1) / count
    turn = place * np.pi * (3 - np.sqrt(5))
    flat = np.sqrt(1 - height**2)
    return np.stack([flat * np.cos(turn), height, flat * np.sin(turn)], axis=-1)


def apply(
    history: np.ndarray, future: int, parents: Sequence[int], *, energy: float = 1.0, period: float = 8.0
) -> np.ndarray:
    """The future (window, future, joint, xyz): the last pose, every bone swinging to and fro about its direction.

    At future frame k a bone points along u + a sin(2 pi k / period) e, u its direction in the last pose, e one fixed
    direction a bone; a is such, window by window, that the mean squared step is ``energy`` times the history's, and at
    most 1. Bone lengths and root are the last pose's; a history that stands still is held. Raises ``ValueError`` for an
    energy below 0 or a period of 2 frames or less.
    """
    if energy < 0 or period <= 2:
        raise ValueError(f"trembling target: found energy {energy} and period {period}, expected 0 or more and over 2")
    bones = [joint for joint in tree_order(parents) if parents[joint] >= 0]
    held = np.repeat(history[:, -1:], future, axis=1)
    start = bone_directions(history[:, -1:].astype(np.float64), parents, bones)
    swing = np.sin(2 * np.pi * np.arange(1, future + 1) / period)[:, None, None] * _sides(len(bones))

    def swung(amplitude: np.ndarray) -> np.ndarray:
        directions = unit(start + amplitude[:, None, None, None] * swing)
        return np.asarray(pose_limb(held, parents, bones, directions))

    return matched(swung, history, energy, 0.05, LARGEST)
