"""Motion energy that a target is given on purpose: as much as its history has, or a share of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

ROUNDS = 5


def energy(motion: np.ndarray) -> np.ndarray:
    """The mean squared step of a joint (window,) in mm^2 of motions (window, frame, joint, xyz)."""
    return np.asarray(np.square(np.diff(motion.astype(np.float64), axis=1)).sum(-1).mean((1, 2)))


def matched(
    make: Callable[[np.ndarray], np.ndarray], history: np.ndarray, share: float, begin: float, largest: float
) -> np.ndarray:
    """The future (window, future, joint, xyz) that ``make`` gives for such scales (window,) that its energy, with the
    step from the ``history`` on, is ``share`` times the history's; a scale is at most ``largest``.

    Energy has to grow about as the scale's square; the search begins at ``begin``.
    """
    wanted, scale = share * energy(history), np.full(len(history), begin)
    for _ in range(ROUNDS):
        reached = energy(np.concatenate([history[:, -1:], make(scale)], axis=1))
        scale = np.minimum(scale * np.sqrt(wanted / np.maximum(reached, 1e-12)), largest)
    return make(scale)
