"""Random selection: every window is as likely; the baseline of the paper's selection."""

from __future__ import annotations

import numpy as np


def select(count: int, budget: int, rng: np.random.Generator) -> np.ndarray:
    """``budget`` of ``count`` window indices, ascending."""
    return np.sort(rng.choice(count, budget, replace=False))
