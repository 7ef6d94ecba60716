"""How well scores tell marked samples from the others: ROC curve, its area, true positives at few false ones.

A sample is flagged where its score reaches a threshold: high scores mean marked. Equal scores are flagged together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import norm, rankdata
from scipy.stats import t as student

from kinesec.errors import KinesecError
from kinesec.metrics.intervals import wilson


def _parts(score: np.ndarray, marked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    score, marked = np.asarray(score, np.float64), np.asarray(marked, bool)
    if not np.isfinite(score).all():
        raise KinesecError(f"detection: found the score {score[~np.isfinite(score)][0]}, expected finite scores")
    if marked.all() or not marked.any():
        raise KinesecError(
            f"detection: found {int(marked.sum())} of {len(marked)} samples marked, expected some of both"
        )
    return score[marked], score[~marked]


def auc(
    score: np.ndarray, marked: np.ndarray, *, level: float = 0.95, cluster: np.ndarray | None = None
) -> tuple[float, float, float]:
    """Area under the ROC curve of scores (sample,), and its interval's low and high end.

    The area is the share of (marked, other) pairs that the score puts in the right order, equal scores counting half
    (Mann and Whitney). The interval is DeLong's (Biometrics 44, 1988) with midranks for ties (Sun and Xu, 2014), cut to
    [0, 1]; with one marked or one other sample it is [0, 1].

    With ``cluster`` (sample,) samples of one cluster are not independent, as windows of a sequence are, whether marked
    or not: the variance is Obuchowski's (Biometrics 53, 1997), the quantile Student's t for the fewer of the clusters
    with a marked and with another sample (ours), and a perfect order has Wilson's end for as many (ours).

    Raises ``KinesecError`` for scores that are not finite, or when all or none are marked.
    """
    above, below = _parts(score, marked)
    m, n = len(above), len(below)
    together = rankdata(np.concatenate([above, below]))
    value = float((together[:m].sum() - m * (m + 1) / 2) / (m * n))
    of_marked = (together[:m] - rankdata(above)) / n
    of_others = 1 - (together[m:] - rankdata(below)) / m
    if cluster is not None:
        names, place = np.unique([str(name) for name in cluster], return_inverse=True)
        marked = np.asarray(marked, bool)
        return _clustered(value, (of_marked, place[marked]), (of_others, place[~marked]), len(names), level)
    if min(m, n) < 2:
        return value, 0.0, 1.0
    half = norm.ppf(0.5 + level / 2) * np.sqrt(of_marked.var(ddof=1) / m + of_others.var(ddof=1) / n)
    return value, float(max(0.0, value - half)), float(min(1.0, value + half))


def _clustered(
    value: float, marked: tuple[np.ndarray, np.ndarray], others: tuple[np.ndarray, np.ndarray], count: int, level: float
) -> tuple[float, float, float]:
    """The area and its interval from each sample's share of pairs in order and the cluster that it is of."""
    sums, with_some = [], []
    for share, place in (marked, others):
        there = np.bincount(place, minlength=count)
        off = np.bincount(place, share, minlength=count) - value * there
        with_some.append(int((there > 0).sum()))
        sums.append(off / len(share))
    if min(with_some) < 2:
        return value, 0.0, 1.0
    if value in (0.0, 1.0):
        low, high = wilson(np.asarray(value), np.asarray(float(min(with_some))), norm.ppf(0.5 + level / 2))
        return value, float(low), float(high)
    first, second = sums
    within = sum(some / (some - 1) * (part**2).sum() for some, part in zip(with_some, sums, strict=True))
    variance = within + 2 * count / (count - 1) * (first * second).sum()
    half = student.ppf(0.5 + level / 2, min(with_some) - 1) * np.sqrt(max(variance, 0.0))
    return value, float(max(0.0, value - half)), float(min(1.0, value + half))


def roc(score: np.ndarray, marked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rates (threshold + 1,), from (0, 0) to (1, 1), one point a distinct score."""
    above, below = _parts(score, marked)
    thresholds = np.unique(np.concatenate([above, below]))[::-1]
    true = len(above) - np.searchsorted(np.sort(above), thresholds)
    false = len(below) - np.searchsorted(np.sort(below), thresholds)
    return np.append(0.0, false / len(below)), np.append(0.0, true / len(above))


def tpr_at(score: np.ndarray, marked: np.ndarray, levels: Sequence[float] = (0.01, 0.05, 0.1)) -> list[float]:
    """The largest true positive rate that a threshold reaches with a false positive rate of at most each level."""
    false, true = roc(score, marked)
    return [float(true[false <= level].max()) for level in levels]
