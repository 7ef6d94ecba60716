"""BadHMP's selection: the windows that stay smoothest and most natural when they are poisoned.

"Our definition" (the paper's weights are not public): docs/definitions.md, selection.
"""

from __future__ import annotations

import numpy as np

from kinesec.poisoning.prediction.candidates import Candidates, standardised


def scores(
    candidates: Candidates,
    rng: np.random.Generator,
    *,
    acc: float = 1.0,
    jerk: float = 1.0,
    blc: float = 1.0,
    part: str = "seam",
) -> np.ndarray:
    """acc z(Acc) + jerk z(Jerk) + blc z(BLC) of each window after poisoning (window,), z over all windows.

    ``acc`` and ``jerk`` are the paper's lambda1, ``blc`` its lambda2; ``part`` is ``seam`` or ``whole``. Raises
    ``ValueError`` for another part or for windows too short for one of the metrics.
    """
    if part not in ("seam", "whole"):
        raise ValueError(f"natural selection: found part {part!r}, expected seam or whole")
    total = np.zeros(len(candidates))
    for metric, weight in (("Acc", acc), ("Jerk", jerk), ("BLC", blc)):
        if weight:
            total += weight * standardised(candidates.naturalness[metric, part])
    if not np.isfinite(total).all():
        raise ValueError("natural selection: windows are too short for its metrics")
    return total


def minimised(
    *, acc: float = 1.0, jerk: float = 1.0, blc: float = 1.0, part: str = "seam"
) -> frozenset[tuple[str, str]]:
    """The metrics (metric, part) that the score adds up: that they are low says that the selection did its work."""
    weights = {"Acc": acc, "Jerk": jerk, "BLC": blc}
    lowered = {(metric, part) for metric, weight in weights.items() if weight}
    # what is made of a lowered seam is lowered with it
    return frozenset(lowered | {(metric, "seam/whole") for metric, of in lowered if of == "seam" and metric != "BLC"})
