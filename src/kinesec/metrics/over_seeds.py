"""Means over seeds, with an interval of both sources of chance: which seeds were drawn, and which samples.

Every seed is tested on the same samples, so more seeds do not make these say more: the variance of the mean is that
between seeds over their number, and that within a seed whole.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import t as student

from kinesec.metrics.intervals import LEVEL


def over_seeds(
    value: np.ndarray, low: np.ndarray, high: np.ndarray, *, least: float = -np.inf, most: float = np.inf
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (row,) over seeds of values (row, seed) and the ends of its 95 % interval over seeds and samples.

    ``low`` and ``high`` (row, seed) are the ends of each seed's own interval over samples. See ``two_level``.
    """
    count = value.shape[1]
    spread = value.std(1, ddof=1) if count > 1 else np.zeros(len(value))
    below, above = (value - low).mean(1), (high - value).mean(1)
    mean = value.mean(1)
    down, up = two_level(spread, np.full(len(value), count), below, above)
    return mean, np.maximum(mean - down, least), np.minimum(mean + up, most)


def two_level(
    spread: np.ndarray, count: np.ndarray, below: np.ndarray, above: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How far the interval of a mean over seeds reaches down and up (row,).

    ``spread`` is the standard deviation between ``count`` seeds' means, whose half interval is Student's t with a
    degree of freedom fewer; ``below`` and ``above`` are the seeds' mean half intervals over samples. Halves of
    independent components add up by their squares (MOVER: Zou and Donner, 2008), so that an interval within that is
    not even, as a rate's, stays so. With one seed there is nothing between.
    """
    between = np.zeros(len(spread))
    several = count > 1
    between[several] = student.ppf(0.5 + LEVEL / 2, count[several] - 1) * spread[several] / np.sqrt(count[several])
    return np.hypot(between, below), np.hypot(between, above)
