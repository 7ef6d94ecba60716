"""Means with bootstrap intervals: over samples, over groups of samples that belong together, over seeds."""

from __future__ import annotations

import warnings

import numpy as np

RESAMPLES = 1000
BLOCK = 2**22
NORMAL_975 = 1.959964  # the standard normal distribution's 97.5 % point


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


def bootstrap_mean(
    values: np.ndarray, groups: np.ndarray | None, rng: np.random.Generator, *, resamples: int = RESAMPLES
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, low and high end of the 95 % percentile bootstrap interval over the first axis of (sample, ...).

    With ``groups`` (sample,) the mean is that of the groups' means, and samples are drawn within their group.
    """
    flat = values.reshape(len(values), -1)
    labels = np.zeros(len(values), dtype=int) if groups is None else groups
    _, mean, low, high = bootstrap_means(flat, labels, rng, resamples=resamples)
    return tuple(part[-1].reshape(values.shape[1:]) for part in (mean, low, high))


def over_seeds(
    value: np.ndarray, low: np.ndarray, high: np.ndarray, rng: np.random.Generator, *, resamples: int = RESAMPLES
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (row,) over seeds of values (row, seed) and the ends of its 95 % interval over seeds and test windows.

    ``low`` and ``high`` (row, seed) are the ends of each seed's own interval over windows. A resample draws seeds with
    replacement, and one standard normal number for the draw of windows, which all seeds share because they are tested
    on the same windows: it moves each drawn seed's mean within that seed's interval, below it by the lower end's
    distance over 1.96, above it by the upper end's. All rows have the same draws.
    """
    count = value.shape[1]
    drawn = rng.integers(0, count, (resamples, count))
    times = np.stack([np.bincount(draws, minlength=count) for draws in drawn]) / count
    moved = rng.standard_normal(resamples)
    mean, ends = value.mean(1), np.empty((2, len(value)))
    rows = max(1, BLOCK // resamples)
    for first in range(0, len(value), rows):
        here = slice(first, first + rows)
        down, up = (value[here] - low[here]) @ times.T, (high[here] - value[here]) @ times.T
        means = value[here] @ times.T + moved / NORMAL_975 * np.where(moved < 0, down, up)
        ends[:, here] = np.percentile(means, [2.5, 97.5], axis=1)
    return mean, ends[0], ends[1]


def clustered_means(
    values: np.ndarray, clusters: np.ndarray, rng: np.random.Generator, *, resamples: int = RESAMPLES
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, low and high end (column,) of the 95 % percentile bootstrap interval of values (sample, column).

    Whole clusters are drawn with replacement: ``clusters`` (sample,) names each sample's, as clips cut from one
    recording are alike. A column's mean is over its samples that are not NaN; NaN where it has none. All columns have
    the same draws.
    """
    values = np.asarray(values, np.float64)
    if not len(values):
        empty = np.full(values.shape[1], np.nan)
        return empty, empty.copy(), empty.copy()
    names, place = np.unique([str(cluster) for cluster in clusters], return_inverse=True)
    known = ~np.isnan(values)
    sums, counts = (np.zeros((len(names), values.shape[1])) for _ in range(2))
    np.add.at(sums, place, np.where(known, values, 0.0))
    np.add.at(counts, place, known)
    drawn = np.empty((resamples, values.shape[1]))
    rows = max(1, BLOCK // max(len(names), 1))
    equal = np.full(len(names), 1 / max(len(names), 1))
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without a value has no percentile
        for first in range(0, resamples, rows):
            here = min(rows, resamples - first)
            times = rng.multinomial(len(names), equal, here).astype(np.float64)
            drawn[first : first + here] = (times @ sums) / (times @ counts)
        low, high = np.nanpercentile(drawn, [2.5, 97.5], axis=0)
        return np.asarray(sums.sum(0) / counts.sum(0)), low, high


def clustered_medians(
    values: np.ndarray, clusters: np.ndarray, rng: np.random.Generator, *, resamples: int = RESAMPLES
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Median, low and high end (column,) of the 95 % percentile bootstrap interval of values (sample, column).

    As ``clustered_means``, but a value that is NaN counts as larger than all others: NaN is the median of a column that
    has none for more than half of its samples, and an end of its interval likewise.
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
