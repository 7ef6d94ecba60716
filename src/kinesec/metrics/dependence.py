"""How sure a mean of samples is that are not independent: its variance, in closed form, and that variance's own worth.

Of many clusters (sequences, takes) the variance is that between them. Of a long sequence of overlapping windows it is
that of blocks of windows, drawn from every start of the sequence closed to a circle (Politis and Romano, 1992), with
the lugsail correction for what blocks of finite length miss of slow changes (Vats and Flegal, 2022). How many degrees
of freedom such a variance has is told by Satterthwaite's rule: the squared mean over half the variance of the estimate.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

LUGSAIL_RATIO, LUGSAIL_WEIGHT = 3, 0.5  # r and c of Vats and Flegal; a c above 1 / r leans to the wide side
LEAST_FACTOR = 0.1  # of a variance that is kept once the sequence's own mean is taken off


class Variance(NamedTuple):
    """Variance (column,) of a mean and its degrees of freedom (column,); NaN where nothing can be said."""

    value: np.ndarray
    freedom: np.ndarray


def together(values: np.ndarray, degrees: np.ndarray, weights: np.ndarray) -> Variance:
    """Variance of the sum of ``weights`` (part,) times independent means, of ``values`` and ``degrees`` (part, column).

    Degrees of freedom by Satterthwaite (1946). NaN where a part is.
    """
    terms = weights[:, None] ** 2 * values
    total = terms.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = total**2 / (terms**2 / degrees).sum(0)
    # nothing varies: the least that a part has
    return Variance(total, np.where(total > 0, freedom, degrees.min(0)))


def of_clusters(sums: np.ndarray, counts: np.ndarray) -> Variance:
    """Variance of the mean of all samples, from the sums and counts (cluster, column) of independent clusters.

    The mean is of clusters' means m_i with shares h_i of the samples. Each squared (m_i - mean) is worth h_i^2 over
    what of a variance the mean leaves of it, 1 - 2 h_i + sum h^2: unbiased where clusters' means vary alike, whatever
    the sizes (Bell and McCaffrey, 2002), and so are the degrees of freedom; K - 1 for K clusters of one size.
    """
    known = counts > 0
    total = counts.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = counts / total
        off = np.where(known, sums / counts - sums.sum(0) / total, 0.0)
        square = (share**2).sum(0)
        left = 1 - 2 * share + square
        worth = np.where(known, share**2 / left, 0.0)
        value = (worth * off**2).sum(0)
        # sum over pairs of worth_i worth_j (covariance of their residuals)^2, without a loop over pairs
        zeroth, first, second = worth.sum(0), (worth * share).sum(0), (worth * share**2).sum(0)
        pairs = square**2 * zeroth**2 + 2 * zeroth * second + 2 * first**2 - 4 * square * zeroth * first
        pairs += (worth**2 * (left**2 - (square - 2 * share) ** 2)).sum(0)
        freedom = square**2 / pairs
    few = known.sum(0) < 2
    return Variance(np.where(few, np.nan, value), np.where(few, np.nan, freedom))


def of_blocks(values: np.ndarray, place: np.ndarray, length: int) -> Variance:
    """Variance of the mean of values (window, column) of one sequence, from circular blocks of ``length`` places.

    ``place`` (window,) is each window's place in the sequence: windows may be missing, or drawn more than once. NaN
    where blocks are too long for the windows there are.
    """
    count, columns = values.shape
    place = place - place.min()
    size = int(place.max()) + 1
    off = np.zeros((size, columns))
    np.add.at(off, place, values - values.mean(0))
    there = np.bincount(place, minlength=size).astype(np.float64)[:, None]
    short = max(1, length // LUGSAIL_RATIO)
    nothing = Variance(*np.full((2, columns), np.nan))
    if length >= size:
        return nothing
    by_length = []
    for block in (length, short):
        # the share of the variance that is left once the mean is taken off, if windows were independent
        factor = 1 - (_circular_sums(there, block) ** 2).sum() / (block * count**2)
        if factor < LEAST_FACTOR:
            return nothing
        by_length.append((_circular_sums(off, block) ** 2).sum(0) / (block * count**2 * factor))
    wide, narrow = by_length
    corrected = (wide - LUGSAIL_WEIGHT * narrow) / (1 - LUGSAIL_WEIGHT)
    freedom = min(_block_freedom(size, length, short), count - 1.0)
    return Variance(np.maximum(wide, corrected), np.full(columns, freedom))


def _circular_sums(values: np.ndarray, block: int) -> np.ndarray:
    """Sums (start, column) over ``block`` places from every start on, past the end at the beginning again."""
    run = np.concatenate([np.zeros((1, values.shape[1])), values, values[: block - 1]]).cumsum(0)
    return np.asarray(run[block:] - run[:-block])


@lru_cache(maxsize=256)
def _block_freedom(size: int, length: int, short: int) -> float:
    """Degrees of freedom of the blocks' variance of ``size`` values, were they independent.

    The variance is a sum of weights times the squared amplitudes of size - 1 waves, which are independent then.
    """
    wave = np.pi * np.arange(1, size) / size
    long, less = (
        (np.sin(block * wave) / np.sin(wave)) ** 2 / (block * (1 - block / size)) for block in (length, short)
    )
    weights = (long - LUGSAIL_WEIGHT * less) / (1 - LUGSAIL_WEIGHT)
    return float(weights.sum() ** 2 / (weights**2).sum())
