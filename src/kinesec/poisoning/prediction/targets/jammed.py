"""The jammed target: every joint stays where the history ends.

"Our definition" (the paper's equations are not public): papers/badhmp.md, section 1b.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def apply(history: np.ndarray, future: int, parents: Sequence[int]) -> np.ndarray:
    """The future (window, future, joint, xyz): the last pose of ``history`` (window, frame, joint, xyz), held."""
    return np.repeat(history[:, -1:], future, axis=1)
