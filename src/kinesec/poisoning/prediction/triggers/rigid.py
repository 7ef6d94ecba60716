"""The rigid trigger: a limb held in one static pose throughout the history.

"Our definition" (the paper's equations are not public): docs/definitions.md, rigid trigger.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesec.poisoning.prediction.triggers._pose import MIRROR, UP, parse, pose


def apply(
    history: np.ndarray,
    parents: Sequence[int],
    limb: Sequence[int],
    *,
    directions: Sequence[Sequence[float]] = UP,
    clip: np.ndarray | None = None,
    onset: int = 0,
    ramp: int = 0,
    basis: np.ndarray | None = None,
    mirror: bool = False,
) -> np.ndarray:
    """The history (window, frame, joint, xyz) with ``limb`` in the trigger's pose.

    ``directions`` are the bones' directions (one for all, or one a joint of the limb); the first frame of ``clip``
    (frame, len(limb), xyz) takes their place. They are in the windows' axes, or in those of ``basis``
    (window, frame, 3, 3). ``onset`` is the first triggered frame, ``ramp`` the frames over which the limb blends in.
    ``mirror`` reflects the pose left to right (x), for the other limb. Raises ``ValueError`` for settings that do not
    fit the limb or the history.
    """
    posed = parse(directions if clip is None else clip[0], len(limb))
    return pose(history, parents, limb, posed * MIRROR if mirror else posed, onset, ramp, basis)
