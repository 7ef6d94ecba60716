"""Means of clips with intervals that know which clips belong together."""

from __future__ import annotations

import warnings

import numpy as np

RESAMPLES = 1000
BLOCK = 2**22


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
        nothing = np.full(values.shape[1], np.nan)
        return nothing, nothing.copy(), nothing.copy()
    names, place = np.unique([str(one) for one in clusters], return_inverse=True)
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
