"""Bootstrap intervals of medians of clustered samples; means have those of ``intervals``."""

from __future__ import annotations

import numpy as np

RESAMPLES = 1000


def clustered_medians(
    values: np.ndarray, clusters: np.ndarray, rng: np.random.Generator, *, resamples: int = RESAMPLES
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Median, low and high end (column,) of the 95 % percentile bootstrap interval of values (sample, column).

    Whole clusters are drawn with replacement: ``clusters`` (sample,) names each sample's, as clips cut from one
    recording are alike. A value that is NaN counts as larger than all others: NaN is the median of a column that has
    none for more than half of its samples, and an end of its interval likewise.
    """
    values = np.asarray(values, np.float64)
    count, columns = values.shape
    if not count:
        empty = np.full(columns, np.nan)
        return empty, empty.copy(), empty.copy()
    names, place = np.unique([str(cluster) for cluster in clusters], return_inverse=True)
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), resamples)[:, place]
    high_first = np.where(np.isnan(values), np.inf, values)
    order = np.argsort(high_first, axis=0, kind="stable")
    ends = np.empty((2, columns))
    for column in range(columns):  # (resample, sample) at a time
        ranked = high_first[order[:, column], column]
        drawn = times[:, order[:, column]].cumsum(1)
        total = drawn[:, -1:]
        middle = [ranked[(drawn < need).sum(1)] for need in ((total + 1) // 2, total // 2 + 1)]
        ends[:, column] = np.percentile((middle[0] + middle[1]) / 2, [2.5, 97.5], method="nearest")
    whole = np.median(high_first, axis=0)
    low, high = ends
    return tuple(np.where(np.isinf(part), np.nan, part) for part in (whole, low, high))  # type: ignore[return-value]
