"""Random selection: every window is as likely; the baseline of the paper's selection."""

from __future__ import annotations

import numpy as np

from kinesec.poisoning.prediction.candidates import Candidates


def scores(candidates: Candidates, rng: np.random.Generator) -> np.ndarray:
    """A uniform draw for each window (window,)."""
    return rng.random(len(candidates))
