"""Bootstrap intervals of means of independent samples, and of medians of clustered ones; see ``intervals``."""

from __future__ import annotations

import numpy as np

RESAMPLES = 1000
BLOCK = 2**22


def _resampled(members: np.ndarray, rng: np.random.Generator, resamples: int) -> np.ndarray:
    """Means (resample, column) of samples drawn with replacement from members (sample, column)."""
    count = len(members)
    means = np.empty((resamples, members.shape[1]))
    rows = max(1, BLOCK // count)
    for first in range(0, resamples, rows):
        here = min(rows, resamples - first)
        drawn = rng.integers(0, count, (here, count)) + np.arange(here)[:, None] * count
        times = np.bincount(drawn.ravel(), minlength=here * count).reshape(here, count)
        means[first : first + here] = times.astype(np.float64) @ members / count
    return means


def bootstrap_means(
    values: np.ndarray, groups: np.ndarray, rng: np.random.Generator, *, resamples: int = RESAMPLES
) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Groups' names, ascending, and their means, low and high ends (group + 1, column) of values (sample, column).

    The last row is the mean of the groups' means, with samples drawn within their group. Every column has the same
    draws, so that columns of the same samples can be compared.
    """
    names, labels = np.unique([str(group) for group in groups], return_inverse=True)
    means, ends = [], []
    whole = np.zeros((resamples, values.shape[1]))
    for label in range(len(names)):
        members = values[labels == label].astype(np.float64)
        drawn = _resampled(members, rng, resamples)
        whole += drawn / len(names)
        means.append(members.mean(0))
        ends.append(np.percentile(drawn, [2.5, 97.5], axis=0))
    ends.append(np.percentile(whole, [2.5, 97.5], axis=0))
    means.append(np.mean(means, axis=0))
    low, high = np.stack(ends, axis=1)
    return names.tolist(), np.stack(means), low, high


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
