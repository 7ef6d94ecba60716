"""What randomised smoothing certifies from counts of classes (Cohen et al., ICML 2019).

A smoothed classifier answers with the class that a base classifier gives most often when Gaussian noise of standard
deviation sigma is added to its input. Counts of classes over draws of that noise bound how often; the bound gives a
radius: no change of the input of a smaller L2 norm changes the answer. The noise must be drawn soundly, see
``kinesec.metrics.grid_noise``. A draw that failed is in ``n`` and in no class: it counts against the answer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta, binom, norm

from kinesec.errors import KinesecError

ABSTAINS = -1


class Certificate(NamedTuple):
    """Of each clip: the class predicted (-1: none), the radius in units of sigma's, the class's least probability."""

    predicted: np.ndarray
    radius: np.ndarray
    lower: np.ndarray


def lower_bound(hits: ArrayLike, n: ArrayLike, alpha: float) -> np.ndarray:
    """Clopper and Pearson's lower bound of a probability, from ``hits`` in ``n`` draws; arrays are broadcast.

    It is above the truth with a probability of at most ``alpha``. Raises ``KinesecError`` for counts that cannot be.
    """
    hits, n = _counts(hits, n, alpha)
    bound = beta.ppf(alpha, np.maximum(hits, 1), n - hits + 1)
    return np.where(hits == 0, 0.0, bound)


def upper_bound(hits: ArrayLike, n: ArrayLike, alpha: float) -> np.ndarray:
    """Clopper and Pearson's upper bound: below the truth with a probability of at most ``alpha``."""
    hits, n = _counts(hits, n, alpha)
    bound = beta.isf(alpha, hits + 1, np.maximum(n - hits, 1))
    return np.where(hits == n, 1.0, bound)


def radius(hits: ArrayLike, n: ArrayLike, sigma: float, alpha: float) -> np.ndarray:
    """L2 radius, in sigma's unit, around inputs whose class was hit so often: sigma Phi^-1(lower bound), never below 0.

    0 says that the smoothed classifier abstains: the bound is at most 1/2.
    """
    return _radius(lower_bound(hits, n, alpha), sigma)


def certify(first_counts: np.ndarray, counts: np.ndarray, *, n: int, sigma: float, alpha: float) -> Certificate:
    """Certificates of clips: Cohen's CERTIFY, wrong for a clip with a probability of at most ``alpha``.

    ``first_counts`` (clip, class) of a few draws choose the class, the lowest of equal ones; ``counts`` (clip, class)
    of ``n`` fresh draws certify it. ``n`` and ``alpha`` must be set before any draw is seen.
    """
    first_counts, counts = np.asarray(first_counts), np.asarray(counts)
    if first_counts.ndim != 2 or first_counts.shape != counts.shape:
        raise KinesecError(
            f"certificate: found counts of shapes {first_counts.shape} and {counts.shape}, expected the same "
            "(clip, class) of both"
        )
    _failed(counts, n)
    chosen = first_counts.argmax(1)
    lower = lower_bound(np.take_along_axis(counts, chosen[:, None], 1)[:, 0], n, alpha)
    distance = _radius(lower, sigma)
    return Certificate(np.where(distance > 0, chosen, ABSTAINS), distance, lower)


def predict(counts: np.ndarray, *, n: int, alpha: float) -> np.ndarray:
    """The smoothed classifier's classes (clip,), -1 where it abstains: Cohen's PREDICT, from ``counts`` (clip, class).

    A two-sided binomial test between the two classes seen most; draws that failed count for the second. A class that
    is not the smoothed classifier's is given with a probability of at most ``alpha``.
    """
    counts = np.asarray(counts)
    failed = _failed(counts, n)
    ordered = np.sort(counts, axis=1)
    first = ordered[:, -1]
    second = failed + (ordered[:, -2] if counts.shape[1] > 1 else 0)
    _counts(first, first + second, alpha)
    p = np.where(first > second, 2 * binom.sf(first - 1, first + second, 0.5), 1.0)
    return np.where(p <= alpha, counts.argmax(1), ABSTAINS)


def certified_accuracy(radius: np.ndarray, right: np.ndarray, radii: ArrayLike) -> np.ndarray:
    """Share of clips that are classified rightly and certified at least as far, at each of ``radii`` (radius,).

    ``radius`` (clip,) are the certified ones; ``right`` (clip,) is false where the classifier abstains.
    """
    radius, right = np.asarray(radius, np.float64), np.asarray(right, bool)
    if radius.ndim != 1 or radius.shape != right.shape or not radius.size:
        raise KinesecError(
            f"certified accuracy: found shapes {radius.shape} and {right.shape}, expected (clip,) of both, one clip "
            "at least"
        )
    share: np.ndarray = (right & (radius >= np.asarray(radii, np.float64)[..., None])).mean(-1)
    return share


def _radius(lower: np.ndarray, sigma: float) -> np.ndarray:
    if not (np.isfinite(sigma) and sigma > 0):
        raise KinesecError(f"certificate: found sigma {sigma}, expected a finite number above 0")
    return np.where(lower > 0.5, sigma * norm.ppf(np.maximum(lower, 0.5)), 0.0)


def _counts(hits: ArrayLike, n: ArrayLike, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    if not 0 < alpha < 1:
        raise KinesecError(f"certificate: found alpha {alpha}, expected a number between 0 and 1")
    hits, n = np.broadcast_arrays(hits, n)
    if not (np.issubdtype(hits.dtype, np.integer) and np.issubdtype(n.dtype, np.integer)):
        raise KinesecError(f"certificate: found counts of {hits.dtype} of {n.dtype} draws, expected integers")
    wrong = (hits < 0) | (hits > n) | (n < 1)
    if wrong.any():
        raise KinesecError(
            f"certificate: found {hits[wrong][0]} hits in {n[wrong][0]} draws, expected 1 draw or more, hits among them"
        )
    return hits.astype(np.int64), n.astype(np.int64)


def _failed(counts: np.ndarray, n: int) -> np.ndarray:
    """Draws (clip,) in no class."""
    if counts.ndim != 2 or not counts.shape[1] or (counts < 0).any() or (counts.sum(1) > n).any():
        most = int(counts.sum(1).max(initial=0)) if counts.ndim == 2 else 0
        raise KinesecError(
            f"certificate: found counts of shape {counts.shape} of up to {most} draws a clip, expected (clip, class), "
            f"none negative, of at most {n}; n counts all draws"
        )
    failed: np.ndarray = n - counts.sum(1)
    return failed
