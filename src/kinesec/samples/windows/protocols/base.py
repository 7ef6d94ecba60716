"""What a window protocol is given: one sequence of a motions store."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinesec.motion.skeleton import Skeleton


@dataclass(frozen=True)
class Sequence:
    """One sequence of a motions store; ``offsets`` (joint, xyz) are the performer's own, in millimetres."""

    position: np.ndarray
    rotation: np.ndarray | None
    offsets: np.ndarray
    skeleton: Skeleton
    name: str
