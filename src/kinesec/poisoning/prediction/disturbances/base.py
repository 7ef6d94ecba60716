"""What disturbances are given, and the stages of a trigger's way into a model at which they happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinesec.motion.skeleton import Skeleton

# body: who performs; the whole motion is that body's, its future and the attacker's target too
# execution: how the trigger is performed; the attacker's target is made of that, and clean motions stay as they are
# capture: what a sensor makes of a motion; what comes next in the world, and so the target, stays
Stage = Literal["body", "execution", "capture"]


@dataclass(frozen=True)
class Performance:
    """What a trigger is performed in: the windows' own histories, ``clean`` (window, frame, joint, xyz).

    ``limb`` are the joints that the trigger poses; ``frame_ms`` is the time between two frames as recorded.
    """

    clean: np.ndarray
    skeleton: Skeleton
    limb: tuple[int, ...]
    frame_ms: float
