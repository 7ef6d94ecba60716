"""Worst-case selection: the windows that are most conspicuous when they are poisoned; what selection is to avoid."""

from __future__ import annotations

import numpy as np

from kinesec.poisoning.prediction.candidates import Candidates
from kinesec.poisoning.prediction.selections import natural

maximised = natural.minimised


def scores(
    candidates: Candidates,
    rng: np.random.Generator,
    *,
    acc: float = 1.0,
    jerk: float = 1.0,
    blc: float = 1.0,
    part: str = "seam",
) -> np.ndarray:
    """The scores of ``natural``, negated (window,)."""
    return -natural.scores(candidates, rng, acc=acc, jerk=jerk, blc=blc, part=part)
