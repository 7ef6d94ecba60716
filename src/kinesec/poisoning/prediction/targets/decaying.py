"""The decaying target: motion that goes on, faster at first, and slows to a stop, with the energy of the history.

Ours: docs/definitions.md, decaying target.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesec.motion.directions import bone_directions, slerp, smoothstep
from kinesec.motion.kinematics import pose_limb
from kinesec.motion.skeleton import tree_order
from kinesec.poisoning.prediction.targets._energy import matched

LARGEST = 4.0


def apply(
    history: np.ndarray,
    future: int,
    parents: Sequence[int],
    *,
    still: int = 20,
    over: int = 2,
    energy: float | None = 1.0,
) -> np.ndarray:
    """The future (window, future, joint, xyz): every bone turns on in its plane, ever slower, to a stop.

    At future frame k its speed is that of the last ``over`` steps of the history times c (1 - s(k / still)), s the
    smoothstep; c is such, window by window, that the mean squared step is ``energy`` times the history's, and at most
    4; 1 where ``energy`` is None. Bone lengths and root are the last pose's. Raises
    ``ValueError`` for less than one frame of either, or a history too short.
    """
    if still < 1 or not 1 <= over < history.shape[1]:
        raise ValueError(
            f"decaying target: found still {still} and over {over}, expected 1 or more, and 1 to {history.shape[1] - 1}"
        )
    bones = [joint for joint in tree_order(parents) if parents[joint] >= 0]
    held = np.repeat(history[:, -1:], future, axis=1)
    ends = bone_directions(history[:, [-1 - over, -1]].astype(np.float64), parents, bones)
    gone = np.cumsum(1 - smoothstep(np.arange(1, future + 1) / still))

    def turned(factor: np.ndarray) -> np.ndarray:
        share = 1 + factor[:, None] * gone / over
        return np.asarray(pose_limb(held, parents, bones, slerp(ends[:, :1], ends[:, 1:], share[..., None])))

    return turned(np.ones(len(history))) if energy is None else matched(turned, history, energy, 1.0, LARGEST)
